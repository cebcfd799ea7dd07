#include "policy/builtin_number.h"

#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"

#define DIGITS_LIMIT 4096 /* of base/value.h */

/* ---- cost ---- */

/* Converting that many digits between bases, a few times. */
static void charge_digits(struct policy_context *context, size_t digits)
{
	policy_charge(context, 20 + digits * digits / 256);
	policy_charge_bytes(context, 1024 + digits * 16);
}

void builtin_charge_bigints(struct policy_context *context, struct bigint a, struct bigint b)
{
	policy_charge(context, 2 + (a.count + 1) * (b.count + 1) / 8);
	policy_charge_bytes(context, 64 + 16 * (a.count + b.count));
}

/* ---- from values ---- */

struct number builtin_number_of(struct policy_context *context, const struct value *value)
{
	struct number number = { .kind = NUMBER_SMALL };

	if (value_int(value, &number.small)) {
		return number;
	}
	struct buf *buf = policy_buf(context, POLICY_BUFS - 1);
	policy_print(context, buf, value);
	charge_digits(context, buf->size);
	number.text =
		(struct span){ arena_text(context->arena, buf_text(buf), buf->size), buf->size };
	struct decimal decimal =
		policy_decimal_parse(context->arena, number.text.at, number.text.size);
	while (decimal.exponent < 0 && decimal.count > 0 &&
		decimal.digits[decimal.count - 1] == '0') {
		decimal.count--;
		decimal.exponent++;
	}
	if (decimal.exponent < 0) {
		number.kind = NUMBER_REAL;
		return number;
	}
	charge_digits(context, decimal.count + (size_t)decimal.exponent);
	struct bigint power = policy_bigint_power(context->arena, 10, (unsigned)decimal.exponent);
	number.kind = NUMBER_INTEGER;
	number.integer = policy_bigint_multiply(context->arena,
		policy_bigint_parse(context->arena, decimal.digits, decimal.count), power);
	number.integer.negative = decimal.negative && number.integer.count > 0;
	return number;
}

struct bigint builtin_bigint_of(struct policy_context *context, const struct number *number)
{
	return number->kind == NUMBER_SMALL ? policy_bigint_of(context->arena, number->small)
					    : number->integer;
}

struct bigfloat builtin_float_of(struct policy_context *context, const struct number *number)
{
	if (number->kind != NUMBER_REAL) {
		struct bigint integer = builtin_bigint_of(context, number);
		builtin_charge_bigints(context, integer, integer);
		return policy_float_of_bigint(context->arena, integer);
	}
	/* The exponent may be thousands of digits more than the text. */
	struct decimal decimal =
		policy_decimal_parse(context->arena, number->text.at, number->text.size);
	charge_digits(context, decimal.count + (size_t)-decimal.exponent);
	return policy_float_parse(context->arena, number->text.at, number->text.size);
}

bool builtin_bigint(struct policy_context *context, const struct value *const *args, size_t index,
	struct bigint *result)
{
	if (!value_is(args[index], VALUE_NUMBER)) {
		builtin_error(context, "operand %zu must be integer but got %s", index + 1,
			value_type_name(value_type(args[index])));
		return false;
	}
	struct number number = builtin_number_of(context, args[index]);
	if (number.kind == NUMBER_REAL) {
		builtin_error(context,
			"operand %zu must be integer number but got floating-point number",
			index + 1);
		return false;
	}
	*result = builtin_bigint_of(context, &number);
	return true;
}

/* ---- to values ---- */

const struct value *builtin_from_bigint(struct policy_context *context, struct bigint integer)
{
	int64_t small;
	size_t size;

	if (policy_bigint_to_int(integer, &small)) {
		return value_of_int(context->arena, small);
	}
	size_t digits = policy_bigint_bits(integer) * 3 / 10; /* not more than there are */
	if (digits > DIGITS_LIMIT) {
		return builtin_error(context, "the result has more than %d digits", DIGITS_LIMIT);
	}
	charge_digits(context, digits);
	const char *text = policy_bigint_text(context->arena, integer, 10, &size);
	return builtin_number_text(context, text, size);
}

const struct value *builtin_from_float(
	struct policy_context *context, struct bigfloat real, unsigned precision)
{
	int64_t bits = real.exponent < 0 ? -real.exponent : real.exponent;
	size_t size;

