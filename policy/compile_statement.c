#include "policy/compile.h"

#include <string.h>
#include "base/arena.h"
#include "base/value.h"
#include "policy/builtin.h"
#include "policy/eval.h"

/*
 * Each function below compiles one kind of statement, which stands at `at` of its block, and
 * returns how many statements that took (more than one where they melt together).
 */
typedef size_t emit_fn(struct compiler *compiler, const struct ir_block *block, size_t at);

/* What most kinds are: one op with the same operands. */
struct plain {
	policy_op_fn *run;
	uint32_t count;
};

static const struct plain plain_ops[IR_KINDS] = {
	[IR_ARRAY_APPEND] = { op_append, 0 },
	[IR_ASSIGN_VAR_ONCE] = { op_assign_once, 0 },
	[IR_DOT] = { op_dot, 0 },
	[IR_EQUAL] = { op_equal, 0 },
	[IR_IS_ARRAY] = { op_is_type, VALUE_ARRAY },
	[IR_IS_DEFINED] = { op_is_defined, 0 },
	[IR_IS_OBJECT] = { op_is_type, VALUE_OBJECT },
	[IR_IS_SET] = { op_is_type, VALUE_SET },
	[IR_IS_UNDEFINED] = { op_is_undefined, 0 },
	[IR_LEN] = { op_len, 0 },
	[IR_NOT_EQUAL] = { op_not_equal, 0 },
	[IR_OBJECT_INSERT] = { op_insert, 0 },
	[IR_OBJECT_INSERT_ONCE] = { op_insert_once, 0 },
	[IR_OBJECT_MERGE] = { op_merge, 0 },
	[IR_RESET_LOCAL] = { op_reset, 0 },
	[IR_RESULT_SET_ADD] = { op_result, 0 },
	[IR_RETURN_LOCAL] = { op_return, 0 },
	[IR_SET_ADD] = { op_add, 0 },
};

static size_t emit_plain(struct compiler *compiler, const struct ir_block *block, size_t at)
{
	const struct ir_statement *statement = &block->statements[at];
	const struct plain *plain = &plain_ops[statement->kind];
	int32_t a = operand_of(compiler, statement->a);
	int32_t b = operand_of(compiler, statement->b);
	struct draft_op *draft = emit(compiler, plain->run, statement);

	draft->op.a = a;
	draft->op.b = b;
	draft->op.target = statement->target;
	draft->op.count = plain->count;
	if (target_use(statement->kind) == TARGET_WRITTEN) {
		note_write(compiler, statement->target);
	}
	return 1;
}

static size_t emit_nothing(struct compiler *compiler, const struct ir_block *block, size_t at)
{
	(void)compiler;
	(void)block;
	(void)at;
	return 1;
}

static void emit_assign(
	struct compiler *compiler, const struct ir_statement *statement, int32_t operand)
{
	struct draft_op *draft = emit(compiler, op_assign, statement);

	draft->op.a = operand;
	draft->op.target = statement->target;
	note_write(compiler, statement->target);
	note_alias(compiler, statement->target, operand);
}

static size_t emit_assign_var(struct compiler *compiler, const struct ir_block *block, size_t at)
{
	const struct ir_statement *statement = &block->statements[at];

	emit_assign(compiler, statement, operand_of(compiler, statement->a));
	return 1;
}

static size_t emit_literal(struct compiler *compiler, const struct ir_block *block, size_t at)
{
	const struct ir_statement *statement = &block->statements[at];
	const struct value *literal = literal_of(compiler, statement);

	emit_assign(compiler, statement, constant_of(compiler, literal));
	return 1;
}

static size_t emit_container(struct compiler *compiler, const struct ir_block *block, size_t at)
{
	static const enum value_type types[IR_KINDS] = {
		[IR_MAKE_ARRAY] = VALUE_ARRAY,
		[IR_MAKE_OBJECT] = VALUE_OBJECT,
		[IR_MAKE_SET] = VALUE_SET,
	};
	const struct ir_statement *statement = &block->statements[at];
	const struct value *value = NULL;
	size_t taken = fold_container(compiler, block, at, &value);

	if (taken > 0) {
		emit_assign(compiler, statement, constant_of(compiler, value));
		return taken;
	}
	struct draft_op *draft = emit(compiler, op_make, statement);
	draft->op.target = statement->target;
	draft->op.count = types[statement->kind];
	note_write(compiler, statement->target);
	return 1;
}

