/* Amounts with units. What each call gives is what OPA gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/policy/call.h"

static void test_decimal_and_binary_units_are_told_apart(void **state)
{
	static const struct call_case cases[] = {
		{ "units.parse", "[\"10K\"]", "10000" },
		{ "units.parse", "[\"1.5Gi\"]", "1610612736" },
		{ "units.parse", "[\"100m\"]", "0.1" },
		{ "units.parse", "[\"0.5m\"]", "0.0005" },
		{ "units.parse", "[\"12 K\"]",
			"error: units.parse: spaces not allowed in resource strings" },
		{ "units.parse", "[\"K\"]", "error: units.parse: no amount provided" },
		{ "units.parse", "[\"1X\"]", "error: units.parse: unit X not recognized" },
		{ "units.parse", "[\"1e3\"]", "1000" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_bytes_are_whole(void **state)
{
	static const struct call_case cases[] = {
		{ "units.parse_bytes", "[\"10KB\"]", "10000" },
		{ "units.parse_bytes", "[\"1.5mib\"]", "1572864" },
		{ "units.parse_bytes", "[\"\\\"100TIB\\\"\"]", "109951162777600" },
		{ "units.parse_bytes", "[\"10.7\"]", "10" },
		{ "units.parse_bytes", "[\"5 MB\"]",
			"error: units.parse_bytes: spaces not allowed in resource strings" },
	};

	(void)state;
	CALL_CHECK(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decimal_and_binary_units_are_told_apart),
		cmocka_unit_test(test_bytes_are_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