	if (bits > DIGITS_LIMIT * 10 / 3) {
		return builtin_error(context, "the result is beyond 1e%d or below 1e-%d",
			DIGITS_LIMIT, DIGITS_LIMIT);
	}
	charge_digits(context, (size_t)bits / 3 + 20);
	const char *text = policy_float_text(context->arena, real, precision, &size);
	return builtin_number_text(context, text, size);
}

/* ---- the four operations ---- */

enum operation { ADD, SUBTRACT, MULTIPLY };

static bool small_result(enum operation operation, int64_t a, int64_t b, int64_t *result)
{
	switch (operation) {
	case ADD:
		return !__builtin_add_overflow(a, b, result);
	case SUBTRACT:
		return !__builtin_sub_overflow(a, b, result);
	case MULTIPLY:
		return !__builtin_mul_overflow(a, b, result);
	}
	return false;
}

static const struct value *compute_integers(struct policy_context *context,
	enum operation operation, const struct number *a, const struct number *b)
{
	struct arena *arena = context->arena;
	struct bigint x = builtin_bigint_of(context, a);
	struct bigint y = builtin_bigint_of(context, b);

	builtin_charge_bigints(context, x, y);
	return builtin_from_bigint(context, operation == ADD ? policy_bigint_add(arena, x, y)
					    : operation == SUBTRACT
						    ? policy_bigint_subtract(arena, x, y)
						    : policy_bigint_multiply(arena, x, y));
}

static const struct value *compute_floats(struct policy_context *context, enum operation operation,
	const struct number *a, const struct number *b)
{
	struct bigfloat x = builtin_float_of(context, a);
	struct bigfloat y = builtin_float_of(context, b);
	struct bigfloat result;

	if (operation == MULTIPLY) {
		result = policy_float_multiply(context->arena, x, y, FLOAT_BITS);
	} else {
		result = policy_float_add(
			context->arena, x, operation == SUBTRACT ? policy_float_negate(y) : y);
	}
	return builtin_from_float(context, result, FLOAT_BITS);
}

static const struct value *compute(struct policy_context *context, enum operation operation,
	const struct value *a, const struct value *b)
{
	int64_t result;
	struct number x = builtin_number_of(context, a);
	struct number y = builtin_number_of(context, b);

	if (x.kind == NUMBER_SMALL && y.kind == NUMBER_SMALL &&
		small_result(operation, x.small, y.small, &result)) {
		return value_of_int(context->arena, result);
	}
	if (x.kind != NUMBER_REAL && y.kind != NUMBER_REAL) {
		return compute_integers(context, operation, &x, &y);
	}
	return compute_floats(context, operation, &x, &y);
}

const struct value *builtin_add_numbers(
	struct policy_context *context, const struct value *a, const struct value *b)
{
	return compute(context, ADD, a, b);
}

const struct value *builtin_subtract_numbers(
	struct policy_context *context, const struct value *a, const struct value *b)
{
	return compute(context, SUBTRACT, a, b);
}

static bool are_numbers(struct policy_context *context, const struct value *const *args)
{
	return builtin_is(context, args, 0, VALUE_NUMBER) &&
	       builtin_is(context, args, 1, VALUE_NUMBER);
}

const struct value *builtin_plus(struct policy_context *context, const struct value *const *args)
{
	return are_numbers(context, args) ? compute(context, ADD, args[0], args[1]) : NULL;
}

const struct value *builtin_mul(struct policy_context *context, const struct value *const *args)
{
	return are_numbers(context, args) ? compute(context, MULTIPLY, args[0], args[1]) : NULL;
}

static uint64_t magnitude(int64_t a)
{
	return a < 0 ? -(uint64_t)a : (uint64_t)a;
}

/*
 * a / b when it ends after a few digits, as in `population * percent / 100`; else NULL. A decimal
 * of at most 18 digits is the shortest that rounds to its own 64 bits, so this is the number that
 * the general way ends with, at a fraction of the cost.
 */
static const struct value *short_quotient(struct policy_context *context, int64_t a, int64_t b)
{
	enum { DIGITS = 18 };
	uint64_t divisor = magnitude(b);
	uint64_t rest = magnitude(a) % divisor;
	char text[48];
	int size = snprintf(text, sizeof(text), "%s%llu.", (a < 0) != (b < 0) ? "-" : "",
		(unsigned long long)(magnitude(a) / divisor));
	int last = DIGITS + 1 + (text[0] == '-'); /* with sign and point */

	while (rest != 0) {
		if (size >= last || divisor > UINT64_MAX / 10) {
			return NULL;
		}
		rest *= 10;
		text[size++] = (char)('0' + rest / divisor);
		rest %= divisor;
	}
	policy_charge(context, DIGITS);
	return builtin_number_text(context, text, (size_t)size);
}

