#include "gateway/reload.h"

#include <string.h>
#include "base/arena.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "config/config.h"
#include "gateway/capture.h"
#include "gateway/gateway.h"
#include "gateway/policy_live.h"
#include "gateway/schemas.h"
#include "gateway/shadow.h"
#include "gateway/snapshot.h"
#include "io/loop.h"
#include "io/tls.h"
#include "policy/engine.h"
#include "scim/problem.h"
#include "store/read.h"

/* ---- tokens ---- */

static void add_config_tokens(struct gateway *gateway, struct snapshot *snapshot)
{
	for (size_t i = 0; i < gateway->source_count; i++) {
		const struct config_source *config = gateway->sources[i].config;

		for (size_t j = 0; j < config->token_count; j++) {
			struct snapshot_token token = { .source = &gateway->sources[i] };

			memcpy(token.sha256, config->tokens[j].bytes, DIGEST_BYTES);
			snapshot_add_token(snapshot, &token);
		}
	}
}

static bool add_stored_tokens(struct gateway *gateway, struct snapshot *snapshot,
	struct store_reader *reader, struct arena *arena, struct error *err)
{
	const struct store_token *tokens;
	size_t count;

	if (!store_tokens(reader, arena, &tokens, &count, err)) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		const struct gateway_source *source =
			gateway_source_of_id(gateway, tokens[i].source);

		if (source != NULL && tokens[i].revoked_us == 0) {
			struct snapshot_token token = { .source = source,
				.expires_us = tokens[i].expires_us,
				.has_subject = tokens[i].has_subject };

			memcpy(token.sha256, tokens[i].sha256, DIGEST_BYTES);
			memcpy(token.subject, tokens[i].subject, UUID_BYTES);
			snapshot_add_token(snapshot, &token);
		}
	}
	return true;
}

static bool read_paused(struct gateway *gateway, struct snapshot *snapshot,
	struct store_reader *reader, struct arena *arena, struct error *err)
{
	for (size_t i = 0; i < gateway->source_count; i++) {
		const char *name = arena_printf(arena, "gateway.paused.%d", gateway->sources[i].id);
		const char *value;

		if (!store_find_setting(reader, arena, name, &value, err)) {
			return false;
		}
		snapshot->paused[i] = value != NULL;
	}
	return true;
}

static bool fill_tokens(struct gateway *gateway, struct snapshot *snapshot, struct error *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	struct store_reader *reader = store_reader_open(gateway->store, err);
	bool ok;

	if (reader == NULL) {
		return false;
	}
	add_config_tokens(gateway, snapshot);
	ok = add_stored_tokens(gateway, snapshot, reader, arena, err) &&
	     read_paused(gateway, snapshot, reader, arena, err);
	store_reader_close(reader);
	snapshot_sort_tokens(snapshot);
	return ok;
}

/* ---- making and handing out ---- */

/* A reference to what stays. */
static struct policy *same(struct policy *policy)
{
	return policy != NULL ? policy_ref(policy) : NULL;
}

/* The candidate stays when the policy changes; there is none at the start. */
static struct policy *same_candidate(const struct gateway *gateway)
{
	return gateway->snapshot != NULL ? same(gateway->snapshot->candidate) : NULL;
}

/* Takes over both references, also when it fails. */
static struct snapshot *make(
	struct gateway *gateway, struct policy *policy, struct policy *candidate, struct error *err)
{
	struct snapshot *snapshot = snapshot_new(gateway->source_count);

	snapshot->candidate = candidate;
	if (!snapshot_set_policy(snapshot, policy)) {
		error_set(err, ERROR_POLICY,
			"the policy has no data.scimward.decision; lib/decision.rego of the "
			"starter "
			"policy makes it");
	} else if (fill_tokens(gateway, snapshot, err)) {
		snapshot->captures = captures_share(gateway->captures);
		return snapshot;
	}
	snapshot_unref(snapshot);
	return NULL;
}

struct handover {
	struct gateway_worker *worker;
	struct snapshot *snapshot; /* a reference */
};

static void take_over(void *user)
{
	struct handover *handover = user;

	snapshot_unref(handover->worker->snapshot);
	handover->worker->snapshot = handover->snapshot;
	memory_free(handover);
}

static void publish(struct gateway *gateway, struct snapshot *snapshot)
{
	for (size_t i = 0; gateway->snapshot != NULL && i < gateway->worker_count; i++) {
		struct handover *handover = must_calloc(1, sizeof(*handover));

		handover->worker = &gateway->workers[i];
		handover->snapshot = snapshot_ref(snapshot);
		loop_post(gateway->workers[i].loop, take_over, handover);
	}
	snapshot_unref(gateway->snapshot);
	gateway->snapshot = snapshot;
}

bool gateway_refresh_tokens(struct gateway *gateway, struct error *err)
{
	struct snapshot *snapshot =
		make(gateway, same(gateway->snapshot->policy), same_candidate(gateway), err);

	if (snapshot == NULL) {
		return false;
	}
	publish(gateway, snapshot);
	return true;
}

bool reload_policy(struct gateway *gateway, struct policy *policy, struct error *err)
{
	struct snapshot *snapshot = make(gateway, policy, same_candidate(gateway), err);

	if (snapshot == NULL) {
		return false;
	}
	publish(gateway, snapshot);
	return true;
}

bool reload_candidate(struct gateway *gateway, struct policy *candidate, struct error *err)
{
	struct snapshot *snapshot = make(gateway, same(gateway->snapshot->policy), candidate, err);

	if (snapshot == NULL) {
		return false;
	}
	shadow_begin(gateway->shadow, candidate);
	publish(gateway, snapshot);
	return true;
}

/* A model cannot be swapped: documents, keys and requests under way rest on it. */
static void tell_changed_schemas(const struct gateway *gateway)
{
	struct scim_problems problems = { .arena = arena_new() };
	const char *directory = gateway->config->scim.directory;
	uint8_t digest[DIGEST_BYTES];

	schemas_load(problems.arena, directory, digest, &problems);
	arena_free(problems.arena);
	if (memcmp(digest, gateway->model_digest, DIGEST_BYTES) != 0) {
		log_event(LOG_WARN, "schemas_changed", "directory", directory, "help",
			"they take effect at the next start; `scimward config check` tells whether "
			"they are good",
			NULL);
	}
}

uint64_t gateway_reload(struct gateway *gateway, bool allow_older)
{
	struct error err = { 0 };

	if (__atomic_load_n(&gateway->stopping, __ATOMIC_RELAXED)) {
		return 0;
	}
	if (gateway->tls != NULL && !tls_reload(gateway->tls, &err)) {
		log_event(LOG_ERROR, "certificate_reload_failed", "error", err.text, NULL);
	}
	tell_changed_schemas(gateway);
	if (gateway->candidate != NULL) {
		policy_live_reload(gateway->candidate, allow_older);
	}
	return policy_live_reload(gateway->policy, allow_older);
}
