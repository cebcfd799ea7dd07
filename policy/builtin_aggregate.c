/*
 * count, sum, product, min, max, sort, any, all, membership, numbers.range and format_int.
 */
#include <string.h>
#include "base/arena.h"
#include "base/utf8.h"
#include "policy/builtin_number.h"

#define ARRAY_OR_SET (1u << VALUE_ARRAY | 1u << VALUE_SET)
#define RANGE_LIMIT 1000000 /* items of numbers.range; OPA's only end is its time-out */

const struct value *builtin_count(struct policy_context *context, const struct value *const *args)
{
	const struct value *value = args[0];
	int64_t runes = 0;

	if (!builtin_is_any(
		    context, args, 0, ARRAY_OR_SET | 1u << VALUE_OBJECT | 1u << VALUE_STRING)) {
		return NULL;
	}
	if (!value_is(value, VALUE_STRING)) {
		return value_of_int(context->arena, (int64_t)value_count(value));
	}
	policy_charge_text(context, value_size(value));
	for (size_t i = 0; i < value_size(value); i++) {
		runes += (value_text(value)[i] & 0xc0) != 0x80;
	}
	return value_of_int(context->arena, runes);
}

/* ---- sum and product ---- */

static const struct value *total_of_integers(
	struct policy_context *context, const struct value *items, bool product)
{
	struct bigint total = policy_bigint_of(context->arena, product);

	for (size_t i = 0; i < value_count(items); i++) {
		struct number number = builtin_number_of(context, value_at(items, i));
		struct bigint item = builtin_bigint_of(context, &number);
		builtin_charge_bigints(context, total, item);
		total = product ? policy_bigint_multiply(context->arena, total, item)
				: policy_bigint_add(context->arena, total, item);
	}
	return builtin_from_bigint(context, total);
}

static const struct value *total_of_floats(
	struct policy_context *context, const struct value *items, bool product)
{
	/* OPA's product starts from a 1 of 53 bits, and stays with that precision. */
	unsigned precision = product ? 53 : FLOAT_BITS;
	struct bigfloat total = policy_float_of_double(product ? 1 : 0);

	for (size_t i = 0; i < value_count(items); i++) {
		struct number number = builtin_number_of(context, value_at(items, i));
		struct bigfloat item = builtin_float_of(context, &number);
		policy_charge(context, 20);
		total = product ? policy_float_multiply(context->arena, total, item, precision)
				: policy_float_add(context->arena, total, item);
	}
	return builtin_from_float(context, total, precision);
}

/* The sum or product of small integers; false: one is none, or it overflows. */
static bool small_total(const struct value *items, bool product, int64_t *total)
{
	*total = product;
	for (size_t i = 0; i < value_count(items); i++) {
		int64_t item;
		if (!value_int(value_at(items, i), &item) ||
			(product ? __builtin_mul_overflow(*total, item, total)
				 : __builtin_add_overflow(*total, item, total))) {
			return false;
		}
	}
	return true;
}

static const struct value *total(
	struct policy_context *context, const struct value *const *args, bool product)
{
	const struct value *items = args[0];
	int64_t small;
	bool integers = true;

	if (!builtin_is_any(context, args, 0, ARRAY_OR_SET)) {
		return NULL;
	}
	policy_charge(context, value_count(items));
	if (small_total(items, product, &small)) {
		return value_of_int(context->arena, small);
	}
	for (size_t i = 0; i < value_count(items); i++) {
		if (!value_is(value_at(items, i), VALUE_NUMBER)) {
			return builtin_item_error(context, args, 0, value_at(items, i), "number");
		}
		integers = integers &&
			   builtin_number_of(context, value_at(items, i)).kind != NUMBER_REAL;
	}
	return integers ? total_of_integers(context, items, product)
			: total_of_floats(context, items, product);
}

const struct value *builtin_sum(struct policy_context *context, const struct value *const *args)
{
	return total(context, args, false);
}

