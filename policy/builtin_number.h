/*
 * Numbers as OPA computes with them: exact integers of any size, and floats of 64 bits of mantissa
 * as soon as an operand is no integer (policy/builtin_float.h). The way of OPA 1.22's
 * topdown/arithmetic.go, so that the digits of results are the same.
 *
 * Work grows with the square of the digits; every function here charges it before it is done.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "policy/builtin_args.h"
#include "policy/builtin_bigint.h"
#include "policy/builtin_float.h"

enum number_kind {
	NUMBER_SMALL,   /* an integer of 64 bits */
	NUMBER_INTEGER, /* a larger one */
	NUMBER_REAL,    /* none: text is its decimal form */
};

struct number {
	enum number_kind kind;
	int64_t small;
	struct bigint integer;
	struct span text;
};

/* value is a number. Its text lives in the context's arena. */
struct number builtin_number_of(struct policy_context *context, const struct value *value);
/* Of a small or large integer. */
struct bigint builtin_bigint_of(struct policy_context *context, const struct number *number);
struct bigfloat builtin_float_of(struct policy_context *context, const struct number *number);

/* Reports an error when the result has more digits than a value may have. */
const struct value *builtin_from_bigint(struct policy_context *context, struct bigint integer);
const struct value *builtin_from_float(
	struct policy_context *context, struct bigfloat real, unsigned precision);

/* An argument that must be an integer of any size; false: reported as OPA does. */
bool builtin_bigint(struct policy_context *context, const struct value *const *args, size_t index,
	struct bigint *result);

/* Arithmetic on two integers about to be done: multiplication or division at worst. */
void builtin_charge_bigints(struct policy_context *context, struct bigint a, struct bigint b);

const struct value *builtin_add_numbers(
	struct policy_context *context, const struct value *a, const struct value *b);
const struct value *builtin_subtract_numbers(
	struct policy_context *context, const struct value *a, const struct value *b);
