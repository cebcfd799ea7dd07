#include "policy/ir.h"

#include <string.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/value.h"
#include "policy/builtin.h"
#include "policy/engine.h"
#include "policy/program.h"

/* How a member of a statement's JSON is read, and where it goes in struct ir_statement. */
enum field_how {
	FIELD_END,
	FIELD_OPERAND_A, /* {"type": …, "value": …} into a */
	FIELD_OPERAND_B, /* into b */
	FIELD_SOURCE_A,  /* the number of a local into a */
	FIELD_SOURCE_B,  /* into b */
	FIELD_TARGET,    /* the number of a local into target */
	FIELD_SECOND,    /* the number of a local into second */
	FIELD_NUMBER,
	FIELD_BLOCK,      /* one block */
	FIELD_BLOCKS,     /* an array of them */
	FIELD_FUNCTION,   /* the name of what is called */
	FIELD_ARGS,       /* operands into args */
	FIELD_LOCAL_ARGS, /* numbers of locals into args */
	FIELD_PATH,       /* operands into path */
	FIELD_NAMES,      /* numbers of strings into args; null is none */
};

struct field {
	const char *name;
	enum field_how how;
};

#define FIELDS_MAX 4

struct kind_row {
	const char *name;
	struct field fields[FIELDS_MAX];
};

static const struct kind_row kinds[] = {
	[IR_ARRAY_APPEND] = { "ArrayAppendStmt",
		{ { "value", FIELD_OPERAND_A }, { "array", FIELD_TARGET } } },
	[IR_ASSIGN_INT] = { "AssignIntStmt",
		{ { "value", FIELD_NUMBER }, { "target", FIELD_TARGET } } },
	[IR_ASSIGN_VAR] = { "AssignVarStmt",
		{ { "source", FIELD_OPERAND_A }, { "target", FIELD_TARGET } } },
	[IR_ASSIGN_VAR_ONCE] = { "AssignVarOnceStmt",
		{ { "source", FIELD_OPERAND_A }, { "target", FIELD_TARGET } } },
	[IR_BLOCK] = { "BlockStmt", { { "blocks", FIELD_BLOCKS } } },
	[IR_BREAK] = { "BreakStmt", { { "index", FIELD_NUMBER } } },
	[IR_CALL_DYNAMIC] = { "CallDynamicStmt",
		{ { "args", FIELD_LOCAL_ARGS }, { "path", FIELD_PATH },
			{ "result", FIELD_TARGET } } },
	[IR_CALL] = { "CallStmt", { { "args", FIELD_ARGS }, { "func", FIELD_FUNCTION },
					  { "result", FIELD_TARGET } } },
	[IR_DOT] = { "DotStmt", { { "source", FIELD_OPERAND_A }, { "key", FIELD_OPERAND_B },
					{ "target", FIELD_TARGET } } },
	[IR_EQUAL] = { "EqualStmt", { { "a", FIELD_OPERAND_A }, { "b", FIELD_OPERAND_B } } },
	[IR_IS_ARRAY] = { "IsArrayStmt", { { "source", FIELD_OPERAND_A } } },
	[IR_IS_DEFINED] = { "IsDefinedStmt", { { "source", FIELD_SOURCE_A } } },
	[IR_IS_OBJECT] = { "IsObjectStmt", { { "source", FIELD_OPERAND_A } } },
	[IR_IS_SET] = { "IsSetStmt", { { "source", FIELD_OPERAND_A } } },
	[IR_IS_UNDEFINED] = { "IsUndefinedStmt", { { "source", FIELD_SOURCE_A } } },
	[IR_LEN] = { "LenStmt", { { "source", FIELD_OPERAND_A }, { "target", FIELD_TARGET } } },
	[IR_MAKE_ARRAY] = { "MakeArrayStmt", { { "target", FIELD_TARGET } } },
	[IR_MAKE_NULL] = { "MakeNullStmt", { { "target", FIELD_TARGET } } },
	[IR_MAKE_NUMBER_INT] = { "MakeNumberIntStmt",
		{ { "value", FIELD_NUMBER }, { "target", FIELD_TARGET } } },
	[IR_MAKE_NUMBER_REF] = { "MakeNumberRefStmt",
		{ { "Index", FIELD_NUMBER }, { "target", FIELD_TARGET } } },
	[IR_MAKE_OBJECT] = { "MakeObjectStmt", { { "target", FIELD_TARGET } } },
	[IR_MAKE_SET] = { "MakeSetStmt", { { "target", FIELD_TARGET } } },
	[IR_NOP] = { "NopStmt", { { 0 } } },
	[IR_NOT] = { "NotStmt", { { "block", FIELD_BLOCK } } },
	[IR_NOT_EQUAL] = { "NotEqualStmt", { { "a", FIELD_OPERAND_A }, { "b", FIELD_OPERAND_B } } },
	[IR_OBJECT_INSERT] = { "ObjectInsertStmt",
		{ { "key", FIELD_OPERAND_A }, { "value", FIELD_OPERAND_B },
			{ "object", FIELD_TARGET } } },
	[IR_OBJECT_INSERT_ONCE] = { "ObjectInsertOnceStmt",
		{ { "key", FIELD_OPERAND_A }, { "value", FIELD_OPERAND_B },
			{ "object", FIELD_TARGET } } },
	[IR_OBJECT_MERGE] = { "ObjectMergeStmt",
		{ { "a", FIELD_SOURCE_A }, { "b", FIELD_SOURCE_B }, { "target", FIELD_TARGET } } },
	[IR_RESET_LOCAL] = { "ResetLocalStmt", { { "target", FIELD_TARGET } } },
	[IR_RESULT_SET_ADD] = { "ResultSetAddStmt", { { "value", FIELD_SOURCE_A } } },
	[IR_RETURN_LOCAL] = { "ReturnLocalStmt", { { "source", FIELD_SOURCE_A } } },
	[IR_SCAN] = { "ScanStmt", { { "source", FIELD_SOURCE_A }, { "key", FIELD_TARGET },
					  { "value", FIELD_SECOND }, { "block", FIELD_BLOCK } } },
	[IR_SET_ADD] = { "SetAddStmt", { { "value", FIELD_OPERAND_A }, { "set", FIELD_TARGET } } },
	[IR_WITH] = { "WithStmt",
		{ { "local", FIELD_TARGET }, { "path", FIELD_NAMES }, { "value", FIELD_OPERAND_A },
			{ "block", FIELD_BLOCK } } },
};
_Static_assert(sizeof(kinds) / sizeof(kinds[0]) == IR_KINDS, "a kind lacks its row");

