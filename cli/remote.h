/*
 * remote: calls to a gateway elsewhere, over HTTPS with a bearer token. Blocking; one thread.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

struct buf;
struct error;

/*
 * Appends the header "Authorization: Bearer …" with the token of the file. ERROR_REQUEST: url is
 * neither https nor loopback, so the token would cross the network in clear, or there is no token
 * in the file; ERROR_IO. Wipe the header when it is not needed any more.
 */
bool remote_authorize(
	const char *url, const char *token_file, struct buf *header, struct error *err);

struct remote {
	const char *url; /* of the gateway, without the path */
	const char *token_file;
	const char *ca; /* PEM; NULL: the system's */
};

/*
 * POST of JSON. True: 2xx, *result is the answer (yours). False: ERROR_IO when nobody answers;
 * ERROR_REQUEST with the status and what the gateway said otherwise. 30 seconds in all, 4 MiB.
 */
bool remote_post(const struct remote *remote, const char *path, const json_t *body, json_t **result,
	struct error *err);
