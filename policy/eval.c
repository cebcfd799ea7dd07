#include "policy/eval.h"

#include <string.h>
#include "policy/builtin.h"

/* ---- functions ---- */

/*
 * The locals of a call that is about to be made, all undefined, for its arguments to be put into.
 * They begin at the top of the stack; nothing else may be called before run() takes them over.
 */
static const struct value **new_locals(
	struct policy_worker *worker, const struct function *function)
{
	const struct value **locals = worker->stack + worker->stack_used;

	if (worker->depth == 0 || function->locals > WORKER_STACK_SLOTS - worker->stack_used ||
		function->scans > WORKER_STACK_SCANS - worker->scans_used) {
		policy_leave(worker, POLICY_FAILURE_BUDGET, "functions call each other too deep");
	}
	policy_charge(&worker->context, 1 + function->locals / 8);
	memset(locals, 0, function->locals * sizeof(*locals));
	return locals;
}

/* Runs a function whose new_locals() have their arguments. NULL: undefined. */
static const struct value *run(struct policy_worker *worker, const struct function *function)
{
	const struct op *op = function->ops;
	struct frame frame = {
		.locals = worker->stack + worker->stack_used,
		.constants = worker->program->constants,
		.worker = worker,
		.function = function,
		.scans = worker->scans + worker->scans_used,
		.outer = worker->frame,
		.call = worker->op,
	};

	worker->depth--;
	worker->frame = &frame;
	worker->stack_used += function->locals;
	worker->scans_used += function->scans;
	worker->function = function;
	while (op != NULL) {
		worker->op = op;
		policy_charge(&worker->context, 1);
		op = op->run(&frame, op);
	}
	worker->depth++;
	worker->stack_used -= function->locals;
	worker->scans_used -= function->scans;
	worker->frame = frame.outer;
	worker->function = frame.outer != NULL ? frame.outer->function : NULL;
	worker->op = frame.call;
	worker->spared = frame.spared;
	return frame.result;
}

/*
 * A rule gives the same for the same documents: it runs once for each pair of them. Not so when an
 * error in it was spared, since OPA does not get there: from elsewhere it may.
 */
static const struct value *run_rule(struct policy_worker *worker, const struct function *function,
	const struct value *input, const struct value *data)
{
	bool is_own = input == worker->input && data == worker->data;
	struct memo *memo = &worker->memos[function->number][is_own ? 0 : 1];

	if (memo->generation == worker->generation && memo->input == input && memo->data == data) {
		return memo->result;
	}
	const struct value **locals = new_locals(worker, function);
	locals[function->params[0]] = input;
	locals[function->params[1]] = data;
	const struct value *result = run(worker, function);
	if (!worker->spared) {
		*memo = (struct memo){ worker->generation, input, data, result };
	}
	return result;
}

void policy_run_plan(struct policy_worker *worker, const struct function *plan)
{
	const struct value **locals = new_locals(worker, plan);

	locals[plan->params[0]] = worker->input;
	locals[plan->params[1]] = worker->data;
	run(worker, plan);
}

const struct value *policy_run_rule(struct policy_worker *worker, const struct function *rule)
{
	return run_rule(worker, rule, worker->input, worker->data);
}

/* ---- ops ---- */

const struct op *op_jump(struct frame *frame, const struct op *op)
{
	(void)frame;
	return op->leave;
}

const struct op *op_return(struct frame *frame, const struct op *op)
{
	frame->result = frame_value(frame, op->a);
	return NULL;
}

const struct op *op_end(struct frame *frame, const struct op *op)
{
	(void)op;
	frame->result = NULL;
	return NULL;
}

const struct op *op_call_rule(struct frame *frame, const struct op *op)
{
	const struct value *input = frame_value(frame, op->args[0]);
	const struct value *data = frame_value(frame, op->args[1]);
	const struct value *result = run_rule(frame->worker, op->function, input, data);

	if (result == NULL) {
		return op->leave;
	}
	frame->locals[op->target] = result;
	return op + 1;
}

const struct op *op_call(struct frame *frame, const struct op *op)
{
	const struct function *function = op->function;
	const struct value **locals = new_locals(frame->worker, function);

	for (uint32_t i = 0; i < op->count; i++) {
		locals[function->params[i]] = frame_value(frame, op->args[i]);
	}
	const struct value *result = run(frame->worker, function);
	if (result == NULL) {
		return op->leave;
	}
	frame->locals[op->target] = result;
	return op + 1;
}

/* A builtin gave nothing: undefined, unless it reported an error, errors are strict, and OPA would
 * get here as well. */
static const struct op *on_nothing(struct frame *frame, const struct op *op)
{
	struct policy_worker *worker = frame->worker;

	if (worker->context.failed && !worker->lenient && reach_error(frame)) {
		policy_leave(worker, POLICY_FAILURE_BUILTIN, "%s: %s", op->builtin->name,
			worker->builtin_error);
	}
	return op->leave;
}

/* The arguments stand at the top of the stack, where there is always room for them. */
const struct op *op_builtin(struct frame *frame, const struct op *op)
{
	const struct value **args = frame->worker->stack + frame->worker->stack_used;
	struct policy_context *context = &frame->worker->context;

	for (uint32_t i = 0; i < op->count; i++) {
		args[i] = frame_value(frame, op->args[i]);
		if (args[i] == NULL) {
			return op->leave;
		}
	}
	context->failed = false;
	const struct value *result = op->builtin->fn(context, args);
	if (result == NULL) {
		return on_nothing(frame, op);
	}
	policy_check_depth(context, result);
	frame->locals[op->target] = result;
	return op + 1;
}

/* NULL: no function has that path, or one that is no rule. */
static const struct function *find_function(struct frame *frame, const struct op *op)
{
	const struct program *program = frame->worker->program;
	const struct value *at = program->paths;
	int64_t number;

	for (uint32_t i = 0; i < op->count; i++) {
		const struct value *name = frame_value(frame, op->args[i]);
		if (name == NULL || at == NULL) {
			return NULL;
		}
		at = policy_lookup(&frame->worker->context, at, name);
	}
	if (!value_int(at, &number)) {
		return NULL;
	}
	return program->functions[number].memo ? &program->functions[number] : NULL;
}

/*
 * No such function: the block is left, and the next one looks into the base documents. But a
 * function that is undefined decides: three blocks more are left, those which the planner puts
 * around. (Said only by the planner's comments and OPA's compiler to WebAssembly.)
 */
const struct op *op_dynamic(struct frame *frame, const struct op *op)
{
	const struct function *function = find_function(frame, op);

	if (function == NULL) {
		return op->leave;
	}
	const struct value *input = frame_value(frame, op->a);
	const struct value *data = frame_value(frame, op->b);
	const struct value *result = run_rule(frame->worker, function, input, data);
	if (result == NULL) {
		return op->jump;
	}
	frame->locals[op->target] = result;
	return op + 1;
}
