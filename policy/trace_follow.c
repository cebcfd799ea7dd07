#include "policy/trace_follow.h"

#include <string.h>
#include "base/arena.h"
#include "policy/builtin.h"
#include "policy/eval.h"

#define DOCUMENTS_MOST 64 /* of one rule, each made by a `with` */

/* ---- ops, as far as a trace is concerned ---- */

enum { READS_A = 1, READS_B = 2 };

static const struct shape {
	policy_op_fn *run;
	enum trace_shape shape;
	unsigned reads;
} shapes[] = {
	{ op_dot_name, TRACE_TAKES_MEMBER, READS_A | READS_B },
	{ op_dot, TRACE_TAKES_MEMBER, READS_A | READS_B },
	{ op_assign, TRACE_COPIES, READS_A },
	{ op_equal, TRACE_LOOKS, READS_A | READS_B },
	{ op_not_equal, TRACE_LOOKS, READS_A | READS_B },
	{ op_order, TRACE_LOOKS, READS_A | READS_B },
	{ op_call_rule, TRACE_CALLS, 0 },
	{ op_call, TRACE_CALLS, 0 },
	{ op_builtin, TRACE_CALLS_BUILTIN, 0 },
	{ op_dynamic, TRACE_CALLS, 0 },
	{ op_reset, TRACE_RESETS, 0 },
	{ op_assign_once, TRACE_COPIES, READS_A },
	{ op_is_defined, TRACE_LOOKS, READS_A },
	{ op_is_undefined, TRACE_LOOKS, READS_A },
	{ op_is_type, TRACE_LOOKS, READS_A },
	{ op_scan, TRACE_SCANS, READS_A },
	{ op_next, TRACE_NEXT, 0 },
	{ op_next_value, TRACE_NEXT, 0 },
	{ op_make, TRACE_MAKES, 0 },
	{ op_append, TRACE_GROWS, READS_A },
	{ op_add, TRACE_GROWS, READS_A },
	{ op_insert, TRACE_GROWS, READS_A | READS_B },
	{ op_insert_once, TRACE_GROWS, READS_A | READS_B },
	{ op_len, TRACE_MAKES, READS_A },
	{ op_merge, TRACE_MAKES, READS_A | READS_B },
	{ op_with, TRACE_WITH, READS_A },
	{ op_restore, TRACE_RESTORES, 0 },
	{ op_return, TRACE_RETURNS, READS_A },
	{ op_result, TRACE_GROWS, READS_A },
};

static const struct shape *shape_of(const struct op *op)
{
	static const struct shape jump = { op_jump, TRACE_JUMPS, 0 };

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		if (shapes[i].run == op->run) {
			return &shapes[i];
		}
	}
	return &jump;
}

/* ---- operands ---- */

struct trace_node *trace_node_new(struct policy_trace *trace, enum trace_node_kind kind)
{
	struct trace_node *node = arena_calloc(trace->arena, 1, sizeof(*node));

	node->kind = kind;
	node->evaluation = TRACE_NONE;
	return node;
}

/* What a container is that is being filled is known when somebody has read it. */
static const struct value *finished(const struct value *value)
{
	return is_growing(value) ? growing_of(value)->finished : value;
}

static const struct trace_node *literal(struct policy_trace *trace, const struct value *value)
{
	struct trace_node *node;

	if (value == NULL) {
		return NULL;
	}
	node = trace_node_new(trace, TRACE_LITERAL);
	node->value = value;
	return node;
}

const struct trace_node *trace_node_of(struct policy_trace *trace, const struct trace_frame *at,
	const struct frame *frame, int32_t operand)
{
	const struct value *value = finished(frame_raw(frame, operand));

	if (operand >= 0 && at->locals[operand] != NULL && value != NULL) {
		return at->locals[operand];
	}
	return literal(trace, value);
}

static const struct trace_node *const *nodes_of_args(struct policy_trace *trace,
	const struct trace_frame *at, const struct frame *frame, const struct op *op)
{
	const struct trace_node **nodes = arena_calloc(trace->arena, op->count + 1, sizeof(*nodes));

	for (uint32_t i = 0; i < op->count; i++) {
		nodes[i] = trace_node_of(trace, at, frame, op->args[i]);
	}
	return nodes;
}

uint32_t trace_number_of(const struct program *program, const struct function *function)
{
	bool is_plan = function->number >= program->function_count ||
		       function != &program->functions[function->number];

	return (uint32_t)(is_plan ? program->function_count : 0) + function->number;
}

/* A rule runs once for a document: what is asked again was evaluated before. */
static uint32_t remembered(const struct policy_trace *trace, const struct frame *frame,
	const struct op *op, const struct function *function)
{
	const struct value *input = frame_raw(frame, op->run == op_dynamic ? op->a : op->args[0]);
	const struct value *data = frame_raw(frame, op->run == op_dynamic ? op->b : op->args[1]);
	uint32_t at = trace->latest[trace_number_of(trace->program, function)];

	for (int i = 0; i < DOCUMENTS_MOST && at != TRACE_NONE; i++) {
		const struct trace_evaluation *it = &trace->evaluations[at];

		if (it->input == input && it->data == data && it->ended) {
			return at;
		}
		at = it->earlier;
	}
	return TRACE_NONE;
}

