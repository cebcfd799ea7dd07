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

static void test_a_want_is_due_at_once_with_version_and_decision(void **state)
{
	struct store_fixture *f = *state;
	int64_t rid = fixture_user(f, "alice", true);
	int64_t index = courier_want(f, rid);
	const struct store_delivery *list;
	int64_t next_us;

	assert_int_equal(courier_due(f, f->now_us, &list), 1);
	assert_int_equal(list[0].rid, rid);
	assert_int_equal(list[0].wanted, 1);
	assert_int_equal(list[0].decision, index);
	assert_int_equal(list[0].first_decision, index);
	assert_int_equal(list[0].changes, 1);
	assert_int_equal(list[0].since_us, f->now_us);
	assert_false(list[0].urgent);
	assert_true(store_next_due(f->reader, f->app, &next_us, NULL));
	assert_int_equal(next_us, f->now_us);
	assert_int_equal(courier_due(f, f->now_us - 1, &list), 0);
}

static void test_a_want_may_come_with_the_write_that_needs_it(void **state)
{
	struct store_fixture *f = *state;
	int64_t rid = fixture_user(f, "alice", true);
	struct store_write write = { .action = STORE_UPDATE, .before = fixture_get(f, rid) };
	struct store_want it = { .app = f->app };
	struct store_commit commit = fixture_commit(f);
	commit.write = &write;
	commit.wants = &it;
	commit.want_count = 1;

	fixture_must(f, &commit);

	assert_int_equal(courier_get(f, rid)->wanted, 2);
}

static void test_a_want_for_what_is_gone_is_nothing(void **state)
{
	struct store_fixture *f = *state;

	courier_want(f, store_rid(f->tenant, STORE_USER, 77));

	assert_null(courier_get(f, store_rid(f->tenant, STORE_USER, 77)));
}

static void test_changes_that_queue_up_become_one_delivery(void **state)
{
	struct store_fixture *f = *state;
	int64_t rid = fixture_user(f, "alice", true);
	int64_t first = courier_want(f, rid);
	int64_t since_us = f->now_us;

	assert_int_equal(fixture_rename(f, rid, "alicia"), ERROR_NONE);
	int64_t last = courier_want(f, rid);

	const struct store_delivery *found = courier_get(f, rid);
	assert_int_equal(found->wanted, 2);
	assert_int_equal(found->first_decision, first);
	assert_int_equal(found->decision, last);
	assert_int_equal(found->changes, 2);
	assert_int_equal(found->since_us, since_us);
}

static void test_taken_is_in_flight_and_cannot_be_taken_again_within_its_lease(void **state)
{
	struct store_fixture *f = *state;
	int64_t rid = fixture_user(f, "alice", true);
	int64_t index = courier_want(f, rid);

	struct store_take first = courier_take(f, rid);
	struct store_take second = courier_take(f, rid);

	assert_true(first.taken);
	assert_false(first.unknown);
	assert_int_equal(first.version, 1);
	assert_int_equal(first.decision, index);
	assert_int_equal(first.attempts, 1);
	assert_false(second.taken);
	assert_int_equal(courier_get(f, rid)->state, STORE_IN_FLIGHT);
}

static void test_done_ends_the_delivery_and_keeps_the_link(void **state)
{
	struct store_fixture *f = *state;
	int64_t rid = fixture_user(f, "alice", true);
	struct store_link link = courier_link("r-1", 1);
	const struct store_link *found;

	memset(link.hash, 7, sizeof(link.hash));
	courier_want(f, rid);
	courier_take(f, rid);
	assert_int_equal(
		courier_finish(f, rid, 1, STORE_OUTCOME_DONE, STORE_LINK_SET, &link), ERROR_NONE);

	assert_null(courier_get(f, rid));
	assert_true(store_find_link(f->reader, f->arena, f->app, rid, &found, NULL));
	assert_string_equal(found->remote, "r-1");
	assert_int_equal(found->version, 1);
	assert_true(found->active);
	assert_string_equal(found->doc, "{\"a\":1}");
	assert_memory_equal(found->hash, link.hash, DIGEST_BYTES);
	assert_int_equal(found->updated_us, f->now_us);
	assert_true(store_find_remote(f->reader, f->arena, f->app, "r-1", &found, NULL));
	assert_int_equal(found->rid, rid);
}

