/*
 * reach: whether OPA would have got to the place of an error.
 *
 * In OPA an error of a builtin, or a conflict, counts only where its evaluator gets to, and it does
 * not get to
 *
 *   - the body of a rule that its index of rules leaves out: one that needs `input.a` when there
 *     is none, or `input.a == 1` when it is 2 (v1/ast/index.go);
 *   - what is left of a complete rule that has its value, when no definition can give another
 *     (early exit);
 *   - the other items of an `every` of which one did not hold.
 *
 * Plans have neither index nor early exit. So this is looked at only when there is an error, and
 * costs nothing before: compile_reach.c notes what the index would know of each body, eval_reach.c
 * asks the functions under way. A body of which OPA does not evaluate the rest gives nothing, or
 * nothing new, in either case: only whether there is an error depends on it. Where it is not
 * certain that OPA does not get there, the error stands: behind texts to begin or end with of which
 * there are several, or arrays among other things, since the order in which the index asks is not
 * in the plan; in a loop over a set that is written with variables; for items of a partial rule of
 * which OPA needs one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct compiler;
struct frame;
struct function;
struct ir_function;
struct value;

enum { REACH_INPUT, REACH_DATA, REACH_ARGUMENT }; /* the number of a parameter */

enum reach_kind {
	REACH_EQUAL,
	REACH_PREFIX, /* of it, or of one of its items */
	REACH_SUFFIX,
	REACH_MEMBER, /* one of its items is equal */
	REACH_TEXT,   /* it is a text or an array: what a glob can match */
	REACH_ARRAY,  /* it is an array of so many items */
};

struct reach_option {
	enum reach_kind kind;
	const struct value *value; /* a scalar; of _ARRAY an integer; of _TEXT NULL */
};

/* What must hold for a body to be looked at: the reference has a value, and one of the options. */
struct reach_guard {
	uint32_t root;
	const struct value *const *path; /* keys, constant */
	uint32_t path_count;
	const struct reach_option *options;
	uint32_t option_count; /* 0: any value does */
};

/* The body of one definition of a rule. */
struct reach_body {
	const struct reach_guard *guards;
	size_t guard_count;
	const struct value *head; /* what a complete rule gives; NULL: it depends, or is none */
	uint32_t result;          /* the local that gets it */
	bool is_orderly;          /* its loops go the way that OPA's go */
};

/* Ops after which OPA stops when a local has a value. */
struct reach_stop {
	uint32_t begin, end; /* ops */
	uint32_t local;
};

struct reach {
	const uint32_t *bodies; /* of each op: 0, or number + 1 of its body */
	const struct reach_body *list;
	size_t count;
	const struct reach_stop *stops; /* of `every` */
	size_t stop_count;
	uint32_t documents[2]; /* locals that hold input and data as the function got them */
	uint32_t result;       /* of a complete rule: the local of what is returned */
	bool in_order;         /* bodies come as they stand in one file: OPA's order */
};

/*
 * Notes what is known of each body of compiler->function, before its ops are made; fills
 * compiler->bodies. What only ops tell (bodies, stops, documents) is left to compile.c.
 */
void reach_note(struct compiler *compiler, const struct ir_function *ir, struct reach *reach);

/*
 * Whether OPA gets to the error that just happened in `frame`. False: memos of the functions
 * between are not to be kept, and the frames say so (frame->spared).
 */
bool reach_error(struct frame *frame);
