/*
 * ir: OPA's intermediate representation, from plan.json to verified statements.
 *
 * The format is that of OPA 1.x (openpolicyagent.org/docs/ir, v1/ir/ir.go). Everything a plan can
 * lie about is checked here, once, so that compiler and evaluator may trust it:
 *
 *   - each operand is a local below `locals`, a string of the static table, or a boolean;
 *   - a called function exists and takes that many arguments; a called builtin has a row;
 *   - a break leaves no more blocks than there are around it, and never a loop's body as a whole
 *     (OPA's planner does not do it, and its documents do not agree on what it would mean);
 *   - numbers of the static table are numbers; paths of functions are unambiguous;
 *   - nesting, counts and locals lie within limits.
 *
 * All lives in the arena given. The kinds of statements are rows of a table in ir_statement.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct error;
struct policy_builtin;
struct policy_limits;
struct value;

enum ir_kind {
	IR_ARRAY_APPEND,
	IR_ASSIGN_INT,
	IR_ASSIGN_VAR,
	IR_ASSIGN_VAR_ONCE,
	IR_BLOCK,
	IR_BREAK,
	IR_CALL_DYNAMIC,
	IR_CALL,
	IR_DOT,
	IR_EQUAL,
	IR_IS_ARRAY,
	IR_IS_DEFINED,
	IR_IS_OBJECT,
	IR_IS_SET,
	IR_IS_UNDEFINED,
	IR_LEN,
	IR_MAKE_ARRAY,
	IR_MAKE_NULL,
	IR_MAKE_NUMBER_INT,
	IR_MAKE_NUMBER_REF,
	IR_MAKE_OBJECT,
	IR_MAKE_SET,
	IR_NOP,
	IR_NOT,
	IR_NOT_EQUAL,
	IR_OBJECT_INSERT,
	IR_OBJECT_INSERT_ONCE,
	IR_OBJECT_MERGE,
	IR_RESET_LOCAL,
	IR_RESULT_SET_ADD,
	IR_RETURN_LOCAL,
	IR_SCAN,
	IR_SET_ADD,
	IR_WITH,
	IR_KINDS,
};

enum ir_operand_type { IR_NONE, IR_LOCAL, IR_STRING, IR_BOOL };

struct ir_operand {
	enum ir_operand_type type;
	uint32_t index; /* local, string of the static table, or 0 and 1 */
};

struct ir_place {
	uint32_t file; /* of ir_plan.files */
	uint32_t row;
	uint32_t col;
	uint32_t end_row; /* 0: an opa before 1.22 did not say */
	uint32_t end_col;
};

struct ir_block {
	const struct ir_statement *statements;
	size_t count;
};

/* One statement of any kind; ir_statement.c says which member holds what. */
struct ir_statement {
	enum ir_kind kind;
	struct ir_place place;
	struct ir_operand a; /* source, first operand, key of an insert */
	struct ir_operand b; /* key of a dot, second operand, value of an insert */
	uint32_t target;     /* the local written, or the one whose container grows */
	uint32_t second;     /* of a scan: the local of the value; target is that of the key */
	int64_t number;      /* literal, break index, string that holds a number */
	const struct ir_operand *args; /* of calls; path of a with */
	size_t arg_count;
	const struct ir_operand *path; /* of a dynamic call */
	size_t path_count;
	const struct ir_block *blocks;
	size_t block_count;
	const struct policy_builtin *builtin; /* of a call: either this, */
	uint32_t function;                    /* or one of ir_plan.functions */
};

/* A function, or a plan (an entry point): params are then input and data. */
struct ir_function {
	const char *name;
	const uint32_t *params;
	size_t param_count;
	const struct ir_block *blocks;
	size_t block_count;
	const struct value *path; /* array of names for dynamic calls, or NULL */
	uint32_t locals;          /* each local is below it */
};

struct ir_plan {
	const struct value **strings; /* string values of the static table */
	size_t string_count;
	const char **files;
	size_t file_count;
	struct ir_function *functions;
	size_t function_count;
	struct ir_function *plans;
	size_t plan_count;
	size_t statement_count; /* in all of them, nested ones included */
};

#define IR_NESTING 256 /* blocks within blocks */
#define IR_PATH 128    /* names in a path */

/*
 * Reads and verifies. NULL: ERROR_SYNTAX for text that is no JSON, ERROR_TOO_LARGE beyond a limit,
 * ERROR_POLICY for the rest; the sentence names function and source line.
 */
struct ir_plan *ir_read(struct arena *arena, const char *text, size_t size,
	const struct policy_limits *limits, struct error *err);

/* The number of a MakeNumberRefStmt, from its string. NULL: it is none, or beyond 1e±4096. */
const struct value *ir_number(struct arena *arena, const struct value *text);

/* "DotStmt". */
const char *ir_kind_name(enum ir_kind kind);

/* ---- between ir.c and ir_statement.c ---- */

struct ir_reader {
	struct arena *arena;
	const struct policy_limits *limits;
	struct error *err;
	struct ir_plan *plan;
	const struct value *names;    /* object: function name → its number */
	struct ir_function *function; /* being read */
	/* The blocks around the statement being read; [0] is the outermost. True: body of a scan.
	 */
	bool is_scan[IR_NESTING];
	size_t depth;
	bool placed; /* *err names its source line already */
};

/* Reads the array `json` of blocks, one level deeper than the reader is now. */
bool ir_read_blocks(struct ir_reader *reader, const struct value *json, bool scan,
	const struct ir_block **blocks, size_t *count);
/* Notes that the function uses a local. False: beyond the limit. */
/* False: an argument of a call is a pattern that is none. */
bool ir_check_pattern(struct ir_reader *reader, const struct ir_statement *statement);
bool ir_use_local(struct ir_reader *reader, int64_t number, uint32_t *local);
