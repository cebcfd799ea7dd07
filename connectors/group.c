#include "connectors/group.h"

#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/value.h"
#include "config/config.h"
#include "connectors/courier_inside.h"
#include "connectors/profile.h"

static const struct value *member_value(struct arena *arena, const char *remote)
{
	struct value_builder it = { .arena = arena };

	value_add_text(&it, "value", remote);
	return value_finish_object(&it);
}

static const struct value *with_members(struct delivery *delivery, const struct value *form)
{
	const struct desired *desired = &delivery->desired;
	struct value_builder all = { .arena = delivery->arena };

	for (size_t i = 0; i < desired->member_count; i++) {
		value_add_item(&all, member_value(delivery->arena, desired->members[i]));
	}
	return value_with(delivery->arena, form, "members", value_finish_array(&all));
}

const struct value *group_form(struct delivery *delivery)
{
	const struct desired *desired = &delivery->desired;

	return desired->member_count <= GROUP_WHOLE ? with_members(delivery, desired->form)
						    : desired->form;
}

/* ---- large groups: the difference ---- */

static void next_chunk(struct delivery *delivery);

static void on_chunk(struct delivery *delivery, const struct connector_answer *answer)
{
	if (answer->class != CONNECTOR_OK) {
		delivery_group_answer(delivery, answer);
		return;
	}
	next_chunk(delivery);
}

static const char *member_path(struct arena *arena, const char *remote)
{
	struct buf path = { 0 };
	const char *result;

	buf_append_text(&path, "members[value eq ");
	buf_append_json_text(&path, remote, strlen(remote));
	buf_append_char(&path, ']');
	result = arena_text(arena, path.data, path.size);
	buf_fini(&path);
	return result;
}

/* Adds are a union and removes name their member, so a chunk can be sent twice without harm. */
static const struct value *chunk_operations(struct delivery *delivery, size_t limit)
{
	struct value_builder all = { .arena = delivery->arena };
	struct value_builder adds = { .arena = delivery->arena };
	size_t total = delivery->add_count + delivery->remove_count;

	for (; limit > 0 && delivery->member_at < total; delivery->member_at++, limit--) {
		size_t at = delivery->member_at;

		if (at < delivery->add_count) {
			value_add_item(&adds, member_value(delivery->arena, delivery->adds[at]));
		} else {
			delivery_add_operation(&all, "remove",
				member_path(delivery->arena,
					delivery->removes[at - delivery->add_count]),
				NULL);
		}
	}
	if (adds.count > 0) {
		delivery_add_operation(&all, "add", "members", value_finish_array(&adds));
	}
	return value_finish_array(&all);
}

static void next_chunk(struct delivery *delivery)
{
	struct courier_app *app = delivery->app;
	struct connector_answer done = {
		.class = CONNECTOR_OK, .retry_after_s = -1, .message = ""
	};
	struct connector_call *call;

	if (delivery->member_at == delivery->add_count + delivery->remove_count) {
		delivery_group_answer(delivery, &done);
		return;
	}
	call = delivery_call(delivery, on_chunk);
	call->body = chunk_operations(delivery, app->profile->members_per_patch);
	app->connector->patch(app->connection, call);
}

static int compare_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The ids of a member list, sorted. */
static const char **ids_of(struct arena *arena, const struct value *list, size_t *count)
{
	const char **ids = arena_alloc(arena, (value_count(list) + 1) * sizeof(*ids));

	*count = 0;
	for (size_t i = 0; i < value_count(list); i++) {
		const char *id = value_find_text(value_at(list, i), "value");

		if (id != NULL) {
			ids[(*count)++] = id;
		}
	}
	qsort(ids, *count, sizeof(*ids), compare_text);
	return ids;
}

/* Both lists are sorted: one walk tells who comes and who goes. */
static void difference(struct delivery *delivery, const char *const *have, size_t have_count)
{
	const struct desired *desired = &delivery->desired;
	const char **adds =
		arena_alloc(delivery->arena, (desired->member_count + 1) * sizeof(*adds));
	const char **removes = arena_alloc(delivery->arena, (have_count + 1) * sizeof(*removes));
	size_t i = 0;
	size_t j = 0;

	while (i < desired->member_count || j < have_count) {
		int order = i == desired->member_count ? 1
			    : j == have_count          ? -1
						       : strcmp(desired->members[i], have[j]);

		if (order < 0) {
			adds[delivery->add_count++] = desired->members[i++];
		} else if (order > 0) {
			removes[delivery->remove_count++] = have[j++];
		} else {
			i++;
			j++;
		}
	}
	delivery->adds = adds;
	delivery->removes = removes;
}

static void on_named(struct delivery *delivery, const struct connector_answer *answer)
{
	if (answer->class != CONNECTOR_OK) {
		delivery_group_answer(delivery, answer);
		return;
	}
	next_chunk(delivery);
}

static void on_read(struct delivery *delivery, const struct connector_answer *answer)
{
	struct courier_app *app = delivery->app;
	struct value_builder all = { .arena = delivery->arena };
	const char **have;
	size_t have_count;
	struct connector_call *call;

	if (answer->class != CONNECTOR_OK || answer->hit_count != 1) {
		delivery_group_answer(delivery, answer);
		return;
	}
	have = ids_of(delivery->arena, value_find_folded(answer->hits[0].resource, "members"),
		&have_count);
	difference(delivery, have, have_count);
	delivery_add_operation(
		&all, "replace", "displayName", value_find(delivery->desired.form, "displayName"));
	call = delivery_call(delivery, on_named);
	call->body = value_finish_array(&all);
	app->connector->patch(app->connection, call);
}

void group_update(struct delivery *delivery)
{
	struct courier_app *app = delivery->app;
	bool whole = delivery->desired.member_count <= GROUP_WHOLE && !app->profile->no_put &&
		     !app->no_put;
	struct connector_call *call;

	if (!whole) {
		app->connector->read(app->connection, delivery_call(delivery, on_read));
		return;
	}
	delivery->put = true;
	call = delivery_call(delivery, delivery_group_answer);
	call->body = value_with(delivery->arena, with_members(delivery, delivery->desired.form),
		"id", value_of_text(delivery->arena, delivery->remote));
	app->connector->replace(app->connection, call);
}
