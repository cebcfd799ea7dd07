/*
 * trace_follow: what each op does to the origins of locals. trace.c says when. Internal to policy/.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include "policy/trace_inside.h"

struct frame;
struct op;

/* A function under way, and where its locals came from. */
struct trace_frame {
	const struct frame *frame;
	uint32_t evaluation;
	uint32_t event; /* under way */
	const struct trace_node **locals;
	const struct trace_node **scans;
};

/* An op under way. */
struct trace_step {
	struct policy_trace *trace;
	const struct frame *frame;
	const struct op *op;
	struct trace_frame *at;
	struct trace_event *event;
	uint32_t number; /* of the event */
	size_t evaluations_before;
};

enum trace_shape trace_shape_of(const struct op *op);
uint32_t trace_number_of(const struct program *program, const struct function *function);
/* Zeroed, of the trace's arena. */
struct trace_node *trace_node_new(struct policy_trace *trace, enum trace_node_kind kind);
/* Where the operand's value came from. NULL: undefined, or not finished. */
const struct trace_node *trace_node_of(struct policy_trace *trace, const struct trace_frame *at,
	const struct frame *frame, int32_t operand);

/* Fills event->a and b. */
void trace_read(struct trace_step *it);
/* When it has run and its outcome is known: fills target and child, moves origins on. */
void trace_follow(struct trace_step *it);
