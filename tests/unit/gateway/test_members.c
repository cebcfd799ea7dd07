/* A member delta against the membership rows: who really comes and goes. */
#include "gateway/members.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "scim/filter.h"
#include "scim/members.h"
#include "tests/support/scim.h"
#include "tests/support/store_fixture.h"

enum { PEOPLE = 12, MANY = 700 };

struct town {
	struct store_fixture store;
	int64_t group;
	int64_t rids[PEOPLE];
	char ids[PEOPLE][UUID_TEXT_BYTES];
};

static void id_of(struct store_fixture *f, int64_t rid, char id[UUID_TEXT_BYTES])
{
	uuid_format(fixture_get(f, rid)->id, id);
}

/* Twelve people, person0 … person11; the first five are members. */
static int set_up(void **state)
{
	static struct town town;

	fixture_open(&town.store, NULL, true);
	town.group = fixture_group(&town.store, "team");
	for (int i = 0; i < PEOPLE; i++) {
		char name[32];

		snprintf(name, sizeof(name), "person%d", i);
		town.rids[i] = fixture_user(&town.store, name, true);
		id_of(&town.store, town.rids[i], town.ids[i]);
	}
	assert_int_equal(
		fixture_members(&town.store, town.group, town.rids, 5, NULL, 0), ERROR_NONE);
	*state = &town;
	return 0;
}

static int tear_down(void **state)
{
	struct town *town = *state;

	fixture_close(&town->store);
	return 0;
}

/* [{"value": id}, …] of people[0], people[1], … up to -1. */
static const struct value *list_of(struct town *town, const int *people)
{
	struct value_builder it = { .arena = town->store.arena };

	for (; *people >= 0; people++) {
		value_add_item(&it, value_with(town->store.arena, NULL, "value",
					    value_of_text(town->store.arena, town->ids[*people])));
	}
	return value_finish_array(&it);
}

#define LIST(...) list_of(town, (const int[]){ __VA_ARGS__, -1 })

static const struct scim_filter *filter_of(struct town *town, const char *text)
{
	const struct scim_resource_type *type = group_type();
	struct scim_ref ref;
	struct error err = { 0 };

	assert_true(scim_type_resolve(type, "members", 7, &ref));
	const struct scim_filter *filter = scim_filter_parse_element(
		town->store.arena, ref.attribute, text, strlen(text), false, &err);
	if (filter == NULL) {
		fail_msg("%s: %s", text, err.text);
	}
	return filter;
}

static struct members *start(
	struct town *town, int64_t group, const struct scim_member_step *steps, size_t count)
{
	return members_new(town->store.arena, town->store.reader, scim_dialect_standard(),
		town->store.tenant, group, steps, count);
}

static struct members *run(
	struct town *town, int64_t group, const struct scim_member_step *steps, size_t count)
{
	struct members *members = start(town, group, steps, count);
	enum members_result result;
	struct error err = { 0 };

	do {
		result = members_run(members, &err);
	} while (result == MEMBERS_MORE);
	if (result == MEMBERS_FAILED) {
		fail_msg("%s", err.text);
	}
	return members;
}

/* "+5+6-0": who comes and who goes, in order. */
static const char *delta(struct town *town, const struct members *members)
{
	struct buf text = { 0 };
	const char *result;

	for (int sign = 0; sign < 2; sign++) {
		size_t count;
		const struct member *list = sign == 0 ? members_added(members, &count)
						      : members_removed(members, &count);

		for (size_t i = 0; i < count; i++) {
			int person = 0;

			while (person < PEOPLE && town->rids[person] != list[i].rid) {
				person++;
			}
			buf_printf(&text, "%c%d", sign == 0 ? '+' : '-', person);
		}
	}
	result = arena_text(town->store.arena, buf_text(&text), text.size);
	buf_fini(&text);
	return result;
}

static void assert_delta(
	struct town *town, const struct scim_member_step *steps, size_t count, const char *wanted)
{
	assert_string_equal(delta(town, run(town, town->group, steps, count)), wanted);
}

static void test_only_those_who_were_not_there_come(void **state)
{
	struct town *town = *state;
	struct scim_member_step step = { SCIM_MEMBERS_ADD, LIST(4, 5, 0, 6, 5), NULL };

	assert_delta(town, &step, 1, "+5+6");
}

static void test_only_those_who_were_there_go(void **state)
{
	struct town *town = *state;
	struct scim_member_step step = { SCIM_MEMBERS_REMOVE, LIST(7, 1, 3, 1), NULL };

	assert_delta(town, &step, 1, "-1-3");
}

static void test_a_replacement_is_the_difference(void **state)
{
	struct town *town = *state;
	struct scim_member_step step = { SCIM_MEMBERS_REPLACE, LIST(9, 2, 3), NULL };

	assert_delta(town, &step, 1, "+9-0-1-4");
}

