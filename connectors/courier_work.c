/*
 * Looking for work: what is due in an app is taken, durably, and started; an app that is left alone
 * is probed; group changes are spread over their members.
 */
#include "base/arena.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "config/config.h"
#include "connectors/courier_inside.h"
#include "store/read.h"

enum {
	TAKES_MAX = 64, /* in one commit */
	URGENT_SLOTS =
		2, /* beyond the app's concurrency, so that leavers wait for nobody's time-out */
	AGAIN_MS = 1000, /* after the store refused */
};

/* A commit of takes under way, for one app. */
struct taking {
	struct courier_app *app;
	struct store_commit commit;
	struct store_take takes[TAKES_MAX];
};

/* ---- looking for work ---- */

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
		list_push(&app->deliveries, &delivery->node);
		app->in_flight++;
		delivery_start(delivery);
	}
	if (!taking->commit.ok) {
		log_event(LOG_WARN, "deliveries_not_taken", "app", app->config->name, "error",
			taking->commit.err.text, NULL);
		loop_timer_start(&app->timer, AGAIN_MS);
	} else if (app->more) {
		courier_look(app);
	}
	memory_free(taking);
	courier_stop_if_idle(app->courier);
}

/* Several requests may follow each other within a lease: search, write, verify. */
static int64_t lease_us(const struct config_app *config)
{
	return (config->timeout_ms * 6 + 30000) * 1000;
}

static void take(
	struct courier_app *app, const struct store_delivery *list, size_t count, int64_t now_us)
{
	struct taking *taking = must_calloc(1, sizeof(*taking));

	taking->app = app;
	for (size_t i = 0; i < count; i++) {
		taking->takes[i] = (struct store_take){ .app = app->id,
			.rid = list[i].rid,
			.lease_until_us = now_us + lease_us(app->config) };
	}
	taking->commit = (struct store_commit){
		.tenant = app->tenant, .now_us = now_us, .takes = taking->takes, .take_count = count
	};
	app->taking = true;
	store_commit(app->courier->store, &taking->commit, app->courier->loop, on_taken, taking);
}

/* When to look again if nothing else makes us. */
static void sleep_until(struct courier_app *app, int64_t us, int64_t now_us)
{
	int64_t delay_ms = us <= now_us ? 1 : (us - now_us) / 1000 + 1;

	loop_timer_start(&app->timer, delay_ms < 3600000 ? delay_ms : 3600000);
}

/* A delivery of many requests can outlive its lease; it is still ours, and one at a time. */
static bool is_under_way(const struct courier_app *app, int64_t rid)
{
	const struct list_node *head = &app->deliveries.head;

	for (const struct list_node *node = head->next; node != head; node = node->next) {
		if (LIST_ITEM(node, const struct delivery, node)->take.rid == rid) {
			return true;
		}
	}
	return false;
}

/* Of what is due, urgent ones first: those for which there is a slot. */
static size_t choose(const struct courier_app *app, const struct store_delivery *due, size_t count,
	struct store_delivery *chosen)
{
	size_t slots = (size_t)app->config->concurrency;
	size_t used = app->in_flight;
	size_t n = 0;

	for (size_t i = 0; i < count && n < TAKES_MAX; i++) {
		size_t limit = slots + (due[i].urgent ? URGENT_SLOTS : 0);

		if (used < limit && !is_under_way(app, due[i].rid)) {
			chosen[n++] = due[i];
			used++;
		}
	}
	return n;
}

static void take_due(struct courier_app *app, int64_t now_us)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	struct store_reader *reader = app->courier->reader;
	struct store_delivery chosen[TAKES_MAX];
	const struct store_delivery *list;
	/* Those under way whose lease is over stand among what is due. */
	size_t limit = (size_t)app->config->concurrency + URGENT_SLOTS;
	size_t count;
	int64_t next_us;
	struct error err = { 0 };

	if (!store_due(reader, arena, app->id, now_us, limit, &list, &count, &err) ||
		!store_next_due(reader, app->id, &next_us, &err)) {
		log_event(LOG_ERROR, "deliveries_not_read", "app", app->config->name, "error",
			err.text, NULL);
		loop_timer_start(&app->timer, AGAIN_MS);
		return;
	}
	app->more = count > 0; /* whatever ends looks for what found no slot */
	count = choose(app, list, count, chosen);
	if (count > 0) {
		take(app, chosen, count, now_us);
	} else if (!app->more && next_us != INT64_MAX) {
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
			: answer->status == 0                  ? "unreachable"
							       : "errors",
			clock_now_us());
	}
	courier_publish_breaker(app);
	arena_free(probe->call.arena);
	memory_free(probe);
	courier_look(app);
	courier_stop_if_idle(app->courier);
}

static void start_probe(struct courier_app *app)
{
	struct probe *probe = must_calloc(1, sizeof(*probe));

	app->probing = true;
	probe->app = app;
	probe->call =
		(struct connector_call){ .arena = arena_new(), .done = on_probed, .user = probe };
	app->connector->probe(app->connection, &probe->call);
}

void courier_look(void *user)
{
	struct courier_app *app = user;
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
	if (app->in_flight < (size_t)app->config->concurrency + URGENT_SLOTS) {
		take_due(app, now_us);
	}
}

void courier_finished(struct delivery *delivery)
{
	struct courier_app *app = delivery->app;

	list_remove(&delivery->node);
	loop_timer_fini(&delivery->timer);
	arena_free(delivery->arena);
	memory_free(delivery);
	app->in_flight--;
	if (app->more || app->breaker.open) {
		courier_look(app);
	}
	courier_stop_if_idle(app->courier);
}

/* ---- scope changes: a group change that moves people in or out of an app ---- */

struct expansion {
	struct courier *courier;
	struct store_commit commit;
	struct store_expand expand;
};

static void on_expanded(void *user)
{
	struct expansion *expansion = user;
	struct courier *courier = expansion->courier;
	bool ok = expansion->commit.ok;

	courier->expanding = false;
	if (!ok) {
		log_event(
			LOG_WARN, "scope_not_expanded", "error", expansion->commit.err.text, NULL);
	}
	memory_free(expansion);
	if (ok) {
		courier_expand(courier);
	} else {
		loop_timer_start(&courier->expand_timer, AGAIN_MS);
	}
	courier_stop_if_idle(courier);
}

void courier_expand(void *user)
{
	struct courier *courier = user;
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	const struct store_scope_change *list;
	struct expansion *expansion;
	size_t count;
	struct error err = { 0 };

	if (courier->expanding || courier->stopping) {
		return;
	}
	if (!store_scope_changes(courier->reader, arena, 0, 1, &list, &count, &err)) {
		log_event(LOG_ERROR, "scopes_not_read", "error", err.text, NULL);
		loop_timer_start(&courier->expand_timer, AGAIN_MS);
		return;
	}
	if (count == 0) {
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

void courier_look_at_all(void *user)
{
	struct courier *courier = user;

	courier_expand(courier);
	for (size_t i = 0; i < courier->app_count; i++) {
		courier_look(&courier->apps[i]);
	}
}

void courier_wake(struct courier *courier)
{
	loop_post(courier->loop, courier_look_at_all, courier);
}
