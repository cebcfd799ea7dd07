/*
 * What is there is brought to where it should be: update, deactivate, delete; and then looked at
 * again where a person left, since a 2xx is a claim and not a fact.
 */
#include <string.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/value.h"
#include "config/config.h"
#include "connectors/courier_inside.h"
#include "connectors/group.h"
#include "connectors/profile.h"

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
		outcome_park(
			delivery, absent ? "the app answered that it deleted the account, but it "
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
		delivery_search(delivery);
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
		if (delivery->put) {
			delivery->put = false;
			delivery->app->no_put = true; /* remembered for all that follow */
			update(delivery);
		} else {
			outcome_park(delivery, answer->message);
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

void delivery_add_operation(
	struct value_builder *all, const char *op, const char *path, const struct value *value)
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
		.bytes = SIZE_MAX, .depth = 64, .values = SIZE_MAX
	};
	const struct value *old = NULL;
	struct error ignored = { 0 };

	for (size_t i = 0; i < value_count(form); i++) {
		const struct value_member *member = value_member_at(form, i);

		if (strcmp(value_text(member->key), "schemas") != 0) {
			delivery_add_operation(
				&all, "replace", value_text(member->key), member->value);
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

	if (store_rid_type(delivery->take.rid) == STORE_GROUP) {
		group_update(delivery);
		return;
	}
	if (app->profile->no_put || app->no_put) {
		update_by_patch(delivery);
		return;
	}
	delivery->put = true;
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

/* Without PATCH: the whole account as the app shows it, but inactive. An app that has no PUT either
 * parks it, since delivery->put is not set. */
static void on_read_to_deactivate(struct delivery *delivery, const struct connector_answer *answer)
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
	app->connector->replace(app->connection, call);
}

static void on_deactivated(struct delivery *delivery, const struct connector_answer *answer)
{
	struct courier_app *app = delivery->app;

	if (answer->class == CONNECTOR_UNSUPPORTED) { /* no PATCH: read, change, write */
		app->connector->read(
			app->connection, delivery_call(delivery, on_read_to_deactivate));
		return;
	}
	on_updated(delivery, answer);
}

static void deactivate(struct delivery *delivery)
{
	struct courier_app *app = delivery->app;
	struct connector_call *call = delivery_call(delivery, on_deactivated);
	struct value_builder all = { .arena = delivery->arena };

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

	app->connector->remove(app->connection, delivery_call(delivery, on_removed));
}

/* There is an account or group: bring it to where it should be. */
void delivery_bring(struct delivery *delivery)
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
