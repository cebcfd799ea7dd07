/* Memberships: rows, and the counts that follow from them. */
#include "store/commit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/arena.h"
#include "tests/support/store_fixture.h"

static int set_up(void **state)
{
	static struct store_fixture fixture;

	fixture_open(&fixture, NULL, true);
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	fixture_close(*state);
	return 0;
}

static void assert_counts(struct store_fixture *f, int64_t group, int64_t members, int64_t active)
{
	const struct store_resource *found = fixture_get(f, group);

	assert_int_equal(found->members, members);
	assert_int_equal(found->active_members, active);
}

static void assert_population(
	struct store_fixture *f, int64_t users, int64_t active, int64_t groups, int64_t memberships)
{
	struct store_population found;

	assert_true(store_population(f->reader, f->tenant, &found, NULL));
	assert_int_equal(found.users, users);
	assert_int_equal(found.active_users, active);
	assert_int_equal(found.groups, groups);
	assert_int_equal(found.memberships, memberships);
}

static enum error_code add(struct store_fixture *f, int64_t group, int64_t user)
{
	return fixture_members(f, group, &user, 1, NULL, 0);
}

static enum error_code drop(struct store_fixture *f, int64_t group, int64_t user)
{
	return fixture_members(f, group, NULL, 0, &user, 1);
}

static void test_members_come_and_go_with_version_and_counts(void **state)
{
	struct store_fixture *f = *state;
	int64_t group = fixture_group(f, "staff");
	int64_t alice = fixture_user(f, "alice", true);
	int64_t bob = fixture_user(f, "bob", false);
	bool is_in;

	assert_int_equal(add(f, group, alice), ERROR_NONE);
	assert_int_equal(add(f, group, bob), ERROR_NONE);
	assert_counts(f, group, 2, 1);
	assert_int_equal(fixture_get(f, group)->version, 3);
	assert_int_equal(fixture_get(f, alice)->version, 1);
	assert_true(store_is_member(f->reader, group, bob, &is_in, NULL));
	assert_true(is_in);
	assert_int_equal(drop(f, group, bob), ERROR_NONE);
	assert_true(store_is_member(f->reader, group, bob, &is_in, NULL));
	assert_false(is_in);
	assert_counts(f, group, 1, 1);
	assert_population(f, 2, 1, 1, 1);
}

static void test_a_change_of_members_alone_keeps_document_and_doc_entry(void **state)
{
	struct store_fixture *f = *state;
	int64_t group = fixture_group(f, "staff");

	assert_int_equal(add(f, group, fixture_user(f, "alice", true)), ERROR_NONE);

	const struct store_resource *found = fixture_get(f, group);
	assert_string_equal(found->doc, "{\"name\":\"staff\"}");
	assert_int_equal(found->doc_entry, 0);
	assert_int_equal(found->key_count, 1);
}

static void test_adding_twice_and_removing_a_stranger_count_nothing(void **state)
{
	struct store_fixture *f = *state;
	int64_t group = fixture_group(f, "staff");
	int64_t alice = fixture_user(f, "alice", true);
	int64_t twice[] = { alice, alice };

	assert_int_equal(fixture_members(f, group, twice, 2, NULL, 0), ERROR_NONE);
	assert_int_equal(add(f, group, alice), ERROR_NONE);
	assert_counts(f, group, 1, 1);
	assert_int_equal(drop(f, group, fixture_user(f, "bob", true)), ERROR_NONE);
	assert_counts(f, group, 1, 1);
}

static void test_the_answer_tells_how_many_members_there_are(void **state)
{
	struct store_fixture *f = *state;
	int64_t group = fixture_group(f, "staff");
	int64_t rids[] = { fixture_user(f, "a", true), fixture_user(f, "b", true) };
	struct store_write write = { .action = STORE_UPDATE,
		.before = fixture_get(f, group),
		.added = rids,
		.added_count = 2 };
	struct store_commit commit = fixture_commit(f);
	commit.write = &write;

	fixture_must(f, &commit);

	assert_int_equal(commit.members, 2);
	assert_int_equal(commit.version, 2);
}

static void test_only_living_people_of_the_tenant_become_members(void **state)
{
	struct store_fixture *f = *state;
	int64_t group = fixture_group(f, "staff");
	int64_t other = fixture_group(f, "other");
	int64_t alice = fixture_user(f, "alice", true);

	assert_int_equal(add(f, group, other), ERROR_VALUE);
	assert_int_equal(add(f, group, store_rid(f->tenant + 1, STORE_USER, 1)), ERROR_VALUE);
	assert_int_equal(add(f, group, store_rid(f->tenant, STORE_USER, 99)), ERROR_CONFLICT);
	assert_int_equal(fixture_delete(f, alice), ERROR_NONE);
	assert_int_equal(add(f, group, alice), ERROR_CONFLICT);
	assert_counts(f, group, 0, 0);
	assert_int_equal(fixture_get(f, group)->version, 1);
}

static void test_one_missing_member_refuses_the_whole_change(void **state)
{
	struct store_fixture *f = *state;
	int64_t group = fixture_group(f, "staff");
	int64_t rids[] = { fixture_user(f, "alice", true), store_rid(f->tenant, STORE_USER, 99) };

	assert_int_equal(fixture_members(f, group, rids, 2, NULL, 0), ERROR_CONFLICT);

	assert_counts(f, group, 0, 0);
	assert_population(f, 1, 1, 1, 0);
}

