/*
 * eval: runs programs. One function per op, in the files that their group names; policy_run_plan()
 * is the loop around them.
 *
 * An op reads its operands, does its work and says which op comes next: the one behind it, or
 * op->leave when the statement is undefined. Errors (conflicts, builtins, budget) leave the
 * whole evaluation by policy_leave(). Undefined locals are NULL.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include "base/value.h"
#include "policy/growing.h"
#include "policy/program.h"
#include "policy/worker.h"

/* A function under way. */
struct frame {
	const struct value **locals;
	const struct value *const *constants;
	struct policy_worker *worker;
	const struct function *function;
	struct scan *scans;
	const struct value *result; /* NULL: undefined so far */
	struct frame *outer;        /* NULL: this is an entry point */
	const struct op *call;      /* of the outer one, under way */
	bool spared; /* there was an error in it where OPA does not get to: policy/reach.h */
};

/* May be NULL or growing. */
static inline const struct value *frame_raw(const struct frame *frame, int32_t operand)
{
	const struct value *const *base = operand >= 0 ? frame->locals : frame->constants;

	return base[operand];
}

/* A finished value, or NULL. */
static inline const struct value *frame_value(const struct frame *frame, int32_t operand)
{
	const struct value *value = frame_raw(frame, operand);

	return is_growing(value) ? growing_finish(frame->worker, growing_of(value)) : value;
}

/* A number as a value; small ones are ready-made. */
const struct value *frame_number(const struct frame *frame, size_t number);

const struct program *policy_program(const struct policy *policy);

/* Runs an entry point over worker->input and worker->data; results go to worker->results. */
void policy_run_plan(struct policy_worker *worker, const struct function *plan);

/* A rule over the documents of the call, memoised. NULL: undefined. */
const struct value *policy_run_rule(struct policy_worker *worker, const struct function *rule);

/* path.c: what stands at a path of data. NULL: undefined. */
const struct value *policy_run_path(
	struct policy_worker *worker, const char *const *path, size_t count);

/* ---- eval_access.c: looking at values ---- */
policy_op_fn op_dot;        /* target = a[b] */
policy_op_fn op_dot_name;   /* the same; b is a constant string */
policy_op_fn op_len;        /* target = count of a */
policy_op_fn op_equal;      /* a == b, else leave */
policy_op_fn op_not_equal;  /* a != b, else leave */
policy_op_fn op_order;      /* a and b stand as the set `count` of ORDER_… allows, else leave */
policy_op_fn op_is_defined; /* a */
policy_op_fn op_is_undefined;
policy_op_fn op_is_type;    /* a is of type `count` */
policy_op_fn op_scan;       /* starts loop b over a; nothing to do: leave. op_next follows */
policy_op_fn op_next;       /* target, count = next key and value of loop b; at its end leave */
policy_op_fn op_next_value; /* the same without the key */

enum { ORDER_LESS = 1, ORDER_EQUAL = 2, ORDER_GREATER = 4 };

/* ---- eval_make.c: writing locals and containers ---- */
policy_op_fn op_assign;      /* target = a, which may be undefined */
policy_op_fn op_assign_once; /* the same; a conflict when target has another value */
policy_op_fn op_reset;       /* target = undefined */
policy_op_fn op_make;        /* target = an empty container of type `count` */
policy_op_fn op_append;      /* array target += a */
policy_op_fn op_add;         /* set target += a */
policy_op_fn op_insert;      /* object target[a] = b */
policy_op_fn op_insert_once; /* the same; a conflict when it has another value there */
policy_op_fn op_merge;       /* target = a merged over b */
policy_op_fn op_with; /* saves target in local b; target's member `args` = a; empty: target = a */
policy_op_fn op_restore; /* target = local b */
policy_op_fn op_result;  /* result set += a */

/* ---- eval.c: going elsewhere ---- */
policy_op_fn op_jump;      /* to leave */
policy_op_fn op_call;      /* target = function(args); undefined: leave */
policy_op_fn op_call_rule; /* the same for a rule: memoised by its two arguments */
policy_op_fn op_builtin;   /* target = builtin(args); undefined: leave */
policy_op_fn op_dynamic;   /* target = the function at path args(input a, data b). No such function:
			      leave; undefined: jump */
policy_op_fn op_return;    /* ends the function with a */
policy_op_fn op_end;       /* ends it undefined */

/* ---- trace.c ---- */
policy_op_fn op_trace; /* runs the op behind it and writes down what came of it; count: its point */

/* ---- coverage.c ---- */
policy_op_fn op_cover; /* notes that the statement behind it runs; count: its point */