const char *ir_kind_name(enum ir_kind kind)
{
	return kinds[kind].name;
}

static bool find_kind(const char *name, enum ir_kind *kind)
{
	for (int i = 0; i < IR_KINDS; i++) {
		if (strcmp(kinds[i].name, name) == 0) {
			*kind = (enum ir_kind)i;
			return true;
		}
	}
	return false;
}

/* ---- parts of statements ---- */

bool ir_use_local(struct ir_reader *reader, int64_t number, uint32_t *local)
{
	if (number < 0 || (uint64_t)number >= reader->limits->locals) {
		return error_set(
			reader->err, ERROR_POLICY, "local %lld is out of range", (long long)number);
	}
	*local = (uint32_t)number;
	if (*local >= reader->function->locals) {
		reader->function->locals = *local + 1;
	}
	return true;
}

static bool read_number(struct ir_reader *reader, const struct value *json, int64_t *number)
{
	if (json == NULL || !value_int(json, number)) {
		return error_set(reader->err, ERROR_POLICY, "a number is missing");
	}
	return true;
}

static bool read_local(struct ir_reader *reader, const struct value *json, uint32_t *local)
{
	int64_t number = -1;

	return read_number(reader, json, &number) && ir_use_local(reader, number, local);
}

static bool read_string_number(
	struct ir_reader *reader, const struct value *json, struct ir_operand *operand)
{
	int64_t number = -1;

