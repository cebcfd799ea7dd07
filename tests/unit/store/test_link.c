/* Links, tombstones, and lists of deliveries. */
#include "store/delivery.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/arena.h"
#include "tests/support/store_courier.h"
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

static enum error_code leave(struct store_fixture *f, int64_t rid, enum store_action action)
{
	struct store_write write = { .action = action, .before = fixture_get(f, rid) };
	struct store_commit commit = fixture_commit(f);

	commit.urgent = true;
	commit.write = &write;
	commit.want_linked = true;
	return fixture_run(f, &commit);
}

static void test_a_leaver_reaches_every_app_that_has_or_may_get_him(void **state)
{
	struct store_fixture *f = *state;
	int64_t rid = fixture_user(f, "alice", true);
	const struct store_delivery *list;
	size_t count;
	int wiki = f->app;

	courier_connect(f, rid, "r-1");
	f->app = wiki + 1; /* a second app, where the create is in flight: there is no link yet */
	courier_want(f, rid);
	courier_take(f, rid);
	assert_int_equal(leave(f, rid, STORE_UPDATE), ERROR_NONE);

	assert_true(store_deliveries_of(f->reader, f->arena, rid, &list, &count, NULL));
	assert_int_equal(count, 2);
	assert_int_equal(list[0].app, wiki);
	assert_true(list[0].urgent);
	assert_int_equal(list[0].wanted, 2);
	assert_int_equal(list[1].app, wiki + 1);
	assert_int_equal(list[1].wanted, 2);
	assert_int_equal(list[1].sending, 1);
}

static void test_a_deleted_person_is_a_tombstone_until_the_last_app_let_go(void **state)
{
	struct store_fixture *f = *state;
	int64_t rid = fixture_user(f, "alice", true);
	const struct store_resource *found;
	uint8_t id[UUID_BYTES];

	courier_connect(f, rid, "r-1");
	memcpy(id, fixture_get(f, rid)->id, UUID_BYTES);
	assert_int_equal(leave(f, rid, STORE_DELETE), ERROR_NONE);

	found = fixture_get(f, rid);
	assert_true(found->deleted);
	assert_false(found->active);
	assert_int_equal(found->version, 2);
	assert_string_equal(
		found->doc, "{\"name\":\"alice\"}"); /* the courier may have to search by it */
	assert_true(store_find_id(f->reader, f->arena, f->tenant, STORE_USER, id, &found, NULL));
	assert_null(found);
	assert_true(fixture_user(f, "alice", true) > rid); /* the name is free */
	struct store_take it = courier_take(f, rid);
	assert_true(it.urgent);
	assert_int_equal(
		courier_finish(f, rid, it.version, STORE_OUTCOME_DONE, STORE_LINK_DROP, NULL),
		ERROR_NONE);
	assert_null(fixture_get(f, rid));
}

static void test_a_tombstone_stays_while_a_link_stays(void **state)
{
	struct store_fixture *f = *state;
	int64_t rid = fixture_user(f, "alice", true);

	courier_connect(f, rid, "r-1");
	assert_int_equal(leave(f, rid, STORE_DELETE), ERROR_NONE);
	courier_take(f, rid);
	assert_int_equal(courier_done(f, rid, 2), ERROR_NONE); /* deactivated there, not removed */

	assert_non_null(fixture_get(f, rid));
}

static void test_groups_of_a_deleted_person_are_brought_anew_where_they_are(void **state)
{
	struct store_fixture *f = *state;
	int64_t group = fixture_group(f, "staff");
	int64_t elsewhere = fixture_group(f, "elsewhere");
	int64_t rid = fixture_user(f, "alice", true);

	assert_int_equal(fixture_members(f, group, &rid, 1, NULL, 0), ERROR_NONE);
	assert_int_equal(fixture_members(f, elsewhere, &rid, 1, NULL, 0), ERROR_NONE);
	courier_connect(f, group, "g-1");
	assert_int_equal(leave(f, rid, STORE_DELETE), ERROR_NONE);

	assert_int_equal(courier_get(f, group)->wanted, 3);
	assert_null(courier_get(f, elsewhere));
}

/* ---- lists ---- */

