#include "policy/eval.h"

#include <string.h>
#include "policy/builtin.h"

/* ---- functions ---- */

/* Room for a frame: undefined locals, then the arguments. */
static struct frame frame_open(struct policy_worker *worker, const struct function *function,
	const struct value *const *args)
{
	if (worker->depth == 0 || function->locals > WORKER_STACK_SLOTS - worker->stack_used ||
		function->scans > WORKER_STACK_SCANS - worker->scans_used) {
		policy_leave(worker, POLICY_FAILURE_BUDGET, "functions call each other too deep");
	}
	policy_charge(&worker->context, 1 + function->locals / 8);
	struct frame frame = {
		.locals = worker->stack + worker->stack_used,
		.constants = worker->program->constants,
		.worker = worker,
		.function = function,
		.scans = worker->scans + worker->scans_used,
	};
	memset(frame.locals, 0, function->locals * sizeof(*frame.locals));
	for (size_t i = 0; i < function->param_count; i++) {
		frame.locals[function->params[i]] = args[i];
	}
	worker->depth--;
	worker->stack_used += function->locals;
	worker->scans_used += function->scans;
	return frame;
}

static void frame_close(struct policy_worker *worker, const struct function *function)
{
	worker->depth++;
	worker->stack_used -= function->locals;
	worker->scans_used -= function->scans;
}

static const struct value *run_now(struct policy_worker *worker, const struct function *function,
	const struct value *const *args)
{
	struct frame frame = frame_open(worker, function, args);
	const struct op *op = function->ops;

	worker->function = function;
	while (op != NULL) {
		worker->op = op;
		policy_charge(&worker->context, 1);
		op = op->run(&frame, op);
	}
	frame_close(worker, function);
	return frame.result;
}

/* A rule gives the same for the same documents: it runs once for each pair of them. */
static const struct value *run_rule(struct policy_worker *worker, const struct function *function,
	const struct value *const *args)
{
	bool is_own = args[0] == worker->input && args[1] == worker->data;
	struct memo *memo = &worker->memos[function->number][is_own ? 0 : 1];

	if (memo->generation == worker->generation && memo->input == args[0] &&
		memo->data == args[1]) {
		return memo->result;
	}
	const struct value *result = run_now(worker, function, args);
	*memo = (struct memo){ worker->generation, args[0], args[1], result };
	return result;
}

const struct value *policy_run(struct policy_worker *worker, const struct function *function,
	const struct value *const *args)
{
	const struct function *caller = worker->function;
	const struct op *op = worker->op;
	const struct value *result =
		function->memo ? run_rule(worker, function, args) : run_now(worker, function, args);

	worker->function = caller;
	worker->op = op;
	return result;
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

const struct op *op_call(struct frame *frame, const struct op *op)
{
	const struct value *args[PROGRAM_ARGS_MAX];

	for (uint32_t i = 0; i < op->count; i++) {
		args[i] = frame_value(frame, op->args[i]);
	}
	const struct value *result = policy_run(frame->worker, op->function, args);
	if (result == NULL) {
		return op->leave;
	}
	frame->locals[op->target] = result;
	return op + 1;
}

/* A builtin gave nothing: undefined, unless it reported an error and errors are strict. */
static const struct op *on_nothing(struct frame *frame, const struct op *op)
{
	struct policy_worker *worker = frame->worker;

	if (worker->context.failed && !worker->lenient) {
		policy_leave(worker, POLICY_FAILURE_BUILTIN, "%s: %s", op->builtin->name,
			worker->builtin_error);
	}
	return op->leave;
}

const struct op *op_builtin(struct frame *frame, const struct op *op)
{
	const struct value *args[PROGRAM_ARGS_MAX];
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
	const struct value *args[] = { frame_value(frame, op->a), frame_value(frame, op->b) };
	const struct value *result = policy_run(frame->worker, function, args);
	if (result == NULL) {
		return op->jump;
	}
	frame->locals[op->target] = result;
	return op + 1;
}