	if (!read_number(reader, json, &number)) {
		return false;
	}
	if (number < 0 || (uint64_t)number >= reader->plan->string_count) {
		return error_set(reader->err, ERROR_POLICY,
			"string %lld is not in the static table", (long long)number);
	}
	*operand = (struct ir_operand){ IR_STRING, (uint32_t)number };
	return true;
}

static bool read_operand(
	struct ir_reader *reader, const struct value *json, struct ir_operand *operand)
{
	const char *type = value_find_text(json, "type");
	const struct value *value = value_find(json, "value");

	if (type != NULL && strcmp(type, "local") == 0) {
		operand->type = IR_LOCAL;
		return read_local(reader, value, &operand->index);
	}
	if (type != NULL && strcmp(type, "string_index") == 0) {
		return read_string_number(reader, value, operand);
	}
	if (type != NULL && strcmp(type, "bool") == 0 && value_is(value, VALUE_BOOL)) {
		*operand = (struct ir_operand){ IR_BOOL, value_bool(value) };
		return true;
	}
	return error_set(reader->err, ERROR_POLICY, "an operand is no local, string or boolean");
}

/* A name of a path: the functions that set a member take it up to its NUL. */
static bool read_name(
	struct ir_reader *reader, const struct value *json, struct ir_operand *operand)
{
	if (!read_string_number(reader, json, operand)) {
		return false;
	}
	const struct value *name = reader->plan->strings[operand->index];
	if (strlen(value_text(name)) != value_size(name)) {
		return error_set(reader->err, ERROR_POLICY, "a path has a NUL in it");
	}
	return true;
}

typedef bool operand_fn(
	struct ir_reader *reader, const struct value *json, struct ir_operand *operand);

static bool read_local_operand(
	struct ir_reader *reader, const struct value *json, struct ir_operand *operand)
{
	operand->type = IR_LOCAL;
	return read_local(reader, json, &operand->index);
}

/* An array of operands in whichever form; null and absent are none. */
static bool read_list(struct ir_reader *reader, const struct value *json, operand_fn *read,
	const struct ir_operand **list, size_t *count)
{
	if (json != NULL && !value_is(json, VALUE_ARRAY) && !value_is(json, VALUE_NULL)) {
		return error_set(reader->err, ERROR_POLICY, "a list of operands is no array");
	}
	*count = value_count(json);
	if (*count > PROGRAM_ARGS_MAX) {
		return error_set(reader->err, ERROR_POLICY, "a list has more than %d operands",
			PROGRAM_ARGS_MAX);
	}
	struct ir_operand *operands = arena_calloc(reader->arena, *count, sizeof(*operands));
	*list = operands;
	for (size_t i = 0; i < *count; i++) {
		if (!read(reader, value_at(json, i), &operands[i])) {
			return false;
		}
	}
	return true;
}

/* What is called: a function of the plan, or else a builtin that we have. */
static bool read_callee(
	struct ir_reader *reader, const struct value *json, struct ir_statement *statement)
{
	const char *name = value_is(json, VALUE_STRING) ? value_text(json) : "";
	int64_t function = value_find_int(reader->names, name, -1);

	if (function >= 0) {
		statement->function = (uint32_t)function;
		size_t wanted = reader->plan->functions[function].param_count;
		if (statement->arg_count != wanted) {
			return error_set(reader->err, ERROR_POLICY,
				"%s takes %zu arguments, but gets %zu", name, wanted,
				statement->arg_count);
		}
		return true;
	}
	statement->builtin = policy_builtin_find(name);
	if (statement->builtin == NULL) {
		const char *reason = policy_builtin_refusal(name);
		return error_set(reader->err, ERROR_POLICY,
			"the builtin %s is not available here%s%s", name,
			reason != NULL ? ": " : "", reason != NULL ? reason : "");
	}
	if (statement->arg_count != statement->builtin->args) {
		return error_set(reader->err, ERROR_POLICY,
			"the builtin %s takes %u arguments, but gets %zu", name,
			statement->builtin->args, statement->arg_count);
	}
	return reader->limits->patterns_may_be_wrong || ir_check_pattern(reader, statement);
}

