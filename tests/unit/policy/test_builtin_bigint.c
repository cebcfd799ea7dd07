/* Integers of any size: their laws over random numbers, and the edges of limbs. */
#include "policy/builtin_bigint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/arena.h"

#define ROUNDS 3000

static struct arena *arena;
static uint64_t seed;

static uint64_t random_bits(void) /* xorshift: the same numbers on every run */
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* Often of few limbs, with runs of zeros and ones, which is where carries go wrong. */
static struct bigint random_bigint(void)
{
	size_t limbs = random_bits() % (random_bits() % 8 == 0 ? 200 : 6);
	struct bigint number = policy_bigint_of(arena, 0);

	for (size_t i = 0; i < limbs; i++) {
		uint64_t kind = random_bits() % 4;
		uint64_t limb = kind == 0 ? 0 : kind == 1 ? UINT32_MAX : (uint32_t)random_bits();
		number = policy_bigint_add(arena, policy_bigint_shift_left(arena, number, 32),
			policy_bigint_of_u64(arena, limb));
	}
	return random_bits() % 2 == 0 ? policy_bigint_negate(number) : number;
}

static int set_up(void **state)
{
	(void)state;
	arena = arena_new();
	seed = 88172645463325252;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static const char *text(struct bigint number)
{
	return policy_bigint_text(arena, number, 10, NULL);
}

static void assert_equal(struct bigint a, struct bigint b)
{
	if (policy_bigint_compare(a, b) != 0) {
		fail_msg("%s is not %s", text(a), text(b));
	}
}

static void test_quotient_and_remainder_give_the_dividend_again(void **state)
{
	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		struct bigint quotient, rest;
		arena_reset(arena);
		struct bigint a = random_bigint();
		struct bigint b = random_bigint();
		if (policy_bigint_sign(b) == 0) {
			continue;
		}
		policy_bigint_divide(arena, a, b, &quotient, &rest);
		assert_equal(a,
			policy_bigint_add(arena, policy_bigint_multiply(arena, quotient, b), rest));
		rest.negative = b.negative = false;
		assert_true(policy_bigint_compare(rest, b) < 0);
	}
}

static void test_sums_and_products_keep_their_laws(void **state)
{
	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		arena_reset(arena);
		struct bigint a = random_bigint();
		struct bigint b = random_bigint();
		struct bigint c = random_bigint();

		assert_equal(a, policy_bigint_subtract(arena, policy_bigint_add(arena, a, b), b));
		assert_equal(policy_bigint_multiply(arena, a, policy_bigint_add(arena, b, c)),
			policy_bigint_add(arena, policy_bigint_multiply(arena, a, b),
				policy_bigint_multiply(arena, a, c)));
	}
}

static void test_texts_read_back(void **state)
{
	(void)state;
	for (int i = 0; i < ROUNDS / 10; i++) {
		arena_reset(arena);
		struct bigint a = random_bigint();
		size_t size;
		const char *digits = policy_bigint_text(arena, a, 10, &size);

		assert_int_equal(size, strlen(digits));
		assert_equal(a, policy_bigint_parse(arena, digits, size));
	}
}

static void test_shifts_are_products_with_powers_of_two(void **state)
{
	(void)state;
	for (int i = 0; i < ROUNDS / 10; i++) {
		arena_reset(arena);
		struct bigint a = random_bigint();
		size_t bits = random_bits() % 300;
		struct bigint left = policy_bigint_shift_left(arena, a, bits);

		assert_equal(left, policy_bigint_multiply(arena, a,
					   policy_bigint_power(arena, 2, (unsigned)bits)));
		assert_equal(a, policy_bigint_shift_right(arena, left, bits));
		assert_int_equal(policy_bigint_bits(left),
			policy_bigint_sign(a) == 0 ? 0 : policy_bigint_bits(a) + bits);
	}
}

/* a ^ b = (a | b) - (a & b), in two's complement too. */
static void test_bitwise_operations_agree_with_each_other(void **state)
{
	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		arena_reset(arena);
		struct bigint a = random_bigint();
		struct bigint b = random_bigint();

		assert_equal(policy_bigint_bitwise(arena, BIGINT_XOR, a, b),
			policy_bigint_subtract(arena, policy_bigint_bitwise(arena, BIGINT_OR, a, b),
				policy_bigint_bitwise(arena, BIGINT_AND, a, b)));
	}
}

static void test_the_range_of_int64_is_known(void **state)
{
	static const char *const inside[] = { "9223372036854775807", "-9223372036854775808", "0" };
	static const char *const outside[] = { "9223372036854775808", "-9223372036854775809" };
	int64_t number;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct bigint a = policy_bigint_parse(arena, inside[i], strlen(inside[i]));
		assert_true(policy_bigint_to_int(a, &number));
		assert_string_equal(text(policy_bigint_of(arena, number)), inside[i]);
	}
	for (size_t i = 0; i < 2; i++) {
		struct bigint a = policy_bigint_parse(arena, outside[i], strlen(outside[i]));
		assert_false(policy_bigint_to_int(a, &number));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quotient_and_remainder_give_the_dividend_again),
		cmocka_unit_test(test_sums_and_products_keep_their_laws),
		cmocka_unit_test(test_texts_read_back),
		cmocka_unit_test(test_shifts_are_products_with_powers_of_two),
		cmocka_unit_test(test_bitwise_operations_agree_with_each_other),
		cmocka_unit_test(test_the_range_of_int64_is_known),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
