/*
 * RFC 7643, 2.3.5 and 2.3.6.
 */
#include "scim/datatype.h"

#include "tests/support/scim.h"

static void test_times_are_read(void **state)
{
	static const struct {
		const char *text;
		int64_t us;
	} cases[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "2026-11-24T04:00:00Z", 1795492800000000 },
		{ "2026-11-24T04:00:00.000001Z", 1795492800000001 },
		{ "2026-11-24T04:00:00.5Z", 1795492800500000 },
		{ "2026-11-24T04:00:00.1234567890123Z", 1795492800123456 },
		{ "2026-11-24T05:30:00+01:30", 1795492800000000 },
		{ "2026-11-23T20:00:00-08:00", 1795492800000000 },
		{ "2000-02-29T00:00:00Z", 951782400000000 },
		{ "1969-12-31T23:59:59Z", -1000000 },
		{ "9999-12-31T23:59:59Z", 253402300799000000 },
		{ "0000-01-01T00:00:00Z", -62167219200000000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t us = 1;

		assert_true(scim_datetime_parse(cases[i].text, strlen(cases[i].text), true, &us));
		assert_int_equal(us, cases[i].us);
	}
}

static void test_a_time_without_a_zone_is_utc_or_refused(void **state)
{
	int64_t us;

	(void)state;
	assert_false(scim_datetime_parse("1970-01-01T00:00:01", 19, true, &us));
	assert_true(scim_datetime_parse("1970-01-01T00:00:01", 19, false, &us));
	assert_int_equal(us, 1000000);
}

static void test_what_is_no_time_is_refused(void **state)
{
	static const char *const cases[] = { "", "2026", "2026-11-24", "2026-11-24T04:00Z",
		"2026-11-24 04:00:00Z", "2026-11-24t04:00:00Z", "2026-11-24T04:00:00z",
		"2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z",
		"2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-11-24T24:00:00Z",
		"2026-11-24T00:60:00Z", "2026-11-24T00:00:60Z", "2026-11-24T00:00:00.Z",
		"2026-11-24T00:00:00+1:00", "2026-11-24T00:00:00+15:00",
		"2026-11-24T00:00:00+01:60", "2026-11-24T00:00:00Zx", "26-11-24T00:00:00Z",
		"+2026-11-24T00:00:00Z", "2026-11-24T00:00:00+0100" };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t us;

		if (scim_datetime_parse(cases[i], strlen(cases[i]), false, &us)) {
			fail_msg("%s", cases[i]);
		}
	}
}

static void test_binaries_are_base64(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} cases[] = {
		{ "", true },
		{ "AA==", true },
		{ "AAA=", true },
		{ "AAAA", true },
		{ "AA", true },
		{ "+/+/", true },
		{ "-_-_", true },
		{ "A", false },
		{ "AAAAA", false },
		{ "A===", false },
		{ "AA=", false },
		{ "=AAA", false },
		{ "AA\nA", false },
		{ "+_AA", false },
		{ "AA*A", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (scim_binary_check(cases[i].text, strlen(cases[i].text)) != cases[i].good) {
			fail_msg("%s", cases[i].text);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times_are_read),
		cmocka_unit_test(test_a_time_without_a_zone_is_utc_or_refused),
		cmocka_unit_test(test_what_is_no_time_is_refused),
		cmocka_unit_test(test_binaries_are_base64),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
