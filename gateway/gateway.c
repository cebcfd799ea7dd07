/*
 * Starting and stopping, in one thread, in the order in which things need each other:
 *
 *     model ▶ store, names ▶ journal key, publisher ▶ policy ▶ rails ▶ workers ▶ courier ▶ listener
 * ▶ admin
 *
 * Stopping goes the other way: the listener drains first, the store closes last. gateway_free() can
 * free whatever a failed start left, so a start that fails leaves nothing behind.
 */
#include "gateway/gateway.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "config/config.h"
#include "connectors/courier.h"
#include "gateway/admin.h"
#include "gateway/capture.h"
#include "gateway/cursor_key.h"
#include "gateway/key_index.h"
#include "gateway/leftovers.h"
#include "gateway/listener.h"
#include "gateway/metrics.h"
#include "gateway/names.h"
#include "gateway/policy_asker.h"
#include "gateway/policy_live.h"
#include "gateway/policy_remote.h"
#include "gateway/rate.h"
#include "gateway/request.h"
#include "gateway/schemas.h"
#include "gateway/shadow.h"
#include "gateway/snapshot.h"
#include "io/loop.h"
#include "io/server.h"
#include "io/tls.h"
#include "io/worker.h"
#include "journal/checkpoint.h"
#include "journal/entry.h"
#include "journal/publisher.h"
#include "policy/engine.h"
#include "scim/problem.h"
#include "scim/schema.h"
#include "store/claim.h"
#include "store/read.h"
#include "store/store.h"

/* ---- store and journal ---- */

static bool make_folder_of(const char *path, struct error *err)
{
	const char *slash = strrchr(path, '/');
	char folder[4096];

	if (slash == NULL || slash == path || (size_t)(slash - path) >= sizeof(folder)) {
		return true;
	}
	memcpy(folder, path, (size_t)(slash - path));
	folder[slash - path] = '\0';
	return file_make_folders(folder, 0700, err);
}

static bool open_store(struct gateway *gateway, struct error *err)
{
	const struct config *config = gateway->config;

	if (config->store.path == NULL) {
		return error_set(err, ERROR_CONFIG,
			"store: this version keeps its data in SQLite; write sqlite:/path/to/file");
	}
	if (!make_folder_of(config->store.path, err)) {
		return false;
	}
	gateway->store = store_open(&(struct store_options){ .path = config->store.path }, err);
	return gateway->store != NULL &&
	       cursor_key_load(gateway->store, gateway->cursor_key, err) &&
	       names_resolve(gateway, err) && key_index_update(gateway, err) &&
	       leftovers_find(gateway, err);
}

static void on_entries(void *user)
{
	journal_publisher_notify(user);
}

static void on_publish_failed(void *user, const struct error *err)
{
	(void)user;
	log_event(LOG_ERROR, "journal_publish_failed", "error", err->text, NULL);
}

static bool load_key(struct gateway *gateway, struct error *err)
{
	const struct config_journal *journal = &gateway->config->journal;

	if (!file_exists(journal->key) &&
		(!make_folder_of(journal->key, err) ||
			!journal_key_generate(journal->key, journal->origin, err))) {
		return false;
	}
	gateway->key = journal_key_load(journal->key, err);
	if (gateway->key == NULL) {
		return false;
	}
	if (strcmp(journal_key_verifier(gateway->key)->name, journal->origin) != 0) {
		return error_set(err, ERROR_CONFIG,
			"%s signs for %s, but journal.origin is %s; give a new origin a new key "
			"and a "
			"new directory",
			journal->key, journal_key_verifier(gateway->key)->name, journal->origin);
	}
	return true;
}

