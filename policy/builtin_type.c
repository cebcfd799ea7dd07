/*
 * Comparison, type tests, casts, to_number.
 */
#include <math.h>
#include <string.h>
#include "base/buf.h"
#include "policy/builtin_args.h"

/* ---- comparison: OPA's planner calls these for every operator but := and == of terms ---- */

const struct value *builtin_equal(struct policy_context *context, const struct value *const *args)
{
	return value_of_bool(policy_equals(context, args[0], args[1]));
}

const struct value *builtin_neq(struct policy_context *context, const struct value *const *args)
{
	return value_of_bool(!policy_equals(context, args[0], args[1]));
}

const struct value *builtin_gt(struct policy_context *context, const struct value *const *args)
{
	return value_of_bool(policy_compare(context, args[0], args[1]) > 0);
}

const struct value *builtin_gte(struct policy_context *context, const struct value *const *args)
{
	return value_of_bool(policy_compare(context, args[0], args[1]) >= 0);
}

const struct value *builtin_lt(struct policy_context *context, const struct value *const *args)
{
	return value_of_bool(policy_compare(context, args[0], args[1]) < 0);
}

const struct value *builtin_lte(struct policy_context *context, const struct value *const *args)
{
	return value_of_bool(policy_compare(context, args[0], args[1]) <= 0);
}

/* ---- type tests ---- */

const struct value *builtin_is_array(
	struct policy_context *context, const struct value *const *args)
{
	(void)context;
	return value_of_bool(value_is(args[0], VALUE_ARRAY));
}

const struct value *builtin_is_boolean(
	struct policy_context *context, const struct value *const *args)
{
	(void)context;
	return value_of_bool(value_is(args[0], VALUE_BOOL));
}

const struct value *builtin_is_null(struct policy_context *context, const struct value *const *args)
{
	(void)context;
	return value_of_bool(value_is(args[0], VALUE_NULL));
}

const struct value *builtin_is_number(
	struct policy_context *context, const struct value *const *args)
{
	(void)context;
	return value_of_bool(value_is(args[0], VALUE_NUMBER));
}

const struct value *builtin_is_object(
	struct policy_context *context, const struct value *const *args)
{
	(void)context;
	return value_of_bool(value_is(args[0], VALUE_OBJECT));
}

const struct value *builtin_is_set(struct policy_context *context, const struct value *const *args)
{
	(void)context;
	return value_of_bool(value_is(args[0], VALUE_SET));
}

const struct value *builtin_is_string(
	struct policy_context *context, const struct value *const *args)
{
	(void)context;
	return value_of_bool(value_is(args[0], VALUE_STRING));
}

const struct value *builtin_type_name(
	struct policy_context *context, const struct value *const *args)
{
	return value_of_text(context->arena, value_type_name(value_type(args[0])));
}

/* ---- casts (deprecated in OPA, still in its cases) ---- */

static const struct value *items_of(
	struct policy_context *context, const struct value *const *args, enum value_type type)
{
	size_t items = value_count(args[0]);

	if (!builtin_is_any(context, args, 0, 1u << VALUE_ARRAY | 1u << VALUE_SET)) {
		return NULL;
	}
	if (value_is(args[0], type)) {
		return args[0];
	}
	const struct value **list = policy_alloc_array(context, items, sizeof(*list));
	for (size_t i = 0; i < items; i++) {
		list[i] = value_at(args[0], i);
	}
	return type == VALUE_ARRAY ? policy_array(context, list, items)
				   : policy_set(context, list, items);
}

const struct value *builtin_cast_array(
	struct policy_context *context, const struct value *const *args)
{
	return items_of(context, args, VALUE_ARRAY);
}

const struct value *builtin_cast_set(
	struct policy_context *context, const struct value *const *args)
{
	return items_of(context, args, VALUE_SET);
}

const struct value *builtin_cast_boolean(
	struct policy_context *context, const struct value *const *args)
{
	return builtin_is(context, args, 0, VALUE_BOOL) ? args[0] : NULL;
}

const struct value *builtin_cast_null(
	struct policy_context *context, const struct value *const *args)
{
	return builtin_is(context, args, 0, VALUE_NULL) ? args[0] : NULL;
}