/* Input, data and objects in them are mostly asked for names that stand in the policy. */
static size_t emit_dot(struct compiler *compiler, const struct ir_block *block, size_t at)
{
	emit_plain(compiler, block, at);
	if (block->statements[at].b.type == IR_STRING) {
		compiler->ops[compiler->op_count - 1].op.run = op_dot_name;
	}
	return 1;
}

/* ---- blocks ---- */

static size_t emit_block(struct compiler *compiler, const struct ir_block *block, size_t at)
{
	const struct ir_statement *statement = &block->statements[at];
	bool is_else_chain = compiler->traces && block->count == 1 &&
			     compiler->scope->outer == NULL && statement->block_count > 1;

	for (size_t i = 0; i < statement->block_count; i++) {
		if (is_else_chain) {
			compiler->body++;
			compiler->at_end = true;
		}
		compile_blocks(compiler, &statement->blocks[i], 1);
	}
	return 1;
}

static size_t emit_break(struct compiler *compiler, const struct ir_block *block, size_t at)
{
	const struct ir_statement *statement = &block->statements[at];
	uint32_t label = leave_scopes(compiler, statement->number, statement);

	emit_jump(compiler, label, statement);
	return 1;
}

/* The end of the inner block is reached: the block around it is left. */
static size_t emit_not(struct compiler *compiler, const struct ir_block *block, size_t at)
{
	const struct ir_statement *statement = &block->statements[at];
	struct scope scope;
	uint32_t behind = label_new(compiler);

	scope_open(compiler, &scope, behind);
	for (size_t i = 0; i < statement->block_count; i++) {
		compile_block(compiler, &statement->blocks[i]);
	}
	scope_close(compiler);
	emit_jump(compiler, compiler->scope->leave, statement);
	label_bind(compiler, behind);
	return 1;
}

/*
 * The loop of an `every` notes in a local that its body did not hold for an item, and goes on
 * ("… is_undefined holds; failed = true"). OPA does not evaluate the body again.
 */
static void note_stop(
	struct compiler *compiler, const struct ir_statement *scan, size_t begin, size_t end)
{
	const struct ir_block *block = &scan->blocks[0];

	if (scan->block_count != 1 || block->count < 2) {
		return;
	}
	const struct ir_statement *last = &block->statements[block->count - 1];
	if (last->kind != IR_ASSIGN_VAR || last->a.type != IR_BOOL || last->a.index != 1 ||
		last[-1].kind != IR_IS_UNDEFINED) {
		return;
	}
	compiler->stops = grow(compiler, compiler->stops, compiler->stop_count,
		&compiler->stop_room, sizeof(*compiler->stops));
	compiler->stops[compiler->stop_count++] =
		(struct reach_stop){ (uint32_t)begin, (uint32_t)end, last->target };
}

static size_t emit_scan(struct compiler *compiler, const struct ir_block *block, size_t at)
{
	const struct ir_statement *statement = &block->statements[at];
	struct scope scope;
	uint32_t next = label_new(compiler);
	uint32_t behind = label_new(compiler);
	int32_t slot = (int32_t)compiler->scans++;
	int32_t source = operand_of(compiler, statement->a);

	if (compiler->scans > compiler->scans_most) {
		compiler->scans_most = compiler->scans;
	}
	struct draft_op *draft = emit(compiler, op_scan, statement);
	draft->op.a = source;
	draft->op.b = slot;
	draft->leave = behind;
	label_bind(compiler, next);
	size_t begin = compiler->op_count;
	const struct local *lives = lives_begin(compiler);
	bool wants_key = compiler->locals[statement->target]->reads > 0;
	draft = emit(compiler, wants_key ? op_next : op_next_value, statement);
	draft->op.b = slot;
	draft->op.target = statement->target;
	draft->op.count = statement->second;
	draft->leave = behind;
	note_write(compiler, statement->target);
	note_write(compiler, statement->second);
	scope_open(compiler, &scope, next);
	for (size_t i = 0; i < statement->block_count; i++) {
		compile_block(compiler, &statement->blocks[i]);
	}
	scope_close(compiler);
	lives_end(compiler, lives);
	emit_jump(compiler, next, statement);
	note_stop(compiler, statement, begin, compiler->op_count - 1);
	label_bind(compiler, behind);
	compiler->scans--;
	return 1;
}

