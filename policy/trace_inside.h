/*
 * What a trace consists of: for trace.c, which fills it, and explain_*.c, which read it. Internal
 * to policy/.
 *
 *     evaluation   one run of a function: its events, what it gave, and where that came from
 *     event        one op that ran: how it ended, the origins of what it read and wrote
 *     node         where a value came from: input.after.active, a rule, a builtin's arguments
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "policy/program.h"

struct arena;
struct buf;
struct policy;
struct value;

#define TRACE_NONE UINT32_MAX

enum trace_node_kind {
	TRACE_INPUT,
	TRACE_DATA,
	TRACE_MEMBER,  /* of[key] */
	TRACE_CALL,    /* what a rule or function gave; of: the place it took it from, or NULL */
	TRACE_BUILTIN, /* args */
	TRACE_LITERAL, /* written in the policy, or made by it */
};

struct trace_node {
	enum trace_node_kind kind;
	uint32_t evaluation; /* of a call; TRACE_NONE: not known */
	const struct trace_node *of;
	const struct value *key;
	const struct value *value; /* NULL: undefined */
	const char *name;          /* of a call or builtin */
	const struct trace_node *const *args;
	uint32_t arg_count;
};

enum trace_outcome {
	TRACE_RUNNING, /* the evaluation ended within it */
	TRACE_PASSED,
	TRACE_LEFT, /* undefined, or not true */
};

enum trace_shape {
	TRACE_LOOKS, /* compares, asks */
	TRACE_COPIES,
	TRACE_TAKES_MEMBER,
	TRACE_CALLS,
	TRACE_CALLS_BUILTIN,
	TRACE_SCANS,
	TRACE_NEXT,
	TRACE_MAKES,
	TRACE_GROWS,
	TRACE_RESETS,
	TRACE_WITH,
	TRACE_RESTORES,
	TRACE_RETURNS,
	TRACE_JUMPS,
};

struct trace_event {
	uint32_t point; /* of program.traced */
	uint32_t evaluation;
	uint32_t next;  /* of the same evaluation; TRACE_NONE: the last */
	uint32_t child; /* evaluation of what it called; TRACE_NONE */
	uint8_t outcome;
	uint8_t shape;
	const struct trace_node *a; /* NULL: no operand, or undefined */
	const struct trace_node *b;
	const struct trace_node *target; /* what it wrote; of TRACE_LEFT: what it would have */
};

struct trace_evaluation {
	uint32_t function; /* as of struct trace_point */
	uint32_t earlier;  /* evaluation of the same function; TRACE_NONE: the first */
	uint32_t parent;   /* event; TRACE_NONE: the outermost */
	uint32_t first;    /* events */
	uint32_t last;
	bool ended;
	const struct value *input;
	const struct value *data;
	const struct value *result;      /* NULL: undefined, or not ended */
	const struct trace_node *origin; /* the place in input or data it was taken from; NULL */
};

struct policy_trace {
	struct policy *policy;
	const struct program *program;
	size_t events_most;
	size_t bytes_most;
	struct arena *arena; /* nodes */
	uint64_t generation; /* of the worker's evaluation */
	bool is_cut;
	struct trace_event *events;
	size_t event_count;
	size_t event_room;
	struct trace_evaluation *evaluations;
	size_t evaluation_count;
	size_t evaluation_room;
	uint32_t *latest;           /* evaluation of a function; TRACE_NONE */
	struct trace_frame *frames; /* under way, the innermost last */
	size_t frame_count;
	size_t frame_room;
};

/* The function of that number, a plan behind the last. */
const struct function *trace_function(const struct program *program, uint32_t number);
/* "data.scimward.rules.deny" of "g0.data.scimward.rules.deny". */
const char *trace_function_name(const struct function *function);

/* ---- trace_node.c ---- */

/* It stands in input or data: *root is that node. The names on the way there, outermost first, are
 * an array in arena; NULL: it stands nowhere. */
const struct value *trace_node_path(
	struct arena *arena, const struct trace_node *node, const struct trace_node **root);
bool trace_node_is_place(const struct trace_node *node);
/* "input.after.active", "data.access.groups[\"a-b\"]", "source_keys[1]". In arena; NULL: it has no
 * name. */
const char *trace_node_name(struct arena *arena, const struct trace_node *node);
/* The name of a path that begins at "input" or "data". In arena. */
const char *trace_path_name(struct arena *arena, const char *root, const struct value *path);
