#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

static void test_a_fake_clock_stands_still(void **state)
{
	(void)state;

	clock_fake(1234567);
	assert_int_equal(clock_now_us(), 1234567);
	assert_int_equal(clock_monotonic_us(), 1234567);
	clock_fake(0);
	assert_int_equal(clock_now_us(), 0);

	clock_fake(-1);
	assert_true(clock_now_us() > INT64_C(1700000000000000));
}

static void test_the_real_monotonic_clock_does_not_go_back(void **state)
{
	int64_t before = clock_monotonic_us();
	(void)state;

	for (int i = 0; i < 1000; i++) {
		int64_t now = clock_monotonic_us();

		assert_true(now >= before);
		before = now;
	}
}

static void test_format_writes_utc_with_microseconds(void **state)
{
	static const struct {
		int64_t us;
		const char *text;
	} rows[] = {
		{ 0, "1970-01-01T00:00:00.000000Z" },
		{ 1, "1970-01-01T00:00:00.000001Z" },
		{ INT64_C(1795492800000000), "2026-11-24T04:00:00.000000Z" },
		{ INT64_C(951782400999999), "2000-02-29T00:00:00.999999Z" },
		{ -1, "1969-12-31T23:59:59.999999Z" },
		{ INT64_C(253402300799999999), "9999-12-31T23:59:59.999999Z" },
		{ INT64_C(-62135596800000000), "0001-01-01T00:00:00.000000Z" },
		{ INT64_C(-62135596800000001), "out of range" },
		{ INT64_C(253402300800000000), "out of range" },
		{ INT64_MAX, "out of range" },
		{ INT64_MIN, "out of range" },
	};
	char text[CLOCK_TEXT_BYTES];
	(void)state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		clock_format(rows[i].us, text);
		assert_string_equal(text, rows[i].text);
	}
}

static void test_every_day_of_five_centuries_is_that_of_the_c_library(void **state)
{
	char text[CLOCK_TEXT_BYTES];
	char expected[CLOCK_TEXT_BYTES];
	(void)state;

	for (int64_t day = -100000; day < 100000; day++) {
		time_t seconds = (time_t)(day * 86400 + (day & 1 ? 86399 : 0));
		struct tm parts;

		clock_format(seconds * INT64_C(1000000), text);
		gmtime_r(&seconds, &parts);
		strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%S.000000Z", &parts);
		assert_string_equal(text, expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_fake_clock_stands_still),
		cmocka_unit_test(test_the_real_monotonic_clock_does_not_go_back),
		cmocka_unit_test(test_format_writes_utc_with_microseconds),
		cmocka_unit_test(test_every_day_of_five_centuries_is_that_of_the_c_library),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
