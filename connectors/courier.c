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

enum { STOP_GRACE_MS = 5000 }; /* for requests under way */

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
static void close_all(void *user)
{
	struct courier *courier = user;

	loop_timer_fini(&courier->stop_timer);
	loop_timer_fini(&courier->expand_timer);
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

void courier_stop_if_idle(struct courier *courier)
{
	if (courier->stopping && !courier->closing && is_idle(courier)) {
		courier->closing = true;
		loop_post(courier->loop, close_all, courier); /* not from inside of an answer */
	}
}

/* ---- start and stop ---- */

static const struct scim_filter *parse_filter(
	struct courier *courier, const char *type, const char *text, struct error *err)
{
	return scim_filter_parse(courier->arena, scim_model_type(courier->model, type), text,
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

static bool open_app(struct courier *courier, const struct config_app *config, struct error *err)
{
	struct courier_app *app = &courier->apps[courier->app_count];

	app->courier = courier;
	app->config = config;
	list_init(&app->deliveries);
	app->connector = connector_find(config->connector);
	app->profile = profile_find(config->profile != NULL ? config->profile : "standard");
	if (app->connector == NULL || app->profile == NULL) {
		return error_set(err, ERROR_CONFIG, "apps.%s: there is no %s '%s'", config->name,
			app->connector == NULL ? "connector" : "profile",
			app->connector == NULL ? config->connector : config->profile);
	}
	if (!store_name_get(courier->store, STORE_NAME_APP, config->name, &app->id, err) ||
		!store_name_get(
			courier->store, STORE_NAME_TENANT, config->tenant, &app->tenant, err) ||
		!read_rules(app, err)) {
		return false;
	}
	app->connection = app->connector->open(config, courier->fetch, err);
	if (app->connection == NULL) {
		return false;
	}
	app->status = (struct courier_app_status){
		.name = config->name, .id = app->id, .breaker_reason = "", .revoke_us_last = -1
	};
	loop_timer_init(&app->timer, courier->loop, courier_look, app);
	courier->app_count++;
	return true;
}

/* In the courier's thread: what belongs to its loop is made there. */
static void start(void *user)
{
	struct courier *courier = user;
	bool ok = true;

	courier->fetch = fetch_new(courier->loop, NULL);
	loop_timer_init(&courier->expand_timer, courier->loop, courier_expand, courier);
	for (size_t i = 0; i < courier->config->app_count && ok; i++) {
		ok = open_app(courier, &courier->config->apps[i], &courier->err);
	}
	if (ok) {
		courier->watch = store_watch(courier->store, STORE_NEWS_DELIVERIES, courier->loop,
			courier_look_at_all, courier);
		courier_look_at_all(courier);
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
	courier->model = options->model;
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

	fetch_stop(courier->fetch);
}

static void stop(void *user)
{
	struct courier *courier = user;

	courier->stopping = true;
	if (courier->watch != NULL) {
		store_unwatch(courier->store, courier->watch);
	}
	loop_timer_cancel(&courier->expand_timer);
	for (size_t i = 0; i < courier->app_count; i++) {
		loop_timer_cancel(&courier->apps[i].timer);
	}
	loop_timer_init(&courier->stop_timer, courier->loop, on_grace_over, courier);
	loop_timer_start(&courier->stop_timer, STOP_GRACE_MS);
	courier_stop_if_idle(courier);
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