static bool start_journal(struct gateway *gateway, struct error *err)
{
	const struct config_journal *journal = &gateway->config->journal;
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();

	if (!load_key(gateway, err)) {
		return error_wrap(err, "journal key");
	}
	gateway->publisher_reader = store_reader_open(gateway->store, err);
	if (gateway->publisher_reader == NULL) {
		return false;
	}
	gateway->publisher = journal_publisher_start(
		&(struct journal_publisher_options){
			.writer = { .directory = journal->directory,
				.state_path = arena_printf(arena, "%s.signed", journal->key),
				.key = gateway->key,
				.source = journal_source_of_store(gateway->publisher_reader) },
			.interval_ms = (unsigned)journal->publish_ms,
			.on_failed = on_publish_failed,
		},
		err);
	if (gateway->publisher == NULL) {
		return error_wrap(err, "journal");
	}
	gateway->entry_watch = store_watch(
		gateway->store, STORE_NEWS_ENTRIES, NULL, on_entries, gateway->publisher);
	return true;
}

static bool load_rates(struct gateway *gateway, struct error *err)
{
	struct store_reader *reader = store_reader_open(gateway->store, err);
	bool ok;

	if (reader == NULL) {
		return false;
	}
	gateway->rate = rate_new();
	ok = rate_load(gateway->rate, reader, clock_now_us(), err);
	store_reader_close(reader);
	return ok;
}

/* ---- workers ---- */

static size_t worker_count(const struct config *config)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (config->listen.workers > 0) {
		return (size_t)config->listen.workers;
	}
	return cores > 0 ? (size_t)cores : 1;
}

static void tell_ready(const struct gateway *gateway)
{
	const struct config_listen *listen = &gateway->config->listen;
	char port[16];
	char took[24];

	snprintf(port, sizeof(port), "%u", server_port(gateway->server));
	snprintf(took, sizeof(took), "%lld",
		(long long)((clock_now_us() - gateway->started_us) / 1000));
	log_event(LOG_INFO, "ready", "version", SCIMWARD_VERSION, "address", listen->address,
		"port", port, "tls", gateway->tls != NULL ? "on" : "off", "took_ms", took, NULL);
}

/* In the main thread. Nobody is told to come while a worker does not serve: a stop cuts its queue.
 */
static void on_attached(void *user)
{
	struct gateway *gateway = user;

	if (++gateway->serving == gateway->worker_count &&
		!__atomic_load_n(&gateway->stopping, __ATOMIC_RELAXED)) {
		tell_ready(gateway);
	}
}

static void attach(void *user)
{
	struct gateway_worker *worker = user;
	struct gateway *gateway = worker->gateway;

	if (gateway->remote != NULL) {
		size_t limit = policy_remote_limit(gateway->remote) / gateway->worker_count;
		worker->asker =
			policy_asker_new(gateway->remote, worker->loop, limit > 0 ? limit : 1);
	}
	server_attach(gateway->server, worker->index, worker->loop, worker);
	loop_post(gateway->loop, on_attached, gateway);
}

static bool start_worker(struct gateway *gateway, unsigned index, struct error *err)
{
	struct gateway_worker *worker = &gateway->workers[index];

	worker->gateway = gateway;
	worker->index = index;
	worker->metrics = metrics_of(gateway->metrics, index);
	worker->snapshot = snapshot_ref(gateway->snapshot);
	worker->policy = policy_worker_new();
	worker->packer = journal_packer_new();
	worker->reader = store_reader_open(gateway->store, err);
	if (worker->reader == NULL) {
		return false;
	}
	worker->thread = loop_thread_start("worker", err);
	if (worker->thread == NULL) {
		return false;
	}
	worker->loop = loop_thread_loop(worker->thread);
	return true;
}

static bool start_workers(struct gateway *gateway, struct error *err)
{
	gateway->claims = store_claims_new();
	gateway->helper = worker_new("helper", 64, err);
	gateway->background = gateway->helper != NULL ? worker_new("background", 4, err) : NULL;
	if (gateway->background == NULL) {
		return false;
	}
	for (unsigned i = 0; i < gateway->worker_count; i++) {
		if (!start_worker(gateway, i, err)) {
			return false;
		}
	}
	return true;
}

static void detach(void *user)
{
	struct gateway_worker *worker = user;

	policy_asker_free(worker->asker);
}

