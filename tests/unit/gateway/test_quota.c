/* How many requests a source may send. */
#include "gateway/quota.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <cmocka.h>

#define SECOND_US INT64_C(1000000)

static int taken(struct quota *quota, int64_t per_s, int64_t now_us, int tries)
{
	int passed = 0;

	for (int i = 0; i < tries; i++) {
		passed += quota_take(quota, per_s, now_us);
	}
	return passed;
}

static void test_without_a_limit_everything_passes(void **state)
{
	struct quota quota = { 0 };

	(void)state;
	assert_int_equal(taken(&quota, 0, 0, 1000), 1000);
	assert_int_equal(quota.next_us, 0);
}

static void test_a_burst_of_a_second_then_evenly(void **state)
{
	struct quota quota = { 0 };
	int64_t now_us = 50 * SECOND_US;

	(void)state;
	int burst = taken(&quota, 100, now_us, 1000);
	assert_in_range(burst, 100, 101);
	assert_int_equal(taken(&quota, 100, now_us + SECOND_US / 100 - 1, 10), 0);
	for (int i = 1; i <= 500; i++) { /* one each hundredth of a second */
		assert_int_equal(taken(&quota, 100, now_us + i * SECOND_US / 100, 10), 1);
	}
}

static void test_a_pause_fills_no_more_than_one_burst(void **state)
{
	struct quota quota = { 0 };

	(void)state;
	taken(&quota, 10, SECOND_US, 100);

	assert_in_range(taken(&quota, 10, 1000 * SECOND_US, 100), 10, 11);
}

enum { THREADS = 8, TRIES = 20000, RATE = 1000 };

struct runner {
	pthread_t thread;
	struct quota *quota;
	int passed;
};

static void *run(void *user)
{
	struct runner *runner = user;

	runner->passed = taken(runner->quota, RATE, 7 * SECOND_US, TRIES);
	return NULL;
}

static void test_workers_share_it(void **state)
{
	struct quota quota = { 0 };
	struct runner runners[THREADS] = { 0 };
	int passed = 0;

	(void)state;
	for (int i = 0; i < THREADS; i++) {
		runners[i].quota = &quota;
		assert_int_equal(pthread_create(&runners[i].thread, NULL, run, &runners[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(runners[i].thread, NULL);
		passed += runners[i].passed;
	}

	assert_in_range(passed, RATE, RATE + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_a_limit_everything_passes),
		cmocka_unit_test(test_a_burst_of_a_second_then_evenly),
		cmocka_unit_test(test_a_pause_fills_no_more_than_one_burst),
		cmocka_unit_test(test_workers_share_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
