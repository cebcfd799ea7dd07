/*
 * compile: verified statements → ops. Internal to policy/; program.h is the door.
 *
 *     compile.c            programs, functions, scopes, labels; puts the ops together at the end
 *     compile_statement.c  one statement → ops
 *     compile_life.c       what happens to locals, from where to where
 *     compile_fold.c       locals that need not be: copies, constants, constant containers
 *     compile_reach.c      what OPA's index of rules knows of them
 *
 * Blocks become labels. While a block is compiled, `scope->leave` is the label behind it; an op
 * that may be undefined goes there. A `with` puts things in order on every way out: its scope
 * says so, and leave_label() makes the detour.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "policy/ir.h"
#include "policy/program.h"
#include "policy/reach.h"

#define NO_LABEL UINT32_MAX
#define NO_OP SIZE_MAX

struct draft_op {
	struct op op;
	uint32_t leave; /* labels */
	uint32_t jump;
	struct place place;
	uint32_t definition; /* 0: none, or number + 1: policy/reach.h */
	bool dropped;        /* nobody reads what it writes */
};

/*
 * What is known of a local in one of its lives (compile_life.c), or in the whole function when it
 * has none. A local that is written once, before it is read, is another name for what it was given.
 */
struct local {
	uint32_t reads;
	uint32_t writes;
	uint32_t grows;   /* statements that add to its container */
	uint32_t written; /* writes compiled so far */
	bool is_alias;    /* within the block under way */
	int32_t alias;    /* operand that it stands for */
	uint32_t aliased; /* reads that took the alias */
	size_t op;        /* that assigns it; NO_OP: none */
	uint32_t number;
	bool is_whole;        /* of the whole function: the local has no lives */
	struct local *next;   /* another one that begins at the same place */
	struct local *around; /* what the number stood for before, while this one is under way */
};

struct scope {
	struct scope *outer;
	uint32_t leave;
	bool is_with;
	uint32_t with_target; /* restored from with_slot on the way out */
	uint32_t with_slot;
	size_t aliases; /* length of compiler.aliases when the scope began */
};

struct compiler {
	struct arena *arena;   /* of the program */
	struct arena *scratch; /* of the plan: goes away */
	const struct ir_plan *plan;
	struct function *functions; /* of the program */

	unsigned without;               /* POLICY_STEP_… */
	const struct value **constants; /* constant i is operand -1 - i */
	size_t constant_count;
	size_t constant_room;

	/* the function under way */
	const struct ir_function *function;
	struct local *whole;   /* of each local: all of the function */
	struct local **locals; /* of each local: the life under way, or the whole */
	struct local **lives;  /* lists; one for each block and for each scan, as they are met */
	size_t life_count;
	size_t life_room;
	size_t next_lives;
	uint32_t local_count; /* grows by the slots of `with` */
	uint32_t scans;       /* loops around the statement */
	uint32_t scans_most;
	struct draft_op *ops;
	size_t op_count;
	size_t op_room;
	size_t *labels; /* number of the op, or NO_OP */
	size_t label_count;
	size_t label_room;
	struct local **aliases; /* locals that are aliases now, in order */
	size_t alias_count;
	size_t alias_room;
	struct scope *scope;

	const struct ir_block **bodies; /* of the function's definitions: policy/reach.h */
	size_t body_count;
	size_t next_body;
	uint32_t definition; /* of the ops that are made: 0, or number + 1 */
	struct reach_stop *stops;
	size_t stop_count;
	size_t stop_room;

	bool covers;     /* each statement is preceded by an op_cover */
	uint32_t clause; /* the block of the function under way */
	bool at_end;     /* nothing of the clause comes behind the block under way */
	const char *function_name;
	struct point *points;
	size_t point_count;
	size_t point_room;

	bool traces;     /* each op is preceded by an op_trace */
	bool is_last;    /* nothing of the body comes behind the statement under way */
	uint32_t body;   /* see struct trace_point */
	uint32_t number; /* of the function */
	struct trace_point *traced;
	size_t traced_count;
	size_t traced_room;
};

/* ---- compile.c ---- */

/* In front of the statement: coverage wants to know that it ran. */
void emit_point(struct compiler *compiler, const struct ir_statement *statement, bool is_head);

uint32_t label_new(struct compiler *compiler);
void label_bind(struct compiler *compiler, uint32_t label); /* to the next op */

/* Adds an op whose leave is that of the scope. The pointer is good until the next one. */
struct draft_op *emit(
	struct compiler *compiler, policy_op_fn *run, const struct ir_statement *statement);
void emit_jump(struct compiler *compiler, uint32_t label, const struct ir_statement *statement);
/* Where a break of `index` goes; emits what the `with`s on the way out need. */
uint32_t leave_scopes(
	struct compiler *compiler, int64_t index, const struct ir_statement *statement);

void scope_open(struct compiler *compiler, struct scope *scope, uint32_t leave);
void scope_close(struct compiler *compiler);

/* Makes room for one more item of an array that grows in the scratch arena. */
void *grow(struct compiler *compiler, void *items, size_t count, size_t *room, size_t bytes);

/* ---- compile_trace.c ---- */

/* In front of the statement's op, which comes next. */
void emit_trace(struct compiler *compiler, const struct ir_statement *statement);
/* The ops of a function have their final place: drafts, and how many of them. */
void place_traces(struct compiler *compiler, const struct draft_op *drafts, size_t count,
	const struct op *ops);

/* ---- compile_statement.c ---- */

/* What a rule does last, when it is true. Blocks that hand a result on end otherwise. */
bool is_rule_end(const struct ir_statement *statement);

void compile_block(struct compiler *compiler, const struct ir_block *block);
/* One after the other, each with a scope of its own. */
void compile_blocks(struct compiler *compiler, const struct ir_block *blocks, size_t count);

/* ---- compile_life.c ---- */

enum target_use { TARGET_NONE, TARGET_WRITTEN, TARGET_GROWN };
/* What a statement of that kind does to its target. */
enum target_use target_use(enum ir_kind kind);

/* Fills compiler->whole and ->lives for compiler->function; no life is under way. */
void count_locals(struct compiler *compiler);
/*
 * Each block, and each scan around its blocks, is compiled between these two, and once, in the
 * order of the function: compiler->locals then has the lives that are under way there. Returns what
 * lives_end() wants.
 */
struct local *lives_begin(struct compiler *compiler);
void lives_end(struct compiler *compiler, const struct local *lives);

/* ---- compile_fold.c ---- */

int32_t constant_of(struct compiler *compiler, const struct value *value);
/* The operand as ops have it: a constant, a local, or what the local stands for. */
int32_t operand_of(struct compiler *compiler, struct ir_operand operand);
int32_t operand_of_local(struct compiler *compiler, uint32_t local);
void note_write(struct compiler *compiler, uint32_t local);
/* If a write of `operand` to the local, just emitted as the last op, makes it another name, notes
 * it. */
void note_alias(struct compiler *compiler, uint32_t local, int32_t operand);
void forget_aliases(struct compiler *compiler, size_t count); /* all but the first `count` */
/* The scalar that a Make… statement makes; NULL: it is no such statement. */
const struct value *literal_of(struct compiler *compiler, const struct ir_statement *statement);
/*
 * Tries to make a value of a container that is filled with constants only, starting at statement
 * `at`. Returns how many statements that took; 0: it is not constant.
 */
size_t fold_container(struct compiler *compiler, const struct ir_block *block, size_t at,
	const struct value **value);