const struct value *builtin_div(struct policy_context *context, const struct value *const *args)
{
	if (!are_numbers(context, args)) {
		return NULL;
	}
	struct number a = builtin_number_of(context, args[0]);
	struct number b = builtin_number_of(context, args[1]);
	if (b.kind == NUMBER_SMALL && b.small == 0) {
		return builtin_error(context, "divide by zero");
	}
	if (a.kind == NUMBER_SMALL && b.kind == NUMBER_SMALL && b.small != -1) {
		const struct value *quotient =
			a.small % b.small == 0 ? value_of_int(context->arena, a.small / b.small)
					       : short_quotient(context, a.small, b.small);
		if (quotient != NULL) {
			return quotient;
		}
	}
	struct bigfloat x = builtin_float_of(context, &a);
	struct bigfloat y = builtin_float_of(context, &b);
	return builtin_from_float(context, policy_float_divide(context->arena, x, y), FLOAT_BITS);
}

const struct value *builtin_rem(struct policy_context *context, const struct value *const *args)
{
	if (!are_numbers(context, args)) {
		return NULL;
	}
	struct number a = builtin_number_of(context, args[0]);
	struct number b = builtin_number_of(context, args[1]);
	if (b.kind == NUMBER_SMALL && b.small == 0) {
		return builtin_error(context, "modulo by zero");
	}
	if (a.kind == NUMBER_REAL || b.kind == NUMBER_REAL) {
		return builtin_error(context, "modulo on floating-point number");
	}
	if (a.kind == NUMBER_SMALL && b.kind == NUMBER_SMALL) {
		return value_of_int(context->arena, b.small == -1 ? 0 : a.small % b.small);
	}
	struct bigint rest;
	struct bigint x = builtin_bigint_of(context, &a);
	struct bigint y = builtin_bigint_of(context, &b);
	builtin_charge_bigints(context, x, y);
	policy_bigint_divide(context->arena, x, y, NULL, &rest);
	return builtin_from_bigint(context, rest);
}

/* ---- rounding ---- */

const struct value *builtin_abs(struct policy_context *context, const struct value *const *args)
{
	if (!builtin_is(context, args, 0, VALUE_NUMBER)) {
		return NULL;
	}
	struct number number = builtin_number_of(context, args[0]);
	if (number.kind == NUMBER_SMALL && number.small != INT64_MIN) {
		return number.small < 0 ? value_of_int(context->arena, -number.small) : args[0];
	}
	struct bigfloat real = builtin_float_of(context, &number);
	real.negative = false;
	return builtin_from_float(context, real, FLOAT_BITS);
}

/* An integer at or beside a real one: half is added first, then the fraction goes, then step. */
static const struct value *round_number(
	struct policy_context *context, const struct value *const *args, bool half, int step)
{
	if (!builtin_is(context, args, 0, VALUE_NUMBER)) {
		return NULL;
	}
	struct number number = builtin_number_of(context, args[0]);
	if (number.kind == NUMBER_SMALL) {
		return args[0];
	}
	struct bigfloat real = builtin_float_of(context, &number);
	if (half) {
		struct bigfloat add = policy_float_of_double(0.5);
		add.negative = real.negative;
		real = policy_float_add(context->arena, real, add);
	}
	bool whole = policy_float_is_integer(real);
	struct bigint integer = policy_float_truncate(context->arena, real);
	/*
	 * OPA looks at the sign of what is left after truncation. So ceil(-0.5) is 1 and
	 * floor(-0.5) is 0 there, and here: the same policy must decide the same.
	 */
	if (!half && !whole && (policy_bigint_sign(integer) < 0) == (step < 0)) {
		integer = policy_bigint_add(
			context->arena, integer, policy_bigint_of(context->arena, step));
	}
	return builtin_from_bigint(context, integer);
}

const struct value *builtin_round(struct policy_context *context, const struct value *const *args)
{
	return round_number(context, args, true, 0);
}

const struct value *builtin_ceil(struct policy_context *context, const struct value *const *args)
{
	return round_number(context, args, false, 1);
}

const struct value *builtin_floor(struct policy_context *context, const struct value *const *args)
{
	return round_number(context, args, false, -1);
}