static void test_what_comes_while_in_flight_goes_out_afterwards(void **state)
{
	struct store_fixture *f = *state;
	int64_t rid = fixture_user(f, "alice", true);
	int64_t first = courier_want(f, rid);

	courier_take(f, rid);
	assert_int_equal(fixture_rename(f, rid, "alicia"), ERROR_NONE);
	int64_t second = courier_want(f, rid);
	int64_t since_us = f->now_us;
	assert_int_equal(fixture_rename(f, rid, "alix"), ERROR_NONE);
	int64_t third = courier_want(f, rid);
	const struct store_delivery *flying = courier_get(f, rid);
	assert_int_equal(flying->sending, 1);
	assert_int_equal(flying->wanted, 3);
	assert_int_equal(flying->first_decision, first);
	assert_int_equal(flying->changes, 3);
	assert_int_equal(courier_done(f, rid, 1), ERROR_NONE);

	const struct store_delivery *rest = courier_get(f, rid);
	assert_int_equal(rest->state, STORE_PENDING);
	assert_int_equal(rest->sending, 0);
	assert_int_equal(rest->wanted, 3);
	assert_int_equal(rest->first_decision, second);
	assert_int_equal(rest->decision, third);
	assert_int_equal(rest->changes, 2);
	assert_int_equal(rest->since_us, since_us);
	struct store_take again = courier_take(f, rid);
	assert_int_equal(again.version, 3);
	assert_int_equal(courier_done(f, rid, 3), ERROR_NONE);
	assert_null(courier_get(f, rid));
}

static void test_a_want_without_a_new_version_while_in_flight_is_not_lost(void **state)
{
	struct store_fixture *f = *state;
	int64_t rid = fixture_user(f, "alice", true);

	courier_want(f, rid);
	courier_take(f, rid);
	courier_want(f, rid); /* a group moved him in or out: his own version is the same */
	assert_int_equal(courier_done(f, rid, 1), ERROR_NONE);

	assert_int_equal(courier_get(f, rid)->state, STORE_PENDING);
}

static void test_a_retry_waits_until_its_time_and_keeps_what_is_behind_it(void **state)
{
	struct store_fixture *f = *state;
	int64_t rid = fixture_user(f, "alice", true);
	int64_t first = courier_want(f, rid);
	const struct store_delivery *list;

	courier_take(f, rid);
	courier_want(f, rid);
	assert_int_equal(
		courier_finish(f, rid, 1, STORE_OUTCOME_RETRY, STORE_LINK_KEEP, NULL), ERROR_NONE);

	const struct store_delivery *found = courier_get(f, rid);
	assert_int_equal(found->state, STORE_PENDING);
	assert_int_equal(found->attempts, 1);
	assert_int_equal(found->first_decision, first);
	assert_int_equal(found->changes, 2);
	assert_string_equal(found->error, "the app says no");
	assert_int_equal(courier_due(f, f->now_us + 59 * COURIER_SECOND, &list), 0);
	assert_int_equal(courier_due(f, f->now_us + 60 * COURIER_SECOND, &list), 1);
	courier_want(
		f, rid); /* a new change does not make it come earlier: the app is in trouble */
	assert_int_equal(courier_due(f, f->now_us, &list), 0);
}

static void test_a_parked_delivery_waits_for_a_person(void **state)
{
	struct store_fixture *f = *state;
	int64_t rid = fixture_user(f, "alice", true);
	const struct store_delivery *list;

	courier_want(f, rid);
	courier_take(f, rid);
	assert_int_equal(
		courier_finish(f, rid, 1, STORE_OUTCOME_PARK, STORE_LINK_KEEP, NULL), ERROR_NONE);
	assert_int_equal(courier_due(f, INT64_MAX, &list), 0);
	courier_want(f, rid);
	assert_int_equal(courier_due(f, INT64_MAX, &list), 0);
	assert_int_equal(courier_get(f, rid)->changes, 2);
	assert_false(courier_take(f, rid).taken);

	struct store_commit commit = fixture_commit(f);
	struct store_requeue requeue = { .app = f->app, .rid = rid };
	commit.requeue = &requeue;
	fixture_must(f, &commit);
	assert_int_equal(courier_due(f, f->now_us, &list), 1);
	assert_int_equal(list[0].attempts, 0);
}

static void test_all_parked_deliveries_of_an_app_can_be_requeued(void **state)
{
	struct store_fixture *f = *state;
	const struct store_delivery *list;
	struct store_commit commit = fixture_commit(f);
	struct store_requeue requeue = { .app = f->app };

	for (int i = 0; i < 3; i++) {
		char name[8] = { (char)('a' + i), 0 };
		int64_t rid = fixture_user(f, name, true);
		courier_want(f, rid);
		courier_take(f, rid);
		assert_int_equal(
			courier_finish(f, rid, 1, STORE_OUTCOME_PARK, STORE_LINK_KEEP, NULL),
			ERROR_NONE);
	}
	commit.requeue = &requeue;
	fixture_must(f, &commit);

	assert_int_equal(courier_due(f, f->now_us, &list), 3);
}