static bool read_one_block(
	struct ir_reader *reader, const struct value *json, struct ir_statement *statement)
{
	const struct value *list = value_of_array(reader->arena, &json, json != NULL);

	return ir_read_blocks(reader, list, statement->kind == IR_SCAN, &statement->blocks,
		&statement->block_count);
}

static bool read_field(struct ir_reader *reader, const struct field *field,
	const struct value *json, struct ir_statement *statement)
{
	switch (field->how) {
	case FIELD_OPERAND_A:
		return read_operand(reader, json, &statement->a);
	case FIELD_OPERAND_B:
		return read_operand(reader, json, &statement->b);
	case FIELD_SOURCE_A:
		return read_local_operand(reader, json, &statement->a);
	case FIELD_SOURCE_B:
		return read_local_operand(reader, json, &statement->b);
	case FIELD_TARGET:
		return read_local(reader, json, &statement->target);
	case FIELD_SECOND:
		return read_local(reader, json, &statement->second);
	case FIELD_NUMBER:
		return read_number(reader, json, &statement->number);
	case FIELD_BLOCK:
		return read_one_block(reader, json, statement);
	case FIELD_BLOCKS:
		return ir_read_blocks(
			reader, json, false, &statement->blocks, &statement->block_count);
	case FIELD_FUNCTION:
		return read_callee(reader, json, statement);
	case FIELD_ARGS:
		return read_list(
			reader, json, read_operand, &statement->args, &statement->arg_count);
	case FIELD_LOCAL_ARGS:
		return read_list(
			reader, json, read_local_operand, &statement->args, &statement->arg_count);
	case FIELD_PATH:
		return read_list(
			reader, json, read_operand, &statement->path, &statement->path_count);
	case FIELD_NAMES:
		return read_list(reader, json, read_name, &statement->args, &statement->arg_count);
	case FIELD_END:
		break;
	}
	return true;
}

/* ---- what holds for a whole statement ---- */

/* A break of `index` ends in the block that stands `index` around this one: no loop between. */
static bool check_break(struct ir_reader *reader, int64_t index)
{
	if (index < 0 || (uint64_t)index >= reader->depth) {
		return error_set(
			reader->err, ERROR_POLICY, "a break leaves more blocks than there are");
	}
	for (size_t i = 0; i < (size_t)index; i++) {
		if (reader->is_scan[reader->depth - 1 - i]) {
			return error_set(reader->err, ERROR_POLICY, "a break leaves a loop");
		}
	}
	return true;
}

const struct value *ir_number(struct arena *arena, const struct value *text)
{
	const struct value *number = NULL;
	const char *digits = value_text(text);

	/* Rego writes what JSON does not: .5 */
	if (digits[0] == '.') {
		digits = arena_printf(arena, "0%s", digits);
	}
	value_of_number(arena, digits, strlen(digits), &number);
	return number;
}

static bool check_number(struct ir_reader *reader, int64_t index)
{
	if (index < 0 || (uint64_t)index >= reader->plan->string_count) {
		return error_set(reader->err, ERROR_POLICY,
			"number %lld is not in the static table", (long long)index);
	}
	const struct value *text = reader->plan->strings[index];
	if (ir_number(reader->arena, text) == NULL) {
		return error_set(reader->err, ERROR_POLICY,
			"'%.32s' is no number that can be computed with", value_text(text));
	}
	return true;
}

static bool check_statement(struct ir_reader *reader, const struct ir_statement *statement)
{
	int64_t number = statement->number;

	switch (statement->kind) {
	case IR_BREAK:
		return check_break(reader, number);
	case IR_CALL_DYNAMIC:
		/* An undefined result leaves three blocks more, see eval_call.c. */
		if (statement->path_count == 0 || statement->arg_count != 2) {
			return error_set(reader->err, ERROR_POLICY,
				"a dynamic call lacks its path or takes more than input and data");
		}
		return check_break(reader, 3);
	case IR_MAKE_NUMBER_REF:
		return check_number(reader, number);
	default:
		return true;
	}
}

