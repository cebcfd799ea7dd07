/*
 * program: a policy in the form in which it runs. Made by compile.c, run by eval*.c.
 *
 * A function is one array of ops. Blocks are gone: a statement that is undefined leaves its
 * block, and where that is was computed when the policy was loaded, so it is one pointer
 * (`leave`). Loops are a jump back, `with` is a pair of ops.
 *
 * An operand is one int32: not negative, a local of the frame; negative, a constant of the
 * program. Both are found by one load without a branch (see frame_operand()).
 *
 *     locals      [ 0 | 1 | 2 | … ]                operand  i  →  locals[i]
 *     constants   [ … | -2 | -1 ] ◀ constants      operand -i  →  constants[-i]
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/value.h"
#include "policy/reach.h"

struct arena;
struct error;
struct frame;
struct ir_plan;
struct op;
struct policy_builtin;

/* Runs one op: the op to go on with, or NULL at the end of the function. */
typedef const struct op *policy_op_fn(struct frame *frame, const struct op *op);

struct op {
	policy_op_fn *run;
	const struct op *leave; /* where it goes on when this is undefined; of a jump, its target */
	int32_t a;              /* operands */
	int32_t b;
	uint32_t target; /* the local written, or the one whose container grows */
	uint32_t count;  /* of args; else a second local, a slot, a type: see the op */
	union {
		const struct function *function;
		const struct policy_builtin *builtin;
		const struct op *jump; /* where it goes on in the other case */
	};
	const int32_t *args; /* operands */
};

struct place {
	uint32_t file;
	uint32_t row;
	uint32_t col;
};

/* A statement that coverage knows: policy/coverage.h. */
struct point {
	struct place place;
	const char *function;
	uint32_t clause;
	bool is_head;
};

/* An op that policy/trace.h follows. */
struct trace_point {
	const struct op *op;
	struct place place; /* of the statement */
	uint32_t end_row;   /* 0: not known */
	uint32_t end_col;
	uint32_t function; /* number; a plan's comes behind those of functions */
	uint32_t body;     /* of the function: a rule, or what hands its result on */
	uint8_t kind;      /* enum ir_kind */
	bool is_head;      /* when it has run, the body was true */
	bool leads;        /* of a scan: the rest of the body stands within its loop */
};

struct function {
	const char *name;
	const struct op *ops;
	size_t op_count;
	const struct place *places; /* one for each op */
	const uint32_t *params;     /* the local that gets argument i */
	size_t param_count;
	uint32_t locals;
	uint32_t scans;  /* loops within loops: slots that a frame needs */
	uint32_t number; /* its place among the functions: index of its memo */
	bool memo;       /* takes only input and data: a rule */
	struct reach reach;
};

struct program {
	struct arena *arena;                  /* all of it, and the constants */
	const struct value *const *constants; /* behind the last one */
	const struct function *functions;
	size_t function_count;
	const struct function *plans;
	size_t plan_count;
	/* Paths of functions for dynamic calls: objects within objects, at the end a number. */
	const struct value *paths;
	const struct value *const *keys; /* the numbers below PROGRAM_KEYS */
	/* By type, of containers. NULL in a program with a trace: who made a value tells one of
	 * them from another there. */
	const struct value *empties[VALUE_SET + 1];
	const char *const *files;
	size_t file_count;
	bool has_points; /* set before it is compiled: each statement gets a point */
	const struct point *points;
	size_t point_count;
	bool has_trace; /* set before it is compiled: each op gets one in front that follows it */
	const struct trace_point *traced; /* those of a function, and of a body in it, together */
	size_t traced_count;
};

#define PROGRAM_ROOT "g0"   /* "data", in paths of functions as the planner calls it */
#define PROGRAM_KEYS 256    /* keys of arrays and lengths that are ready-made */
#define PROGRAM_ARGS_MAX 64 /* of a call */

/*
 * Compiles a verified plan. The program lives in `arena`; the plan may go away, as may what is in
 * `scratch`. without: POLICY_STEP_…, for benchmarks. False: ERROR_POLICY.
 */
bool program_compile(struct arena *arena, struct arena *scratch, const struct ir_plan *plan,
	unsigned without, struct program *program, struct error *err);
