/*
 * print(), trace() and template strings: what OPA's compiler makes of them.
 */
#include "base/buf.h"
#include "policy/builtin_term.h"

static void write_plain(struct policy_context *context, struct buf *buf, const struct value *value)
{
	if (value_is(value, VALUE_STRING)) {
		builtin_append(context, buf, value_text(value), value_size(value));
	} else {
		builtin_write_term(context, buf, value);
	}
}

/*
 * One part: a constant, or a set of at most one value: the compiler wraps what may be undefined
 * into a set comprehension. False: reported.
 */
static bool write_part(struct policy_context *context, struct buf *buf, const struct value *part)
{
	if (value_is(part, VALUE_ARRAY) || value_is(part, VALUE_OBJECT)) {
		builtin_error(
			context, "illegal argument type: %s", value_type_name(value_type(part)));
		return false;
	}
	if (!value_is(part, VALUE_SET)) {
		write_plain(context, buf, part);
		return true;
	}
	if (value_count(part) == 0) {
		builtin_append(context, buf, "<undefined>", 11);
		return true;
	}
	if (value_count(part) > 1) {
		builtin_error(context, "template-strings must not produce multiple outputs");
		return false;
	}
	write_plain(context, buf, value_at(part, 0));
	return true;
}

/* $"Hello {input.name}" */
const struct value *builtin_internal_template_string(
	struct policy_context *context, const struct value *const *args)
{
	if (!builtin_is(context, args, 0, VALUE_ARRAY)) {
		return NULL;
	}
	struct buf *buf = policy_buf(context, 0);
	for (size_t i = 0; i < value_count(args[0]); i++) {
		if (!write_part(context, buf, value_at(args[0], i))) {
			return NULL;
		}
	}
	return policy_text_of_buf(context, buf);
}

/* Nobody listens: a decision has no output but its value. `opa build` leaves print() out anyway. */
const struct value *builtin_internal_print(
	struct policy_context *context, const struct value *const *args)
{
	return builtin_is(context, args, 0, VALUE_ARRAY) ? value_of_bool(true) : NULL;
}

const struct value *builtin_trace(struct policy_context *context, const struct value *const *args)
{
	if (!builtin_is(context, args, 0, VALUE_STRING)) {
		return NULL;
	}
	policy_note(context, value_text(args[0]));
	return value_of_bool(true);
}
