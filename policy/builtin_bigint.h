/*
 * Integers of any size, for numbers beyond int64.
 *
 * Immutable; they live in the arena that is passed and share nothing. The cost
 * of each operation grows with the sizes (multiplication, division and decimal
 * text quadratically): whoever takes operands from a policy bounds and charges
 * them first, see builtin_number.c. Nothing here can fail.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

struct bigint {
	bool negative;         /* never of zero */
	size_t count;          /* limbs, the last is not zero; 0 is zero */
	const uint32_t *limbs; /* least significant first */
};

struct bigint policy_bigint_of(struct arena *arena, int64_t number);
struct bigint policy_bigint_of_u64(struct arena *arena, uint64_t number);
/* From decimal digits with an optional sign before them; asserts that they are digits. */
struct bigint policy_bigint_parse(struct arena *arena, const char *digits, size_t size);
/* radix 2, 8, 10 or 16; lower case; NUL-terminated, in arena. *size may be NULL. */
char *policy_bigint_text(struct arena *arena, struct bigint a, unsigned radix, size_t *size);

int policy_bigint_sign(struct bigint a); /* -1, 0, 1 */
int policy_bigint_compare(struct bigint a, struct bigint b);
size_t policy_bigint_bits(struct bigint a);            /* of the magnitude; 0 for zero */
bool policy_bigint_bit(struct bigint a, size_t index); /* of the magnitude */
bool policy_bigint_low_bits_set(
	struct bigint a, size_t n); /* any of the n lowest bits of the magnitude */
bool policy_bigint_to_int(struct bigint a, int64_t *result); /* false: out of range */
uint64_t policy_bigint_low(struct bigint a);                 /* magnitude modulo 2^64 */

struct bigint policy_bigint_negate(struct bigint a); /* shares a's limbs */
struct bigint policy_bigint_add(struct arena *arena, struct bigint a, struct bigint b);
struct bigint policy_bigint_subtract(struct arena *arena, struct bigint a, struct bigint b);
struct bigint policy_bigint_multiply(struct arena *arena, struct bigint a, struct bigint b);
/* Truncates toward zero, as C does; the remainder has a's sign. Asserts b != 0. Either result may
 * be NULL. */
void policy_bigint_divide(struct arena *arena, struct bigint a, struct bigint b,
	struct bigint *quotient, struct bigint *remainder);
struct bigint policy_bigint_power(struct arena *arena, uint32_t base, unsigned exponent);

struct bigint policy_bigint_shift_left(struct arena *arena, struct bigint a, size_t bits);
struct bigint policy_bigint_shift_right(
	struct arena *arena, struct bigint a, size_t bits); /* of the magnitude */

/* As if in two's complement of endless width. */
enum bigint_bitwise { BIGINT_AND, BIGINT_OR, BIGINT_XOR };
struct bigint policy_bigint_bitwise(
	struct arena *arena, enum bigint_bitwise operation, struct bigint a, struct bigint b);