/* ---- with ---- */

static const int32_t *operands_of(
	struct compiler *compiler, const struct ir_operand *operands, size_t count)
{
	int32_t *list = arena_alloc(compiler->arena, (count + 1) * sizeof(*list));

	for (size_t i = 0; i < count; i++) {
		list[i] = operand_of(compiler, operands[i]);
	}
	return list;
}

/*
 *         with            undefined: leave the block around
 *         … block …       undefined: to `undone`
 *         restore
 *         jump behind
 * undone: restore
 *         jump to where the block around leaves
 * behind:
 */
static size_t emit_with(struct compiler *compiler, const struct ir_block *block, size_t at)
{
	const struct ir_statement *statement = &block->statements[at];
	uint32_t undone = label_new(compiler);
	uint32_t behind = label_new(compiler);
	struct scope scope;
	int32_t value = operand_of(compiler, statement->a);
	const int32_t *path = operands_of(compiler, statement->args, statement->arg_count);
	uint32_t slot = compiler->local_count++;

	struct draft_op *draft = emit(compiler, op_with, statement);
	draft->op.a = value;
	draft->op.b = (int32_t)slot;
	draft->op.target = statement->target;
	draft->op.args = path;
	draft->op.count = (uint32_t)statement->arg_count;
	scope_open(compiler, &scope, undone);
	scope.is_with = true;
	scope.with_target = statement->target;
	scope.with_slot = slot;
	for (size_t i = 0; i < statement->block_count; i++) {
		compile_block(compiler, &statement->blocks[i]);
	}
	leave_scopes(compiler, 1, statement);
	emit_jump(compiler, behind, statement);
	label_bind(compiler, undone);
	uint32_t around = leave_scopes(compiler, 1, statement);
	emit_jump(compiler, around, statement);
	scope_close(compiler);
	label_bind(compiler, behind);
	return 1;
}

/* ---- calls ---- */

/* Comparisons are calls whose result the next statement tests: one op does both. */
static const struct {
	const char *name;
	policy_op_fn *run;
	uint32_t count;
} comparisons[] = {
	{ "equal", op_equal, 0 },
	{ "neq", op_not_equal, 0 },
	{ "lt", op_order, ORDER_LESS },
	{ "lte", op_order, ORDER_LESS | ORDER_EQUAL },
	{ "gt", op_order, ORDER_GREATER },
	{ "gte", op_order, ORDER_GREATER | ORDER_EQUAL },
};

/* `result != false` behind the call, and nothing else reads the result. */
static bool is_tested(struct compiler *compiler, const struct ir_block *block, size_t at)
{
	const struct ir_statement *call = &block->statements[at];
	const struct local *result = compiler->locals[call->target];

	if (at + 1 == block->count || result->reads != 1 || result->writes != 1) {
		return false;
	}
	const struct ir_statement *test = &block->statements[at + 1];
	return test->kind == IR_NOT_EQUAL && test->a.type == IR_LOCAL &&
	       test->a.index == call->target && test->b.type == IR_BOOL && test->b.index == 0;
}

static bool emit_comparison(struct compiler *compiler, const struct ir_block *block, size_t at)
{
	const struct ir_statement *call = &block->statements[at];

	if (call->builtin == NULL || call->arg_count != 2 || !is_tested(compiler, block, at)) {
		return false;
	}
	for (size_t i = 0; i < sizeof(comparisons) / sizeof(comparisons[0]); i++) {
		if (strcmp(comparisons[i].name, call->builtin->name) == 0) {
			int32_t a = operand_of(compiler, call->args[0]);
			int32_t b = operand_of(compiler, call->args[1]);
			struct draft_op *draft = emit(compiler, comparisons[i].run, call);
			draft->op.a = a;
			draft->op.b = b;
			draft->op.count = comparisons[i].count;
			return true;
		}
	}
	return false;
}

static size_t emit_call(struct compiler *compiler, const struct ir_block *block, size_t at)
{
	const struct ir_statement *statement = &block->statements[at];

	if (emit_comparison(compiler, block, at)) {
		return 2;
	}
	const int32_t *args = operands_of(compiler, statement->args, statement->arg_count);
	bool is_builtin = statement->builtin != NULL;
	struct draft_op *draft = emit(compiler, is_builtin ? op_builtin : op_call, statement);
	draft->op.args = args;
	draft->op.count = (uint32_t)statement->arg_count;
	draft->op.target = statement->target;
	if (is_builtin) {
		draft->op.builtin = statement->builtin;
	} else {
		draft->op.function = &compiler->functions[statement->function];
		draft->op.run = draft->op.function->memo ? op_call_rule : op_call;
	}
	note_write(compiler, statement->target);
	return 1;
}