/* ---- statements ---- */

/* "users.rego:12:" in front, when the statement says where it is from; of nested ones the
 * innermost. */
static bool at_place(struct ir_reader *reader, const struct ir_statement *statement)
{
	const struct ir_place *place = &statement->place;

	if (reader->placed) {
		return false;
	}
	reader->placed = true;
	if (place->row == 0 || place->file >= reader->plan->file_count) {
		return error_wrap(reader->err, "function %s", reader->function->name);
	}
	return error_wrap(
		reader->err, "%s:%u", reader->plan->files[place->file], (unsigned)place->row);
}

static uint32_t place_number(const struct value *json, const char *name)
{
	int64_t number = value_find_int(json, name, 0);

	return number >= 0 && number < INT32_MAX ? (uint32_t)number : 0;
}

static bool read_statement(
	struct ir_reader *reader, const struct value *json, struct ir_statement *statement)
{
	const char *type = value_find_text(json, "type");
	const struct value *body = value_find(json, "stmt");

	statement->place = (struct ir_place){ place_number(body, "file"), place_number(body, "row"),
		place_number(body, "col"), place_number(body, "end_row"),
		place_number(body, "end_col") };
	if (type == NULL || !find_kind(type, &statement->kind)) {
		return error_set(reader->err, ERROR_POLICY,
			"statement type '%.40s' is not known; plans of OPA 1.x are read",
			type != NULL ? type : "");
	}
	const struct kind_row *row = &kinds[statement->kind];
	for (size_t i = 0; i < FIELDS_MAX && row->fields[i].how != FIELD_END; i++) {
		const char *name = row->fields[i].name;
		if (!read_field(reader, &row->fields[i], value_find(body, name), statement)) {
			return false;
		}
	}
	return check_statement(reader, statement);
}

static bool read_block(struct ir_reader *reader, const struct value *json, struct ir_block *block)
{
	const struct value *list = value_find(json, "stmts");

	/* The planner writes null for a block without statements. */
	if (!value_is(json, VALUE_OBJECT) ||
		(list != NULL && !value_is(list, VALUE_ARRAY) && !value_is(list, VALUE_NULL))) {
		return error_set(reader->err, ERROR_POLICY, "a block lacks its statements");
	}
	block->count = value_count(list);
	reader->plan->statement_count += block->count;
	if (reader->plan->statement_count > reader->limits->statements) {
		return error_set(reader->err, ERROR_TOO_LARGE,
			"the plan has more than %zu statements", reader->limits->statements);
	}
	struct ir_statement *statements =
		arena_calloc(reader->arena, block->count, sizeof(*statements));
	block->statements = statements;
	for (size_t i = 0; i < block->count; i++) {
		if (!read_statement(reader, value_at(list, i), &statements[i])) {
			return at_place(reader, &statements[i]);
		}
	}
	return true;
}

bool ir_read_blocks(struct ir_reader *reader, const struct value *json, bool scan,
	const struct ir_block **blocks, size_t *count)
{
	if (json != NULL && !value_is(json, VALUE_ARRAY) && !value_is(json, VALUE_NULL)) {
		return error_set(reader->err, ERROR_POLICY, "blocks are no array");
	}
	if (reader->depth == IR_NESTING) {
		return error_set(reader->err, ERROR_TOO_LARGE,
			"blocks are nested more than %d deep", IR_NESTING);
	}
	reader->is_scan[reader->depth++] = scan;
	*count = value_count(json);
	struct ir_block *list = arena_calloc(reader->arena, *count, sizeof(*list));
	*blocks = list;
	for (size_t i = 0; i < *count; i++) {
		if (!read_block(reader, value_at(json, i), &list[i])) {
			return false;
		}
	}
	reader->depth--;
	return true;
}
