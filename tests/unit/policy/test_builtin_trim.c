/* trim and its kin. What each call gives is what OPA gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/policy/call.h"

static void test_ends_are_trimmed(void **state)
{
	static const struct call_case cases[] = {
		{ "trim", "[\"xxaxx\", \"x\"]", "\"a\"" },
		{ "trim", "[\"\\u00e9a\\u00e9\", \"\\u00e9\"]", "\"a\"" },
		{ "trim_left", "[\"xxax\", \"x\"]", "\"ax\"" },
		{ "trim_right", "[\"xaxx\", \"x\"]", "\"xa\"" },
		{ "trim_prefix", "[\"abab\", \"ab\"]", "\"ab\"" },
		{ "trim_suffix", "[\"abab\", \"ab\"]", "\"ab\"" },
		{ "trim_space", "[\"\\u00a0 a\\t\\u2003\"]", "\"a\"" },
	};

	(void)state;
	CALL_CHECK(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ends_are_trimmed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
