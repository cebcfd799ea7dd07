#include "policy/trace.h"

#include <string.h>
#include "base/arena.h"
#include "base/memory.h"
#include "policy/engine.h"
#include "policy/eval.h"
#include "policy/ir.h"
#include "policy/program.h"
#include "policy/trace_follow.h"
#include "policy/trace_inside.h"

const struct policy_trace_limits policy_trace_limits_default = {
	.events = 200000,
	.bytes = 64u << 20,
};

/* ---- memory ---- */

static void *room_for(void *list, size_t count, size_t *room, size_t bytes)
{
	if (count < *room) {
		return list;
	}
	*room = *room == 0 ? 256 : *room * 2;
	return must_realloc(list, *room * bytes);
}

/* Before anything is written down. */
static bool has_room(struct policy_trace *trace)
{
	if (trace->event_count >= trace->events_most ||
		arena_used(trace->arena) > trace->bytes_most) {
		trace->is_cut = true;
	}
	return !trace->is_cut;
}

/* ---- evaluations ---- */

static size_t functions_of(const struct policy_trace *trace)
{
	return trace->program->function_count + trace->program->plan_count;
}

static void begin_anew(struct policy_trace *trace, uint64_t generation)
{
	arena_reset(trace->arena);
	trace->generation = generation;
	trace->is_cut = false;
	trace->event_count = 0;
	trace->evaluation_count = 0;
	trace->frame_count = 0;
	memset(trace->latest, 0xff, functions_of(trace) * sizeof(*trace->latest));
}

/* Where the arguments came from: the caller knows, but for input and data of the outermost. */
static void enter_params(struct policy_trace *trace, const struct trace_frame *caller,
	const struct frame *frame, const struct trace_node **locals)
{
	const struct function *function = frame->function;
	const struct op *op = caller != NULL ? caller->frame->worker->trace->program
						       ->traced[trace->events[caller->event].point]
						       .op
					     : NULL;
	bool has_args = op != NULL && (op->run == op_call || op->run == op_call_rule) &&
			op->function == function;

	for (size_t i = 0; i < function->param_count; i++) {
		const struct value *value = frame->locals[function->params[i]];

		if (has_args) {
			locals[function->params[i]] =
				trace_node_of(trace, caller, caller->frame, op->args[i]);
		} else if (i < 2 && value != NULL) {
			struct trace_node *node =
				trace_node_new(trace, i == 0 ? TRACE_INPUT : TRACE_DATA);

			node->value = value;
			locals[function->params[i]] = node;
		}
	}
}

static struct trace_frame *enter(struct policy_trace *trace, const struct frame *frame)
{
	const struct function *function = frame->function;
	uint32_t caller_event = TRACE_NONE;

	trace->frames = room_for(
		trace->frames, trace->frame_count, &trace->frame_room, sizeof(*trace->frames));
	trace->evaluations = room_for(trace->evaluations, trace->evaluation_count,
		&trace->evaluation_room, sizeof(*trace->evaluations));
	struct trace_frame *at = &trace->frames[trace->frame_count];
	const struct trace_frame *caller = trace->frame_count > 0 ? at - 1 : NULL;
	if (caller != NULL) {
		caller_event = caller->event;
	}
	*at = (struct trace_frame){
		.frame = frame,
		.evaluation = (uint32_t)trace->evaluation_count,
		.event = TRACE_NONE,
		.locals = arena_calloc(trace->arena, function->locals + 1, sizeof(*at->locals)),
		.scans = arena_calloc(trace->arena, function->scans + 1, sizeof(*at->scans)),
	};
	uint32_t number = trace_number_of(trace->program, function);
	enter_params(trace, caller, frame, at->locals);
	trace->evaluations[trace->evaluation_count] = (struct trace_evaluation){
		.function = number,
		.earlier = trace->latest[number],
		.parent = caller_event,
		.first = TRACE_NONE,
		.last = TRACE_NONE,
		.input = frame->locals[function->params[0]],
		.data = frame->locals[function->params[1]],
	};
	trace->latest[number] = (uint32_t)trace->evaluation_count++;
	trace->frame_count++;
	return at;
}

/* ---- the op ---- */