const struct value *builtin_product(struct policy_context *context, const struct value *const *args)
{
	return total(context, args, true);
}

/* ---- order ---- */

/* The item that stands first (sign 1) or last (-1). */
static const struct value *extreme(
	struct policy_context *context, const struct value *const *args, int sign)
{
	const struct value *best = NULL;

	if (!builtin_is_any(context, args, 0, ARRAY_OR_SET)) {
		return NULL;
	}
	for (size_t i = 0; i < value_count(args[0]); i++) {
		const struct value *item = value_at(args[0], i);
		if (best == NULL || policy_compare(context, item, best) * sign <= 0) {
			best = item;
		}
	}
	return best;
}

const struct value *builtin_min(struct policy_context *context, const struct value *const *args)
{
	return extreme(context, args, 1);
}

const struct value *builtin_max(struct policy_context *context, const struct value *const *args)
{
	return extreme(context, args, -1);
}

const struct value *builtin_sort(struct policy_context *context, const struct value *const *args)
{
	size_t items = value_count(args[0]);

	if (!builtin_is_any(context, args, 0, ARRAY_OR_SET)) {
		return NULL;
	}
	const struct value **list = policy_alloc_array(context, items, sizeof(*list));
	for (size_t i = 0; i < items; i++) {
		list[i] = value_at(args[0], i);
	}
	policy_sort(context, list, items);
	return policy_array(context, list, items);
}

/* ---- any, all, in ---- */

static bool is_true(const struct value *value)
{
	return value_is(value, VALUE_BOOL) && value_bool(value);
}

const struct value *builtin_all(struct policy_context *context, const struct value *const *args)
{
	if (!builtin_is_any(context, args, 0, ARRAY_OR_SET)) {
		return NULL;
	}
	policy_charge(context, value_count(args[0]));
	for (size_t i = 0; i < value_count(args[0]); i++) {
		if (!is_true(value_at(args[0], i))) {
			return value_of_bool(false);
		}
	}
	return value_of_bool(true);
}

const struct value *builtin_any(struct policy_context *context, const struct value *const *args)
{
	if (!builtin_is_any(context, args, 0, ARRAY_OR_SET)) {
		return NULL;
	}
	policy_charge(context, value_count(args[0]));
	for (size_t i = 0; i < value_count(args[0]); i++) {
		if (is_true(value_at(args[0], i))) {
			return value_of_bool(true);
		}
	}
	return value_of_bool(false);
}

/* x in collection */
const struct value *builtin_internal_member_2(
	struct policy_context *context, const struct value *const *args)
{
	const struct value *collection = args[1];

	switch (value_type(collection)) {
	case VALUE_SET:
		return value_of_bool(policy_lookup(context, collection, args[0]) != NULL);
	case VALUE_ARRAY:
		for (size_t i = 0; i < value_count(collection); i++) {
			if (policy_equals(context, args[0], value_at(collection, i))) {
				return value_of_bool(true);
			}
		}
		return value_of_bool(false);
	case VALUE_OBJECT:
		for (size_t i = 0; i < value_count(collection); i++) {
			if (policy_equals(
				    context, args[0], value_member_at(collection, i)->value)) {
				return value_of_bool(true);
			}
		}
		return value_of_bool(false);
	default:
		return value_of_bool(false);
	}
}

/* key, x in collection */
const struct value *builtin_internal_member_3(
	struct policy_context *context, const struct value *const *args)
{
	enum value_type type = value_type(args[2]);

	if (type != VALUE_SET && type != VALUE_ARRAY && type != VALUE_OBJECT) {
		return value_of_bool(false);
	}
	const struct value *there = policy_lookup(context, args[2], args[0]);
	return value_of_bool(there != NULL && policy_equals(context, there, args[1]));
}

/* ---- numbers.range ---- */