static void stop_workers(struct gateway *gateway)
{
	for (size_t i = 0; i < gateway->worker_count && gateway->workers != NULL; i++) {
		struct gateway_worker *worker = &gateway->workers[i];

		if (worker->thread != NULL) {
			loop_post(worker->loop, detach, worker);
		}
		loop_thread_join(worker->thread);
		request_pool_free(worker);
		store_reader_close(worker->reader);
		policy_worker_free(worker->policy);
		journal_packer_free(worker->packer);
		snapshot_unref(worker->snapshot);
	}
	memory_free(gateway->workers);
	gateway->workers = NULL;
}

/* ---- listener ---- */

static bool open_listener(struct gateway *gateway, struct error *err)
{
	const struct config_listen *listen = &gateway->config->listen;
	struct server_options options = {
		.address = listen->address,
		.workers = (unsigned)gateway->worker_count,
		.on_head = listener_head,
		.on_request = listener_accept,
		.error_body = listener_error_body,
		.handshake_ms = listen->deadlines.handshake_ms,
		.head_ms = listen->deadlines.headers_ms,
		.body_ms = listen->deadlines.body_ms,
		.idle_ms = listen->deadlines.idle_ms,
		.write_ms = listen->deadlines.write_ms,
		.head = { .target_bytes = (size_t)listen->limits.target_bytes,
			.headers_bytes = (size_t)listen->limits.headers_bytes,
			.fields = (size_t)listen->limits.header_count },
		.body_bytes = (uint64_t)listen->limits.body_bytes,
		.connections = (unsigned)listen->limits.connections,
		.connections_per_address = (unsigned)listen->limits.connections_per_address,
		.requests_per_connection = (unsigned)listen->limits.requests_per_connection,
		.write_high_water = (size_t)listen->limits.write_bytes,
	};

	if (listen->tls.certificate != NULL) {
		gateway->tls = tls_new(
			&(struct tls_options){ listen->tls.certificate, listen->tls.key }, err);
		if (gateway->tls == NULL) {
			return false;
		}
		options.tls = gateway->tls;
	}
	gateway->server = server_new(&options, err);
	if (gateway->server == NULL) {
		return error_wrap(err, "listen.address");
	}
	if (gateway->tls == NULL && !listen->insecure && !server_is_loopback(gateway->server)) {
		return error_set(err, ERROR_CONFIG,
			"listen: %s without tls would carry tokens in clear; set listen.tls, or "
			"listen.insecure: true behind a proxy that ends TLS",
			listen->address);
	}
	return true;
}

/* ---- all of it ---- */

enum { TOKENS_AGAIN_MS = 1000 };

/* Also the timer of itself: a token that is revoked must not stay valid for want of a descriptor.
 */
static void on_tokens_changed(void *user)
{
	struct gateway *gateway = user;
	struct error err = { 0 };

	if (!gateway_refresh_tokens(gateway, &err)) {
		log_event(LOG_ERROR, "tokens_not_refreshed", "error", err.text, NULL);
		loop_timer_start(&gateway->token_timer, TOKENS_AGAIN_MS);
	}
}

static bool start_courier(struct gateway *gateway, struct error *err)
{
	struct courier_options options = {
		.config = gateway->config,
		.store = gateway->store,
		.model = gateway->model,
	};

	gateway->courier = courier_start(&options, err);
	return gateway->courier != NULL;
}

/* Nothing can fail any more: from here on there are clients. */
static void begin_to_serve(struct gateway *gateway)
{
	admin_attach(gateway->admin);
	for (size_t i = 0; i < gateway->worker_count; i++) {
		loop_post(gateway->workers[i].loop, attach, &gateway->workers[i]);
	}
	policy_live_follow(gateway->policy);
	policy_live_follow(gateway->candidate);
}

bool gateway_load_model(struct gateway *gateway, struct error *err)
{
	struct scim_problems problems = { .arena = arena_new() };
	const char *directory = gateway->config->scim.directory;

	gateway->model_arena = arena_new();
	gateway->model =
		schemas_load(gateway->model_arena, directory, gateway->model_digest, &problems);
	if (gateway->model == NULL) {
		error_set(err, ERROR_CONFIG, "scim.directory: %s%s",
			scim_problem_text(problems.arena, &problems.items[0]),
			problems.count > 1 ? "; `scimward config check` tells the rest" : "");
	}
	arena_free(problems.arena);
	return gateway->model != NULL;
}