static size_t emit_dynamic(struct compiler *compiler, const struct ir_block *block, size_t at)
{
	const struct ir_statement *statement = &block->statements[at];
	int32_t input = operand_of(compiler, statement->args[0]);
	int32_t data = operand_of(compiler, statement->args[1]);
	const int32_t *path = operands_of(compiler, statement->path, statement->path_count);
	const struct scope *scope = compiler->scope;

	for (int i = 0; i < 3; i++) {
		scope = scope->outer; /* no `with` is among them: ir_statement.c */
	}
	struct draft_op *draft = emit(compiler, op_dynamic, statement);
	draft->op.a = input;
	draft->op.b = data;
	draft->op.args = path;
	draft->op.count = (uint32_t)statement->path_count;
	draft->op.target = statement->target;
	draft->jump = scope->leave;
	note_write(compiler, statement->target);
	return 1;
}

/* ---- all kinds ---- */

static emit_fn *const emitters[IR_KINDS] = {
	[IR_ASSIGN_INT] = emit_literal,
	[IR_ASSIGN_VAR] = emit_assign_var,
	[IR_BLOCK] = emit_block,
	[IR_BREAK] = emit_break,
	[IR_CALL] = emit_call,
	[IR_CALL_DYNAMIC] = emit_dynamic,
	[IR_DOT] = emit_dot,
	[IR_MAKE_ARRAY] = emit_container,
	[IR_MAKE_NULL] = emit_literal,
	[IR_MAKE_NUMBER_INT] = emit_literal,
	[IR_MAKE_NUMBER_REF] = emit_literal,
	[IR_MAKE_OBJECT] = emit_container,
	[IR_MAKE_SET] = emit_container,
	[IR_NOP] = emit_nothing,
	[IR_NOT] = emit_not,
	[IR_SCAN] = emit_scan,
	[IR_WITH] = emit_with,
};

/* Whether the end of the block within is the end of the rule. */
static bool leads_to_end(const struct ir_statement *statement)
{
	switch (statement->kind) {
	case IR_SCAN:
	case IR_WITH:
	case IR_BLOCK:
		return statement->block_count == 1;
	default:
		return false;
	}
}

bool is_rule_end(const struct ir_statement *statement)
{
	switch (statement->kind) {
	case IR_ASSIGN_VAR_ONCE:
	case IR_OBJECT_INSERT_ONCE:
	case IR_SET_ADD:
	case IR_BREAK:
		return true;
	default:
		return false;
	}
}

void compile_block(struct compiler *compiler, const struct ir_block *block)
{
	bool at_end = compiler->at_end;
	const struct local *lives = lives_begin(compiler);

	for (size_t at = 0; at < block->count;) {
		const struct ir_statement *statement = &block->statements[at];
		bool is_last = at_end && at + 1 == block->count;
		emit_fn *emitter = emitters[statement->kind];

		compiler->at_end = is_last && leads_to_end(statement);
		compiler->is_last = is_last;
		emit_point(compiler, statement, is_last && is_rule_end(statement));
		size_t taken = emitter != NULL ? emitter(compiler, block, at)
					       : emit_plain(compiler, block, at);
		for (size_t i = at + 1; i < at + taken; i++) {
			emit_point(compiler, &block->statements[i], false);
		}
		at += taken;
	}
	lives_end(compiler, lives);
	compiler->at_end = at_end;
}

void compile_blocks(struct compiler *compiler, const struct ir_block *blocks, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct scope scope;
		uint32_t behind = label_new(compiler);
		bool is_body = compiler->next_body < compiler->body_count &&
			       compiler->bodies[compiler->next_body] == &blocks[i];
		if (is_body) {
			compiler->definition = (uint32_t)++compiler->next_body;
		}
		scope_open(compiler, &scope, behind);
		compile_block(compiler, &blocks[i]);
		scope_close(compiler);
		label_bind(compiler, behind);
		compiler->definition = is_body ? 0 : compiler->definition;
	}
}