static void test_clearing_takes_all_out(void **state)
{
	struct town *town = *state;
	struct scim_member_step step = { SCIM_MEMBERS_CLEAR, NULL, NULL };

	assert_delta(town, &step, 1, "-0-1-2-3-4");
}

static void test_a_filter_takes_out_whom_it_matches(void **state)
{
	struct town *town = *state;
	struct scim_member_step by_name = { SCIM_MEMBERS_REMOVE_MATCHING, NULL,
		filter_of(town, "display ew \"2\" or display ew \"4\"") };
	struct scim_member_step by_type = { SCIM_MEMBERS_REMOVE_MATCHING, NULL,
		filter_of(town, "type eq \"Group\"") };
	struct scim_member_step but_one = { SCIM_MEMBERS_REMOVE_MATCHING, NULL,
		filter_of(town, arena_printf(town->store.arena, "value ne \"%s\"", town->ids[3])) };

	assert_delta(town, &by_name, 1, "-2-4");
	assert_delta(town, &by_type, 1, "");
	assert_delta(town, &but_one, 1, "-0-1-2-4");
}

static void test_a_later_step_sees_what_an_earlier_one_did(void **state)
{
	struct town *town = *state;
	struct scim_member_step steps[] = {
		{ SCIM_MEMBERS_ADD, LIST(5, 6), NULL },
		{ SCIM_MEMBERS_REMOVE, LIST(5, 0), NULL },
		{ SCIM_MEMBERS_ADD, LIST(0, 7), NULL },
		{ SCIM_MEMBERS_REMOVE_MATCHING, NULL, filter_of(town, "display ew \"7\"") },
	};

	assert_delta(town, steps, 4, "+6");
}

static void test_a_group_that_is_about_to_be_made_has_none(void **state)
{
	struct town *town = *state;
	struct scim_member_step steps[] = {
		{ SCIM_MEMBERS_CLEAR, NULL, NULL },
		{ SCIM_MEMBERS_REPLACE, LIST(0, 1), NULL },
		{ SCIM_MEMBERS_ADD, NULL, NULL },
	};

	assert_string_equal(delta(town, run(town, 0, steps, 3)), "+0+1");
}

static void test_who_is_taken_out_is_known_by_id(void **state)
{
	struct town *town = *state;
	struct scim_member_step step = { SCIM_MEMBERS_REPLACE, LIST(0, 8), NULL };
	struct members *members = run(town, town->group, &step, 1);

	for (int i = 0; i < PEOPLE; i++) {
		bool goes = i >= 1 && i <= 4;

		assert_int_equal(
			members_takes_out(members, fixture_get(&town->store, town->rids[i])->id),
			goes);
	}
}

static void assert_refused(struct town *town, const struct value *list, enum error_code code)
{
	struct scim_member_step step = { SCIM_MEMBERS_ADD, list, NULL };
	struct error err = { 0 };

	assert_int_equal(members_run(start(town, town->group, &step, 1), &err), MEMBERS_FAILED);
	assert_int_equal(err.code, code);
	assert_non_null(strstr(err.text, "members[0]"));
}

static void test_who_is_no_user_of_the_tenant_cannot_come(void **state)
{
	struct town *town = *state;
	struct arena *arena = town->store.arena;
	int other_tenant;
	struct error err = { 0 };
	char group_id[UUID_TEXT_BYTES];

	id_of(&town->store, town->group, group_id);
	assert_refused(town, json(arena, "[{'value':'0192f0c1-7a62-7e6a-ae21-ed9a05430fd1'}]"),
		ERROR_VALUE);
	assert_refused(town, json(arena, "[{'value':'person1'}]"), ERROR_VALUE);
	assert_refused(town, json(arena, "[{'value':1}]"), ERROR_VALUE);
	assert_refused(town, json(arena, "['x']"), ERROR_VALUE);
	assert_refused(
		town, json(arena, arena_printf(arena, "[{'value':'%s'}]", group_id)), ERROR_VALUE);

	assert_true(
		store_name_get(town->store.store, STORE_NAME_TENANT, "other", &other_tenant, &err));
	town->store.tenant = other_tenant;
	assert_refused(town, LIST(0), ERROR_VALUE);
}

static void test_who_is_deleted_can_neither_come_nor_go(void **state)
{
	struct town *town = *state;
	struct scim_member_step step = { SCIM_MEMBERS_REMOVE, LIST(2), NULL };

	assert_int_equal(fixture_delete(&town->store, town->rids[2]), ERROR_NONE);

	assert_delta(town, &step, 1, "");
	assert_refused(town, LIST(2), ERROR_VALUE);
}

/* ---- many ---- */

