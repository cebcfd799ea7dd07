#include "gateway/input.h"

#include <assert.h>
#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/value.h"
#include "config/config.h"
#include "gateway/gateway.h"
#include "gateway/identify.h"
#include "gateway/members.h"
#include "gateway/write.h"
#include "io/server.h"
#include "store/read.h"

const struct value *input_source(struct request *request)
{
	const struct config_source *source = request->source->config;
	struct value_builder it = { .arena = request->arena };

	value_add_text(&it, "dialect", source->dialect);
	value_add_text(&it, "kind", source->kind);
	value_add_text(&it, "name", source->name);
	return value_finish_object(&it);
}

/* A person who acts, with the groups as they are now: who left since the request came acts no more.
 * NULL: ERROR_UNAUTHORIZED, ERROR_STORE. */
static const struct value *person_who_acts(struct request *request, struct error *err)
{
	struct value_builder it = { .arena = request->arena };
	struct value_builder names = { .arena = request->arena };
	struct store_ref person;
	const struct store_ref *groups;
	char id[UUID_TEXT_BYTES];
	size_t count;

	if (!identify_person(request, &person, err) ||
		!store_groups_of(request->worker->reader, request->arena, person.rid, &groups,
			&count, err)) {
		return NULL;
	}
	for (size_t i = 0; i < count; i++) {
		value_add_item(&names, value_of_text(request->arena, groups[i].name));
	}
	uuid_format(request->subject, id);
	value_add(&it, "groups", value_finish_array(&names));
	value_add_text(&it, "id", id);
	value_add_text(&it, "type", "user");
	return value_finish_object(&it);
}

static const struct value *actor_of(struct request *request, struct error *err)
{
	struct value_builder it = { .arena = request->arena };

	if (request->subject != NULL) {
		return person_who_acts(request, err);
	}
	value_add_text(&it, "id", request->source->config->name);
	value_add_text(&it, "type", "source");
	return value_finish_object(&it);
}

static const struct value *origin_of(struct request *request)
{
	const struct store_resource *before = request->write->before;
	struct value_builder it = { .arena = request->arena };

	if (before == NULL) {
		return NULL;
	}
	const struct gateway_source *source =
		gateway_source_of_id(request->worker->gateway, before->origin);
	value_add_text(&it, "source", source != NULL ? source->config->name : "(removed)");
	return value_finish_object(&it);
}

static const struct value *request_of(struct request *request)
{
	const struct http_text *agent = http_find(request->http, "user-agent");
	struct value_builder it = { .arena = request->arena };

	value_add_text(&it, "id", request->id);
	value_add_text(&it, "ip", exchange_peer(request->exchange));
	if (agent != NULL && agent->size > 0) {
		size_t size = agent->size < 200 ? agent->size : 200;
		char *text = arena_text(request->arena, agent->data, size);

		for (size_t i = 0; i < size; i++) { /* obs-text need not be UTF-8 */
			text[i] = text[i] >= 0x20 && text[i] < 0x7f ? text[i] : '?';
		}
		value_add_text(&it, "user_agent", text);
	}
	return value_finish_object(&it);
}

/* Why an admin wants it although what is soft refuses it. */
static const struct value *override_of(struct request *request)
{
	struct value_builder it = { .arena = request->arena };

	if (request->override == NULL) {
		return NULL;
	}
	value_add_text(&it, "reason", request->override);
	return value_finish_object(&it);
}

static const struct value *rate_of(
	struct arena *arena, const struct rate_claim *claim, int kind, int64_t population)
{
	struct value_builder it = { .arena = arena };

	value_add_int(&it, "population", population > 0 ? population : 1);
	value_add_int(&it, "recent", claim->recent[kind - 1]);
	value_add_int(&it, "this", claim->counts[kind - 1]);
	value_add_int(&it, "window_s", RATE_WINDOW_S);
	return value_finish_object(&it);
}

