#include "connectors/courier.h"

#include <pthread.h>
#include <string.h>
#include "base/arena.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "config/config.h"
#include "connectors/courier_inside.h"
#include "connectors/profile.h"
#include "io/fetch.h"
#include "journal/entry.h"
#include "scim/filter.h"
#include "scim/schema.h"
#include "store/read.h"
#include "store/store.h"

enum {
	TAKES_MAX = 64,	     /* in one commit */
	STOP_GRACE_MS = 5000, /* for requests under way */
};

struct courier {
	const struct config *config;
	struct store *store;
	struct store_reader *reader;
	struct journal_packer *packer;
	struct loop_thread *thread;
	struct loop *loop;
	struct fetch *fetch;
	struct courier_app *apps;
	size_t app_count;
	struct store_watch *watch;
	struct arena *arena; /* of filters: as long as the courier */
	pthread_mutex_t mutex; /* status of the apps; and start, stop */
	pthread_cond_t changed;
	bool started;
	bool start_failed;
	struct error err;
	bool stopping;
	bool stopped;
	bool expanding;
	struct loop_timer stop_timer;
};

/* A commit of takes under way, for one app. */
struct taking {
	struct courier_app *app;
	struct store_commit commit;
	struct store_take takes[TAKES_MAX];
};

/* ---- what the other files ask ---- */

struct store *courier_store(struct courier *courier)
{
	return courier->store;
}

struct store_reader *courier_reader(struct courier *courier)
{
	return courier->reader;
}

struct journal_packer *courier_packer(struct courier *courier)
{
	return courier->packer;
}

struct loop *courier_loop(struct courier *courier)
{
	return courier->loop;
}

const char *courier_origin(struct courier *courier)
{
	return courier->config->journal.origin;
}

uint64_t courier_dice(struct courier *courier)
{
	uint64_t dice;

	(void)courier;
	random_bytes(&dice, sizeof(dice));
	return dice;
}

void courier_count(struct courier_app *app, uint64_t *counter)
{
	pthread_mutex_lock(&app->courier->mutex);
	(*counter)++;
	pthread_mutex_unlock(&app->courier->mutex);
}

void courier_publish_breaker(struct courier_app *app)
{
	pthread_mutex_lock(&app->courier->mutex);
	app->status.breaker_open = app->breaker.open;
	app->status.breaker_since_us = app->breaker.open ? app->breaker.since_us : 0;
	app->status.breaker_reason = app->breaker.open ? app->breaker.reason : "";
	app->status.in_flight = app->in_flight;
	pthread_mutex_unlock(&app->courier->mutex);
}

void courier_revoked(struct courier_app *app, int64_t us)
{
	pthread_mutex_lock(&app->courier->mutex);
	app->status.revoke_us_last = us;
	pthread_mutex_unlock(&app->courier->mutex);
}

/* ---- stopping ---- */

static bool is_idle(const struct courier *courier)
{
	for (size_t i = 0; i < courier->app_count; i++) {
		const struct courier_app *app = &courier->apps[i];

		if (app->in_flight > 0 || app->taking || app->probing) {
			return false;
		}
	}
	return !courier->expanding;
}

/* What belongs to the loop goes in its thread; then whoever stops us may join it. */
static void close_all(struct courier *courier)
{
	for (size_t i = 0; i < courier->app_count; i++) {
		loop_timer_fini(&courier->apps[i].timer);
		courier->apps[i].connector->close(courier->apps[i].connection);
	}
	fetch_free(courier->fetch);
	courier->fetch = NULL;
	pthread_mutex_lock(&courier->mutex);
	courier->stopped = true;
	pthread_cond_signal(&courier->changed);
	pthread_mutex_unlock(&courier->mutex);
}

static void stop_if_idle(struct courier *courier)
{
	if (courier->stopping && !courier->stopped && is_idle(courier)) {
		loop_timer_fini(&courier->stop_timer);
		close_all(courier);
	}
}

/* ---- looking for work ---- */

static void look(struct courier_app *app);