static void test_many_are_done_in_slices(void **state)
{
	struct town *town = *state;
	struct store_fixture *f = &town->store;
	int64_t *rids = arena_alloc(f->arena, MANY * sizeof(*rids));
	struct value_builder all = { .arena = f->arena };
	struct error err = { 0 };
	size_t turns = 0;
	size_t count;

	for (int i = 0; i < MANY; i++) {
		char name[32];
		char id[UUID_TEXT_BYTES];

		snprintf(name, sizeof(name), "many%d", i);
		rids[i] = fixture_user(f, name, true);
		id_of(f, rids[i], id);
		value_add_item(
			&all, value_with(f->arena, NULL, "value", value_of_text(f->arena, id)));
	}
	struct scim_member_step steps[] = {
		{ SCIM_MEMBERS_REPLACE, value_finish_array(&all), NULL },
		{ SCIM_MEMBERS_REMOVE, LIST(0, 1, 2), NULL },
	};
	struct members *members = start(town, town->group, steps, 2);

	while (members_run(members, &err) == MEMBERS_MORE) {
		turns++;
	}

	assert_in_range(turns, 2, MANY);
	const struct member *added = members_added(members, &count);
	assert_int_equal(count, MANY);
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(added[i].rid, rids[i]);
	}
	members_removed(members, &count);
	assert_int_equal(count, 5);
}

/* ---- a model ---- */

static uint32_t dice;

static unsigned roll(unsigned sides)
{
	dice = dice * 1664525 + 1013904223;
	return (dice >> 8) % sides;
}

static void apply(bool in[PEOPLE], enum scim_member_kind kind, const bool named[PEOPLE])
{
	for (int i = 0; i < PEOPLE; i++) {
		switch (kind) {
		case SCIM_MEMBERS_ADD:
			in[i] = in[i] || named[i];
			break;
		case SCIM_MEMBERS_REMOVE:
		case SCIM_MEMBERS_REMOVE_MATCHING:
			in[i] = in[i] && !named[i];
			break;
		case SCIM_MEMBERS_REPLACE:
			in[i] = named[i];
			break;
		case SCIM_MEMBERS_CLEAR:
			in[i] = false;
			break;
		}
	}
}

static struct scim_member_step random_step(struct town *town, bool named[PEOPLE])
{
	struct scim_member_step step = { .kind = (enum scim_member_kind)roll(5) };
	struct buf filter = { 0 };
	int people[PEOPLE * 2 + 1];
	size_t count = 0;

	memset(named, 0, PEOPLE * sizeof(*named));
	for (unsigned i = roll(8); i > 0; i--) {
		people[count] = (int)roll(PEOPLE);
		named[people[count]] = true;
		buf_printf(&filter, "%svalue eq \"%s\"", count > 0 ? " or " : "",
			town->ids[people[count]]);
		count++;
	}
	people[count] = -1;
	if (step.kind == SCIM_MEMBERS_REMOVE_MATCHING) {
		step.filter =
			filter_of(town, count > 0 ? buf_text(&filter) : "value eq \"nobody\"");
	} else if (step.kind != SCIM_MEMBERS_CLEAR) {
		step.list = list_of(town, people);
	}
	buf_fini(&filter);
	return step;
}

static void test_random_steps_come_to_what_a_model_says(void **state)
{
	struct town *town = *state;

	for (dice = 1; dice < 400000000; dice += 1000003) {
		struct scim_member_step steps[5];
		bool in[PEOPLE] = { true, true, true, true, true };
		bool named[PEOPLE];
		size_t count = 1 + roll(5);
		int wanted[2] = { 0, 0 };
		size_t added;
		size_t removed;

		for (size_t i = 0; i < count; i++) {
			steps[i] = random_step(town, named);
			apply(in, steps[i].kind, named);
		}
		struct members *members = run(town, town->group, steps, count);
		members_added(members, &added);
		members_removed(members, &removed);
		for (int i = 0; i < PEOPLE; i++) {
			wanted[0] += in[i] && i >= 5;
			wanted[1] += !in[i] && i < 5;
			assert_int_equal(members_takes_out(members,
						 fixture_get(&town->store, town->rids[i])->id),
				i < 5 && !in[i]);
		}
		assert_int_equal(added, wanted[0]);
		assert_int_equal(removed, wanted[1]);
		fixture_reset(&town->store);
	}
}

#define TOWN_TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TOWN_TEST(test_only_those_who_were_not_there_come),
		TOWN_TEST(test_only_those_who_were_there_go),
		TOWN_TEST(test_a_replacement_is_the_difference),
		TOWN_TEST(test_clearing_takes_all_out),
		TOWN_TEST(test_a_filter_takes_out_whom_it_matches),
		TOWN_TEST(test_a_later_step_sees_what_an_earlier_one_did),
		TOWN_TEST(test_a_group_that_is_about_to_be_made_has_none),
		TOWN_TEST(test_who_is_taken_out_is_known_by_id),
		TOWN_TEST(test_who_is_no_user_of_the_tenant_cannot_come),
		TOWN_TEST(test_who_is_deleted_can_neither_come_nor_go),
		TOWN_TEST(test_many_are_done_in_slices),
		TOWN_TEST(test_random_steps_come_to_what_a_model_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
