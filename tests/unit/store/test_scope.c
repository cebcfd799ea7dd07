/* Scope changes: a group's change spread over its members in chunks. */
#include "store/delivery.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/arena.h"
#include "tests/support/store_courier.h"
#include "tests/support/store_fixture.h"

enum { PEOPLE = 1200 };

static int64_t people[PEOPLE];

static int set_up(void **state)
{
	static struct store_fixture fixture;

	fixture_open(&fixture, NULL, true);
	for (int i = 0; i < PEOPLE; i++) {
		char name[16];
		snprintf(name, sizeof(name), "u%d", i);
		people[i] = fixture_user(&fixture, name, true);
	}
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	fixture_close(*state);
	return 0;
}

static struct store_commit change(
	struct store_fixture *f, struct store_write *write, struct store_entry *entry)
{
	struct store_commit commit = fixture_commit(f);

	*entry = fixture_entry(f, "group");
	commit.write = write;
	commit.entry = entry;
	return commit;
}

/* Adds the first `count` people with a scope change; returns its decision. */
static int64_t add_people(struct store_fixture *f, int64_t group, size_t count, bool urgent)
{
	struct store_write write = { .action = STORE_UPDATE,
		.before = fixture_get(f, group),
		.added = people,
		.added_count = count };
	struct store_entry entry;
	struct store_commit commit = change(f, &write, &entry);
	struct store_scope scope = { .app = f->app, .urgent = urgent };

	commit.scopes = &scope;
	commit.scope_count = 1;
	fixture_must(f, &commit);
	return commit.index;
}

static const struct store_scope_change *first_scope(struct store_fixture *f)
{
	const struct store_scope_change *list;
	size_t count;

	assert_true(store_scope_changes(f->reader, f->arena, f->app, 10, &list, &count, NULL));
	return count > 0 ? list : NULL;
}

static struct store_expand expand(struct store_fixture *f, int64_t seq)
{
	struct store_commit commit = fixture_commit(f);
	struct store_expand it = { .seq = seq };

	commit.expand = &it;
	fixture_must(f, &commit);
	return it;
}

/* Expands all; returns how many deliveries came of it. */
static int64_t expand_all(struct store_fixture *f, int64_t seq, int *chunks)
{
	int64_t written = 0;
	struct store_expand it;

	*chunks = 0;
	do {
		it = expand(f, seq);
		written += it.written;
		++*chunks;
	} while (!it.finished);
	return written;
}

static void test_added_members_are_spread_in_chunks(void **state)
{
	struct store_fixture *f = *state;
	int64_t group = fixture_group(f, "staff");
	int64_t decision = add_people(f, group, PEOPLE, false);
	const struct store_scope_change *scope = first_scope(f);
	const struct store_delivery *list;
	int chunks;

	assert_int_equal(scope->group, group);
	assert_int_equal(scope->decision, decision);
	assert_int_equal(scope->total, PEOPLE);
	assert_int_equal(expand(f, scope->seq).written, STORE_EXPAND_CHUNK);
	assert_int_equal(first_scope(f)->done, STORE_EXPAND_CHUNK);
	assert_int_equal(expand_all(f, scope->seq, &chunks), PEOPLE - STORE_EXPAND_CHUNK);
	assert_int_equal(chunks, 2);
	assert_null(first_scope(f));
	assert_int_equal(courier_due(f, f->now_us, &list), 100); /* its limit */
	assert_int_equal(courier_get(f, people[PEOPLE - 1])->decision, decision);
	assert_int_equal(courier_get(f, people[PEOPLE - 1])->wanted, 1);
}

static void test_the_cursor_survives_a_restart(void **state)
{
	struct store_fixture *f = *state;
	int64_t group = fixture_group(f, "staff");
	int chunks;

	add_people(f, group, PEOPLE, false);
	int64_t seq = first_scope(f)->seq;
	expand(f, seq);
	fixture_reopen(f);

	assert_int_equal(first_scope(f)->done, STORE_EXPAND_CHUNK);
	assert_int_equal(expand_all(f, seq, &chunks), PEOPLE - STORE_EXPAND_CHUNK);
}