static void on_taken(void *user)
{
	struct taking *taking = user;
	struct courier_app *app = taking->app;

	app->taking = false;
	for (size_t i = 0; i < taking->commit.take_count; i++) {
		struct delivery *delivery;

		if (!taking->commit.ok || !taking->takes[i].taken) {
			continue;
		}
		delivery = must_calloc(1, sizeof(*delivery));
		delivery->app = app;
		delivery->arena = arena_new();
		delivery->take = taking->takes[i];
		app->in_flight++;
		delivery_start(delivery);
	}
	if (!taking->commit.ok) {
		log_event(LOG_WARN, "deliveries_not_taken", "app", app->config->name, "error",
			taking->commit.err.text, NULL);
		loop_timer_start(&app->timer, 1000);
	}
	memory_free(taking);
	if (app->more) {
		look(app);
	}
	stop_if_idle(app->courier);
}

/* Several requests may follow each other within a lease: search, write, verify. */
static int64_t lease_us(const struct config_app *config)
{
	return (config->timeout_ms * 6 + 30000) * 1000;
}

static void take(struct courier_app *app, const struct store_delivery *list, size_t count,
	int64_t now_us)
{
	struct taking *taking = must_calloc(1, sizeof(*taking));

	taking->app = app;
	for (size_t i = 0; i < count; i++) {
		taking->takes[i] = (struct store_take){ .app = app->id,
			.rid = list[i].rid,
			.lease_until_us = now_us + lease_us(app->config) };
	}
	taking->commit = (struct store_commit){ .tenant = app->tenant,
		.now_us = now_us,
		.takes = taking->takes,
		.take_count = count };
	app->taking = true;
	store_commit(app->courier->store, &taking->commit, app->courier->loop, on_taken, taking);
}

/* When to look again if nothing else makes us. */
static void sleep_until(struct courier_app *app, int64_t us, int64_t now_us)
{
	int64_t delay_ms = us <= now_us ? 1 : (us - now_us) / 1000 + 1;

	loop_timer_start(&app->timer, delay_ms < 3600000 ? delay_ms : 3600000);
}

static void take_due(struct courier_app *app, int64_t now_us)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	struct store_reader *reader = app->courier->reader;
	const struct store_delivery *list;
	size_t room = (size_t)app->config->concurrency - app->in_flight;
	size_t count;
	int64_t next_us;
	struct error err = { 0 };

	room = room < TAKES_MAX ? room : TAKES_MAX;
	if (!store_due(reader, arena, app->id, now_us, room, &list, &count, &err)) {
		log_event(LOG_ERROR, "deliveries_not_read", "app", app->config->name, "error",
			err.text, NULL);
		loop_timer_start(&app->timer, 1000);
		return;
	}
	app->more = count == room;
	if (count > 0) {
		take(app, list, count, now_us);
	} else if (store_next_due(reader, app->id, &next_us, &err) && next_us != INT64_MAX) {
		sleep_until(app, next_us, now_us);
	}
}

/* ---- the breaker's probe ---- */

struct probe {
	struct courier_app *app;
	struct connector_call call;
};

static void on_probed(void *user, const struct connector_answer *answer)
{
	struct probe *probe = user;
	struct courier_app *app = probe->app;

	app->probing = false;
	if (answer->class == CONNECTOR_OK || answer->class == CONNECTOR_NOT_FOUND ||
		answer->class == CONNECTOR_UNSUPPORTED) { /* no discovery, but it answers */
		breaker_success(&app->breaker);
		log_event(LOG_INFO, "breaker_closed", "app", app->config->name, NULL);
	} else {
		breaker_probe_failed(&app->breaker,
			answer->class == CONNECTOR_CREDENTIALS ? "credentials"
			: answer->status == 0		       ? "unreachable"
							       : "errors",
			clock_now_us());
	}
	courier_publish_breaker(app);
	arena_free(probe->call.arena);
	memory_free(probe);
	look(app);
	stop_if_idle(app->courier);
}

static void start_probe(struct courier_app *app)
{
	struct probe *probe = must_calloc(1, sizeof(*probe));

	app->probing = true;
	probe->app = app;
	probe->call = (struct connector_call){
		.arena = arena_new(), .done = on_probed, .user = probe };
	app->connector->probe(app->connection, &probe->call);
}