static const struct value *rates_of(struct request *request)
{
	struct write *write = request->write;
	struct value_builder it = { .arena = request->arena };

	value_add(&it, "deactivations",
		rate_of(request->arena, &write->rate, STORE_RATE_DEACTIVATIONS,
			write->population.active_users));
	value_add(&it, "removals",
		rate_of(request->arena, &write->rate, STORE_RATE_REMOVALS,
			write->population.memberships));
	return value_finish_object(&it);
}

static const struct value *group_value(
	struct arena *arena, const struct store_ref *group, bool with_count)
{
	struct value_builder it = { .arena = arena };
	char id[UUID_TEXT_BYTES];

	uuid_format(group->id, id);
	if (with_count) {
		value_add_int(&it, "count", group->active_members);
	}
	value_add_text(&it, "display", group->name);
	value_add_text(&it, "id", id);
	return value_finish_object(&it);
}

static const struct value *groups_value(
	struct arena *arena, const struct store_ref *groups, size_t count, bool with_count)
{
	struct value_builder it = { .arena = arena };

	for (size_t i = 0; i < count; i++) {
		value_add_item(&it, group_value(arena, &groups[i], with_count));
	}
	return value_finish_array(&it);
}

const struct value *input_groups(struct arena *arena, const struct store_ref *groups, size_t count)
{
	return groups_value(arena, groups, count, false);
}

/* A member as the policy sees it: who it is and where else it is. *entry: that made its document.
 */
static const struct value *member_value(struct request *request, struct arena *arena,
	const struct member *member, uint64_t *entry, struct error *err)
{
	static const struct value_limits limits = {
		.bytes = SIZE_MAX, .depth = 64, .values = SIZE_MAX
	};
	struct store_reader *reader = request->worker->reader;
	struct value_builder it = { .arena = arena };
	const struct store_resource *user;
	const struct store_ref *groups;
	size_t count;
	char id[UUID_TEXT_BYTES];

	*entry = JOURNAL_NONE;
	if (!store_find_rid(reader, arena, member->rid, &user, err) ||
		!store_groups_of(reader, arena, member->rid, &groups, &count, err)) {
		return NULL;
	}
	uuid_format(member->id, id);
	value_add(&it, "groups", groups_value(arena, groups, count, false));
	value_add_text(&it, "id", id);
	value_add_text(&it, "type", "User");
	if (user != NULL && user->doc != NULL && !user->deleted) {
		const struct value *doc =
			value_parse(arena, user->doc, user->doc_size, &limits, err);

		if (doc == NULL) {
			return NULL;
		}
		value_add(&it, "user", doc);
		*entry = user->doc_entry >= 0 ? (uint64_t)user->doc_entry : JOURNAL_NONE;
	}
	return value_finish_object(&it);
}

/*
 * What the journal needs of it: the document by reference, so of 100,000 members only ids and
 * groups stay in memory. An empty document with an entry beside it means "as in that entry".
 */
static const struct value *kept_value(
	struct request *request, const struct value *member, uint64_t entry)
{
	const struct value *empty = value_of_object(request->arena, NULL, 0);

	if (request->write->slice_arena == NULL) {
		return member;
	}
	if (entry != JOURNAL_NONE) {
		member = value_with(request->write->slice_arena, member, "user", empty);
	}
	return value_copy(request->arena, member);
}

/* Members [from, to) of a list; what is kept of them goes to `all`. */
static const struct value *members_value(struct request *request, const struct member *list,
	size_t from, size_t to, struct value_builder *all, uint64_t *entries, struct error *err)
{
	struct arena *arena =
		request->write->slice_arena != NULL ? request->write->slice_arena : request->arena;
	struct value_builder it = { .arena = arena };

	for (size_t i = from; i < to; i++) {
		const struct value *member =
			member_value(request, arena, &list[i], &entries[i], err);

		if (member == NULL) {
			return NULL;
		}
		value_add_item(&it, member);
		value_add_item(all, kept_value(request, member, entries[i]));
	}
	return value_finish_array(&it);
}