static void test_a_change_that_mends_the_cause_may_unpark(void **state)
{
	struct store_fixture *f = *state;
	int64_t rid = fixture_user(f, "alice", true);

	courier_want(f, rid);
	courier_take(f, rid);
	assert_int_equal(
		courier_finish(f, rid, 1, STORE_OUTCOME_PARK, STORE_LINK_KEEP, NULL), ERROR_NONE);
	courier_want_of(f, rid, false, true);

	assert_int_equal(courier_get(f, rid)->state, STORE_PENDING);
	assert_false(courier_get(f, rid)->urgent);
}

static void test_urgent_ones_come_first_whatever_waits(void **state)
{
	struct store_fixture *f = *state;
	int64_t rids[4];
	const struct store_delivery *list;

	for (int i = 0; i < 4; i++) {
		char name[8] = { (char)('a' + i), 0 };
		rids[i] = fixture_user(f, name, true);
		courier_want_of(f, rids[i], i == 3, false);
	}

	assert_int_equal(courier_due(f, f->now_us, &list), 4);
	assert_int_equal(list[0].rid, rids[3]);
	assert_true(list[0].urgent);
	assert_int_equal(list[1].rid, rids[0]);
}

static void test_an_urgent_change_ends_back_off_and_parking(void **state)
{
	struct store_fixture *f = *state;
	int64_t waiting = fixture_user(f, "alice", true);
	int64_t parked = fixture_user(f, "bob", true);
	const struct store_delivery *list;

	courier_want(f, waiting);
	courier_take(f, waiting);
	courier_finish(f, waiting, 1, STORE_OUTCOME_RETRY, STORE_LINK_KEEP, NULL);
	courier_want(f, parked);
	courier_take(f, parked);
	courier_finish(f, parked, 1, STORE_OUTCOME_PARK, STORE_LINK_KEEP, NULL);
	courier_want_of(f, waiting, true, false);
	courier_want_of(f, parked, true, false);

	assert_int_equal(courier_due(f, f->now_us, &list), 2);
	assert_true(list[0].urgent && list[1].urgent);
	assert_int_equal(list[0].attempts, 1); /* something was sent once: not forgotten */
}

static void test_an_urgent_change_never_merges_with_what_is_in_flight(void **state)
{
	struct store_fixture *f = *state;
	int64_t rid = fixture_user(f, "alice", true);
	static const enum store_outcome_kind kinds[] = { STORE_OUTCOME_DONE, STORE_OUTCOME_RETRY,
		STORE_OUTCOME_PARK };

	for (size_t i = 0; i < 3; i++) {
		courier_want(f, rid);
		struct store_take it = courier_take(f, rid);
		assert_true(it.taken);
		assert_false(it.urgent);
		courier_want_of(f, rid, true, false);
		assert_false(courier_take(f, rid).taken);
		/* However the call ended, the urgent one is next, at once. */
		assert_int_equal(
			courier_finish(f, rid, it.version, kinds[i], STORE_LINK_KEEP, NULL),
			ERROR_NONE);
		assert_true(courier_get(f, rid)->urgent);
		assert_int_equal(courier_get(f, rid)->next_us, f->now_us);
		it = courier_take(f, rid);
		assert_true(it.taken && it.urgent);
		assert_int_equal(courier_done(f, rid, it.version), ERROR_NONE);
		assert_null(courier_get(f, rid));
	}
}

static void test_a_lease_that_ended_makes_the_outcome_unknown(void **state)
{
	struct store_fixture *f = *state;
	int64_t rid = fixture_user(f, "alice", true);
	const struct store_delivery *list;

	courier_want(f, rid);
	courier_take(f, rid);
	assert_int_equal(courier_due(f, f->now_us + COURIER_LEASE - 1, &list), 0);
	assert_int_equal(courier_due(f, f->now_us + COURIER_LEASE, &list), 1);
	assert_true(list[0].unknown);
	f->now_us += COURIER_LEASE;
	struct store_take again = courier_take(f, rid);

	assert_true(again.taken && again.unknown);
	assert_int_equal(again.attempts, 2);
	assert_int_equal(courier_done(f, rid, 1), ERROR_NONE);
}