/* ---- what ops do to the origins of locals ---- */

static void wrote(struct trace_step *it, uint32_t local, const struct trace_node *node)
{
	it->event->target = node;
	if (it->event->outcome == TRACE_PASSED) {
		it->at->locals[local] = node;
	}
}

static const struct value *written(const struct trace_step *it)
{
	return it->event->outcome == TRACE_PASSED ? finished(it->frame->locals[it->op->target])
						  : NULL;
}

static void take_member(struct trace_step *it)
{
	struct trace_node *node = trace_node_new(it->trace, TRACE_MEMBER);

	node->of = it->event->a;
	node->key = it->event->b != NULL ? it->event->b->value : NULL;
	node->value = written(it);
	/* Of what is undefined, or still being filled, nobody knows where it came from. */
	wrote(it, it->op->target, node->of != NULL && node->key != NULL ? node : NULL);
}

static void call(struct trace_step *it)
{
	struct policy_trace *trace = it->trace;
	struct trace_node *node = trace_node_new(trace, TRACE_CALL);
	const struct function *function = it->op->run == op_dynamic ? NULL : it->op->function;

	if (trace->evaluation_count > it->evaluations_before) {
		it->event->child = (uint32_t)it->evaluations_before;
	} else if (function != NULL && function->memo) {
		it->event->child = remembered(trace, it->frame, it->op, function);
	}
	node->evaluation = it->event->child;
	node->value = written(it);
	if (node->evaluation != TRACE_NONE) {
		struct trace_evaluation *child = &trace->evaluations[node->evaluation];

		child->ended = true;
		child->result = node->value;
		node->of = child->origin;
		function = trace_function(trace->program, child->function);
	}
	node->name = function != NULL ? trace_function_name(function) : NULL;
	wrote(it, it->op->target, node);
}

static void call_builtin(struct trace_step *it)
{
	struct trace_node *node = trace_node_new(it->trace, TRACE_BUILTIN);

	node->name = it->op->builtin->name;
	node->args = nodes_of_args(it->trace, it->at, it->frame, it->op);
	node->arg_count = it->op->count;
	node->value = written(it);
	wrote(it, it->op->target, node);
}

static void next(struct trace_step *it)
{
	const struct scan *scan = &it->frame->scans[it->op->b];
	struct trace_node *node;

	if (it->event->outcome != TRACE_PASSED) {
		return;
	}
	node = trace_node_new(it->trace, TRACE_MEMBER);
	node->of = it->at->scans[it->op->b];
	node->value = finished(it->frame->locals[it->op->count]);
	node->key = scan->members != NULL ? scan->members[scan->next - 1].key
		    : scan->is_set        ? node->value
					  : value_of_int(it->trace->arena, scan->next - 1);
	if (it->op->run == op_next) {
		it->at->locals[it->op->target] = literal(it->trace, node->key);
	}
	wrote(it, it->op->count, node->of != NULL ? node : literal(it->trace, node->value));
}

static void with(struct trace_step *it)
{
	if (it->event->outcome != TRACE_PASSED) {
		return;
	}
	it->at->locals[it->op->b] = it->at->locals[it->op->target];
	if (it->op->count == 0) {
		it->at->locals[it->op->target] = it->event->a;
	}
}

static void returned(struct trace_step *it)
{
	const struct trace_node *node = it->event->a;
	struct trace_evaluation *evaluation = &it->trace->evaluations[it->at->evaluation];

	evaluation->ended = true;
	evaluation->result = node != NULL ? node->value : NULL;
	if (node != NULL && trace_node_is_place(node)) {
		evaluation->origin = node;
	}
}

void trace_follow(struct trace_step *it)
{
	switch ((enum trace_shape)it->event->shape) {
	case TRACE_COPIES:
		wrote(it, it->op->target, it->event->a);
		break;
	case TRACE_TAKES_MEMBER:
		take_member(it);
		break;
	case TRACE_CALLS:
		call(it);
		break;
	case TRACE_CALLS_BUILTIN:
		call_builtin(it);
		break;
	case TRACE_SCANS:
		it->at->scans[it->op->b] = it->event->a;
		break;
	case TRACE_NEXT:
		next(it);
		break;
	case TRACE_MAKES:
	case TRACE_RESETS:
		it->at->locals[it->op->target] = NULL;
		break;
	case TRACE_WITH:
		with(it);
		break;
	case TRACE_RESTORES:
		it->at->locals[it->op->target] = it->at->locals[it->op->b];
		break;
	case TRACE_RETURNS:
		returned(it);
		break;
	case TRACE_LOOKS:
	case TRACE_GROWS:
	case TRACE_JUMPS:
		break;
	}
}

/* Operands are looked at when it has run: what was being filled is finished then. But an op may
 * write what it reads, so their origins are taken before. */
void trace_read(struct trace_step *it)
{
	unsigned reads = shape_of(it->op)->reads;

	if ((reads & READS_A) != 0) {
		it->event->a = trace_node_of(it->trace, it->at, it->frame, it->op->a);
	}
	if ((reads & READS_B) != 0) {
		it->event->b = trace_node_of(it->trace, it->at, it->frame, it->op->b);
	}
}

enum trace_shape trace_shape_of(const struct op *op)
{
	return shape_of(op)->shape;
}
