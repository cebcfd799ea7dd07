/*
 * Talks to the running gateway: HTTP and JSON over the admin unix socket of the configuration.
 *
 * Blocking; one thread. The socket's file permissions are the authority (SO_PEERCRED on the other
 * side).
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct cli;
struct error;

/*
 * method "GET", "POST" …; path starts with "/admin/v1/"; body may be NULL (reference stays with the
 * caller). True: the answer was 2xx and *result is its JSON (yours), NULL for 204. result may be
 * NULL. False: ERROR_IO with how to start the gateway when nobody listens; what the gateway said
 * otherwise, with the code of its status (ERROR_NOT_FOUND, ERROR_REQUEST, …). At most 64 MiB,
 * timeout_ms in all (0: 30 s).
 */
bool cli_call(struct cli *cli, const char *method, const char *path, const json_t *body,
	long timeout_ms, json_t **result, struct error *err);

/* False ends the stream. `json` is borrowed. */
typedef bool cli_line_fn(void *user, const json_t *json);

/*
 * GET of a stream of JSON lines; each goes to on_line as it comes. Returns true when on_line ended
 * it, the gateway did, or SIGINT came.
 */
bool cli_follow(
	struct cli *cli, const char *path, cli_line_fn *on_line, void *user, struct error *err);

/* Appends text percent-encoded for a query value. */
struct buf;
void cli_query_escape(struct buf *buf, const char *text);

/*
 * Appends what a person gave as a name or number to a path of the admin API. False: it has
 * characters that no name or number has, so nothing of that name is there.
 */
bool cli_append_word(struct buf *path, const char *text);
