/*
 * Outcomes: what became of a delivery, durable together with its link and its journal entry.
 *
 * Done and parked are entries; a retry is none (an app that is down for a day would fill the
 * journal with it) but is logged, counted and shown by `delivery list`.
 */
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/utf8.h"
#include "base/value.h"
#include "config/config.h"
#include "connectors/courier_inside.h"
#include "journal/entry.h"
#include "store/read.h"

/* A form that is larger is not kept: it only serves to remove attributes where PUT is not there. */
enum { LINK_DOC_MAX = 64 * 1024 };

static const struct value *detail_of(struct delivery *delivery, const char *error)
{
	const struct store_take *take = &delivery->take;
	struct value_builder it = { .arena = delivery->arena };

	value_add_int(&it, "attempts", take->attempts);
	value_add_text(&it, "error", error);
	if (take->changes > 1) { /* decisions in between never left: this one stands for them */
		value_add_int(&it, "supersedes_from", take->first_decision);
		value_add_int(&it, "supersedes_count", take->changes - 1);
	}
	if (delivery->status != 0) {
		value_add_int(&it, "status", delivery->status);
	}
	value_add_int(&it, "version", take->version);
	return value_finish_object(&it);
}

static bool add_entry(struct delivery *delivery, const char *outcome, const char *error)
{
	struct courier_app *app = delivery->app;
	struct journal_entry entry = JOURNAL_ENTRY_INIT;
	struct journal_packed packed;
	struct error err = { 0 };
	char id[UUID_TEXT_BYTES];
	bool user = store_rid_type(delivery->take.rid) == STORE_USER;

	entry.kind = JOURNAL_DELIVERY;
	entry.time_us = delivery->commit.now_us;
	entry.tenant = app->config->tenant;
	entry.app = app->config->name;
	entry.outcome = outcome;
	entry.decision = (uint64_t)delivery->take.decision;
	entry.trace = delivery->trace[0] != '\0' ? delivery->trace : NULL;
	entry.resource_type = user ? "User" : "Group";
	if (delivery->resource != NULL) {
		uuid_format(delivery->resource->id, id);
		entry.resource_id = id;
	}
	entry.latency_us = delivery->commit.now_us - delivery->take.since_us;
	entry.detail = detail_of(delivery, error);
	if (!journal_pack(courier_packer(app->courier), delivery->arena, &entry, &packed, &err)) {
		log_event(LOG_ERROR, "delivery_not_recorded", "app", app->config->name, "error",
			err.text, NULL);
		return false;
	}
	delivery->entry = (struct store_entry){
		.kind = JOURNAL_DELIVERY,
		.tenant = app->tenant,
		.rid = delivery->resource != NULL ? delivery->take.rid : 0,
		.at_us = delivery->commit.now_us,
		.leaf = packed.leaf,
		.leaf_size = packed.leaf_size,
		.payload = packed.payload,
		.payload_size = packed.payload_size,
	};
	delivery->commit.entry = &delivery->entry;
	return true;
}

static void on_committed(void *user)
{
	struct delivery *delivery = user;
	const struct store_commit *commit = &delivery->commit;

	if (!commit->ok && commit->err.code == ERROR_UNIQUENESS &&
		delivery->outcome.kind == STORE_OUTCOME_DONE) {
		outcome_park(delivery, "the app gave an account that another resource has "
				       "already; it must not serve two");
		return;
	}
	if (!commit->ok) {
		/* The row stays in flight; its lease ends and it is looked at again. */
		log_event(LOG_WARN, "outcome_not_stored", "app", delivery->app->config->name,
			"error", commit->err.text, NULL);
		delivery->app->more = true;
	}
	courier_finished(delivery);
}

static void begin(struct delivery *delivery, enum store_outcome_kind kind)
{
	delivery->commit = (struct store_commit){
		.tenant = delivery->app->tenant,
		.now_us = clock_now_us(),
		.urgent = delivery->take.urgent,
		.outcome = &delivery->outcome,
	};
	delivery->outcome = (struct store_outcome){
		.app = delivery->app->id,
		.rid = delivery->take.rid,
		.version = delivery->take.version,
		.kind = kind,
	};
}

