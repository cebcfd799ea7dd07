/* What is given: made by the same steps as everything else, under a policy that allows it. */
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/value.h"
#include "gateway/scenario.h"
#include "gateway/scenario_read.h"
#include "gateway/scenario_telling.h"
#include "gateway/scenario_text.h"
#include "gateway/trial.h"
#include "scim/urn.h"

#define HOUR_US INT64_C(3600000000)
enum { TOGETHER = 100 /* creates that are sent at once */ };

static struct trial_request create(struct telling *telling, const char *endpoint, size_t source,
	const struct value *doc, const uint8_t *id)
{
	struct buf text = { 0 };
	struct trial_request request = { .source = source,
		.method = "POST",
		.target = arena_printf(telling->scratch, "/scim/v2/%s", endpoint),
		.time_us = telling->scenario->given.time_us - 24 * HOUR_US,
		.is_given = true,
		.id = id };

	value_print(&text, doc);
	request.body = arena_text(telling->scratch, buf_text(&text), text.size);
	request.body_size = text.size;
	buf_fini(&text);
	return request;
}

/* Every schema that the attributes are of, so that nobody has to write them. */
static const struct value *with_schemas(
	struct arena *arena, const struct value *doc, const char *schema)
{
	struct value_builder list = { .arena = arena };

	value_add_item(&list, value_of_text(arena, schema));
	for (size_t i = 0; i < value_count(doc); i++) {
		const struct value *key = value_member_at(doc, i)->key;

		if (strncmp(value_text(key), "urn:", 4) == 0) {
			value_add_item(&list, key);
		}
	}
	return value_find_folded(doc, "schemas") != NULL
		       ? doc
		       : value_with(arena, doc, "schemas", value_finish_array(&list));
}

static void add_member(struct telling *telling, struct value_builder *members, const char *id)
{
	struct value_builder it = { .arena = telling->scratch };

	value_add_text(&it, "value", id);
	value_add_item(members, value_finish_object(&it));
}

static const struct value *members_of(struct telling *telling, const struct scenario_thing *group)
{
	struct value_builder members = { .arena = telling->scratch };

	for (size_t i = 0; i < group->member_count; i++) {
		if (strcmp(group->members[i], SCENARIO_CROWD) != 0) {
			add_member(telling, &members, telling_find_id(telling, group->members[i]));
			continue;
		}
		for (int64_t j = 0; j < telling->scenario->given.crowd; j++) {
			add_member(telling, &members, telling->crowd[j].text);
		}
	}
	return value_finish_array(&members);
}

static struct trial_request create_thing(
	struct telling *telling, const struct scenario_thing *thing, bool is_group)
{
	const char *unknown = NULL;
	uint8_t *id = arena_alloc(telling->scratch, UUID_BYTES);
	const struct value *doc = scenario_replace_in(
		telling->scratch, thing->doc, telling_find_id, telling, &unknown);
	const char *text = telling_find_id(telling, thing->name);

	uuid_parse(text, strlen(text), id);
	doc = with_schemas(telling->scratch, doc, is_group ? SCIM_URN_GROUP : SCIM_URN_USER);
	if (is_group) {
		doc = value_with(telling->scratch, doc, "members", members_of(telling, thing));
	}
	return create(telling, is_group ? "Groups" : "Users", thing->source, doc, id);
}

static struct trial_request create_one_of_crowd(struct telling *telling, size_t index)
{
	struct value_builder doc = { .arena = telling->scratch };

	value_add_text(&doc, "userName",
		arena_printf(telling->scratch, "crowd-%zu@example.com", index + 1));
	return create(telling, "Users", 0,
		with_schemas(telling->scratch, value_finish_object(&doc), SCIM_URN_USER),
		telling->crowd[index].id);
}

/* The i-th of all people: those with a face come first. */
static struct trial_request create_person(struct telling *telling, size_t index)
{
	const struct scenario_given *given = &telling->scenario->given;

	return index < given->user_count ? create_thing(telling, &given->users[index], false)
					 : create_one_of_crowd(telling, index - given->user_count);
}

static const char *name_of(const struct scenario_given *given, bool is_group, size_t index)
{
	if (is_group) {
		return given->groups[index].name;
	}
	return index < given->user_count ? given->users[index].name : SCENARIO_CROWD;
}

/* [from, from + count) of the people or groups, at once. */
static bool put_in_place(
	struct telling *telling, bool is_group, size_t from, size_t count, struct error *err)
{
	const struct scenario_given *given = &telling->scenario->given;
	struct trial_request requests[TOGETHER];
	struct trial_answer answers[TOGETHER];

	for (size_t i = 0; i < count; i++) {
		requests[i] = is_group ? create_thing(telling, &given->groups[from + i], true)
				       : create_person(telling, from + i);
	}
	if (!trial_send(telling->trial, requests, count, telling->scratch, answers, err)) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		if (answers[i].status != 201) {
			const char *what = arena_printf(telling->scratch, "given.%s.%s",
				is_group ? "groups" : "users", name_of(given, is_group, from + i));
			telling_trouble(telling, what, telling_detail(telling, &answers[i]));
			return true;
		}
	}
	return true;
}

bool telling_put_all(struct telling *telling, struct error *err)
{
	const struct scenario_given *given = &telling->scenario->given;
	size_t people = given->user_count + (size_t)given->crowd;

	for (size_t i = 0; i < people && telling->result->trouble == NULL; i += TOGETHER) {
		size_t count = people - i < TOGETHER ? people - i : TOGETHER;

		if (!put_in_place(telling, false, i, count, err)) {
			return false;
		}
	}
	for (size_t i = 0; i < given->group_count && telling->result->trouble == NULL;
		i += TOGETHER) {
		size_t left = given->group_count - i;

		if (!put_in_place(telling, true, i, left < TOGETHER ? left : TOGETHER, err)) {
			return false;
		}
	}
	for (size_t i = 0; i < telling->file->source_count; i++) {
		trial_add_recent(telling->trial, i, given->deactivations, given->removals,
			given->time_us - 60 * 1000000);
	}
	return telling->result->trouble == NULL;
}
