/*
 * reload: makes snapshots and hands them to the workers.
 *
 * At start in the calling thread; on SIGHUP the policy is loaded and tried by the helper thread,
 * the tokens are read by the main thread, and the result is posted to each worker. What fails
 * changes nothing: the old snapshot stays, with a log line, a metric and a journal entry for what
 * changed.
 */
#pragma once

#include <stdbool.h>

struct error;
struct gateway;

/* The first snapshot, before there are workers. ERROR_CONFIG, ERROR_POLICY, ERROR_STORE. */
bool reload_first(struct gateway *gateway, struct error *err);
/* Frees what a reload under way still holds; after the loops have ended. */
void reload_free(struct gateway *gateway);