static void commit(struct delivery *delivery)
{
	struct courier *courier = delivery->app->courier;

	store_commit(courier_store(courier), &delivery->commit, courier_loop(courier), on_committed,
		delivery);
}

/* What was brought, and where: the next delivery starts from it. */
static void set_link(struct delivery *delivery)
{
	struct store_link *link = &delivery->new_link;
	struct buf doc = { 0 };

	*link = (struct store_link){
		.remote = delivery->remote,
		.version = delivery->take.version,
		.active = delivery->desired.active,
		.updated_us = delivery->commit.now_us,
		.doc = "",
	};
	memcpy(link->hash, delivery->desired.hash, sizeof(link->hash));
	if (delivery->desired.form != NULL) {
		value_print(&doc, delivery->desired.form);
		if (doc.size <= LINK_DOC_MAX) {
			link->doc = arena_text(delivery->arena, doc.data, doc.size);
			link->doc_size = doc.size;
		}
		buf_fini(&doc);
	}
	delivery->outcome.link = link;
	delivery->outcome.link_change = STORE_LINK_SET;
}

static void drop_link(struct delivery *delivery)
{
	if (delivery->link != NULL) {
		delivery->outcome.link_change = STORE_LINK_DROP;
	}
}

/*
 * A person who gets an account in the app, or loses it, becomes or ceases to be a member of the
 * groups there: these are brought up to date behind it.
 */
static bool want_groups(struct delivery *delivery, struct error *err)
{
	struct courier_app *app = delivery->app;
	const struct store_ref *groups;
	struct store_want *wants;
	size_t count;

	if (app->rules.groups == NULL || store_rid_type(delivery->take.rid) != STORE_USER) {
		return true;
	}
	if (!store_groups_of(courier_reader(app->courier), delivery->arena, delivery->take.rid,
		    &groups, &count, err)) {
		return false;
	}
	wants = arena_calloc(delivery->arena, count + 1, sizeof(*wants));
	for (size_t i = 0; i < count; i++) {
		wants[i] = (struct store_want){ .app = app->id, .rid = groups[i].rid };
	}
	delivery->commit.wants = wants;
	delivery->commit.want_count = count;
	return true;
}

/* The app worked: that is what its breaker counts. */
static void count_success(struct delivery *delivery)
{
	struct courier_app *app = delivery->app;

	breaker_success(&app->breaker);
	courier_publish_breaker(app);
	courier_count(app, &app->status.delivered);
	if (delivery->take.unknown || delivery->take.attempts > 1) {
		courier_count(app, &app->status.unknown);
	}
	if (store_rid_type(delivery->take.rid) == STORE_USER && !delivery->desired.active) {
		courier_revoked(app, delivery->commit.now_us - delivery->take.since_us);
	}
}

void outcome_done(struct delivery *delivery)
{
	struct error err = { 0 };

	begin(delivery, STORE_OUTCOME_DONE);
	if ((delivery->link == NULL || delivery->dropped) && !want_groups(delivery, &err)) {
		outcome_retry_error(delivery, &err); /* the app has it, its groups do not follow */
		return;
	}
	count_success(delivery);
	set_link(delivery);
	add_entry(delivery, "delivered", NULL);
	commit(delivery);
}

void outcome_gone(struct delivery *delivery)
{
	struct error err = { 0 };

	begin(delivery, STORE_OUTCOME_DONE);
	if (!want_groups(delivery, &err)) {
		outcome_retry_error(delivery, &err);
		return;
	}
	count_success(delivery);
	drop_link(delivery);
	add_entry(delivery, "removed", NULL);
	commit(delivery);
}

/* The app has it already: an earlier delivery brought the newest state, or the change concerned
 * others. */
