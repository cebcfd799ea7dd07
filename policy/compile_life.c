#include "policy/compile.h"

#include "base/arena.h"
#include "policy/engine.h"

/*
 * What happens to a local is counted for each of its lives. Planners use the numbers of locals
 * again in each body of a rule, and in blocks that come one after the other, for things that have
 * nothing to do with each other.
 *
 * A life is a block that writes the local, when nothing around it is one already:
 *
 *     block          life of 3          3 = input.a
 *       ├─ block                        reads 3, writes 3: the same life
 *     block          another one        3 = input.b
 *
 * This is right when each read stands behind such a write, in the same block or in one within it.
 * No way leads there but past the write, since blocks are entered at their first statement and left
 * outwards, and no write outside of that life comes between. The reads of a life see its writes,
 * and nobody else does. A local of which one single read is otherwise (the set that all bodies of a
 * rule add to, a result that the next block tests) has no lives: it is whole, and everything that
 * happens to it counts.
 */

enum target_use target_use(enum ir_kind kind)
{
	switch (kind) {
	case IR_ARRAY_APPEND:
	case IR_OBJECT_INSERT:
	case IR_OBJECT_INSERT_ONCE:
	case IR_SET_ADD:
		return TARGET_GROWN;
	case IR_BLOCK:
	case IR_BREAK:
	case IR_EQUAL:
	case IR_IS_ARRAY:
	case IR_IS_DEFINED:
	case IR_IS_OBJECT:
	case IR_IS_SET:
	case IR_IS_UNDEFINED:
	case IR_NOP:
	case IR_NOT:
	case IR_NOT_EQUAL:
	case IR_RESULT_SET_ADD:
	case IR_RETURN_LOCAL:
		return TARGET_NONE;
	default:
		return TARGET_WRITTEN;
	}
}

/* ---- counting ---- */

/* The statement sees what the local holds; no life is under way: it may come from anywhere. */
static struct local *life_of_read(struct compiler *compiler, uint32_t local)
{
	struct local *life = compiler->locals[local];

	if (life == &compiler->whole[local]) {
		life->is_whole = true;
	}
	return life;
}

static void count_read(struct compiler *compiler, uint32_t local)
{
	struct local *life = life_of_read(compiler, local);

	compiler->whole[local].reads++;
	if (life != &compiler->whole[local]) {
		life->reads++;
	}
}

static void count_operand(struct compiler *compiler, struct ir_operand operand)
{
	if (operand.type == IR_LOCAL) {
		count_read(compiler, operand.index);
	}
}

static void count_operands(
	struct compiler *compiler, const struct ir_operand *operands, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		count_operand(compiler, operands[i]);
	}
}

static void count_growth(struct compiler *compiler, uint32_t local)
{
	struct local *life = life_of_read(compiler, local);

	compiler->whole[local].grows++;
	if (life != &compiler->whole[local]) {
		life->grows++;
	}
}

/* `place`: number of the block's, or the scan's, list of lives. */
static void count_write(struct compiler *compiler, uint32_t local, size_t place)
{
	struct local *whole = &compiler->whole[local];

	whole->writes++;
	if (whole->is_whole) {
		return;
	}
	if (compiler->locals[local] == whole) {
		struct local *life = arena_calloc(compiler->scratch, 1, sizeof(*life));
		life->number = local;
		life->next = compiler->lives[place];
		compiler->lives[place] = life;
		compiler->locals[local] = life;
	}
	compiler->locals[local]->writes++;
}

static size_t place_new(struct compiler *compiler)
{
	compiler->lives = grow(compiler, compiler->lives, compiler->life_count,
		&compiler->life_room, sizeof(*compiler->lives));
	compiler->lives[compiler->life_count] = NULL;
	return compiler->life_count++;
}

static void place_left(struct compiler *compiler, size_t place)
{
	for (const struct local *life = compiler->lives[place]; life != NULL; life = life->next) {
		compiler->locals[life->number] = &compiler->whole[life->number];
	}
}

static void count_block(struct compiler *compiler, const struct ir_block *block);

static void count_blocks(struct compiler *compiler, const struct ir_statement *statement)
{
	for (size_t i = 0; i < statement->block_count; i++) {
		count_block(compiler, &statement->blocks[i]);
	}
}

static void count_target(
	struct compiler *compiler, const struct ir_statement *statement, size_t place)
{
	switch (target_use(statement->kind)) {
	case TARGET_GROWN:
		count_growth(compiler, statement->target);
		break;
	case TARGET_WRITTEN:
		count_write(compiler, statement->target, place);
		break;
	case TARGET_NONE:
		break;
	}
}

/* Key and value of an item are there within the loop only. */
static void count_scan(struct compiler *compiler, const struct ir_statement *scan)
{
	size_t place = place_new(compiler);

	count_write(compiler, scan->target, place);
	count_write(compiler, scan->second, place);
	count_blocks(compiler, scan);
	place_left(compiler, place);
}

static void count_statement(
	struct compiler *compiler, const struct ir_statement *statement, size_t place)
{
	count_operand(compiler, statement->a);
	count_operand(compiler, statement->b);
	count_operands(compiler, statement->args, statement->arg_count);
	count_operands(compiler, statement->path, statement->path_count);
	if (statement->kind == IR_SCAN) {
		count_scan(compiler, statement);
		return;
	}
	if (statement->kind == IR_ASSIGN_VAR_ONCE) { /* compares with what is there */
		life_of_read(compiler, statement->target);
	}
	if (statement->kind == IR_WITH) { /* written again when it is restored */
		count_read(compiler, statement->target);
		count_write(compiler, statement->target, place);
	}
	count_target(compiler, statement, place);
	count_blocks(compiler, statement);
}

static void count_block(struct compiler *compiler, const struct ir_block *block)
{
	size_t place = place_new(compiler);

	for (size_t i = 0; i < block->count; i++) {
		count_statement(compiler, &block->statements[i], place);
	}
	place_left(compiler, place);
}

void count_locals(struct compiler *compiler)
{
	const struct ir_function *function = compiler->function;

	compiler->whole =
		arena_calloc(compiler->scratch, function->locals, sizeof(*compiler->whole));
	compiler->locals =
		arena_calloc(compiler->scratch, function->locals, sizeof(struct local *));
	compiler->life_count = 0;
	compiler->next_lives = 0;
	for (uint32_t i = 0; i < function->locals; i++) {
		compiler->whole[i].is_whole = (compiler->without & POLICY_STEP_LIVES) != 0;
		compiler->locals[i] = &compiler->whole[i];
	}
	for (size_t i = 0; i < function->param_count; i++) {
		struct local *param = &compiler->whole[function->params[i]];
		param->writes++;
		param->written++;
		param->is_whole = true;
	}
	for (size_t i = 0; i < function->block_count; i++) {
		count_block(compiler, &function->blocks[i]);
	}
}

/* ---- while it is compiled: the same way again ---- */

struct local *lives_begin(struct compiler *compiler)
{
	struct local *lives = compiler->lives[compiler->next_lives++];

	for (struct local *life = lives; life != NULL; life = life->next) {
		life->around = compiler->locals[life->number];
		if (!compiler->whole[life->number].is_whole) {
			compiler->locals[life->number] = life;
		}
	}
	return lives;
}

void lives_end(struct compiler *compiler, const struct local *lives)
{
	for (const struct local *life = lives; life != NULL; life = life->next) {
		compiler->locals[life->number] = life->around;
	}
}
