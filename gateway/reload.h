/*
 * reload: makes snapshots and hands them to the workers.
 *
 * At start in the calling thread; on SIGHUP the policy is loaded and tried by the background
 * thread,
 * the tokens are read by the main thread, and the result is posted to each worker. What fails
 * changes nothing: the old snapshot stays, with a log line, a metric and a journal entry for what
 * changed.
 */
#pragma once

#include <stdbool.h>
#include "gateway/gateway.h"

struct error;

/* The first snapshot, before there are workers. ERROR_CONFIG, ERROR_POLICY, ERROR_STORE. */
bool reload_first(struct gateway *gateway, struct error *err);
/* done(user) comes in the main loop, perhaps at once, when no reload is under way. What is, changes
 * nothing any more. */
void reload_stop(struct gateway *gateway, gateway_done_fn *done, void *user);