static void look(struct courier_app *app)
{
	int64_t now_us = clock_now_us();

	app->more = true; /* news that come while a take is under way are not lost */
	if (app->courier->stopping || app->taking || app->probing) {
		return;
	}
	if (app->breaker.open) {
		if (now_us >= app->breaker.probe_us) {
			start_probe(app);
		} else {
			sleep_until(app, app->breaker.probe_us, now_us);
		}
		return;
	}
	if (now_us < app->not_before_us) {
		sleep_until(app, app->not_before_us, now_us);
		return;
	}
	if (app->in_flight < (size_t)app->config->concurrency) {
		take_due(app, now_us);
	}
}

static void on_timer(void *user)
{
	look(user);
}

void courier_finished(struct delivery *delivery)
{
	struct courier_app *app = delivery->app;

	loop_timer_fini(&delivery->timer);
	arena_free(delivery->arena);
	memory_free(delivery);
	app->in_flight--;
	if (app->more || app->breaker.open) {
		look(app);
	}
	stop_if_idle(app->courier);
}

/* ---- scope changes: a group change that moves people in or out of an app ---- */

struct expansion {
	struct courier *courier;
	struct store_commit commit;
	struct store_expand expand;
};

static void expand_next(struct courier *courier);

static void on_expanded(void *user)
{
	struct expansion *expansion = user;
	struct courier *courier = expansion->courier;
	bool ok = expansion->commit.ok;

	courier->expanding = false;
	if (!ok) {
		log_event(LOG_WARN, "scope_not_expanded", "error", expansion->commit.err.text, NULL);
	}
	memory_free(expansion);
	if (ok) { /* after a failure the next news tries again */
		expand_next(courier);
	}
	stop_if_idle(courier);
}

static void expand_next(struct courier *courier)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	const struct store_scope_change *list;
	struct expansion *expansion;
	size_t count;
	struct error err = { 0 };

	if (courier->expanding || courier->stopping ||
		!store_scope_changes(courier->reader, arena, 0, 1, &list, &count, &err) ||
		count == 0) {
		return;
	}
	expansion = must_calloc(1, sizeof(*expansion));
	expansion->courier = courier;
	expansion->expand.seq = list[0].seq;
	expansion->commit.now_us = clock_now_us();
	expansion->commit.expand = &expansion->expand;
	courier->expanding = true;
	store_commit(courier->store, &expansion->commit, courier->loop, on_expanded, expansion);
}

static void look_at_all(void *user)
{
	struct courier *courier = user;

	expand_next(courier);
	for (size_t i = 0; i < courier->app_count; i++) {
		look(&courier->apps[i]);
	}
}

void courier_wake(struct courier *courier)
{
	loop_post(courier->loop, look_at_all, courier);
}

/* ---- start and stop ---- */

static const struct scim_filter *parse_filter(
	struct courier *courier, const char *type, const char *text, struct error *err)
{
	return scim_filter_parse(courier->arena, scim_model_type(scim_model_core(), type), text,
		strlen(text), false, err);
}

static bool read_rules(struct courier_app *app, struct error *err)
{
	const struct config_app *config = app->config;

	app->rules = (struct desired_rules){ .config = config, .app = app->id };
	if (config->filter != NULL) {
		app->rules.users = parse_filter(app->courier, "User", config->filter, err);
		if (app->rules.users == NULL) {
			return error_wrap(err, "apps.%s.filter", config->name);
		}
	}
	if (config->groups.filter != NULL) {
		app->rules.groups = parse_filter(app->courier, "Group", config->groups.filter, err);
		if (app->rules.groups == NULL) {
			return error_wrap(err, "apps.%s.groups.filter", config->name);
		}
	}
	return true;
}

static bool open_app(
	struct courier *courier, const struct config_app *config, struct error *err)
{
	struct courier_app *app = &courier->apps[courier->app_count];

	app->courier = courier;
	app->config = config;
	app->connector = connector_find(config->connector);
	app->profile = profile_find(config->profile != NULL ? config->profile : "standard");
	if (app->connector == NULL || app->profile == NULL) {
		return error_set(err, ERROR_CONFIG, "apps.%s: there is no %s '%s'", config->name,
			app->connector == NULL ? "connector" : "profile",
			app->connector == NULL ? config->connector : config->profile);
	}
	if (!store_name_get(courier->store, STORE_NAME_APP, config->name, &app->id, err) ||
		!store_name_get(courier->store, STORE_NAME_TENANT, config->tenant, &app->tenant,
			err) ||
		!read_rules(app, err)) {
		return false;
	}
	app->connection = app->connector->open(config, courier->fetch, err);
	if (app->connection == NULL) {
		return false;
	}
	app->status = (struct courier_app_status){
		.name = config->name, .id = app->id, .breaker_reason = "", .revoke_us_last = -1 };
	loop_timer_init(&app->timer, courier->loop, on_timer, app);
	courier->app_count++;
	return true;
}

