#include "gateway/reload.h"

#include <string.h>
#include "base/arena.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/value.h"
#include "config/config.h"
#include "gateway/gateway.h"
#include "gateway/metrics.h"
#include "gateway/policy_source.h"
#include "gateway/snapshot.h"
#include "io/loop.h"
#include "io/tls.h"
#include "io/worker.h"
#include "journal/entry.h"
#include "policy/engine.h"
#include "store/commit.h"
#include "store/read.h"

/* One reload under way: a job of the background thread. */
struct reload {
	struct gateway *gateway;
	struct policy *policy; /* NULL: err says why */
	struct error err;
	bool again;            /* asked for while it was under way */
	bool cancelled;        /* atomic */
	gateway_done_fn *done; /* the gateway stops and waits for it; else NULL */
	void *done_user;
};

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

/* Takes over the policy's reference, also when it fails. */
static struct snapshot *make(struct gateway *gateway, struct policy *policy, struct error *err)
{
	struct snapshot *snapshot = snapshot_new(gateway->source_count);

	if (!snapshot_set_policy(snapshot, policy)) {
		error_set(err, ERROR_POLICY,
			"the policy has no data.scimward.decision; lib/decision.rego of the "
			"starter "
			"policy makes it");
	} else if (fill_tokens(gateway, snapshot, err)) {
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
	for (size_t i = 0; i < gateway->worker_count; i++) {
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
	struct snapshot *snapshot = make(gateway, policy_ref(gateway->snapshot->policy), err);

	if (snapshot == NULL) {
		return false;
	}
	publish(gateway, snapshot);
	return true;
}

/* ---- the policy's entry in the journal ---- */

/* A revision that takes over is a fact that decisions rest on, so it is an entry (kind policy). */
static void record_policy(struct gateway *gateway, const char *before, const char *revision)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	struct journal_packer *packer = journal_packer_new();
	struct journal_entry entry = JOURNAL_ENTRY_INIT;
	struct journal_packed packed;
	struct value_builder detail = { .arena = arena };
	struct store_commit commit = { 0 };
	struct store_entry row = { .kind = JOURNAL_POLICY, .at_us = clock_now_us() };
	struct error err = { 0 };

	entry.kind = JOURNAL_POLICY;
	entry.time_us = row.at_us;
	entry.actor_type = "system";
	entry.actor_id = "scimward";
	entry.operation = "activate";
	entry.revision = revision;
	value_add_text(&detail, "before", before);
	value_add_text(&detail, "revision", revision);
	entry.detail = value_finish_object(&detail);
	if (journal_pack(packer, arena, &entry, &packed, &err)) {
		row.leaf = packed.leaf;
		row.leaf_size = packed.leaf_size;
		row.payload = packed.payload;
		row.payload_size = packed.payload_size;
		commit.entry = &row;
		commit.now_us = row.at_us;
		store_commit_wait(gateway->store, &commit, &err);
	}
	journal_packer_free(packer);
	if (err.code != ERROR_NONE) {
		log_event(LOG_ERROR, "policy_not_recorded", "error", err.text, NULL);
	}
}

bool reload_first(struct gateway *gateway, struct error *err)
{
	struct policy *policy = policy_source_load(&gateway->config->policy, NULL, err);

	if (policy == NULL || !policy_source_try(policy, err)) {
		policy_unref(policy);
		metrics_policy_load(gateway->metrics, false, clock_now_us());
		return error_wrap(err, "policy");
	}
	gateway->snapshot = make(gateway, policy, err);
	if (gateway->snapshot == NULL) {
		return error_wrap(err, "policy");
	}
	metrics_policy_load(gateway->metrics, true, clock_now_us());
	record_policy(gateway, NULL, policy_revision(policy));
	log_event(LOG_INFO, "policy_loaded", "revision", policy_revision(policy), NULL);
	return true;
}

/* ---- SIGHUP ---- */

static void load_in_background(void *job)
{
	struct reload *reload = job;

	reload->policy = policy_source_load(
		&reload->gateway->config->policy, &reload->cancelled, &reload->err);
	if (reload->policy != NULL && !policy_source_try(reload->policy, &reload->err)) {
		policy_unref(reload->policy);
		reload->policy = NULL;
	}
}

static void swap(struct gateway *gateway, struct policy *policy)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	const char *before = arena_strdup(arena, policy_revision(gateway->snapshot->policy));
	struct error err = { 0 };
	struct snapshot *snapshot = make(gateway, policy, &err);

	metrics_policy_load(gateway->metrics, snapshot != NULL, clock_now_us());
	if (snapshot == NULL) {
		log_event(LOG_ERROR, "policy_reload_failed", "error", err.text, NULL);
		return;
	}
	if (strcmp(before, policy_revision(policy)) != 0) {
		record_policy(gateway, before, policy_revision(policy));
	}
	publish(gateway, snapshot);
	log_event(LOG_INFO, "policy_loaded", "revision", policy_revision(policy), "before", before,
		NULL);
}

static void start_reload(struct gateway *gateway);

static void finish(struct gateway *gateway, const struct reload *reload)
{
	if (reload->policy != NULL) {
		swap(gateway, reload->policy);
	} else {
		metrics_policy_load(gateway->metrics, false, clock_now_us());
		log_event(LOG_ERROR, "policy_reload_failed", "error", reload->err.text, "kept",
			policy_revision(gateway->snapshot->policy), NULL);
	}
	if (reload->again) {
		start_reload(gateway);
	}
}

static void on_loaded(void *job)
{
	struct reload *reload = job;
	struct gateway *gateway = reload->gateway;

	gateway->reload = NULL;
	if (reload->done != NULL) {
		policy_unref(reload->policy);
		reload->done(reload->done_user);
	} else {
		finish(gateway, reload);
	}
	memory_free(reload);
}

static void start_reload(struct gateway *gateway)
{
	struct reload *reload = must_calloc(1, sizeof(*reload));

	reload->gateway = gateway;
	if (!worker_submit(
		    gateway->background, gateway->loop, load_in_background, on_loaded, reload)) {
		log_event(LOG_ERROR, "policy_reload_failed", "error",
			"too many slow tasks at once; try again", NULL);
		memory_free(reload);
		return;
	}
	gateway->reload = reload;
}

void gateway_reload(struct gateway *gateway)
{
	struct error err = { 0 };

	if (__atomic_load_n(&gateway->stopping, __ATOMIC_RELAXED)) {
		return;
	}
	if (gateway->tls != NULL && !tls_reload(gateway->tls, &err)) {
		log_event(LOG_ERROR, "certificate_reload_failed", "error", err.text, NULL);
	}
	if (gateway->reload != NULL) {
		gateway->reload->again = true;
		return;
	}
	start_reload(gateway);
}

void reload_stop(struct gateway *gateway, gateway_done_fn *done, void *user)
{
	if (gateway->reload == NULL) {
		done(user);
		return;
	}
	__atomic_store_n(&gateway->reload->cancelled, true, __ATOMIC_RELAXED);
	gateway->reload->done = done;
	gateway->reload->done_user = user;
}
