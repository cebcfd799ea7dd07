/*
 * compile_reach: what OPA's index of rules would know of a body. Internal to
 * policy/compile_reach*.c; reach.h is the door.
 *
 *     compile_reach.c            definitions of a rule; what was noted becomes guards
 *     compile_reach_statement.c  references and comparisons, statement by statement
 *     compile_reach_call.c       builtins that the index knows
 *
 * OPA's index is made of rules as they were written; here it is read out of their plans. A body is
 * a list of statements whose last one may hold the rest of it (a loop, a `with`). The planner puts
 * a reference `input.a.b` as a chain of dots, whose result is then assigned, compared or tested:
 * that is what the index notes ("must be there"). Compared with a scalar, or member of scalars: one
 * of these. Everything else that the index could make of a body is known by name below; where it
 * would weaken what is noted of the same reference, nothing is noted.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "policy/compile.h"
#include "policy/reach.h"

struct value;

/* An array, set or object written in the body: what `x in` it compares with. */
struct container {
	const struct value **scalars;
	size_t count, room;
	bool has_variable;
	bool has_composite;
	bool is_constant; /* all of it */
	bool is_object;
};

/* What is known of a local. */
struct track {
	/* VARIABLE: a name for something else */
	enum { UNKNOWN, REFERENCE, CONSTANT, CONTAINER, VARIABLE } is;
	struct container *container;
	uint32_t root;
	const struct track *holder; /* of a longer reference: what it is a part of */
	const struct value *value;  /* the key of the last dot; the constant, a scalar */
	uint32_t length;
	bool is_dot;    /* of a dot: nothing was done with it so far */
	bool is_named;  /* of a variable */
	bool is_opaque; /* taken apart, as no reference is */
};

/* A reference within the body, and what it is compared with. */
struct entry {
	const struct track *reference;
	struct reach_option *options;
	size_t count, room;
	bool must_be;    /* noted as "must be there" */
	bool has_alias;  /* another variable may be taken for it */
	bool is_scanned; /* one of its items may be what is compared */
	bool has_affix;
	bool has_composite; /* arrays: noted as _ARRAY if they can be */
	bool is_open;       /* it is compared with what is no option: all may do */
};

struct noting {
	struct compiler *compiler;
	struct track *tracks; /* of each local */
	uint32_t *writes;     /* of each local within the body: bodies use the same ones */
	uint32_t documents[2];
	unsigned changed; /* bit i: document i is what a `with` made of it */
	struct entry *entries;
	size_t count, room;
	struct entry ignored; /* what is said of expressions under a `with` */
	bool is_unsure;       /* no guard of this body can be trusted */
	struct reach_body *body;
};

/* Whether both are the same root and path. */
bool noting_is_same(const struct track *a, const struct track *b);
/* The entry of a reference, a new one if need be. Good until the next call. */
struct entry *noting_entry(struct noting *noting, const struct track *reference);
/* Notes one thing that the value at `reference` may be. The index knows arguments of functions as a
 * whole only. */
void noting_option(struct noting *noting, const struct track *reference, enum reach_kind kind,
	const struct value *value);
/* The index knows of the reference what is no option here. */
void noting_open(struct noting *noting, const struct track *reference);
/* What is known of an operand; what is known of a local from now on. */
struct track noting_track(struct noting *noting, struct ir_operand operand);
void noting_set(struct noting *noting, uint32_t local, struct track track);

void noting_call(struct noting *noting, const struct ir_block *block, size_t at);
void noting_block(struct noting *noting, const struct ir_block *block);