static bool start(struct gateway *gateway, struct error *err)
{
	gateway->worker_count = worker_count(gateway->config);
	gateway->workers = must_calloc(gateway->worker_count, sizeof(*gateway->workers));
	if (!gateway_load_model(gateway, err) || !open_store(gateway, err) ||
		!start_journal(gateway, err) || !load_rates(gateway, err)) {
		return false;
	}
	gateway->metrics = metrics_new(gateway, (unsigned)gateway->worker_count);
	if (!policy_live_start(gateway, err) || !open_listener(gateway, err) ||
		!start_courier(gateway, err) || !policy_live_start_candidate(gateway, err) ||
		!shadow_start(gateway, err) || !start_workers(gateway, err)) {
		return false;
	}
	gateway->token_watch = store_watch(
		gateway->store, STORE_NEWS_TOKENS, gateway->loop, on_tokens_changed, gateway);
	gateway->captures = captures_new(gateway);
	gateway->admin = admin_open(gateway, err);
	if (gateway->admin == NULL) {
		return false;
	}
	begin_to_serve(gateway);
	return true;
}

struct gateway *gateway_start(const struct config *config, struct loop *loop, struct error *err)
{
	struct gateway *gateway = must_calloc(1, sizeof(*gateway));

	gateway->config = config;
	gateway->loop = loop;
	loop_timer_init(&gateway->token_timer, loop, on_tokens_changed, gateway);
	gateway->started_us = clock_now_us();
	if (!start(gateway, err)) {
		gateway_free(gateway);
		return NULL;
	}
	return gateway;
}

void gateway_free(struct gateway *gateway)
{
	if (gateway == NULL) {
		return;
	}
	if (gateway->token_watch != NULL) {
		store_unwatch(gateway->store, gateway->token_watch);
	}
	loop_timer_fini(&gateway->token_timer);
	admin_free(gateway->admin);
	courier_stop(gateway->courier);
	policy_live_free(gateway->policy);
	policy_live_free(gateway->candidate);
	worker_free(gateway->background);
	worker_free(gateway->helper);
	stop_workers(gateway);
	policy_remote_free(gateway->remote);
	shadow_free(gateway->shadow);
	captures_free(gateway->captures);
	server_free(gateway->server);
	tls_free(gateway->tls);
	if (gateway->entry_watch != NULL) {
		store_unwatch(gateway->store, gateway->entry_watch);
	}
	journal_publisher_stop(gateway->publisher);
	store_reader_close(gateway->publisher_reader);
	journal_key_free(gateway->key);
	store_claims_free(gateway->claims);
	metrics_free(gateway->metrics);
	store_close(gateway->store);
	rate_free(gateway->rate);
	snapshot_unref(gateway->snapshot);
	names_free(gateway);
	arena_free(gateway->model_arena);
	memory_free(gateway);
}

static void on_shadow_stopped(void *user)
{
	struct gateway *gateway = user;

	policy_live_stop(gateway->policy, gateway->done, gateway->done_user);
}

static void on_candidate_stopped(void *user)
{
	struct gateway *gateway = user;

	shadow_stop(gateway->shadow, on_shadow_stopped, gateway);
}

static void on_admin_stopped(void *user)
{
	struct gateway *gateway = user;

	policy_live_stop(gateway->candidate, on_candidate_stopped, gateway);
}

/* A server has stopped when its last request has its reply, connected or not. */
static void on_drained(void *user)
{
	struct gateway *gateway = user;

	captures_stop_all(gateway->captures);
	admin_stop(gateway->admin, on_admin_stopped, gateway);
}

void gateway_stop(struct gateway *gateway, gateway_done_fn *done, void *user)
{
	__atomic_store_n(&gateway->stopping, true, __ATOMIC_RELAXED); /* readyz says so */
	gateway->done = done;
	gateway->done_user = user;
	server_stop(gateway->server, gateway->config->listen.deadlines.drain_ms, gateway->loop,
		on_drained, gateway);
}
