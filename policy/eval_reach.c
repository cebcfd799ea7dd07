#include "policy/reach.h"

#include <string.h>
#include "policy/eval.h"

static const struct value *get(
	const struct frame *frame, const struct reach *reach, const struct reach_guard *guard)
{
	if (guard->root < REACH_ARGUMENT) {
		return frame_value(frame, (int32_t)reach->documents[guard->root]);
	}
	return frame_value(frame, (int32_t)frame->function->params[guard->root]);
}

static bool has_affix(const struct value *value, const struct reach_option *option)
{
	size_t size = value_is(value, VALUE_STRING) ? value_size(value) : 0;
	size_t wanted = value_size(option->value);

	if (!value_is(value, VALUE_STRING) || size < wanted) {
		return false;
	}
	const char *at = value_text(value) + (option->kind == REACH_PREFIX ? 0 : size - wanted);
	return memcmp(at, value_text(option->value), wanted) == 0;
}

static bool fits(struct policy_context *context, const struct value *value,
	const struct reach_option *option)
{
	int64_t length;

	switch (option->kind) {
	case REACH_PREFIX:
	case REACH_SUFFIX:
		return has_affix(value, option);
	case REACH_TEXT:
		return value_is(value, VALUE_STRING) || value_is(value, VALUE_ARRAY);
	case REACH_ARRAY:
		return value_is(value, VALUE_ARRAY) && value_int(option->value, &length) &&
		       (int64_t)value_count(value) == length;
	default:
		return policy_equals(context, value, option->value);
	}
}

static const struct value *item_at(const struct value *collection, size_t i)
{
	return value_is(collection, VALUE_OBJECT) ? value_member_at(collection, i)->value
						  : value_at(collection, i);
}

static bool fits_any(struct policy_context *context, const struct value *value,
	const struct reach_option *option)
{
	bool of_items = option->kind == REACH_PREFIX || option->kind == REACH_SUFFIX ||
			option->kind == REACH_MEMBER;
	bool is_collection = value_type(value) >= VALUE_ARRAY;

	if (option->kind != REACH_MEMBER && fits(context, value, option)) {
		return true;
	}
	for (size_t i = 0; of_items && is_collection && i < value_count(value); i++) {
		policy_charge(context, 1);
		if (fits(context, item_at(value, i), option)) {
			return true;
		}
	}
	return false;
}

static bool holds(
	const struct frame *frame, const struct reach *reach, const struct reach_guard *guard)
{
	struct policy_context *context = &frame->worker->context;
	const struct value *value = get(frame, reach, guard);

	for (uint32_t i = 0; value != NULL && i < guard->path_count; i++) {
		if (guard->root == REACH_DATA && !value_is(value, VALUE_OBJECT)) {
			return true; /* OPA's store finds an item of an array by text, too */
		}
		value = policy_lookup(context, value, guard->path[i]);
	}
	bool fits = value != NULL && guard->option_count == 0;
	for (uint32_t i = 0; value != NULL && !fits && i < guard->option_count; i++) {
		policy_charge(context, 1);
		fits = fits_any(context, value, &guard->options[i]);
	}
	return fits;
}

/* Whether OPA's index leaves the body out. */
static bool is_left_out(
	const struct frame *frame, const struct reach *reach, const struct reach_body *body)
{
	policy_charge(&frame->worker->context, 1 + body->guard_count);
	for (size_t i = 0; i < body->guard_count; i++) {
		if (!holds(frame, reach, &body->guards[i])) {
			return true;
		}
	}
	return false;
}

/* Whether the rule has its value already, and OPA asks no further since there is only this one. */
static bool is_settled(
	const struct frame *frame, const struct reach *reach, const struct reach_body *body)
{
	bool has_value = (body->is_orderly && frame->locals[body->result] != NULL) ||
			 (reach->in_order && frame->locals[reach->result] != NULL);

	if (body->head == NULL || !has_value) {
		return false;
	}
	for (size_t i = 0; i < reach->count; i++) {
		const struct reach_body *other = &reach->list[i];
		bool agrees = other->result != body->result ||
			      (other->head != NULL && policy_equals(&frame->worker->context,
							      other->head, body->head));
		if (!agrees && !is_left_out(frame, reach, other)) {
			return false;
		}
	}
	return true;
}

/* Whether an `every` around the op has failed already. */
static bool has_failed(const struct frame *frame, const struct reach *reach, uint32_t at)
{
	for (size_t i = 0; i < reach->stop_count; i++) {
		const struct reach_stop *stop = &reach->stops[i];
		if (stop->begin <= at && at <= stop->end && frame->locals[stop->local] != NULL) {
			return true;
		}
	}
	return false;
}

static bool gets_to(const struct frame *frame, const struct op *op)
{
	const struct reach *reach = &frame->function->reach;
	uint32_t at = (uint32_t)(op - frame->function->ops);

	if (reach->bodies[at] == 0) {
		return true;
	}
	const struct reach_body *body = &reach->list[reach->bodies[at] - 1];
	bool is_stopped = body->is_orderly && has_failed(frame, reach, at);
	return !is_stopped && !is_left_out(frame, reach, body) && !is_settled(frame, reach, body);
}

bool reach_error(struct frame *frame)
{
	const struct op *op = frame->worker->op;

	for (struct frame *at = frame; at != NULL; op = at->call, at = at->outer) {
		if (gets_to(at, op)) {
			continue;
		}
		for (struct frame *inner = frame; inner != at; inner = inner->outer) {
			inner->spared = true;
		}
		return false;
	}
	return true;
}