static void test_switching_a_person_moves_the_active_counts_of_his_groups(void **state)
{
	struct store_fixture *f = *state;
	int64_t staff = fixture_group(f, "staff");
	int64_t admins = fixture_group(f, "admins");
	int64_t empty = fixture_group(f, "empty");
	int64_t alice = fixture_user(f, "alice", true);

	assert_int_equal(add(f, staff, alice), ERROR_NONE);
	assert_int_equal(add(f, admins, alice), ERROR_NONE);
	assert_int_equal(fixture_switch(f, alice, false), ERROR_NONE);

	assert_counts(f, staff, 1, 0);
	assert_counts(f, admins, 1, 0);
	assert_counts(f, empty, 0, 0);
	assert_int_equal(fixture_get(f, staff)->version, 2); /* nobody came or went */
	assert_population(f, 1, 0, 3, 2);
	assert_int_equal(fixture_switch(f, alice, true), ERROR_NONE);
	assert_counts(f, staff, 1, 1);
	assert_population(f, 1, 1, 3, 2);
}

static void test_deleting_a_person_leaves_his_groups_with_a_new_version(void **state)
{
	struct store_fixture *f = *state;
	int64_t staff = fixture_group(f, "staff");
	int64_t other = fixture_group(f, "other");
	int64_t alice = fixture_user(f, "alice", true);
	int64_t bob = fixture_user(f, "bob", false);
	int64_t both[] = { alice, bob };
	const struct store_ref *members;
	size_t count;

	assert_int_equal(fixture_members(f, staff, both, 2, NULL, 0), ERROR_NONE);
	assert_int_equal(fixture_delete(f, alice), ERROR_NONE);

	assert_counts(f, staff, 1, 0);
	assert_int_equal(fixture_get(f, staff)->version, 3);
	assert_int_equal(fixture_get(f, staff)->modified_us, f->now_us);
	assert_int_equal(fixture_get(f, other)->version, 1);
	assert_true(store_members_of(f->reader, f->arena, staff, 0, 10, &members, &count, NULL));
	assert_int_equal(count, 1);
	assert_int_equal(members[0].rid, bob);
	assert_population(f, 1, 0, 2, 1);
	assert_int_equal(fixture_delete(f, bob), ERROR_NONE);
	assert_counts(f, staff, 0, 0);
	assert_population(f, 0, 0, 2, 0);
}

static void test_deleting_a_group_ends_its_memberships(void **state)
{
	struct store_fixture *f = *state;
	int64_t staff = fixture_group(f, "staff");
	int64_t alice = fixture_user(f, "alice", true);
	const struct store_ref *groups;
	size_t count;

	assert_int_equal(add(f, staff, alice), ERROR_NONE);
	assert_int_equal(fixture_delete(f, staff), ERROR_NONE);

	assert_true(store_groups_of(f->reader, f->arena, alice, &groups, &count, NULL));
	assert_int_equal(count, 0);
	assert_int_equal(fixture_get(f, alice)->version, 1);
	assert_population(f, 1, 1, 0, 0);
}

static void test_groups_of_a_person_come_with_name_and_counts(void **state)
{
	struct store_fixture *f = *state;
	int64_t staff = fixture_group(f, "staff");
	int64_t admins = fixture_group(f, "admins");
	int64_t alice = fixture_user(f, "alice", true);
	const struct store_ref *groups;
	size_t count;

	assert_int_equal(add(f, admins, alice), ERROR_NONE);
	assert_int_equal(add(f, staff, alice), ERROR_NONE);

	assert_true(store_groups_of(f->reader, f->arena, alice, &groups, &count, NULL));
	assert_int_equal(count, 2);
	assert_int_equal(groups[0].rid, staff);
	assert_string_equal(groups[0].name, "staff");
	assert_int_equal(groups[0].active_members, 1);
	assert_memory_equal(groups[1].id, fixture_get(f, admins)->id, UUID_BYTES);
}

static void test_members_are_read_in_pages_without_gap_or_repeat(void **state)
{
	enum { PEOPLE = 1050, PAGE = 100 };
	struct store_fixture *f = *state;
	static int64_t rids[PEOPLE];
	int64_t group = fixture_group(f, "staff");
	int64_t after = 0;
	size_t seen = 0;
	size_t count;

	for (int i = 0; i < PEOPLE; i++) {
		char name[16];
		snprintf(name, sizeof(name), "u%d", i);
		rids[i] = fixture_user(f, name, i % 2 == 0);
	}
	assert_int_equal(fixture_members(f, group, rids, PEOPLE, NULL, 0), ERROR_NONE);
	assert_counts(f, group, PEOPLE, PEOPLE / 2);
	do {
		const struct store_ref *page;
		assert_true(store_members_of(
			f->reader, f->arena, group, after, PAGE, &page, &count, NULL));
		for (size_t i = 0; i < count; i++) {
			assert_int_equal(page[i].rid, rids[seen++]);
		}
		after = count > 0 ? page[count - 1].rid : 0;
	} while (count == PAGE);

	assert_int_equal(seen, PEOPLE);
	assert_int_equal(fixture_members(f, group, NULL, 0, rids, PEOPLE), ERROR_NONE);
	assert_counts(f, group, 0, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_members_come_and_go_with_version_and_counts),
		TEST(test_a_change_of_members_alone_keeps_document_and_doc_entry),
		TEST(test_adding_twice_and_removing_a_stranger_count_nothing),
		TEST(test_the_answer_tells_how_many_members_there_are),
		TEST(test_only_living_people_of_the_tenant_become_members),
		TEST(test_one_missing_member_refuses_the_whole_change),
		TEST(test_switching_a_person_moves_the_active_counts_of_his_groups),
		TEST(test_deleting_a_person_leaves_his_groups_with_a_new_version),
		TEST(test_deleting_a_group_ends_its_memberships),
		TEST(test_groups_of_a_person_come_with_name_and_counts),
		TEST(test_members_are_read_in_pages_without_gap_or_repeat),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