static void test_a_rename_looks_at_every_member_and_at_those_removed(void **state)
{
	struct store_fixture *f = *state;
	int64_t group = fixture_group(f, "staff");
	struct store_key key = fixture_key(f, STORE_GROUP, "crew");
	struct store_entry entry;
	struct store_scope scope = { .app = f->app, .all = true };
	int chunks;

	assert_int_equal(fixture_members(f, group, people, PEOPLE, NULL, 0), ERROR_NONE);
	struct store_write write = { .action = STORE_UPDATE,
		.before = fixture_get(f, group),
		.name = "crew",
		.doc = "{}",
		.doc_size = 2,
		.keys = &key,
		.key_count = 1,
		.removed = people,
		.removed_count = 10 };
	struct store_commit commit = change(f, &write, &entry);
	commit.scopes = &scope;
	commit.scope_count = 1;
	fixture_must(f, &commit);

	assert_int_equal(first_scope(f)->total, -1);
	assert_int_equal(expand_all(f, first_scope(f)->seq, &chunks), PEOPLE);
	assert_non_null(courier_get(f, people[0]));
	assert_non_null(courier_get(f, people[PEOPLE - 1]));
}

static void test_a_deleted_group_remembers_who_was_in_it(void **state)
{
	struct store_fixture *f = *state;
	int64_t group = fixture_group(f, "staff");
	struct store_entry entry;
	struct store_scope scopes[] = { { .app = f->app, .all = true },
		{ .app = f->app + 1, .all = true } };
	int chunks;

	assert_int_equal(fixture_members(f, group, people, 501, NULL, 0), ERROR_NONE);
	struct store_write write = { .action = STORE_DELETE, .before = fixture_get(f, group) };
	struct store_commit commit = change(f, &write, &entry);
	commit.scopes = scopes;
	commit.scope_count = 2;
	fixture_must(f, &commit);

	assert_null(fixture_get(f, group));
	assert_int_equal(expand_all(f, first_scope(f)->seq, &chunks), 501);
	assert_int_equal(chunks, 2);
	f->app++;
	assert_int_equal(expand_all(f, first_scope(f)->seq, &chunks), 501);
}

static void test_an_urgent_scope_makes_urgent_deliveries(void **state)
{
	struct store_fixture *f = *state;
	int64_t group = fixture_group(f, "staff");

	add_people(f, group, 3, true);
	struct store_expand it = expand(f, first_scope(f)->seq);

	assert_true(it.finished);
	assert_true(courier_get(f, people[2])->urgent);
}

static void test_a_person_who_is_gone_by_then_is_left_out(void **state)
{
	struct store_fixture *f = *state;
	int64_t group = fixture_group(f, "staff");

	add_people(f, group, 3, false);
	assert_int_equal(fixture_delete(f, people[1]), ERROR_NONE);
	expand(f, first_scope(f)->seq);

	assert_non_null(courier_get(f, people[0]));
	assert_null(courier_get(f, people[1]));
}

static void test_a_change_without_members_needs_no_scope(void **state)
{
	struct store_fixture *f = *state;
	int64_t group = fixture_group(f, "staff");

	add_people(f, group, 0, false);

	assert_null(first_scope(f));
	struct store_expand it = expand(f, 12345);
	assert_true(it.finished);
	assert_int_equal(it.written, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_added_members_are_spread_in_chunks),
		TEST(test_the_cursor_survives_a_restart),
		TEST(test_a_rename_looks_at_every_member_and_at_those_removed),
		TEST(test_a_deleted_group_remembers_who_was_in_it),
		TEST(test_an_urgent_scope_makes_urgent_deliveries),
		TEST(test_a_person_who_is_gone_by_then_is_left_out),
		TEST(test_a_change_without_members_needs_no_scope),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