static size_t clamp(size_t at, size_t from, size_t count)
{
	return at <= from ? 0 : (at - from < count ? at - from : count);
}

static const struct value *slice_value(struct arena *arena, size_t index, size_t of)
{
	struct value_builder it = { .arena = arena };

	value_add_int(&it, "index", (int64_t)index);
	value_add_int(&it, "of", (int64_t)of);
	return value_finish_object(&it);
}

static const struct value *members_object(struct request *request, const struct value *added,
	const struct value *removed, size_t slice, size_t of)
{
	struct write *write = request->write;
	int64_t before = write->before != NULL ? write->before->members : 0;
	int64_t after = before + (int64_t)write->added_count - (int64_t)write->removed_count;
	struct value_builder it = { .arena = request->arena };

	value_add(&it, "added", added);
	value_add_int(&it, "count_after", write->operation == WRITE_DELETE ? 0 : after);
	value_add_int(&it, "count_before", before);
	value_add(&it, "removed", removed);
	value_add(&it, "slice", slice_value(request->arena, slice, of));
	return value_finish_object(&it);
}

/* The added come first, then the removed; a slice is a range over both. */
static const struct value *slice_members(struct request *request, struct error *err)
{
	struct write *write = request->write;
	size_t from = write->slice * WRITE_SLICE;
	size_t to = from + WRITE_SLICE;
	const struct value *added = members_value(request, write->judged,
		clamp(from, 0, write->judged_count), clamp(to, 0, write->judged_count),
		&write->judged_values, write->judged_entries, err);
	const struct value *removed =
		added == NULL ? NULL
			      : members_value(request, write->removed,
					clamp(from, write->judged_count, write->removed_count),
					clamp(to, write->judged_count, write->removed_count),
					&write->removed_values, write->removed_entries, err);

	return removed == NULL
		       ? NULL
		       : members_object(request, added, removed, write->slice, write->slice_count);
}

const struct value *input_build(struct request *request, struct error *err)
{
	struct write *write = request->write;
	struct value_builder it = { .arena = request->arena };
	const struct value *actor = actor_of(request, err);
	char time[CLOCK_TEXT_BYTES];

	if (actor == NULL) {
		return NULL;
	}
	clock_format(request->time_us, time);
	value_add(&it, "actor", actor);
	value_add(&it, "after", write->after_shown);
	value_add(&it, "before", write->before_shown);
	value_add(&it, "changes", write->changes);
	if (request->type->is_person) {
		value_add(&it, "groups",
			groups_value(request->arena, write->groups, write->group_count, true));
	}
	value_add_text(&it, "id", request->resource_text);
	if (request->type->has_members) {
		const struct value *members = slice_members(request, err);

		if (members == NULL) {
			return NULL;
		}
		value_add(&it, "members", members);
	}
	value_add_text(&it, "mode", request->worker->gateway->is_trial ? "test" : "enforce");
	value_add_text(&it, "operation", write_operation_name(write->operation));
	value_add(&it, "origin", origin_of(request));
	value_add(&it, "override", override_of(request));
	value_add(&it, "rate", rates_of(request));
	value_add(&it, "request", request_of(request));
	value_add_text(&it, "resource_type", request->type->name);
	value_add(&it, "source", input_source(request));
	value_add_text(&it, "tenant", request->source->config->tenant);
	value_add_text(&it, "time", time);
	value_add_int(&it, "version", 1);
	return value_finish_object(&it);
}

const struct value *input_whole(struct request *request)
{
	struct write *write = request->write;

	if (write->slice_count <= 1) {
		return write->input;
	}
	struct value_builder added = write->judged_values;
	struct value_builder removed = write->removed_values;
	return value_with(request->arena, write->input, "members",
		members_object(request, value_finish_array(&added), value_finish_array(&removed), 0,
			write->slice_count));
}
