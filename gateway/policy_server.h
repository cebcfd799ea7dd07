/*
 * policy_server: looks after the OPA server that decides (policy_remote.h), for policy_live.h:
 *
 *     start, timer, `policy reload` ─▶ a made-up operation is put to it ─▶ does it decide?
 *          └─ it decides by another revision than before: an entry of kind policy in the journal
 *
 * While it answers operations nothing else is asked; when it does not, it is asked every second.
 * Belongs to the main thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "gateway/policy_live.h"

struct policy_asker;
struct policy_live;
struct policy_server;

/* From now on the OPA server of the configuration decides. ERROR_STORE. */
bool policy_server_start(struct policy_live *live, struct error *err);
void policy_server_follow(struct policy_live *live);
/* Asks now. Returns what status.reloads will be when that has ended. */
uint64_t policy_server_reload(struct policy_live *live);
/* done(user) comes in the main loop, perhaps at once. */
void policy_server_stop(struct policy_live *live, gateway_done_fn *done, void *user);
void policy_server_free(struct policy_server *server); /* NULL is fine */

/* The main thread's questions to it. */
struct policy_asker *policy_server_asker(const struct gateway *gateway);

/* Texts are valid until the next call. */
void policy_server_status(const struct policy_live *live, struct policy_live_status *status);
