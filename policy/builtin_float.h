/*
 * Binary floating point with 64 bits of mantissa and a wide exponent: what OPA computes with
 * when an operand is no integer (Go's big.Float at its default precision). Sums, products and
 * quotients are rounded to nearest, ties to even, and print as the shortest decimal text that
 * reads back, so that results have OPA's digits: 0.1 + 0.2 is 0.3.
 *
 * Cost grows with the size of the exponents; numbers from values are bounded by base/value.h.
 * Nothing here can fail but division by zero, which is asserted.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "policy/builtin_bigint.h"

struct arena;

#define FLOAT_BITS 64

/* mantissa * 2^exponent; the highest bit of mantissa is set, or mantissa is 0: zero. */
struct bigfloat {
	bool negative;
	uint64_t mantissa;
	int64_t exponent;
};

/* Nearest to a decimal number as JSON writes it; asserts that it is one. */
struct bigfloat policy_float_parse(struct arena *arena, const char *text, size_t size);
struct bigfloat policy_float_of_bigint(struct arena *arena, struct bigint a);
struct bigfloat policy_float_of_double(double number); /* asserts finite */

struct bigfloat policy_float_negate(struct bigfloat a);
struct bigfloat policy_float_add(struct arena *arena, struct bigfloat a, struct bigfloat b);
/* Rounded to that many bits (at most FLOAT_BITS): OPA's product() keeps 53 only. */
struct bigfloat policy_float_multiply(
	struct arena *arena, struct bigfloat a, struct bigfloat b, unsigned precision);
struct bigfloat policy_float_divide(struct arena *arena, struct bigfloat a, struct bigfloat b);

bool policy_float_is_integer(struct bigfloat a);
struct bigint policy_float_truncate(struct arena *arena, struct bigfloat a);
/* 0.d1d2d3… * 10^point. */
struct digits {
	char *text; /* of '0' to '9', without zeros at the end; count 0: zero */
	size_t count;
	int64_t point;
};
/* The shortest digits that tell |a| from its neighbours of that precision. */
struct digits policy_float_digits(struct arena *arena, struct bigfloat a, unsigned precision);

/*
 * The shortest text that tells it from its neighbours of that precision: an integer without
 * exponent, else as Go's %g. NUL-terminated, in arena. size may be NULL.
 */
char *policy_float_text(struct arena *arena, struct bigfloat a, unsigned precision, size_t *size);

/* A decimal number as JSON writes it, taken apart: digits * 10^exponent. */
struct decimal {
	bool negative;
	const char *digits; /* no leading zeros; NUL-terminated, in arena */
	size_t count;       /* 0: the number is zero */
	int64_t exponent;
};
struct decimal policy_decimal_parse(struct arena *arena, const char *text, size_t size);
