#include "connectors/retry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "config/config.h"

#define SECOND_US 1000000LL

static const struct config_app app = {
	.retry = { .base_ms = 1000, .cap_ms = 900000 },
	.breaker = { .failures = 5, .probe_ms = 30000 },
};

static void test_delay_grows_with_attempts_and_stays_within_the_cap(void **state)
{
	(void)state;

	assert_true(retry_delay_ms(&app, 1, 999) <= 1000);
	assert_int_equal(retry_delay_ms(&app, 1, 999), 1000);
	assert_int_equal(retry_delay_ms(&app, 4, 7999), 8000);
	assert_true(retry_delay_ms(&app, 60, UINT64_MAX) <= 900000);
}

static void test_delay_is_jittered_over_its_whole_range(void **state)
{
	(void)state;

	assert_int_equal(retry_delay_ms(&app, 4, 0), 1);
	assert_int_equal(retry_delay_ms(&app, 4, 4000), 4001);
}

static void test_breaker_opens_after_failures_in_a_row(void **state)
{
	struct breaker breaker = { 0 };

	(void)state;
	for (int i = 0; i < 4; i++) {
		assert_false(breaker_failure(&breaker, &app, "errors", SECOND_US));
	}
	assert_true(breaker_failure(&breaker, &app, "errors", SECOND_US));

	assert_true(breaker.open);
	assert_int_equal(breaker.probe_us, 31 * SECOND_US);
}

static void test_a_success_in_between_starts_the_row_again(void **state)
{
	struct breaker breaker = { 0 };

	(void)state;
	for (int i = 0; i < 4; i++) {
		breaker_failure(&breaker, &app, "errors", 0);
	}
	breaker_success(&breaker);
	breaker_failure(&breaker, &app, "errors", 0);

	assert_false(breaker.open);
}

static void test_breaker_opens_when_half_of_the_last_20_failed(void **state)
{
	struct breaker breaker = { 0 };
	bool opened = false;

	(void)state;
	for (int i = 0; i < 20; i++) {
		if (i % 2 == 0) {
			breaker_success(&breaker);
		} else {
			opened = breaker_failure(&breaker, &app, "errors", 0) || opened;
		}
	}

	assert_true(opened);
}

static void test_credentials_open_it_at_once(void **state)
{
	struct breaker breaker = { 0 };

	(void)state;
	assert_true(breaker_trip(&breaker, &app, "credentials", 0));
	assert_false(breaker_trip(
		&breaker, &app, "credentials", 0)); /* once is an alert, twice is noise */

	assert_string_equal(breaker.reason, "credentials");
}

static void test_probes_become_rarer_up_to_five_minutes(void **state)
{
	struct breaker breaker = { 0 };

	(void)state;
	breaker_trip(&breaker, &app, "unreachable", 0);
	breaker_probe_failed(&breaker, "unreachable", 30 * SECOND_US);
	assert_int_equal(breaker.probe_us, 90 * SECOND_US);
	for (int i = 0; i < 10; i++) {
		breaker_probe_failed(&breaker, "unreachable", 0);
	}

	assert_int_equal(breaker.probe_us, 300 * SECOND_US);
}

static void test_the_first_success_closes_it_and_forgets(void **state)
{
	struct breaker breaker = { 0 };

	(void)state;
	breaker_trip(&breaker, &app, "unreachable", 0);
	breaker_success(&breaker);

	assert_false(breaker.open);
	assert_int_equal(breaker.seen, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_delay_grows_with_attempts_and_stays_within_the_cap),
		cmocka_unit_test(test_delay_is_jittered_over_its_whole_range),
		cmocka_unit_test(test_breaker_opens_after_failures_in_a_row),
		cmocka_unit_test(test_a_success_in_between_starts_the_row_again),
		cmocka_unit_test(test_breaker_opens_when_half_of_the_last_20_failed),
		cmocka_unit_test(test_credentials_open_it_at_once),
		cmocka_unit_test(test_probes_become_rarer_up_to_five_minutes),
		cmocka_unit_test(test_the_first_success_closes_it_and_forgets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
