/* Arithmetic of any size, with the digits that OPA gives. What each call gives is what OPA gives.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/policy/call.h"

static void test_integers_are_exact_and_fractions_have_opas_digits(void **state)
{
	static const struct call_case cases[] = {
		{ "plus", "[1, 2]", "3" },
		{ "plus", "[9223372036854775807, 1]", "9223372036854775808" },
		{ "plus", "[0.1, 0.2]", "0.3" },
		{ "plus", "[123456789012345678901234567890, 1]", "123456789012345678901234567891" },
		{ "plus", "[1, \"a\"]", "error: operand 2 must be number but got string" },
		{ "minus", "[-9223372036854775808, 1]", "-9223372036854775809" },
		{ "minus", "[1.5, 0.5]", "1" },
		{ "minus", "[{\"$set\": [1, 2, 3]}, {\"$set\": [2]}]", "{\"$set\":[1,3]}" },
		{ "minus", "[{\"$set\": [1]}, 1]", "error: operand 2 must be set but got number" },
		{ "minus", "[\"a\", 1]",
			"error: operand 1 must be one of {number, set} but got string" },
		{ "mul", "[4294967296, 4294967296]", "18446744073709551616" },
		{ "mul", "[0.1, 3]", "0.3" },
		{ "mul", "[-1, 0.5]", "-0.5" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_division_is_exact_where_it_can_be_and_by_zero_an_error(void **state)
{
	static const struct call_case cases[] = {
		{ "div", "[6, 3]", "2" },
		{ "div", "[1, 3]", "0.33333333333333333334" },
		{ "div", "[7, 2]", "3.5" },
		{ "div", "[421, 100]", "4.21" },
		{ "div", "[-7, 8]", "-0.875" },
		{ "div", "[7, -8]", "-0.875" },
		{ "div", "[9007199254740993, 2]", "4503599627370496.5" },
		{ "div", "[123456789012345678, 100]", "1234567890123456.78" },
		{ "div", "[1234567890123456789, 100]", "12345678901234567.89" },
		{ "div", "[9223372036854775807, -1000]", "-9223372036854775.807" },
		{ "div", "[1, 1000000]", "0.000001" },
		{ "div", "[-9223372036854775808, -1]", "9223372036854775808" },
		{ "div", "[10000000000000000000000, 10]", "1000000000000000000000" },
		{ "div", "[1, 0]", "error: divide by zero" },
		{ "div", "[1, 0.0]", "error: divide by zero" },
		{ "rem", "[7, 3]", "1" },
		{ "rem", "[-7, 3]", "-1" },
		{ "rem", "[7, -3]", "1" },
		{ "rem", "[100000000000000000000, 7]", "2" },
		{ "rem", "[-9223372036854775808, -1]", "0" },
		{ "rem", "[1, 0]", "error: modulo by zero" },
		{ "rem", "[1.5, 1]", "error: modulo on floating-point number" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_rounding_is_opas_also_where_that_is_odd(void **state)
{
	static const struct call_case cases[] = {
		{ "abs", "[-5]", "5" },
		{ "abs", "[-9223372036854775808]", "9223372036854775808" },
		{ "abs", "[-1.25]", "1.25" },
		{ "round", "[2.5]", "3" },
		{ "round", "[-2.5]", "-3" },
		{ "round", "[0.4]", "0" },
		{ "ceil", "[1.1]", "2" },
		{ "ceil", "[-1.1]", "-1" },
		{ "ceil", "[-0.5]", "1" },
		{ "floor", "[1.9]", "1" },
		{ "floor", "[-1.1]", "-2" },
		{ "floor", "[-0.5]", "0" },
	};

	(void)state;
	CALL_CHECK(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_integers_are_exact_and_fractions_have_opas_digits),
		cmocka_unit_test(test_division_is_exact_where_it_can_be_and_by_zero_an_error),
		cmocka_unit_test(test_rounding_is_opas_also_where_that_is_odd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
