/* replace: from left to right, without overlaps. What each call gives is what OPA gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/policy/call.h"

static void test_one_text_is_replaced(void **state)
{
	static const struct call_case cases[] = {
		{ "replace", "[\"abcabc\", \"bc\", \"x\"]", "\"axax\"" },
		{ "replace", "[\"aaa\", \"a\", \"aa\"]", "\"aaaaaa\"" },
		{ "replace", "[\"abc\", \"\", \"-\"]", "\"-a-b-c-\"" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_of_several_keys_the_first_in_order_is_taken(void **state)
{
	static const struct call_case cases[] = {
		{ "strings.replace_n", "[{\"a\": \"b\", \"b\": \"a\"}, \"abc\"]", "\"bac\"" },
		{ "strings.replace_n", "[{\"<\": \"&lt;\", \"<b\": \"!\"}, \"<b>\"]",
			"\"&lt;b>\"" },
		{ "strings.replace_n", "[{\"\": \"-\", \"a\": \"x\"}, \"aba\"]", "\"-x-b-x-\"" },
		{ "strings.replace_n", "[{\"a\": 1}, \"a\"]",
			"error: operand 1 non-string value found in pattern object" },
	};

	(void)state;
	CALL_CHECK(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_text_is_replaced),
		cmocka_unit_test(test_of_several_keys_the_first_in_order_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