/* In the courier's thread: what belongs to its loop is made there. */
static void start(void *user)
{
	struct courier *courier = user;
	bool ok = true;

	courier->fetch = fetch_new(courier->loop, NULL);
	for (size_t i = 0; i < courier->config->app_count && ok; i++) {
		ok = open_app(courier, &courier->config->apps[i], &courier->err);
	}
	if (ok) {
		courier->watch = store_watch(courier->store, STORE_NEWS_DELIVERIES, courier->loop,
			look_at_all, courier);
		look_at_all(courier);
	}
	pthread_mutex_lock(&courier->mutex);
	courier->started = true;
	courier->start_failed = !ok;
	pthread_cond_signal(&courier->changed);
	pthread_mutex_unlock(&courier->mutex);
}

static bool wait_for_start(struct courier *courier, struct error *err)
{
	pthread_mutex_lock(&courier->mutex);
	while (!courier->started) {
		pthread_cond_wait(&courier->changed, &courier->mutex);
	}
	pthread_mutex_unlock(&courier->mutex);
	if (courier->start_failed && err != NULL) {
		*err = courier->err;
	}
	return !courier->start_failed;
}

struct courier *courier_start(const struct courier_options *options, struct error *err)
{
	struct courier *courier = must_calloc(1, sizeof(*courier));

	courier->config = options->config;
	courier->store = options->store;
	courier->arena = arena_new();
	courier->packer = journal_packer_new();
	courier->apps = must_calloc(options->config->app_count + 1, sizeof(*courier->apps));
	pthread_mutex_init(&courier->mutex, NULL);
	pthread_cond_init(&courier->changed, NULL);
	courier->reader = store_reader_open(options->store, err);
	courier->thread = courier->reader != NULL ? loop_thread_start("courier", err) : NULL;
	if (courier->thread == NULL) {
		courier_stop(courier);
		return NULL;
	}
	courier->loop = loop_thread_loop(courier->thread);
	loop_post(courier->loop, start, courier);
	if (!wait_for_start(courier, err)) {
		courier_stop(courier);
		return NULL;
	}
	return courier;
}

/* Requests that are still under way end now; their outcomes are stored like others. */
static void on_grace_over(void *user)
{
	struct courier *courier = user;

	fetch_free(courier->fetch);
	courier->fetch = NULL;
}

static void stop(void *user)
{
	struct courier *courier = user;

	courier->stopping = true;
	if (courier->watch != NULL) {
		store_unwatch(courier->store, courier->watch);
	}
	for (size_t i = 0; i < courier->app_count; i++) {
		loop_timer_cancel(&courier->apps[i].timer);
	}
	loop_timer_init(&courier->stop_timer, courier->loop, on_grace_over, courier);
	loop_timer_start(&courier->stop_timer, STOP_GRACE_MS);
	stop_if_idle(courier);
}

void courier_stop(struct courier *courier)
{
	if (courier == NULL) {
		return;
	}
	if (courier->thread != NULL) {
		loop_post(courier->loop, stop, courier);
		pthread_mutex_lock(&courier->mutex);
		while (!courier->stopped) {
			pthread_cond_wait(&courier->changed, &courier->mutex);
		}
		pthread_mutex_unlock(&courier->mutex);
		loop_thread_join(courier->thread);
	}
	store_reader_close(courier->reader);
	journal_packer_free(courier->packer);
	arena_free(courier->arena);
	pthread_mutex_destroy(&courier->mutex);
	pthread_cond_destroy(&courier->changed);
	memory_free(courier->apps);
	memory_free(courier);
}

size_t courier_status(struct courier *courier, struct courier_app_status *status, size_t limit)
{
	size_t count = courier->app_count < limit ? courier->app_count : limit;

	pthread_mutex_lock(&courier->mutex);
	for (size_t i = 0; i < count; i++) {
		status[i] = courier->apps[i].status;
	}
	pthread_mutex_unlock(&courier->mutex);
	return courier->app_count;
}
