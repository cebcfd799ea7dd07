/* Time as Go's package has it. What each call gives is what OPA gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/policy/call.h"

static void test_rfc3339_is_read(void **state)
{
	static const struct call_case cases[] = {
		{ "time.parse_rfc3339_ns", "[\"2026-11-24T04:00:00.123456789Z\"]",
			"1795492800123456789" },
		{ "time.parse_rfc3339_ns", "[\"2026-11-24T04:00:00+02:00\"]",
			"1795485600000000000" },
		{ "time.parse_rfc3339_ns", "[\"1969-12-31T23:59:59.5Z\"]", "-500000000" },
		{ "time.parse_rfc3339_ns", "[\"2026-02-29T00:00:00Z\"]",
			"error: parsing time \"2026-02-29T00:00:00Z\": day out of range" },
		{ "time.parse_rfc3339_ns", "[\"2026-11-24 04:00:00Z\"]",
			"error: parsing time \"2026-11-24 04:00:00Z\" as "
			"\"2006-01-02T15:04:05Z07:00\": cannot parse \" 04:00:00Z\" as \"T\"" },
		{ "time.parse_rfc3339_ns", "[\"2300-01-01T00:00:00Z\"]",
			"error: time outside of valid range" },
		{ "time.parse_rfc3339_ns", "[\"2026-11-24T24:00:00Z\"]",
			"error: parsing time \"2026-11-24T24:00:00Z\": hour out of range" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_layouts_are_read(void **state)
{
	static const struct call_case cases[] = {
		{ "time.parse_ns", "[\"RFC1123Z\", \"Tue, 24 Nov 2026 04:00:00 +0100\"]",
			"1795489200000000000" },
		{ "time.parse_ns", "[\"ANSIC\", \"Tue Nov  3 04:00:00 2026\"]",
			"1793678400000000000" },
		{ "time.parse_ns", "[\"2006-01-02\", \"2026-11-24\"]", "1795478400000000000" },
		{ "time.parse_ns", "[\"Jan _2 2006 3:04PM\", \"Nov  4 2026 1:05AM\"]",
			"1793754300000000000" },
		{ "time.parse_ns", "[\"2006 002\", \"2024 366\"]", "1735603200000000000" },
		{ "time.parse_ns", "[\"15:04:05.000\", \"01:02:03.45\"]",
			"error: parsing time \"01:02:03.45\" as \"15:04:05.000\": cannot parse "
			"\".45\" as \".000\"" },
		{ "time.parse_ns", "[\"02 Jan 06 15:04 MST\", \"24 Nov 26 04:00 CET\"]",
			"1795492800000000000" },
		{ "time.parse_ns", "[\"2006-01-02\", \"2026-13-01\"]",
			"error: parsing time \"2026-13-01\": month out of range" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_layouts_are_written_in_any_zone(void **state)
{
	static const struct call_case cases[] = {
		{ "time.format", "[0]", "\"1970-01-01T00:00:00Z\"" },
		{ "time.format", "[[1795000000000000000, \"Europe/Berlin\"]]",
			"\"2026-11-18T12:06:40+01:00\"" },
		{ "time.format",
			"[[1795000000123000000, \"UTC\", \"Mon, 02 Jan 2006 15:04:05.000 MST -0700 "
			"__2 pm\"]]",
			"\"Wed, 18 Nov 2026 11:06:40.123 UTC +0000 322 am\"" },
		{ "time.format", "[[0, \"America/New_York\", \"RFC822Z\"]]",
			"\"31 Dec 69 19:00 -0500\"" },
		{ "time.format", "[[4102444800000000000, \"Europe/Berlin\", \"UnixDate\"]]",
			"\"Fri Jan  1 01:00:00 CET 2100\"" },
		{ "time.format", "[[0, \"Nowhere/Land\"]]",
			"error: unknown time zone Nowhere/Land" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_an_instant_has_a_date_and_a_clock_in_its_zone(void **state)
{
	static const struct call_case cases[] = {
		{ "time.date", "[1795000000000000000]", "[2026,11,18]" },
		{ "time.date", "[[1795000000000000000, \"Asia/Tokyo\"]]", "[2026,11,18]" },
		{ "time.date", "[0.5]", "error: timestamp too big" },
		{ "time.clock", "[[1774746000000000000, \"Europe/Berlin\"]]", "[3,0,0]" },
		{ "time.clock", "[[1774746000000000000, \"\"]]", "[1,0,0]" },
		{ "time.weekday", "[1795000000000000000]", "\"Wednesday\"" },
		{ "time.weekday", "[[\"a\"]]", "error: operand 1 must be number but got string" },
		{ "time.weekday", "[[]]",
			"error: operand 1 must be either number (ns) or [number (ns), string (tz)] "
			"but got array" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_calendar_arithmetic_normalises(void **state)
{
	static const struct call_case cases[] = {
		{ "time.add_date", "[1772150400000000000, 0, 1, 3]", "1774828800000000000" },
		{ "time.add_date", "[1709164800000000000, 1, 0, 0]", "1740787200000000000" },
		{ "time.add_date", "[[1774652400000000000, \"Europe/Berlin\"], 0, 0, 1]",
			"1774738800000000000" },
		{ "time.add_date", "[0, 99999, 0, 0]", "error: time outside of valid range" },
		{ "time.diff", "[1795000000000000000, 1700000000000000000]", "[3,0,3,12,53,20]" },
		{ "time.diff", "[[0, \"UTC\"], [0, \"Asia/Tokyo\"]]", "[0,0,0,0,0,0]" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_durations_have_days_weeks_and_years_too(void **state)
{
	static const struct call_case cases[] = {
		{ "time.parse_duration_ns", "[\"1h30m\"]", "5400000000000" },
		{ "time.parse_duration_ns", "[\"-1.5s\"]", "-1500000000" },
		{ "time.parse_duration_ns", "[\"2d\"]", "172800000000000" },
		{ "time.parse_duration_ns", "[\"1.5w2h\"]", "914400000000000" },
		{ "time.parse_duration_ns", "[\"1us2ns\"]", "1002" },
		{ "time.parse_duration_ns", "[\"0\"]", "0" },
		{ "time.parse_duration_ns", "[\"5\"]", "error: time: invalid duration \"5\"" },
		{ "time.parse_duration_ns", "[\"1x\"]", "error: time: invalid duration \"1x\"" },
		{ "time.parse_duration_ns", "[\"300y\"]",
			"error: time: invalid duration \"300y\"" },
		{ "time.parse_duration_ns", "[\"\"]", "error: time: invalid duration \"\"" },
	};

	(void)state;
	CALL_CHECK(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc3339_is_read),
		cmocka_unit_test(test_layouts_are_read),
		cmocka_unit_test(test_layouts_are_written_in_any_zone),
		cmocka_unit_test(test_an_instant_has_a_date_and_a_clock_in_its_zone),
		cmocka_unit_test(test_calendar_arithmetic_normalises),
		cmocka_unit_test(test_durations_have_days_weeks_and_years_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