static void test_after_a_restart_what_was_in_flight_is_due_and_unknown(void **state)
{
	struct store_fixture *f = *state;
	int64_t rid = fixture_user(f, "alice", true);
	const struct store_delivery *list;

	courier_want(f, rid);
	courier_take(f, rid);
	fixture_reopen(f);

	assert_int_equal(courier_due(f, f->now_us, &list), 1);
	assert_true(list[0].unknown);
}

static void test_an_outcome_that_nobody_waits_for_is_a_conflict(void **state)
{
	struct store_fixture *f = *state;
	int64_t rid = fixture_user(f, "alice", true);

	assert_int_equal(courier_done(f, rid, 1), ERROR_CONFLICT);
	courier_want(f, rid);
	assert_int_equal(courier_done(f, rid, 1), ERROR_CONFLICT);
	courier_take(f, rid);
	assert_int_equal(courier_done(f, rid, 2), ERROR_CONFLICT);
	assert_int_equal(courier_done(f, rid, 1), ERROR_NONE);
	assert_int_equal(courier_done(f, rid, 1), ERROR_CONFLICT);
}

static void test_two_resources_never_share_an_account(void **state)
{
	struct store_fixture *f = *state;
	int64_t alice = fixture_user(f, "alice", true);
	int64_t bob = fixture_user(f, "bob", true);
	struct store_link link = courier_link("r-1", 1);

	courier_want(f, alice);
	courier_want(f, bob);
	courier_take(f, alice);
	courier_take(f, bob);
	assert_int_equal(
		courier_finish(f, alice, 1, STORE_OUTCOME_DONE, STORE_LINK_SET, &link), ERROR_NONE);
	assert_int_equal(courier_finish(f, bob, 1, STORE_OUTCOME_DONE, STORE_LINK_SET, &link),
		ERROR_UNIQUENESS);

	assert_int_equal(courier_get(f, bob)->state, STORE_IN_FLIGHT); /* nothing was written */
	assert_int_equal(
		courier_finish(f, bob, 1, STORE_OUTCOME_PARK, STORE_LINK_KEEP, NULL), ERROR_NONE);
}

static void test_an_outcome_and_its_entry_are_one(void **state)
{
	struct store_fixture *f = *state;
	int64_t rid = fixture_user(f, "alice", true);
	struct store_commit commit;
	struct store_entry entry = fixture_entry(f, "outcome");
	struct store_outcome outcome = {
		.app = f->app, .rid = rid, .version = 1, .kind = STORE_OUTCOME_DONE
	};
	int64_t size;

	courier_want(f, rid);
	commit = fixture_commit(f);
	commit.outcome = &outcome;
	commit.entry = &entry;
	assert_int_equal(fixture_run(f, &commit), ERROR_CONFLICT);
	assert_true(store_journal_size(f->reader, &size, NULL));
	assert_int_equal(size, 2);
	courier_take(f, rid);
	assert_int_equal(fixture_run(f, &commit), ERROR_NONE);
	assert_int_equal(commit.index, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_want_is_due_at_once_with_version_and_decision),
		TEST(test_a_want_may_come_with_the_write_that_needs_it),
		TEST(test_a_want_for_what_is_gone_is_nothing),
		TEST(test_changes_that_queue_up_become_one_delivery),
		TEST(test_taken_is_in_flight_and_cannot_be_taken_again_within_its_lease),
		TEST(test_done_ends_the_delivery_and_keeps_the_link),
		TEST(test_what_comes_while_in_flight_goes_out_afterwards),
		TEST(test_a_want_without_a_new_version_while_in_flight_is_not_lost),
		TEST(test_a_retry_waits_until_its_time_and_keeps_what_is_behind_it),
		TEST(test_a_parked_delivery_waits_for_a_person),
		TEST(test_all_parked_deliveries_of_an_app_can_be_requeued),
		TEST(test_a_change_that_mends_the_cause_may_unpark),
		TEST(test_urgent_ones_come_first_whatever_waits),
		TEST(test_an_urgent_change_ends_back_off_and_parking),
		TEST(test_an_urgent_change_never_merges_with_what_is_in_flight),
		TEST(test_a_lease_that_ended_makes_the_outcome_unknown),
		TEST(test_after_a_restart_what_was_in_flight_is_due_and_unknown),
		TEST(test_an_outcome_that_nobody_waits_for_is_a_conflict),
		TEST(test_two_resources_never_share_an_account),
		TEST(test_an_outcome_and_its_entry_are_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
