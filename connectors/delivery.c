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
 * A lost reply is never answered by sending a create again: first the app is read. An account that is
 * not ours (another externalId, or none and we never tried to create it) is never taken over.
 */
#include <assert.h>
#include <string.h>
#include <strings.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/value.h"
#include "config/config.h"
#include "connectors/courier_inside.h"
#include "connectors/group.h"
#include "connectors/profile.h"
#include "store/read.h"

enum { SECOND_LOOK_MS = 1500 };

static void search(struct delivery *delivery);
static void create(struct delivery *delivery);
static void bring(struct delivery *delivery);

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

/* ---- after a write: is it so? ---- */

/* A 2xx is a claim, not a fact (facts: delivery.md, 5, trap 3): a leaver is looked at again. */
static void on_verified(struct delivery *delivery, const struct connector_answer *answer)
{
	bool absent = delivery->desired.state == DESIRED_ABSENT;

	if (answer->class == CONNECTOR_NOT_FOUND) {
		if (absent) {
			outcome_gone(delivery);
		} else {
			outcome_done(delivery); /* apps that hide the inactive, too */
		}
		return;
	}
	if (answer->class != CONNECTOR_OK || answer->hit_count != 1) {
		outcome_retry(delivery, answer);
		return;
	}
	if (value_find_bool(answer->hits[0].resource, "active", absent)) {
		outcome_park(delivery, absent ? "the app answered that it deleted the account, but it "
						"is still there"
					      : "the app answered that it disabled the account, but it "
						"is still active");
		return;
	}
	if (absent) {
		outcome_gone(delivery);
	} else {
		outcome_done(delivery);
	}
}

static void verify(struct delivery *delivery)
{
	struct courier_app *app = delivery->app;

	app->connector->read(app->connection, delivery_call(delivery, on_verified));
}

static void on_written(struct delivery *delivery)
{
	if (store_rid_type(delivery->take.rid) == STORE_USER && !delivery->desired.active) {
		verify(delivery);
	} else {
		outcome_done(delivery);
	}
}

/* ---- update ---- */

/* The account behind the link is not there: look for it, make it again if it should be. */
static void on_missing(struct delivery *delivery)
{
	delivery->dropped = true;
	delivery->remote = NULL;
	if (delivery->desired.state == DESIRED_PRESENT) {
		search(delivery);
	} else {
		outcome_gone(delivery);
	}
}

static void update(struct delivery *delivery);

static void on_updated(struct delivery *delivery, const struct connector_answer *answer)
{
	switch (answer->class) {
	case CONNECTOR_OK:
		on_written(delivery);
		break;
	case CONNECTOR_NOT_FOUND:
		on_missing(delivery);
		break;
	case CONNECTOR_UNSUPPORTED:
		if (delivery->app->no_put) {
			outcome_park(delivery, answer->message);
		} else {
			delivery->app->no_put = true; /* remembered for all that follow */
			update(delivery);
		}
		break;
	case CONNECTOR_CONFLICT:
	case CONNECTOR_TOO_LARGE:
	case CONNECTOR_REFUSED:
		outcome_park(delivery, answer->message);
		break;
	default:
		outcome_retry(delivery, answer); /* the same PUT again does no harm */
	}
}

void delivery_add_operation(struct value_builder *all, const char *op, const char *path,
	const struct value *value)
{
	struct value_builder it = { .arena = all->arena };

	value_add_text(&it, "op", op);
	value_add_text(&it, "path", path);
	value_add(&it, "value", value);
	value_add_item(all, value_finish_object(&it));
}

/* One operation per attribute, each with a path: what every app understands. */
static const struct value *patch_operations(struct delivery *delivery)
{
	const struct value *form = delivery->desired.form;
	struct value_builder all = { .arena = delivery->arena };
	static const struct value_limits limits = {
		.bytes = SIZE_MAX, .depth = 64, .values = SIZE_MAX };
	const struct value *old = NULL;
	struct error ignored = { 0 };

	for (size_t i = 0; i < value_count(form); i++) {
		const struct value_member *member = value_member_at(form, i);

		if (strcmp(value_text(member->key), "schemas") != 0) {
			delivery_add_operation(&all, "replace", value_text(member->key), member->value);
		}
	}
	if (delivery->link != NULL && delivery->link->doc_size > 0) {
		old = value_parse(delivery->arena, delivery->link->doc, delivery->link->doc_size,
			&limits, &ignored);
	}
	for (size_t i = 0; value_is(old, VALUE_OBJECT) && i < value_count(old); i++) {
		const struct value_member *member = value_member_at(old, i);

		if (value_find_key(form, member->key) == NULL) {
			delivery_add_operation(&all, "remove", value_text(member->key), NULL);
		}
	}
	return value_finish_array(&all);
}

static void update_by_patch(struct delivery *delivery)
{
	struct courier_app *app = delivery->app;
	struct connector_call *call = delivery_call(delivery, on_updated);

	call->body = patch_operations(delivery);
	app->connector->patch(app->connection, call);
}

static void update(struct delivery *delivery)
{
	struct courier_app *app = delivery->app;
	struct connector_call *call;

	delivery->wrote = true;
	if (store_rid_type(delivery->take.rid) == STORE_GROUP) {
		group_update(delivery);
		return;
	}
	if (app->profile->no_put || app->no_put) {
		app->no_put = true;
		update_by_patch(delivery);
		return;
	}
	call = delivery_call(delivery, on_updated);
	call->body = value_with(delivery->arena, delivery->desired.form, "id",
		value_of_text(delivery->arena, delivery->remote));
	app->connector->replace(app->connection, call);
}

