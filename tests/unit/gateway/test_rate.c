/* What was removed lately: reservations, the window, the way back from the store. */
#include "gateway/rate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <cmocka.h>
#include "base/error.h"
#include "tests/support/store_fixture.h"

#define MINUTE_US INT64_C(60000000)
#define NOON_US (INT64_C(1800000000) * 1000000)

enum { PEOPLE = STORE_RATE_DEACTIVATIONS - 1, MEMBERSHIPS = STORE_RATE_REMOVALS - 1 };

static int set_up(void **state)
{
	*state = rate_new();
	return 0;
}

static int tear_down(void **state)
{
	rate_free(*state);
	return 0;
}

static struct rate_claim claim_of(int tenant, int source, int64_t people, int64_t memberships)
{
	struct rate_claim claim = { .tenant = tenant, .source = source };

	claim.counts[PEOPLE] = people;
	claim.counts[MEMBERSHIPS] = memberships;
	return claim;
}

/* What a claim of nothing is told. */
static int64_t recent(struct rate *rate, int kind, int64_t now_us)
{
	struct rate_claim claim = claim_of(1, 1, 0, 0);

	rate_reserve(rate, &claim, now_us);
	rate_settle(rate, &claim, false, now_us);
	return claim.recent[kind];
}

static void happen(struct rate *rate, int64_t people, int64_t now_us)
{
	struct rate_claim claim = claim_of(1, 1, people, 0);

	rate_reserve(rate, &claim, now_us);
	rate_settle(rate, &claim, true, now_us);
}

static void test_a_reservation_counts_for_others_at_once_and_not_for_itself(void **state)
{
	struct rate_claim first = claim_of(1, 1, 1, 5);
	struct rate_claim second = claim_of(1, 1, 1, 0);

	rate_reserve(*state, &first, NOON_US);
	rate_reserve(*state, &second, NOON_US);

	assert_int_equal(first.recent[PEOPLE], 0);
	assert_int_equal(first.recent[MEMBERSHIPS], 0);
	assert_int_equal(second.recent[PEOPLE], 1);
	assert_int_equal(second.recent[MEMBERSHIPS], 5);
}

static void test_what_did_not_happen_is_given_back(void **state)
{
	struct rate_claim claim = claim_of(1, 1, 3, 4);

	rate_reserve(*state, &claim, NOON_US);
	rate_settle(*state, &claim, false, NOON_US);

	assert_int_equal(recent(*state, PEOPLE, NOON_US), 0);
	assert_int_equal(recent(*state, MEMBERSHIPS, NOON_US), 0);
}

static void test_a_claim_is_settled_once(void **state)
{
	struct rate_claim claim = claim_of(1, 1, 3, 0);
	struct rate_claim never_reserved = claim_of(1, 1, 9, 9);

	rate_reserve(*state, &claim, NOON_US);
	rate_settle(*state, &claim, true, NOON_US);
	rate_settle(*state, &claim, true, NOON_US);
	rate_settle(*state, &claim, false, NOON_US);
	rate_settle(*state, &never_reserved, true, NOON_US);

	assert_int_equal(recent(*state, PEOPLE, NOON_US), 3);
}

static void test_the_window_is_an_hour_of_whole_minutes(void **state)
{
	happen(*state, 1, NOON_US);
	happen(*state, 2, NOON_US + MINUTE_US);

	assert_int_equal(recent(*state, PEOPLE, NOON_US + 59 * MINUTE_US), 3);
	assert_int_equal(recent(*state, PEOPLE, NOON_US + 60 * MINUTE_US), 2);
	assert_int_equal(recent(*state, PEOPLE, NOON_US + 61 * MINUTE_US), 0);
	happen(*state, 4, NOON_US + 61 * MINUTE_US);
	assert_int_equal(recent(*state, PEOPLE, NOON_US + 10000 * MINUTE_US), 0);
	assert_int_equal(recent(*state, MEMBERSHIPS, NOON_US), 0);
}

static void test_a_reservation_outlives_the_window(void **state)
{
	struct rate_claim claim = claim_of(1, 1, 7, 0);

	rate_reserve(*state, &claim, NOON_US);

	assert_int_equal(recent(*state, PEOPLE, NOON_US + 500 * MINUTE_US), 7);
	rate_settle(*state, &claim, true, NOON_US + 500 * MINUTE_US);
	assert_int_equal(recent(*state, PEOPLE, NOON_US + 559 * MINUTE_US), 7);
	assert_int_equal(recent(*state, PEOPLE, NOON_US + 560 * MINUTE_US), 0);
}

static void test_a_clock_that_goes_back_forgets_nothing(void **state)
{
	happen(*state, 5, NOON_US);
	happen(*state, 1, NOON_US - 100 * MINUTE_US);

	assert_int_equal(recent(*state, PEOPLE, NOON_US - 100 * MINUTE_US), 6);
	assert_int_equal(recent(*state, PEOPLE, NOON_US + 59 * MINUTE_US), 6);
	assert_int_equal(recent(*state, PEOPLE, NOON_US + 60 * MINUTE_US), 0);
}