const struct value *builtin_cast_object(
	struct policy_context *context, const struct value *const *args)
{
	return builtin_is(context, args, 0, VALUE_OBJECT) ? args[0] : NULL;
}

const struct value *builtin_cast_string(
	struct policy_context *context, const struct value *const *args)
{
	return builtin_is(context, args, 0, VALUE_STRING) ? args[0] : NULL;
}

/* ---- to_number ---- */

static bool is_infinite_or_nan(struct span text)
{
	while (text.size > 0 && (*text.at == '+' || *text.at == '-')) {
		text.at++;
		text.size--;
	}
	return (text.size == 3 && strncasecmp(text.at, "inf", 3) == 0) ||
	       (text.size == 8 && strncasecmp(text.at, "infinity", 8) == 0) ||
	       (text.size == 3 && strncasecmp(text.at, "nan", 3) == 0);
}

/* Copies digits; returns how many. */
static size_t copy_digits(struct buf *buf, struct span text, size_t *at)
{
	size_t begin = *at;

	while (*at < text.size && text.at[*at] >= '0' && text.at[*at] <= '9') {
		buf_append_char(buf, text.at[(*at)++]);
	}
	return *at - begin;
}

/*
 * Go's ParseFloat takes what JSON does not: a plus sign, leading zeros, ".5", "5.". False: it
 * is no decimal number. (Hexadecimal floats and underscores, which Go takes too, are none here.)
 */
static bool json_form(struct buf *buf, struct span text)
{
	size_t at = text.size > 0 && (text.at[0] == '+' || text.at[0] == '-') ? 1 : 0;
	size_t digits;

	if (at > 0 && text.at[0] == '-') {
		buf_append_char(buf, '-');
	}
	size_t zeros = at;
	while (at + 1 < text.size && text.at[at] == '0' && text.at[at + 1] >= '0' &&
		text.at[at + 1] <= '9') {
		at++;
	}
	digits = copy_digits(buf, text, &at) + (at - zeros);
	if (at == zeros) {
		buf_append_char(buf, '0');
	}
	if (at < text.size && text.at[at] == '.') {
		at++;
		buf_append_char(buf, '.');
		size_t fraction = copy_digits(buf, text, &at);
		digits += fraction;
		if (fraction == 0) {
			buf_append_char(buf, '0');
		}
	}
	if (digits == 0) {
		return false;
	}
	if (at < text.size && (text.at[at] == 'e' || text.at[at] == 'E')) {
		at++;
		buf_append_char(buf, 'e');
		if (at < text.size && (text.at[at] == '+' || text.at[at] == '-')) {
			buf_append_char(buf, text.at[at++]);
		}
		if (copy_digits(buf, text, &at) == 0) {
			return false;
		}
	}
	return at == text.size;
}

const struct value *builtin_to_number(
	struct policy_context *context, const struct value *const *args)
{
	const struct value *number;

	switch (value_type(args[0])) {
	case VALUE_NULL:
		return value_of_int(context->arena, 0);
	case VALUE_BOOL:
		return value_of_int(context->arena, value_bool(args[0]));
	case VALUE_NUMBER:
		return args[0];
	case VALUE_STRING:
		break;
	default:
		return builtin_error(context,
			"operand 1 must be one of {null, boolean, number, string} but got %s",
			value_type_name(value_type(args[0])));
	}
	struct span text = span_of(args[0]);
	if (is_infinite_or_nan(text)) {
		return builtin_error(
			context, "operand 1 must be valid number string but got string");
	}
	struct buf *buf = policy_buf(context, 0);
	policy_charge_text(context, text.size * 4);
	policy_charge_bytes(context, text.size * 2);
	if (!json_form(buf, text) ||
		!value_of_number(context->arena, buf_text(buf), buf->size, &number) ||
		!isfinite(value_double(number))) {
		return builtin_error(context,
			"strconv.ParseFloat: parsing \"%.*s\": invalid syntax",
			(int)(text.size < 100 ? text.size : 100), text.at);
	}
	return number;
}
