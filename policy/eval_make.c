#include "policy/eval.h"

#include "base/arena.h"

const struct op *op_assign(struct frame *frame, const struct op *op)
{
	frame->locals[op->target] = frame_raw(frame, op->a);
	return op + 1;
}

const struct op *op_assign_once(struct frame *frame, const struct op *op)
{
	const struct value *value = frame_value(frame, op->a);
	const struct value *there = frame_value(frame, (int32_t)op->target);

	if (value == NULL) {
		return op->leave;
	}
	if (there != NULL && !policy_equals(&frame->worker->context, there, value)) {
		if (!reach_error(frame)) {
			return op->leave;
		}
		policy_leave(frame->worker, POLICY_FAILURE_CONFLICT,
			"%s has different values: complete rules must not give several",
			frame->function->name);
	}
	frame->locals[op->target] = value;
	return op + 1;
}

const struct op *op_reset(struct frame *frame, const struct op *op)
{
	frame->locals[op->target] = NULL;
	return op + 1;
}

/* ---- containers ---- */

const struct op *op_make(struct frame *frame, const struct op *op)
{
	enum value_type type = (enum value_type)op->count;
	struct growing *growing = growing_new(frame->worker, type, 0);

	growing->finished = frame->worker->program->empties[type];
	frame->locals[op->target] = growing_as_value(growing);
	return op + 1;
}

/*
 * The container of a local, ready to be changed. Plans add only to what they made empty before;
 * one that was finished meanwhile and came back as a value starts anew from its content.
 */
static struct growing *container_of(struct frame *frame, const struct op *op, enum value_type type)
{
	const struct value *there = frame->locals[op->target];
	struct growing *growing = NULL;

	if (is_growing(there)) {
		growing = growing_of(there);
	} else if (value_is(there, type)) {
		growing = growing_from(frame->worker, there);
		frame->locals[op->target] = growing_as_value(growing);
	}
	if (growing == NULL || growing->type != type) {
		policy_leave(frame->worker, POLICY_FAILURE_INVALID,
			"the plan adds to something that is no %s", value_type_name(type));
	}
	return growing;
}

static const struct op *add_item(struct frame *frame, const struct op *op, enum value_type type)
{
	const struct value *item = frame_value(frame, op->a);

	if (item == NULL) {
		return op->leave;
	}
	growing_add(frame->worker, container_of(frame, op, type), item);
	return op + 1;
}

const struct op *op_append(struct frame *frame, const struct op *op)
{
	return add_item(frame, op, VALUE_ARRAY);
}

const struct op *op_add(struct frame *frame, const struct op *op)
{
	return add_item(frame, op, VALUE_SET);
}

/* The value stays growing: a partial rule puts an empty object here and fills it afterwards. */
const struct op *op_insert(struct frame *frame, const struct op *op)
{
	const struct value *key = frame_value(frame, op->a);
	const struct value *value = frame_raw(frame, op->b);

	if (key == NULL || value == NULL) {
		return op->leave;
	}
	growing_insert(frame->worker, container_of(frame, op, VALUE_OBJECT), key, value);
	return op + 1;
}

const struct op *op_insert_once(struct frame *frame, const struct op *op)
{
	struct policy_worker *worker = frame->worker;
	const struct value *key = frame_value(frame, op->a);
	const struct value *value = frame_value(frame, op->b);

	if (key == NULL || value == NULL) {
		return op->leave;
	}
	struct growing *object = container_of(frame, op, VALUE_OBJECT);
	const struct value *there = growing_find(worker, object, key);
	if (is_growing(there)) {
		there = growing_finish(worker, growing_of(there));
	}
	if (there != NULL && !policy_equals(&worker->context, there, value)) {
		if (!reach_error(frame)) {
			return op->leave;
		}
		policy_leave(worker, POLICY_FAILURE_CONFLICT,
			"%s has different values for the key %s", frame->function->name,
			value_preview(worker->context.arena, key, 80));
	}
	growing_insert(worker, object, key, value);
	return op + 1;
}

/* ---- merging ---- */

/*
 * Rules shadow base documents: the planner calls this with a base document and what the rules
 * give. As in OPA the first wins where one of the two is no object.
 */
static const struct value *merge(struct policy_worker *worker, const struct value *a,
	const struct value *b, unsigned nesting)
{
	struct policy_context *context = &worker->context;

	if (a == b || !value_is(a, VALUE_OBJECT) || !value_is(b, VALUE_OBJECT)) {
		return a;
	}
	if (nesting > worker->budget->depth) {
		policy_leave(worker, POLICY_FAILURE_BUDGET, "documents are nested too deep");
	}
	size_t count = value_count(a) + value_count(b);
	struct value_member *members = policy_alloc_array(context, count, sizeof(*members));
	size_t used = 0;
	for (size_t i = 0; i < value_count(b); i++) {
		members[used++] = *value_member_at(b, i);
	}
	for (size_t i = 0; i < value_count(a); i++) {
		const struct value_member *member = value_member_at(a, i);
		const struct value *other = policy_lookup(context, b, member->key);
		const struct value *value =
			other == NULL ? member->value
				      : merge(worker, member->value, other, nesting + 1);
		members[used++] = (struct value_member){ member->key, value };
	}
	return policy_object(context, members, used);
}

const struct op *op_merge(struct frame *frame, const struct op *op)
{
	const struct value *a = frame_value(frame, op->a);
	const struct value *b = frame_value(frame, op->b);

	if (a == NULL || b == NULL) {
		return op->leave;
	}
	frame->locals[op->target] = merge(frame->worker, a, b, 0);
	return op + 1;
}

/* ---- with ---- */

/* `document` with the member at the path set; what is missing or no object on the way is made. */
static const struct value *upsert(struct frame *frame, const struct value *document,
	const int32_t *path, size_t count, const struct value *value)
{
	struct policy_context *context = &frame->worker->context;

	if (count == 0) {
		return value;
	}
	const struct value *name = frame->constants[path[0]];
	const struct value *object = value_is(document, VALUE_OBJECT) ? document : NULL;
	const struct value *inner = object != NULL ? value_find_key(object, name) : NULL;
	inner = upsert(frame, inner, path + 1, count - 1, value);
	policy_charge(context, value_count(object) + 1);
	policy_charge_bytes(
		context, (value_count(object) + 1) * 2 * sizeof(struct value_member) + 64);
	const struct value *changed = value_with(context->arena, object, value_text(name), inner);
	policy_check_depth(context, changed);
	return changed;
}

/*
 * Without a path the local becomes what a is, which may be undefined: that is how the planner
 * restores an input that was not there. With a path an undefined value is undefined.
 * Rules are memoised by the documents they see, so nothing else has to be saved.
 */
const struct op *op_with(struct frame *frame, const struct op *op)
{
	const struct value *value = frame_value(frame, op->a);
	const struct value *document = frame_value(frame, (int32_t)op->target);

	if (value == NULL && op->count > 0) {
		return op->leave;
	}
	frame->locals[op->b] = document;
	frame->locals[op->target] = upsert(frame, document, op->args, op->count, value);
	return op + 1;
}

const struct op *op_restore(struct frame *frame, const struct op *op)
{
	frame->locals[op->target] = frame->locals[op->b];
	return op + 1;
}

const struct op *op_result(struct frame *frame, const struct op *op)
{
	const struct value *bindings = frame_value(frame, op->a);

	if (bindings == NULL) {
		return op->leave;
	}
	growing_add(frame->worker, frame->worker->results, bindings);
	return op + 1;
}