static void test_deliveries_are_listed_by_app_and_state_in_pages(void **state)
{
	struct store_fixture *f = *state;
	struct store_delivery_filter filter = { .state = -1 };
	const struct store_delivery *list;
	size_t count;
	int64_t rids[5];

	for (int i = 0; i < 5; i++) {
		char name[8] = { (char)('a' + i), 0 };
		rids[i] = fixture_user(f, name, true);
		f->app = 1 + i % 2;
		courier_want(f, rids[i]);
	}
	assert_true(store_deliveries(f->reader, f->arena, &filter, 3, &list, &count, NULL));
	assert_int_equal(count, 3);
	filter.after_rid = list[2].rid;
	filter.after_app = list[2].app;
	assert_true(store_deliveries(f->reader, f->arena, &filter, 3, &list, &count, NULL));
	assert_int_equal(count, 2);
	assert_int_equal(list[1].rid, rids[4]);
	filter = (struct store_delivery_filter){ .app = 2, .state = STORE_PENDING };
	assert_true(store_deliveries(f->reader, f->arena, &filter, 10, &list, &count, NULL));
	assert_int_equal(count, 2);
	filter.state = STORE_PARKED;
	assert_true(store_deliveries(f->reader, f->arena, &filter, 10, &list, &count, NULL));
	assert_int_equal(count, 0);
}

static void test_the_backlog_is_counted(void **state)
{
	struct store_fixture *f = *state;
	int64_t alice = fixture_user(f, "alice", true);
	int64_t bob = fixture_user(f, "bob", true);
	struct store_backlog backlog;
	int64_t since_us;

	courier_want(f, alice);
	since_us = f->now_us;
	courier_want(f, bob);
	courier_take(f, bob);
	assert_true(store_backlog(f->reader, f->app, &backlog, NULL));
	assert_int_equal(backlog.open, 2);
	assert_int_equal(backlog.oldest_us, since_us);
	assert_int_equal(
		courier_finish(f, bob, 1, STORE_OUTCOME_PARK, STORE_LINK_KEEP, NULL), ERROR_NONE);
	assert_true(store_backlog(f->reader, f->app, &backlog, NULL));

	assert_int_equal(backlog.open, 1);
	assert_int_equal(backlog.parked, 1);
	assert_true(store_backlog(f->reader, f->app + 1, &backlog, NULL));
	assert_int_equal(backlog.open + backlog.parked + backlog.oldest_us, 0);
}

static void test_links_are_listed_by_resource_and_by_app(void **state)
{
	struct store_fixture *f = *state;
	const struct store_link *list;
	size_t count;
	int64_t rids[3];

	for (int i = 0; i < 3; i++) {
		char name[8] = { (char)('a' + i), 0 };
		rids[i] = fixture_user(f, name, true);
		courier_connect(f, rids[i], name);
	}
	assert_true(store_links_of(f->reader, f->arena, rids[1], &list, &count, NULL));
	assert_int_equal(count, 1);
	assert_true(store_links_in(f->reader, f->arena, f->app, "", 2, &list, &count, NULL));
	assert_int_equal(count, 2);
	assert_true(store_links_in(
		f->reader, f->arena, f->app, list[1].remote, 2, &list, &count, NULL));

	assert_int_equal(count, 1);
	assert_string_equal(list[0].remote, "c");
}

static void test_members_with_a_link_are_those_an_app_can_be_told_of(void **state)
{
	struct store_fixture *f = *state;
	int64_t group = fixture_group(f, "staff");
	int64_t rids[] = { fixture_user(f, "a", true), fixture_user(f, "b", true),
		fixture_user(f, "c", true) };
	const struct store_link *list;
	size_t count;

	assert_int_equal(fixture_members(f, group, rids, 3, NULL, 0), ERROR_NONE);
	courier_connect(f, rids[0], "r-a");
	courier_connect(f, rids[2], "r-c");

	assert_true(store_linked_members(
		f->reader, f->arena, f->app, group, 0, 10, &list, &count, NULL));
	assert_int_equal(count, 2);
	assert_string_equal(list[0].remote, "r-a");
	assert_string_equal(list[1].remote, "r-c");
	assert_true(store_linked_members(
		f->reader, f->arena, f->app, group, rids[0], 10, &list, &count, NULL));
	assert_int_equal(count, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_leaver_reaches_every_app_that_has_or_may_get_him),
		TEST(test_a_deleted_person_is_a_tombstone_until_the_last_app_let_go),
		TEST(test_a_tombstone_stays_while_a_link_stays),
		TEST(test_groups_of_a_deleted_person_are_brought_anew_where_they_are),
		TEST(test_deliveries_are_listed_by_app_and_state_in_pages),
		TEST(test_the_backlog_is_counted),
		TEST(test_links_are_listed_by_resource_and_by_app),
		TEST(test_members_with_a_link_are_those_an_app_can_be_told_of),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