static void test_sources_and_tenants_do_not_share(void **state)
{
	static const int others[][2] = { { 1, 2 }, { 2, 1 }, { 2, 2 } };

	happen(*state, 5, NOON_US);

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct rate_claim claim = claim_of(others[i][0], others[i][1], 1, 1);

		rate_reserve(*state, &claim, NOON_US);
		assert_int_equal(claim.recent[PEOPLE], 0);
	}
	assert_int_equal(recent(*state, PEOPLE, NOON_US), 5);
}

/* ---- threads ---- */

enum { THREADS = 8, TURNS = 500, RAIL = 10 };

struct runner {
	pthread_t thread;
	struct rate *rate;
	int passed;
};

/* As the starter policy decides: recent and this one together may not be more than the rail. */
static void *run(void *user)
{
	struct runner *runner = user;

	for (int i = 0; i < TURNS; i++) {
		struct rate_claim claim = claim_of(1, 1, 1, 0);

		rate_reserve(runner->rate, &claim, NOON_US);
		bool passes = claim.recent[PEOPLE] + claim.counts[PEOPLE] <= RAIL;
		rate_settle(runner->rate, &claim, passes, NOON_US);
		runner->passed += passes;
	}
	return NULL;
}

static void test_no_more_than_the_rail_pass_whoever_comes_together(void **state)
{
	struct runner runners[THREADS] = { 0 };
	int passed = 0;

	for (int i = 0; i < THREADS; i++) {
		runners[i].rate = *state;
		assert_int_equal(pthread_create(&runners[i].thread, NULL, run, &runners[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(runners[i].thread, NULL);
		passed += runners[i].passed;
	}

	assert_in_range(passed, 1, RAIL);
	assert_int_equal(recent(*state, PEOPLE, NOON_US), passed);
}

/* ---- from the store ---- */

static void commit_rates(
	struct store_fixture *f, int64_t at_us, int64_t people, int64_t memberships)
{
	struct store_commit commit = fixture_commit(f);
	struct store_entry entry = fixture_entry(f, "removed");

	commit.entry = &entry;
	commit.now_us = at_us;
	commit.rates[PEOPLE] = people;
	commit.rates[MEMBERSHIPS] = memberships;
	fixture_must(f, &commit);
}

static struct rate_claim told(struct store_fixture *f, int64_t now_us)
{
	struct rate *rate = rate_new();
	struct rate_claim claim = claim_of(f->tenant, f->source, 0, 0);
	struct error err = { 0 };

	if (!rate_load(rate, f->reader, now_us, &err)) {
		fail_msg("%s", err.text);
	}
	rate_reserve(rate, &claim, now_us);
	rate_free(rate);
	return claim;
}

static void test_a_start_finds_what_was_removed_within_the_window(void **state)
{
	struct store_fixture f;

	(void)state;
	fixture_open(&f, NULL, true);
	commit_rates(&f, NOON_US, 1, 10);
	commit_rates(&f, NOON_US + MINUTE_US, 2, 0);
	commit_rates(&f, NOON_US + MINUTE_US, 4, 20);

	struct rate_claim all = told(&f, NOON_US + 59 * MINUTE_US);
	struct rate_claim later = told(&f, NOON_US + 60 * MINUTE_US);
	struct rate_claim much_later = told(&f, NOON_US + 61 * MINUTE_US);
	struct rate_claim clock_went_back = told(&f, NOON_US - 5 * MINUTE_US);
	fixture_close(&f);

	assert_int_equal(all.recent[PEOPLE], 7);
	assert_int_equal(all.recent[MEMBERSHIPS], 30);
	assert_int_equal(later.recent[PEOPLE], 6);
	assert_int_equal(later.recent[MEMBERSHIPS], 20);
	assert_int_equal(much_later.recent[PEOPLE], 0);
	assert_int_equal(clock_went_back.recent[PEOPLE], 7);
}

#define RATE_TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RATE_TEST(test_a_reservation_counts_for_others_at_once_and_not_for_itself),
		RATE_TEST(test_what_did_not_happen_is_given_back),
		RATE_TEST(test_a_claim_is_settled_once),
		RATE_TEST(test_the_window_is_an_hour_of_whole_minutes),
		RATE_TEST(test_a_reservation_outlives_the_window),
		RATE_TEST(test_a_clock_that_goes_back_forgets_nothing),
		RATE_TEST(test_sources_and_tenants_do_not_share),
		RATE_TEST(test_no_more_than_the_rail_pass_whoever_comes_together),
		cmocka_unit_test(test_a_start_finds_what_was_removed_within_the_window),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