/* Before it runs, so that one which ends the evaluation stands there, too. */
static void begin_event(struct trace_step *it, uint32_t point)
{
	struct policy_trace *trace = it->trace;
	struct trace_evaluation *evaluation = &trace->evaluations[it->at->evaluation];

	trace->events = room_for(
		trace->events, trace->event_count, &trace->event_room, sizeof(*trace->events));
	it->number = (uint32_t)trace->event_count++;
	it->event = &trace->events[it->number];
	*it->event = (struct trace_event){
		.point = point,
		.evaluation = it->at->evaluation,
		.next = TRACE_NONE,
		.child = TRACE_NONE,
		.shape = (uint8_t)trace_shape_of(it->op),
	};
	it->at->event = it->number;
	if (evaluation->last == TRACE_NONE) {
		evaluation->first = it->number;
	} else {
		trace->events[evaluation->last].next = it->number;
	}
	evaluation->last = it->number;
	it->evaluations_before = trace->evaluation_count;
}

static bool grows(const struct trace_step *it)
{
	return it->event->shape == TRACE_GROWS || it->event->shape == TRACE_COPIES;
}

static void end_event(struct trace_step *it, const struct op *came_next)
{
	struct policy_trace *trace = it->trace;

	while (trace->frames[trace->frame_count - 1].frame != it->frame) {
		trace->frame_count--;
	}
	it->at = &trace->frames[trace->frame_count - 1];
	it->event = &trace->events[it->number];
	it->event->outcome =
		came_next == it->op + 1 || came_next == NULL || it->event->shape == TRACE_JUMPS
			? TRACE_PASSED
			: TRACE_LEFT;
	if (grows(it)) { /* what went in is whole now */
		trace_read(it);
	}
	trace_follow(it);
}

/* From the end of a loop's body to its next item: says nothing. */
static bool is_way_back(const struct policy_trace *trace, const struct op *op)
{
	return op[1].run == op_jump && trace->program->traced[op->count].kind == IR_SCAN;
}

const struct op *op_trace(struct frame *frame, const struct op *op)
{
	struct policy_worker *worker = frame->worker;
	struct policy_trace *trace = worker->trace;
	struct trace_step it = { .trace = trace, .frame = frame, .op = op + 1 };

	worker->op = op + 1; /* messages name its place */
	if (trace == NULL || trace->program != worker->program) {
		return it.op->run(frame, it.op);
	}
	if (trace->generation != worker->generation) {
		begin_anew(trace, worker->generation);
	}
	if (is_way_back(trace, op) || !has_room(trace)) {
		return it.op->run(frame, it.op);
	}
	it.at = trace->frame_count > 0 ? &trace->frames[trace->frame_count - 1] : NULL;
	if (it.at == NULL || it.at->frame != frame) {
		it.at = enter(trace, frame);
	}
	begin_event(&it, op->count);
	trace_read(&it);
	const struct op *came_next = it.op->run(frame, it.op);
	if (!trace->is_cut) {
		end_event(&it, came_next);
	}
	return came_next;
}

/* ---- from outside ---- */

struct policy_trace *policy_trace_new(
	struct policy *policy, const struct policy_trace_limits *limits)
{
	const struct program *program = policy_program(policy);
	struct policy_trace *trace;

	if (!program->has_trace) {
		return NULL;
	}
	if (limits == NULL) {
		limits = &policy_trace_limits_default;
	}
	trace = must_calloc(1, sizeof(*trace));
	trace->policy = policy_ref(policy);
	trace->program = program;
	trace->events_most = limits->events;
	trace->bytes_most = limits->bytes;
	trace->arena = arena_new();
	trace->latest = must_calloc(functions_of(trace), sizeof(*trace->latest));
	return trace;
}

void policy_trace_free(struct policy_trace *trace)
{
	if (trace == NULL) {
		return;
	}
	policy_unref(trace->policy);
	arena_free(trace->arena);
	memory_free(trace->events);
	memory_free(trace->evaluations);
	memory_free(trace->frames);
	memory_free(trace->latest);
	memory_free(trace);
}

void policy_trace_cleanup(struct policy_trace **trace)
{
	policy_trace_free(*trace);
}

void policy_worker_trace(struct policy_worker *worker, struct policy_trace *trace)
{
	worker->trace = trace;
}

bool policy_trace_is_cut(const struct policy_trace *trace)
{
	return trace->is_cut;
}

size_t policy_trace_events(const struct policy_trace *trace)
{
	return trace->event_count;
}

const struct function *trace_function(const struct program *program, uint32_t number)
{
	return number < program->function_count ? &program->functions[number]
						: &program->plans[number - program->function_count];
}

const char *trace_function_name(const struct function *function)
{
	return strncmp(function->name, "g0.", 3) == 0 ? function->name + 3 : function->name;
}
