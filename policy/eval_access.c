#include "policy/eval.h"

#include "base/arena.h"

const struct value *frame_number(const struct frame *frame, size_t number)
{
	struct policy_worker *worker = frame->worker;

	if (number < PROGRAM_KEYS) {
		return worker->program->keys[number];
	}
	return value_of_int(worker->context.arena, (int64_t)number);
}

/* Of an object under construction: partial rules build objects within objects that way. */
static const struct value *dot_growing(
	struct frame *frame, const struct value *source, const struct value *key)
{
	struct growing *growing = growing_of(source);

	if (growing->type == VALUE_OBJECT) {
		return growing_find(frame->worker, growing, key);
	}
	return policy_lookup(&frame->worker->context, growing_finish(frame->worker, growing), key);
}

const struct op *op_dot(struct frame *frame, const struct op *op)
{
	const struct value *source = frame_raw(frame, op->a);
	const struct value *key = frame_value(frame, op->b);

	if (source == NULL || key == NULL) {
		return op->leave;
	}
	const struct value *found = is_growing(source)
					    ? dot_growing(frame, source, key)
					    : policy_lookup(&frame->worker->context, source, key);
	if (found == NULL) {
		return op->leave;
	}
	frame->locals[op->target] = found;
	return op + 1;
}

const struct op *op_dot_name(struct frame *frame, const struct op *op)
{
	const struct value *source = frame_raw(frame, op->a);

	if (is_growing(source) || !value_is(source, VALUE_OBJECT)) {
		return op_dot(frame, op);
	}
	const struct value *found = value_find_key(source, frame->constants[op->b]);
	if (found == NULL) {
		return op->leave;
	}
	frame->locals[op->target] = found;
	return op + 1;
}

const struct op *op_len(struct frame *frame, const struct op *op)
{
	const struct value *source = frame_value(frame, op->a);

	if (source == NULL) {
		return op->leave;
	}
	frame->locals[op->target] = frame_number(frame, value_count(source));
	return op + 1;
}

/* ---- comparing ---- */

const struct op *op_equal(struct frame *frame, const struct op *op)
{
	const struct value *a = frame_value(frame, op->a);
	const struct value *b = frame_value(frame, op->b);

	if (a == NULL || b == NULL || !policy_equals(&frame->worker->context, a, b)) {
		return op->leave;
	}
	return op + 1;
}

const struct op *op_not_equal(struct frame *frame, const struct op *op)
{
	const struct value *a = frame_value(frame, op->a);
	const struct value *b = frame_value(frame, op->b);

	if (a == NULL || b == NULL || policy_equals(&frame->worker->context, a, b)) {
		return op->leave;
	}
	return op + 1;
}

const struct op *op_order(struct frame *frame, const struct op *op)
{
	const struct value *a = frame_value(frame, op->a);
	const struct value *b = frame_value(frame, op->b);

	if (a == NULL || b == NULL) {
		return op->leave;
	}
	int order = policy_compare(&frame->worker->context, a, b);
	unsigned is = order < 0 ? ORDER_LESS : order == 0 ? ORDER_EQUAL : ORDER_GREATER;
	return (op->count & is) != 0 ? op + 1 : op->leave;
}

const struct op *op_is_defined(struct frame *frame, const struct op *op)
{
	return frame_raw(frame, op->a) != NULL ? op + 1 : op->leave;
}

const struct op *op_is_undefined(struct frame *frame, const struct op *op)
{
	return frame_raw(frame, op->a) == NULL ? op + 1 : op->leave;
}

const struct op *op_is_type(struct frame *frame, const struct op *op)
{
	const struct value *value = frame_value(frame, op->a);

	return value_is(value, (enum value_type)op->count) ? op + 1 : op->leave;
}

/* ---- loops ---- */

/*
 * A scalar or undefined has no items, which is no failure: the statement behind the loop goes on.
 * So `leave` is the same as at the end of the loop. Objects and sets come in Rego's order, since
 * values keep it. The container cannot change meanwhile: it is finished.
 */
const struct op *op_scan(struct frame *frame, const struct op *op)
{
	const struct value *source = frame_value(frame, op->a);
	struct scan *scan = &frame->scans[op->b];

	if (source == NULL || value_count(source) == 0) {
		return op->leave;
	}
	scan->next = 0;
	scan->count = (uint32_t)value_count(source);
	scan->is_set = value_type(source) == VALUE_SET;
	if (value_type(source) == VALUE_OBJECT) {
		scan->members = value_members(source);
	} else {
		scan->members = NULL;
		scan->items = value_items(source);
	}
	return op + 1;
}

const struct op *op_next(struct frame *frame, const struct op *op)
{
	struct scan *scan = &frame->scans[op->b];
	uint32_t at = scan->next;

	if (at == scan->count) {
		return op->leave;
	}
	scan->next = at + 1;
	if (scan->members != NULL) {
		frame->locals[op->target] = scan->members[at].key;
		frame->locals[op->count] = scan->members[at].value;
		return op + 1;
	}
	const struct value *item = scan->items[at];
	frame->locals[op->target] = scan->is_set ? item : frame_number(frame, at);
	frame->locals[op->count] = item;
	return op + 1;
}

const struct op *op_next_value(struct frame *frame, const struct op *op)
{
	struct scan *scan = &frame->scans[op->b];
	uint32_t at = scan->next;

	if (at == scan->count) {
		return op->leave;
	}
	scan->next = at + 1;
	frame->locals[op->count] =
		scan->members != NULL ? scan->members[at].value : scan->items[at];
	return op + 1;
}