void outcome_current(struct delivery *delivery)
{
	begin(delivery, STORE_OUTCOME_DONE);
	add_entry(delivery, "current", NULL);
	commit(delivery);
}

void outcome_nothing(struct delivery *delivery)
{
	begin(delivery, STORE_OUTCOME_DONE);
	if (delivery->dropped) {
		drop_link(delivery);
	}
	commit(delivery);
}

/* What is kept of it. The words may be an app's, cut on the way. */
static const char *told(struct delivery *delivery, const char *why)
{
	char *text = arena_printf(delivery->arena, "%.400s", why);

	utf8_repair(text);
	return text;
}

void outcome_park(struct delivery *delivery, const char *why)
{
	struct courier_app *app = delivery->app;

	begin(delivery, STORE_OUTCOME_PARK);
	breaker_success(&app->breaker); /* it answered */
	courier_publish_breaker(app);
	courier_count(app, &app->status.parked);
	if (delivery->dropped) {
		drop_link(delivery);
	}
	delivery->outcome.error = told(delivery, why);
	add_entry(delivery, "parked", delivery->outcome.error);
	log_event(LOG_ERROR, "delivery_parked", "app", app->config->name, "error",
		delivery->outcome.error, "retry", "scimward delivery retry", NULL);
	commit(delivery);
}

static void retry(struct delivery *delivery, const char *why, int64_t delay_ms)
{
	struct courier_app *app = delivery->app;

	begin(delivery, STORE_OUTCOME_RETRY);
	courier_count(app, &app->status.retried);
	if (delivery->dropped) {
		drop_link(delivery);
	}
	delivery->outcome.error = told(delivery, why);
	delivery->outcome.next_us = delivery->commit.now_us + delay_ms * 1000;
	log_event(LOG_INFO, "delivery_retry", "app", app->config->name, "error",
		delivery->outcome.error, NULL);
	commit(delivery);
}

static void move_breaker(struct courier_app *app, const struct connector_answer *answer)
{
	int64_t now_us = clock_now_us();
	bool opened = false;

	if (answer->class == CONNECTOR_CREDENTIALS) {
		opened = breaker_trip(&app->breaker, app->config, "credentials", now_us);
	} else if (answer->status != 429) { /* an app that is busy is not broken */
		opened = breaker_failure(&app->breaker, app->config,
			answer->status == 0 ? "unreachable" : "errors", now_us);
	}
	courier_publish_breaker(app);
	if (opened) {
		log_event(LOG_ERROR, "breaker_open", "app", app->config->name, "reason",
			app->breaker.reason, "error", answer->message, NULL);
	}
}

void outcome_retry(struct delivery *delivery, const struct connector_answer *answer)
{
	struct courier_app *app = delivery->app;
	int64_t delay_ms =
		retry_delay_ms(app->config, delivery->take.attempts, courier_dice(app->courier));

	switch (answer->class) {
	case CONNECTOR_OK:
	case CONNECTOR_NOT_FOUND:
		retry(delivery, "the app's answers contradict each other", delay_ms);
		return;
	case CONNECTOR_CONFLICT:
	case CONNECTOR_UNSUPPORTED:
	case CONNECTOR_TOO_LARGE:
	case CONNECTOR_REFUSED:
		outcome_park(delivery, answer->message); /* again would not help */
		return;
	default:
		move_breaker(app, answer);
	}
	if (answer->retry_after_s >= 0) { /* the app's wish concerns all that goes there */
		int64_t until_us = clock_now_us() + answer->retry_after_s * 1000000;

		delay_ms = answer->retry_after_s * 1000;
		if (until_us > app->not_before_us) {
			app->not_before_us = until_us;
		}
	}
	retry(delivery, answer->message, delay_ms);
}

void outcome_retry_error(struct delivery *delivery, const struct error *err)
{
	struct courier_app *app = delivery->app;

	retry(delivery, err->text,
		retry_delay_ms(app->config, delivery->take.attempts, courier_dice(app->courier)));
}