static const struct value *range_of_large(
	struct policy_context *context, struct bigint from, struct bigint to, struct bigint step)
{
	int direction = policy_bigint_compare(from, to) <= 0 ? 1 : -1;
	struct builtin_list list = { 0 };

	step.negative = direction < 0;
	while (policy_bigint_compare(from, to) * direction <= 0) {
		const struct value *item = builtin_from_bigint(context, from);
		if (item == NULL) {
			return NULL;
		}
		if (list.count == RANGE_LIMIT) {
			return builtin_error(
				context, "the range has more than %d numbers", RANGE_LIMIT);
		}
		builtin_list_add(context, &list, item);
		builtin_charge_bigints(context, from, step);
		from = policy_bigint_add(context->arena, from, step);
	}
	return builtin_list_array(context, &list);
}

static const struct value *range_of_small(
	struct policy_context *context, int64_t from, int64_t to, int64_t step)
{
	uint64_t distance =
		from <= to ? (uint64_t)to - (uint64_t)from : (uint64_t)from - (uint64_t)to;
	uint64_t steps = distance / (uint64_t)step;

	if (steps >= RANGE_LIMIT) {
		return builtin_error(context, "the range has more than %d numbers", RANGE_LIMIT);
	}
	size_t count = (size_t)steps + 1;
	policy_charge_bytes(context, count * 64);
	const struct value **list = policy_alloc_array(context, count, sizeof(*list));
	policy_charge(context, count);
	for (size_t i = 0; i < count; i++) {
		int64_t offset = (int64_t)(i * (uint64_t)step);
		list[i] = value_of_int(context->arena, from <= to ? from + offset : from - offset);
	}
	return policy_array(context, list, count);
}

static const struct value *range(struct policy_context *context, const struct value *const *args,
	struct bigint step, const char *name)
{
	struct bigint from, to;
	int64_t a, b, by;

	if (!builtin_bigint(context, args, 0, &from) || !builtin_bigint(context, args, 1, &to)) {
		return NULL;
	}
	if (policy_bigint_sign(step) <= 0) {
		return builtin_error(context, "%s: step must be a positive integer", name);
	}
	if (policy_bigint_to_int(from, &a) && policy_bigint_to_int(to, &b) &&
		policy_bigint_to_int(step, &by)) {
		return range_of_small(context, a, b, by);
	}
	return range_of_large(context, from, to, step);
}

const struct value *builtin_numbers_range(
	struct policy_context *context, const struct value *const *args)
{
	return range(context, args, policy_bigint_of(context->arena, 1), "numbers.range");
}

const struct value *builtin_numbers_range_step(
	struct policy_context *context, const struct value *const *args)
{
	struct bigint step;

	if (!builtin_bigint(context, args, 2, &step)) {
		return NULL;
	}
	return range(context, args, step, "numbers.range_step");
}

/* ---- format_int ---- */

const struct value *builtin_format_int(
	struct policy_context *context, const struct value *const *args)
{
	int64_t base = 0;
	size_t size;

	if (!builtin_is(context, args, 0, VALUE_NUMBER) ||
		!builtin_is(context, args, 1, VALUE_NUMBER)) {
		return NULL;
	}
	if (!value_int(args[1], &base) || (base != 2 && base != 8 && base != 10 && base != 16)) {
		return builtin_error(context, "operand 2 must be one of {2, 8, 10, 16}");
	}
	struct number number = builtin_number_of(context, args[0]);
	struct bigint integer;
	if (number.kind == NUMBER_REAL) {
		integer = policy_float_truncate(context->arena, builtin_float_of(context, &number));
	} else {
		integer = builtin_bigint_of(context, &number);
	}
	builtin_charge_bigints(context, integer, integer);
	policy_charge_bytes(context, integer.count * 64 + 64);
	const char *text = policy_bigint_text(context->arena, integer, (unsigned)base, &size);
	return builtin_text(context, text, size);
}
