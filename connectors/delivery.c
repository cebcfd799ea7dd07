/*
 * One delivery: from "taken" to its outcome.
 *
 *     load ─▶ nothing to do ───────────────────────────────────────────▶ done
 *      │
 *      ├─ linked ─▶ update / deactivate / delete ─▶ verify ────────────▶ done
 *      │                └ 404 ─▶ search
 *      └─ not linked ─▶ create ───────────────────────────────────────▶ done
 *                         └ 409, or the outcome of an earlier try is not known
 *                             ─▶ search by externalId, by name ─▶ adopt ─▶ update
 *                                          └ nobody ─▶ wait, search again ─▶ create
 *
 * A lost reply is never answered by sending a create again: first the app is read. An account that
 * is not ours (another externalId, or none and we never tried to create it) is never taken over.
 */
#include <string.h>
#include <strings.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/value.h"
#include "config/config.h"
#include "connectors/courier_inside.h"
#include "connectors/group.h"
#include "connectors/profile.h"
#include "store/read.h"

enum { SECOND_LOOK_MS = 1500 };

static void create(struct delivery *delivery);

static void on_answer(void *user, const struct connector_answer *answer)
{
	struct delivery *delivery = user;

	delivery->status = answer->status;
	delivery->on_answer(delivery, answer);
}

struct connector_call *delivery_call(struct delivery *delivery, delivery_answer_fn *then)
{
	delivery->on_answer = then;
	delivery->call = (struct connector_call){
		.arena = delivery->arena,
		.kind = store_rid_type(delivery->take.rid) == STORE_GROUP ? CONNECTOR_GROUP
									  : CONNECTOR_USER,
		.remote = delivery->remote,
		.idempotency_key = delivery->idempotency_key,
		.traceparent = delivery->traceparent[0] != '\0' ? delivery->traceparent : NULL,
		.done = on_answer,
		.user = delivery,
	};
	return &delivery->call;
}

static const char *our_id(const struct delivery *delivery)
{
	char id[UUID_TEXT_BYTES];

	uuid_format(delivery->resource->id, id);
	return arena_strdup(delivery->arena, id);
}

/* An account that we may have made in an earlier try whose outcome nobody knows. */
static bool may_be_ours(const struct delivery *delivery)
{
	return delivery->take.unknown || delivery->take.attempts > 1;
}

/* ---- search ---- */

static void adopt(struct delivery *delivery, const struct connector_hit *hit)
{
	delivery->remote = hit->remote;
	courier_count(delivery->app, &delivery->app->status.adopted);
	delivery_bring(delivery);
}

static void on_second_look(void *user)
{
	struct delivery *delivery = user;

	delivery->searched_name = false;
	delivery_search(delivery);
}

static void on_nobody(struct delivery *delivery)
{
	if (may_be_ours(delivery) && !delivery->waited) {
		/* What was just written may not be found at once (facts: delivery.md, 2.6), and a
		 * leaver's account that comes to light later would stay. */
		delivery->waited = true;
		loop_timer_start(&delivery->timer, SECOND_LOOK_MS);
	} else if (delivery->desired.state != DESIRED_PRESENT) {
		outcome_nothing(delivery);
	} else if (delivery->conflicted) {
		outcome_park(delivery, "the app says that the account exists already, but shows "
				       "none of this name");
	} else {
		create(delivery);
	}
}

static const char *name_of(const struct delivery *delivery)
{
	return delivery->resource->name;
}

static bool is_named(const struct delivery *delivery, const struct connector_hit *hit)
{
	const char *attribute =
		store_rid_type(delivery->take.rid) == STORE_GROUP ? "displayName" : "userName";
	const char *name = value_find_text(hit->resource, attribute);

	return name != NULL && strcasecmp(name, name_of(delivery)) == 0;
}

static bool is_ours(const struct delivery *delivery, const struct connector_hit *hit)
{
	return hit->external_id != NULL && strcmp(hit->external_id, our_id(delivery)) == 0;
}

static void on_found_name(struct delivery *delivery, const struct connector_answer *answer)
{
	const struct connector_hit *found = NULL;
	size_t count = 0;

	if (answer->class != CONNECTOR_OK) {
		outcome_retry(delivery, answer);
		return;
	}
	for (size_t i = 0; i < answer->hit_count; i++) {
		if (is_named(delivery, &answer->hits[i])) { /* apps that ignore the filter */
			found = &answer->hits[i];
			count++;
		}
	}
	if (count == 0) {
		on_nobody(delivery);
	} else if (count > 1) {
		outcome_park(delivery, "the app has several accounts of this name");
	} else if (is_ours(delivery, found) ||
		   (found->external_id == NULL && may_be_ours(delivery))) {
		adopt(delivery, found);
	} else if (delivery->desired.state != DESIRED_PRESENT) {
		outcome_nothing(delivery); /* somebody else's account is not ours to disable */
	} else {
		outcome_park(delivery, "the app has an account of this name that scimward did not "
				       "make; link it by "
				       "giving it our id as externalId, or rename one of both");
	}
}

static void search_name(struct delivery *delivery)
{
	struct courier_app *app = delivery->app;
	struct connector_call *call = delivery_call(delivery, on_found_name);

	delivery->searched_name = true;
	call->name = name_of(delivery);
	if (call->name == NULL || call->name[0] == '\0') {
		on_nobody(delivery);
		return;
	}
	app->connector->find(app->connection, call);
}

