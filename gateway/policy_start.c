#include "gateway/policy_live.h"

#include <string.h>
#include "base/arena.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "config/config.h"
#include "gateway/policy_archive.h"
#include "gateway/policy_live_inside.h"
#include "gateway/policy_record.h"
#include "gateway/policy_server.h"
#include "gateway/policy_source.h"
#include "gateway/reload.h"
#include "policy/engine.h"

enum { START_FETCH_MS = 15000 }; /* when there is something to fall back to */

/* What an earlier run kept of the same source. NULL: nothing that can be used. */
static const struct policy_kept *read_kept(
	struct policy_live *live, struct arena *arena, struct policy_kept *kept)
{
	const char *source = policy_gate_source(arena, live->config);
	struct error err = { 0 };

	if (!policy_kept_read(arena, live->kept_path, kept, &err)) {
		if (err.code != ERROR_NOT_FOUND) {
			log_event(LOG_WARN, "policy_not_kept", "error", err.text, NULL);
		}
		return NULL;
	}
	return strcmp(kept->source, source) == 0 ? kept : NULL;
}

static bool start_with_kept(
	struct policy_live *live, const struct policy_kept *kept, struct error *err)
{
	const struct policy_files files = policy_kept_files(kept);
	const struct policy_record row = {
		.operation = live->role->operation, .next = kept, .from_kept = true
	};
	struct policy *policy = policy_load(&files, NULL, err);
	struct error not_kept = { 0 };

	if (policy == NULL || !policy_source_try(policy, err)) {
		policy_unref(policy);
		return false;
	}
	if (!policy_record_write(live->gateway, &row, err)) {
		policy_unref(policy);
		return false;
	}
	if (!policy_archive_add(live->archive_path, kept, &live->config->archive, &not_kept)) {
		log_event(LOG_WARN, "policy_not_kept", "error", not_kept.text, NULL);
	}
	if (!reload_policy(live->gateway, policy, err)) {
		return false;
	}
	policy_live_set(live, kept, true, live->tried_us);
	log_event(LOG_WARN, "policy_kept_used", "revision", kept->revision, NULL);
	return true;
}

/* The first attempt failed; what was kept decides, if there is any. */
static bool fall_back(struct policy_live *live, const struct policy_kept *kept,
	const struct attempt *attempt, struct error *err)
{
	struct error unusable = { 0 };

	if (kept == NULL) {
		return error_set(err, attempt->err.code, "policy: %s", attempt->err.text);
	}
	if (!start_with_kept(live, kept, &unusable)) {
		return error_set(err, attempt->err.code, "policy: %.250s (and what was kept: %s)",
			attempt->err.text, unusable.text);
	}
	return true;
}

bool policy_live_start(struct gateway *gateway, struct error *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	struct policy_live *live = gateway->policy =
		policy_live_new(gateway, &policy_role_in_force, &gateway->config->policy, err);
	struct policy_kept kept;
	const struct policy_kept *last;
	struct attempt *attempt;
	bool ok;

	if (live->worker == NULL) {
		return false;
	}
	if (live->config->engine == CONFIG_ENGINE_OPA) {
		return policy_server_start(live, err);
	}
	last = read_kept(live, arena, &kept);
	if (last != NULL) {
		policy_live_set(live, last, true, 0);
	}
	attempt = policy_attempt_new(live, false, false);
	attempt->gate.timeout_ms = last != NULL ? START_FETCH_MS : 0;
	policy_attempt_run(attempt);
	policy_attempt_finish(live, attempt);
	ok = gateway->snapshot != NULL || fall_back(live, last, attempt, err);
	policy_attempt_free(attempt);
	memory_give_back();
	return ok;
}

bool policy_live_start_candidate(struct gateway *gateway, struct error *err)
{
	const struct config_policy *config = &gateway->config->shadow;

	if (config_has_policy(config)) {
		gateway->candidate = policy_live_new(gateway, &policy_role_candidate, config, err);
		return gateway->candidate->worker != NULL;
	}
	return true;
}
