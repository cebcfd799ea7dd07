/* Deliveries over the admin API: what waits, what is parked, try again. */
#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/memory.h"
#include "config/config.h"
#include "connectors/courier.h"
#include "gateway/admin_call.h"
#include "gateway/gateway.h"
#include "store/commit.h"
#include "store/delivery.h"
#include "store/read.h"

enum { LIST_MAX = 1000 };

static const char *const states[] = { "pending", "inflight", "parked" };

static bool read_filter(
	struct admin_call *call, struct store_delivery_filter *filter, struct error *err)
{
	const char *app = admin_parameter(call, "app");
	const char *state = admin_parameter(call, "state");

	*filter = (struct store_delivery_filter){ .state = -1 };
	if (app != NULL) {
		const struct gateway_app *found = gateway_find_app(call->admin->gateway, app);

		if (found == NULL) {
			return error_set(err, ERROR_NOT_FOUND, "there is no app '%.64s'", app);
		}
		filter->app = found->id;
	}
	for (int i = 0; state != NULL && i < 3; i++) {
		if (strcmp(state, states[i]) == 0) {
			filter->state = i;
		}
	}
	return state == NULL || filter->state >= 0 ||
	       error_set(err, ERROR_REQUEST, "state must be pending, inflight or parked");
}

static json_t *delivery_json(struct admin_call *call, const struct store_delivery *delivery)
{
	const struct gateway_app *app = gateway_app_of_id(call->admin->gateway, delivery->app);
	const struct store_resource *resource = NULL;
	json_t *it = json_object();
	char id[UUID_TEXT_BYTES];

	store_find_rid(call->admin->reader, call->arena, delivery->rid, &resource, NULL);
	json_object_set_new(it, "app", json_string(app != NULL ? app->config->name : "(removed)"));
	if (resource != NULL) {
		uuid_format(resource->id, id);
		json_object_set_new(it, "id", json_string(id));
		json_object_set_new(it, "name", json_string(resource->name));
		json_object_set_new(it, "resourceType",
			json_string(resource->type == STORE_GROUP ? "Group" : "User"));
	}
	json_object_set_new(it, "state", json_string(states[delivery->state]));
	json_object_set_new(it, "urgent", json_boolean(delivery->urgent));
	json_object_set_new(it, "attempts", json_integer(delivery->attempts));
	json_object_set_new(it, "changes", json_integer(delivery->changes));
	json_object_set_new(it, "decision", json_integer(delivery->decision));
	admin_add_time(it, "since", delivery->since_us);
	if (delivery->state != STORE_PARKED) {
		admin_add_time(it, "next", delivery->next_us);
	}
	if (delivery->error[0] != '\0') {
		json_object_set_new(it, "error", json_string(delivery->error));
	}
	return it;
}

void admin_deliveries(struct admin_call *call)
{
	struct store_delivery_filter filter;
	const struct store_delivery *list;
	json_t *document;
	json_t *items;
	size_t count;
	struct error err = { 0 };

	if (!read_filter(call, &filter, &err) || !store_deliveries(call->admin->reader, call->arena,
							 &filter, LIST_MAX, &list, &count, &err)) {
		admin_reply_error(call, &err);
		return;
	}
	document = json_object();
	items = json_array();
	for (size_t i = 0; i < count; i++) {
		json_array_append_new(items, delivery_json(call, &list[i]));
	}
	json_object_set_new(document, "schemaVersion", json_integer(1));
	json_object_set_new(document, "deliveries", items);
	json_object_set_new(document, "more", json_boolean(count == LIST_MAX));
	admin_reply(call, 200, document);
}

/* ---- retry ---- */

struct retry {
	struct admin_call *call;
	struct store_requeue requeue;
	struct store_commit commit;
};

static void on_requeued(void *user)
{
	struct retry *retry = user;

	if (retry->commit.ok) {
		courier_wake(retry->call->admin->gateway->courier);
		admin_reply(retry->call, 204, NULL);
	} else {
		admin_reply_error(retry->call, &retry->commit.err);
	}
	memory_free(retry);
}

/* The row of a resource by its id; without one all of the app. */
static bool find_rid(struct admin_call *call, int tenant, int64_t *rid, struct error *err)
{
	const char *text;
	uint8_t id[UUID_BYTES];
	struct store_ref ref;
	bool found = false;

	*rid = 0;
	if (!admin_text(call, "id", &text, err)) {
		return false;
	}
	if (text == NULL) {
		return true;
	}
	if (uuid_parse(text, strlen(text), id)) {
		if (!store_find_ref(call->admin->reader, call->arena, tenant, STORE_USER, id,
			    &found, &ref, err) ||
			(!found && !store_find_ref(call->admin->reader, call->arena, tenant,
					   STORE_GROUP, id, &found, &ref, err))) {
			return false;
		}
	}
	if (!found) {
		return error_set(err, ERROR_NOT_FOUND, "there is no resource '%.64s'", text);
	}
	*rid = ref.rid;
	return true;
}

static const struct gateway_app *app_named(struct admin_call *call, struct error *err)
{
	const struct gateway_app *app;
	const char *name;

	if (!admin_text(call, "app", &name, err)) {
		return NULL;
	}
	app = name != NULL ? gateway_find_app(call->admin->gateway, name) : NULL;
	if (app == NULL) {
		error_set(
			err, ERROR_NOT_FOUND, "there is no app '%.64s'", name != NULL ? name : "");
	}
	return app;
}

void admin_retry(struct admin_call *call)
{
	struct retry *retry;
	struct error err = { 0 };
	const struct gateway_app *app = app_named(call, &err);
	int64_t rid;

	if (app == NULL || !find_rid(call, app->tenant, &rid, &err)) {
		admin_reply_error(call, &err);
		return;
	}
	retry = must_calloc(1, sizeof(*retry));
	retry->call = call;
	retry->requeue = (struct store_requeue){ .app = app->id, .rid = rid };
	retry->commit.requeue = &retry->requeue;
	retry->commit.now_us = clock_now_us();
	store_commit(call->admin->gateway->store, &retry->commit, call->admin->gateway->loop,
		on_requeued, retry);
}
