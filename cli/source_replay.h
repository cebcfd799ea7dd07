/*
 * source_replay: what a captured request means now, or is answered now. The inside of
 * `scimward source replay`.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

struct cli;
struct error;
struct scim_dialect;
struct scim_model;

/*
 * Reads a request as the dialect does, without a gateway and without any effect. *means: its
 * standard form, for people (NULL: nothing to say), of the heap. Returns 0 when it is understood,
 * else the status that it would get; *means is then the sentence.
 */
int replay_read(const struct scim_model *model, const struct scim_dialect *dialect,
	const json_t *record, char **means);

/* A gateway to send to. */
struct replay_target;
/* url: "https://host/scim/v2"; plain http only to loopback. ca NULL: the system's. ERROR_REQUEST,
 * ERROR_IO. */
struct replay_target *replay_target_new(
	const char *url, const char *token_file, const char *ca, struct error *err);
void replay_target_free(struct replay_target *target); /* NULL is fine */

/*
 * Sends it. Ids that the gateway gave then are replaced by those that the target gave to the same
 * requests. 0: it could not be sent, *note says why; else the status. *note (heap) may be NULL.
 */
int replay_send(struct replay_target *target, const json_t *record, char **note);
