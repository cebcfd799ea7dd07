/* Bits of integers of any size. What each call gives is what OPA gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/policy/call.h"

static void test_negative_numbers_have_endless_ones_in_front(void **state)
{
	static const struct call_case cases[] = {
		{ "bits.and", "[12, 10]", "8" },
		{ "bits.and", "[1.5, 1]",
			"error: operand 1 must be integer number but got floating-point number" },
		{ "bits.or", "[12, 10]", "14" },
		{ "bits.xor", "[12, -10]", "-6" },
		{ "bits.negate", "[0]", "-1" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_shifts_round_towards_minus_infinity_and_refuse_negative_counts(void **state)
{
	static const struct call_case cases[] = {
		{ "bits.lsh", "[1, 100]", "1267650600228229401496703205376" },
		{ "bits.lsh", "[-3, 2]", "-12" },
		{ "bits.lsh", "[1, -1]",
			"error: operand 2 must be an unsigned integer number but got a negative "
			"integer" },
		{ "bits.rsh", "[-5, 1]", "-3" },
		{ "bits.rsh", "[-1, 100]", "-1" },
		{ "bits.rsh", "[1267650600228229401496703205376, 100]", "1" },
	};

	(void)state;
	CALL_CHECK(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_negative_numbers_have_endless_ones_in_front),
		cmocka_unit_test(
			test_shifts_round_towards_minus_infinity_and_refuse_negative_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
