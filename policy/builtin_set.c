/*
 * Sets and arrays.
 */
#include "policy/builtin_number.h"

/* ---- sets ---- */

enum set_operation { SET_UNION, SET_INTERSECTION, SET_DIFFERENCE };

/* Both are sorted: one walk over the two. */
static const struct value *combine(struct policy_context *context, enum set_operation operation,
	const struct value *a, const struct value *b)
{
	struct builtin_list list = { 0 };
	size_t i = 0;
	size_t j = 0;

	if (value_count(b) == 0) {
		return operation == SET_INTERSECTION ? b : a;
	}
	if (value_count(a) == 0) {
		return operation == SET_UNION ? b : a;
	}
	while (i < value_count(a) || j < value_count(b)) {
		int order = i == value_count(a) ? 1
			    : j == value_count(b)
				    ? -1
				    : policy_compare(context, value_at(a, i), value_at(b, j));
		bool take = operation == SET_UNION          ? true
			    : operation == SET_INTERSECTION ? order == 0
							    : order < 0;
		if (take) {
			builtin_list_add(
				context, &list, order <= 0 ? value_at(a, i) : value_at(b, j));
		}
		i += order <= 0;
		j += order >= 0;
	}
	return builtin_list_set(context, &list);
}

static bool are_sets(struct policy_context *context, const struct value *const *args)
{
	return builtin_is(context, args, 0, VALUE_SET) && builtin_is(context, args, 1, VALUE_SET);
}

const struct value *builtin_and(struct policy_context *context, const struct value *const *args)
{
	return are_sets(context, args) ? combine(context, SET_INTERSECTION, args[0], args[1])
				       : NULL;
}

const struct value *builtin_or(struct policy_context *context, const struct value *const *args)
{
	return are_sets(context, args) ? combine(context, SET_UNION, args[0], args[1]) : NULL;
}

const struct value *builtin_set_diff(
	struct policy_context *context, const struct value *const *args)
{
	return are_sets(context, args) ? combine(context, SET_DIFFERENCE, args[0], args[1]) : NULL;
}

/* Of numbers or of sets. */
const struct value *builtin_minus(struct policy_context *context, const struct value *const *args)
{
	bool number = value_is(args[0], VALUE_NUMBER);

	if (number && value_is(args[1], VALUE_NUMBER)) {
		return builtin_subtract_numbers(context, args[0], args[1]);
	}
	if (value_is(args[0], VALUE_SET) && value_is(args[1], VALUE_SET)) {
		return combine(context, SET_DIFFERENCE, args[0], args[1]);
	}
	if (!builtin_is_any(context, args, 0, 1u << VALUE_NUMBER | 1u << VALUE_SET)) {
		return NULL;
	}
	builtin_is(context, args, 1, value_is(args[1], VALUE_NUMBER) ? VALUE_SET : VALUE_NUMBER);
	return NULL;
}

/* False: reported. */
static bool is_set_of_sets(struct policy_context *context, const struct value *const *args)
{
	if (!builtin_is(context, args, 0, VALUE_SET)) {
		return false;
	}
	for (size_t i = 0; i < value_count(args[0]); i++) {
		const struct value *item = value_at(args[0], i);
		if (!builtin_is(context, &item, 0, VALUE_SET)) {
			return false;
		}
	}
	policy_charge(context, value_count(args[0]));
	return true;
}

const struct value *builtin_intersection(
	struct policy_context *context, const struct value *const *args)
{
	if (!is_set_of_sets(context, args)) {
		return NULL;
	}
	const struct value *result = value_count(args[0]) > 0 ? value_at(args[0], 0) : args[0];
	for (size_t i = 1; i < value_count(args[0]); i++) {
		result = combine(context, SET_INTERSECTION, result, value_at(args[0], i));
	}
	return result;
}

const struct value *builtin_union(struct policy_context *context, const struct value *const *args)
{
	struct builtin_list list = { 0 };

	if (!is_set_of_sets(context, args)) {
		return NULL;
	}
	for (size_t i = 0; i < value_count(args[0]); i++) {
		const struct value *set = value_at(args[0], i);
		for (size_t k = 0; k < value_count(set); k++) {
			builtin_list_add(context, &list, value_at(set, k));
		}
	}
	return builtin_list_set(context, &list);
}

/* ---- arrays ---- */

static void add_all(
	struct policy_context *context, struct builtin_list *list, const struct value *array)
{
	for (size_t i = 0; i < value_count(array); i++) {
		builtin_list_add(context, list, value_at(array, i));
	}
}

const struct value *builtin_array_concat(
	struct policy_context *context, const struct value *const *args)
{
	struct builtin_list list = { 0 };

	if (!builtin_is(context, args, 0, VALUE_ARRAY) ||
		!builtin_is(context, args, 1, VALUE_ARRAY)) {
		return NULL;
	}
	if (value_count(args[0]) == 0 || value_count(args[1]) == 0) {
		return value_count(args[0]) == 0 ? args[1] : args[0];
	}
	add_all(context, &list, args[0]);
	add_all(context, &list, args[1]);
	return builtin_list_array(context, &list);
}

/* One level. */
const struct value *builtin_array_flatten(
	struct policy_context *context, const struct value *const *args)
{
	struct builtin_list list = { 0 };

	if (!builtin_is(context, args, 0, VALUE_ARRAY)) {
		return NULL;
	}
	for (size_t i = 0; i < value_count(args[0]); i++) {
		const struct value *item = value_at(args[0], i);
		if (value_is(item, VALUE_ARRAY)) {
			add_all(context, &list, item);
		} else {
			builtin_list_add(context, &list, item);
		}
	}
	return builtin_list_array(context, &list);
}

const struct value *builtin_array_reverse(
	struct policy_context *context, const struct value *const *args)
{
	struct builtin_list list = { 0 };

	if (!builtin_is(context, args, 0, VALUE_ARRAY)) {
		return NULL;
	}
	for (size_t i = value_count(args[0]); i-- > 0;) {
		builtin_list_add(context, &list, value_at(args[0], i));
	}
	return builtin_list_array(context, &list);
}

const struct value *builtin_array_slice(
	struct policy_context *context, const struct value *const *args)
{
	struct builtin_list list = { 0 };
	int64_t start, stop;

	if (!builtin_is(context, args, 0, VALUE_ARRAY) || !builtin_int(context, args, 1, &start) ||
		!builtin_int(context, args, 2, &stop)) {
		return NULL;
	}
	int64_t size = (int64_t)value_count(args[0]);
	stop = stop < 0 ? 0 : stop > size ? size : stop;
	start = start < 0 ? 0 : start > stop ? stop : start;
	if (start == 0 && stop == size) {
		return args[0];
	}
	for (int64_t i = start; i < stop; i++) {
		builtin_list_add(context, &list, value_at(args[0], (size_t)i));
	}
	return builtin_list_array(context, &list);
}