static void on_found_id(struct delivery *delivery, const struct connector_answer *answer)
{
	const struct connector_hit *found = NULL;
	size_t count = 0;

	if (answer->class == CONNECTOR_REFUSED) { /* it cannot search by externalId */
		search_name(delivery);
		return;
	}
	if (answer->class != CONNECTOR_OK) {
		outcome_retry(delivery, answer);
		return;
	}
	for (size_t i = 0; i < answer->hit_count; i++) {
		if (is_ours(delivery, &answer->hits[i])) {
			found = &answer->hits[i];
			count++;
		}
	}
	if (count == 1) {
		adopt(delivery, found);
	} else if (count > 1) {
		outcome_park(delivery, "the app has several accounts with our externalId");
	} else {
		search_name(delivery);
	}
}

void delivery_search(struct delivery *delivery)
{
	struct courier_app *app = delivery->app;
	struct connector_call *call;

	if (app->profile->no_external_id) {
		search_name(delivery);
		return;
	}
	call = delivery_call(delivery, on_found_id);
	call->external_id = our_id(delivery);
	app->connector->find(app->connection, call);
}

/* ---- create ---- */

static void on_created(struct delivery *delivery, const struct connector_answer *answer)
{
	switch (answer->class) {
	case CONNECTOR_OK:
		delivery->remote = answer->hits[0].remote;
		outcome_done(delivery);
		break;
	case CONNECTOR_CONFLICT:
		delivery->conflicted = true;
		delivery_search(delivery);
		break;
	case CONNECTOR_NOT_FOUND:
	case CONNECTOR_UNSUPPORTED:
	case CONNECTOR_TOO_LARGE:
	case CONNECTOR_REFUSED:
		outcome_park(delivery, answer->message);
		break;
	default:
		outcome_retry(delivery, answer); /* the next try searches first */
	}
}

static void create(struct delivery *delivery)
{
	struct courier_app *app = delivery->app;
	struct connector_call *call = delivery_call(delivery, on_created);

	call->remote = NULL;
	call->body = store_rid_type(delivery->take.rid) == STORE_GROUP ? group_form(delivery)
								       : delivery->desired.form;
	app->connector->create(app->connection, call);
}

/* ---- start ---- */

static bool load(struct delivery *delivery, struct error *err)
{
	struct courier_app *app = delivery->app;
	struct store_reader *reader = courier_reader(app->courier);
	bool ok;

	if (!store_read_begin(reader, err)) {
		return false;
	}
	ok = store_find_rid(
		     reader, delivery->arena, delivery->take.rid, &delivery->resource, err) &&
	     store_find_link(
		     reader, delivery->arena, app->id, delivery->take.rid, &delivery->link, err) &&
	     desired_compute(delivery->arena, reader, &app->rules, delivery->resource,
		     &delivery->desired, err);
	store_read_end(reader);
	return ok;
}

/*
 * W3C Trace Context: the trace of the request that was decided goes on to the app, under a span of
 * ours. The leaf has it.
 */
static void take_trace(struct delivery *delivery)
{
	static const struct value_limits limits = { .bytes = 65535, .depth = 8, .values = 200 };
	const struct store_entry *entry;
	const struct value *leaf;
	const char *trace;
	struct error ignored = { 0 };

	if (!store_find_entry(courier_reader(delivery->app->courier), delivery->arena,
		    delivery->take.decision, &entry, &ignored) ||
		entry == NULL) {
		return;
	}
	leaf = value_parse(delivery->arena, entry->leaf, entry->leaf_size, &limits, &ignored);
	trace = value_find_text(leaf, "trace");
	if (trace != NULL) {
		snprintf(delivery->trace, sizeof(delivery->trace), "%s", trace);
		snprintf(delivery->traceparent, sizeof(delivery->traceparent),
			"00-%.32s-%016llx-01", trace,
			(unsigned long long)courier_dice(delivery->app->courier) | 1);
	}
}

/* What was last brought is what should be: the change concerned other apps, or came back. */
static bool is_current(const struct delivery *delivery)
{
	const struct store_link *link = delivery->link;
	const struct desired *desired = &delivery->desired;

	if (delivery->take.unknown || delivery->take.attempts > 1) {
		return false; /* an earlier try may have changed more than the link knows */
	}
	if (desired->state == DESIRED_ABSENT || desired->state == DESIRED_NOTHING) {
		return false;
	}
	if (desired->form == NULL) {
		return !link->active;
	}
	return link->active == desired->active &&
	       memcmp(link->hash, desired->hash, sizeof(link->hash)) == 0;
}

/* Without a link: an account can be there all the same when a create was tried and its end is not
 * known. A leaver is looked for in any case (facts: delivery.md, 1, Okta). */
static void start_unlinked(struct delivery *delivery)
{
	const struct store_resource *resource = delivery->resource;
	bool leaver = resource->deleted || (resource->type == STORE_USER && !resource->active);

	if (delivery->desired.state == DESIRED_PRESENT && !may_be_ours(delivery)) {
		create(delivery);
	} else if (delivery->desired.state == DESIRED_PRESENT || may_be_ours(delivery) || leaver) {
		delivery_search(delivery);
	} else {
		outcome_nothing(delivery);
	}
}

void delivery_start(struct delivery *delivery)
{
	struct error err = { 0 };

	loop_timer_init(
		&delivery->timer, courier_loop(delivery->app->courier), on_second_look, delivery);
	snprintf(delivery->idempotency_key, sizeof(delivery->idempotency_key), "%.60s/%lld",
		courier_origin(delivery->app->courier), (long long)delivery->take.decision);
	take_trace(delivery);
	if (!load(delivery, &err)) {
		outcome_retry_error(delivery, &err);
	} else if (delivery->resource == NULL) {
		outcome_nothing(delivery);
	} else if (delivery->link == NULL) {
		start_unlinked(delivery);
	} else if (is_current(delivery)) {
		outcome_current(delivery);
	} else {
		delivery->remote = delivery->link->remote;
		delivery_bring(delivery);
	}
}
