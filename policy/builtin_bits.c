/*
 * bits.*: integers of any size, as if in two's complement of endless width.
 */
#include "policy/builtin_number.h"

#define SHIFT_LIMIT 16384 /* bits; a result may have 4096 digits anyway */

static const struct value *bitwise(struct policy_context *context, const struct value *const *args,
	enum bigint_bitwise operation)
{
	struct bigint a, b;

	if (!builtin_bigint(context, args, 0, &a) || !builtin_bigint(context, args, 1, &b)) {
		return NULL;
	}
	builtin_charge_bigints(context, a, b);
	return builtin_from_bigint(context, policy_bigint_bitwise(context->arena, operation, a, b));
}

const struct value *builtin_bits_and(
	struct policy_context *context, const struct value *const *args)
{
	return bitwise(context, args, BIGINT_AND);
}

const struct value *builtin_bits_or(struct policy_context *context, const struct value *const *args)
{
	return bitwise(context, args, BIGINT_OR);
}

const struct value *builtin_bits_xor(
	struct policy_context *context, const struct value *const *args)
{
	return bitwise(context, args, BIGINT_XOR);
}

/* -x - 1 */
const struct value *builtin_bits_negate(
	struct policy_context *context, const struct value *const *args)
{
	struct bigint a;

	if (!builtin_bigint(context, args, 0, &a)) {
		return NULL;
	}
	builtin_charge_bigints(context, a, a);
	return builtin_from_bigint(
		context, policy_bigint_subtract(context->arena, policy_bigint_negate(a),
				 policy_bigint_of(context->arena, 1)));
}

/* Both arguments of a shift; false: reported. Of a huge count OPA takes the lowest 64 bits. */
static bool shift_args(struct policy_context *context, const struct value *const *args,
	struct bigint *a, uint64_t *bits)
{
	struct bigint b;

	if (!builtin_bigint(context, args, 0, a) || !builtin_bigint(context, args, 1, &b)) {
		return false;
	}
	if (policy_bigint_sign(b) < 0) {
		builtin_error(context,
			"operand 2 must be an unsigned integer number but got a negative integer");
		return false;
	}
	*bits = policy_bigint_low(b);
	return true;
}

const struct value *builtin_bits_lsh(
	struct policy_context *context, const struct value *const *args)
{
	struct bigint a;
	uint64_t bits;

	if (!shift_args(context, args, &a, &bits)) {
		return NULL;
	}
	if (bits > SHIFT_LIMIT && policy_bigint_sign(a) != 0) {
		return builtin_error(context, "a shift by more than %d bits", SHIFT_LIMIT);
	}
	policy_charge_bytes(context, (a.count + (size_t)(bits % (SHIFT_LIMIT + 1)) / 32 + 8) * 8);
	builtin_charge_bigints(context, a, a);
	return builtin_from_bigint(
		context, policy_bigint_sign(a) == 0
				 ? a
				 : policy_bigint_shift_left(context->arena, a, (size_t)bits));
}

const struct value *builtin_bits_rsh(
	struct policy_context *context, const struct value *const *args)
{
	struct bigint a;
	uint64_t bits;

	if (!shift_args(context, args, &a, &bits)) {
		return NULL;
	}
	builtin_charge_bigints(context, a, a);
	/* Rounds towards minus infinity, as a shift of two's complement does. */
	bool lost = a.negative && policy_bigint_low_bits_set(a, (size_t)bits);
	struct bigint result = policy_bigint_shift_right(context->arena, a, (size_t)bits);
	if (lost) {
		result = policy_bigint_subtract(
			context->arena, result, policy_bigint_of(context->arena, 1));
	}
	return builtin_from_bigint(context, result);
}