/* group.c comes back here when all of a group is brought. */
void delivery_group_answer(struct delivery *delivery, const struct connector_answer *answer)
{
	on_updated(delivery, answer);
}

/* ---- deactivate, delete ---- */

static void on_read_to_deactivate(
	struct delivery *delivery, const struct connector_answer *answer)
{
	struct courier_app *app = delivery->app;
	struct connector_call *call;

	if (answer->class != CONNECTOR_OK || answer->hit_count != 1) {
		on_updated(delivery, answer);
		return;
	}
	call = delivery_call(delivery, on_updated);
	call->body = value_with(
		delivery->arena, answer->hits[0].resource, "active", value_of_bool(false));
	app->no_put = true; /* whichever of both the app refuses now, it has neither */
	app->connector->replace(app->connection, call);
}

static void on_deactivated(struct delivery *delivery, const struct connector_answer *answer)
{
	struct courier_app *app = delivery->app;

	if (answer->class == CONNECTOR_UNSUPPORTED) { /* no PATCH: read, change, write */
		app->connector->read(app->connection, delivery_call(delivery, on_read_to_deactivate));
		return;
	}
	on_updated(delivery, answer);
}

static void deactivate(struct delivery *delivery)
{
	struct courier_app *app = delivery->app;
	struct connector_call *call = delivery_call(delivery, on_deactivated);
	struct value_builder all = { .arena = delivery->arena };

	delivery->wrote = true;
	delivery_add_operation(&all, "replace", "active", value_of_bool(false));
	call->body = value_finish_array(&all);
	app->connector->patch(app->connection, call);
}

static void on_removed(struct delivery *delivery, const struct connector_answer *answer)
{
	switch (answer->class) {
	case CONNECTOR_OK:
		verify(delivery);
		break;
	case CONNECTOR_NOT_FOUND:
		outcome_gone(delivery);
		break;
	case CONNECTOR_UNSUPPORTED:
	case CONNECTOR_CONFLICT:
	case CONNECTOR_TOO_LARGE:
	case CONNECTOR_REFUSED:
		outcome_park(delivery, answer->message);
		break;
	default:
		outcome_retry(delivery, answer);
	}
}

static void remove_account(struct delivery *delivery)
{
	struct courier_app *app = delivery->app;

	delivery->wrote = true;
	app->connector->remove(app->connection, delivery_call(delivery, on_removed));
}

/* There is an account or group: bring it to where it should be. */
static void bring(struct delivery *delivery)
{
	switch (delivery->desired.state) {
	case DESIRED_NOTHING:
		outcome_nothing(delivery);
		break;
	case DESIRED_PRESENT:
		update(delivery);
		break;
	case DESIRED_INACTIVE:
		if (delivery->desired.form != NULL) {
			update(delivery);
		} else {
			deactivate(delivery);
		}
		break;
	case DESIRED_ABSENT:
		remove_account(delivery);
		break;
	}
}

/* ---- search ---- */

static void adopt(struct delivery *delivery, const struct connector_hit *hit)
{
	delivery->remote = hit->remote;
	courier_count(delivery->app, &delivery->app->status.adopted);
	bring(delivery);
}

static void on_second_look(void *user)
{
	struct delivery *delivery = user;

	delivery->searched_name = false;
	search(delivery);
}

static void on_nobody(struct delivery *delivery)
{
	if (delivery->desired.state != DESIRED_PRESENT) {
		outcome_nothing(delivery);
	} else if (delivery->conflicted) {
		outcome_park(delivery,
			"the app says that the account exists already, but shows none of this name");
	} else if (may_be_ours(delivery) && !delivery->waited) {
		/* What was just written may not be found at once (facts: delivery.md, 2.6). */
		delivery->waited = true;
		loop_timer_start(&delivery->timer, SECOND_LOOK_MS);
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
	const char *attribute = store_rid_type(delivery->take.rid) == STORE_GROUP ? "displayName"
										  : "userName";
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
		outcome_park(delivery,
			"the app has an account of this name that scimward did not make; link it by "
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

static void search(struct delivery *delivery)
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
		search(delivery);
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

	delivery->wrote = true;
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
	ok = store_find_rid(reader, delivery->arena, delivery->take.rid, &delivery->resource, err) &&
	     store_find_link(reader, delivery->arena, app->id, delivery->take.rid, &delivery->link,
		     err) &&
	     desired_compute(delivery->arena, reader, &app->rules, delivery->resource,
		     &delivery->desired, err);
	store_read_end(reader);
	return ok;
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
	bool leaver = resource->deleted ||
		      (resource->type == STORE_USER && !resource->active);

	if (delivery->desired.state == DESIRED_PRESENT && !may_be_ours(delivery)) {
		create(delivery);
	} else if (delivery->desired.state == DESIRED_PRESENT || may_be_ours(delivery) || leaver) {
		search(delivery);
	} else {
		outcome_nothing(delivery);
	}
}

void delivery_start(struct delivery *delivery)
{
	struct error err = { 0 };

	loop_timer_init(&delivery->timer, courier_loop(delivery->app->courier), on_second_look,
		delivery);
	snprintf(delivery->idempotency_key, sizeof(delivery->idempotency_key), "%.60s/%lld",
		courier_origin(delivery->app->courier), (long long)delivery->take.decision);
	if (!load(delivery, &err)) {
		outcome_retry_error(delivery, &err);
	} else if (delivery->resource == NULL) {
		outcome_nothing(delivery);
	} else if (delivery->link == NULL) {
		start_unlinked(delivery);
	} else if (is_current(delivery)) {
		outcome_nothing(delivery);
	} else {
		delivery->remote = delivery->link->remote;
		bring(delivery);
	}
}
