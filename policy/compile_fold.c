#include "policy/compile.h"

#include <string.h>
#include "base/arena.h"
#include "base/value.h"
#include "policy/engine.h"

/* ---- operands ---- */

int32_t constant_of(struct compiler *compiler, const struct value *value)
{
	compiler->constants = grow(compiler, compiler->constants, compiler->constant_count,
		&compiler->constant_room, sizeof(*compiler->constants));
	compiler->constants[compiler->constant_count++] = value;
	return -(int32_t)compiler->constant_count;
}

int32_t operand_of_local(struct compiler *compiler, uint32_t local)
{
	struct local *it = compiler->locals[local];

	if (!it->is_alias) {
		return (int32_t)local;
	}
	it->aliased++;
	return it->alias;
}

int32_t operand_of(struct compiler *compiler, struct ir_operand operand)
{
	switch (operand.type) {
	case IR_LOCAL:
		return operand_of_local(compiler, operand.index);
	case IR_STRING:
		return -3 - (int32_t)operand.index;
	case IR_BOOL:
		return operand.index != 0 ? -2 : -1;
	case IR_NONE:
		break;
	}
	return 0;
}

/* ---- aliases ---- */

void note_write(struct compiler *compiler, uint32_t local)
{
	compiler->locals[local]->written++;
}

/*
 * `x := y` makes a copy, and most locals of a plan are such copies. When x is written nowhere
 * else and y is never written again, reads of x within the block may read y. If those were all
 * the reads, the copy goes.
 */
void note_alias(struct compiler *compiler, uint32_t local, int32_t operand)
{
	struct local *it = compiler->locals[local];

	if (it->writes != 1 || it->grows > 0 || operand == (int32_t)local ||
		(compiler->without & POLICY_STEP_ALIASES) != 0) {
		return;
	}
	if (operand >= (int32_t)compiler->function->locals) {
		return;
	}
	if (operand >= 0) {
		const struct local *source = compiler->locals[operand];
		if (source->writes != 1 || source->written != 1) {
			return;
		}
	}
	it->is_alias = true;
	it->alias = operand;
	it->op = compiler->op_count - 1;
	compiler->aliases = grow(compiler, compiler->aliases, compiler->alias_count,
		&compiler->alias_room, sizeof(*compiler->aliases));
	compiler->aliases[compiler->alias_count++] = it;
}

void forget_aliases(struct compiler *compiler, size_t count)
{
	while (compiler->alias_count > count) {
		struct local *it = compiler->aliases[--compiler->alias_count];
		it->is_alias = false;
		if (it->aliased == it->reads) {
			compiler->ops[it->op].dropped = true;
		}
	}
}

/* ---- constants ---- */

const struct value *literal_of(struct compiler *compiler, const struct ir_statement *statement)
{
	switch (statement->kind) {
	case IR_MAKE_NULL:
		return value_null();
	case IR_ASSIGN_INT:
	case IR_MAKE_NUMBER_INT:
		return value_of_int(compiler->arena, statement->number);
	case IR_MAKE_NUMBER_REF:
		return ir_number(compiler->arena, compiler->plan->strings[statement->number]);
	default:
		return NULL;
	}
}

static bool is_container(enum ir_kind kind)
{
	return kind == IR_MAKE_ARRAY || kind == IR_MAKE_OBJECT || kind == IR_MAKE_SET;
}

static const struct value *finish(enum ir_kind kind, struct value_builder *builder)
{
	switch (kind) {
	case IR_MAKE_ARRAY:
		return value_finish_array(builder);
	case IR_MAKE_SET:
		return value_finish_set(builder);
	default:
		return value_finish_object(builder);
	}
}

/* A local that was seen to be constant while a container is folded, and is still to be read, once.
 */
struct folded {
	uint32_t local;
	const struct value *value;
};

#define FOLDED_MAX 64
#define FOLD_NESTING 16

struct folding {
	struct compiler *compiler;
	const struct ir_block *block;
	size_t at; /* next statement */
	struct folded list[FOLDED_MAX];
	size_t count;
	unsigned nesting;
};

/* NULL: not constant. A noted one goes from the list: this was the only read. */
static const struct value *constant_value(struct folding *folding, struct ir_operand operand)
{
	struct compiler *compiler = folding->compiler;

	if (operand.type != IR_LOCAL) {
		return compiler->constants[-operand_of(compiler, operand) - 1];
	}
	for (size_t i = 0; i < folding->count; i++) {
		if (folding->list[i].local == operand.index) {
			const struct value *value = folding->list[i].value;
			folding->list[i] = folding->list[--folding->count];
			return value;
		}
	}
	return NULL;
}

/* Notes a constant that the statements of this container alone may read. */
static bool note_folded(struct folding *folding, uint32_t local, const struct value *value)
{
	const struct local *it = folding->compiler->locals[local];

	if (it->writes != 1 || it->reads != 1 || folding->count == FOLDED_MAX) {
		return false;
	}
	folding->list[folding->count++] = (struct folded){ local, value };
	return true;
}

static const struct value *fold_one(struct folding *folding);

/* A statement between Make… and the last addition. False: no constant. */
static bool fold_part(struct folding *folding, const struct ir_statement *part)
{
	const struct value *value;

	if (is_container(part->kind)) {
		if (folding->nesting == FOLD_NESTING) {
			return false;
		}
		folding->nesting++;
		value = fold_one(folding);
		folding->nesting--;
	} else {
		value = literal_of(folding->compiler, part);
		folding->at++;
	}
	return value != NULL && note_folded(folding, part->target, value);
}

static bool fold_addition(struct folding *folding, const struct ir_statement *part,
	enum ir_kind kind, struct value_builder *builder)
{
	static const enum ir_kind additions[IR_KINDS] = {
		[IR_MAKE_ARRAY] = IR_ARRAY_APPEND,
		[IR_MAKE_OBJECT] = IR_OBJECT_INSERT,
		[IR_MAKE_SET] = IR_SET_ADD,
	};
	const struct value *a = constant_value(folding, part->a);

	if (part->kind != additions[kind] || a == NULL) {
		return false;
	}
	folding->at++;
	if (kind != IR_MAKE_OBJECT) {
		value_add_item(builder, a);
		return true;
	}
	const struct value *b = constant_value(folding, part->b);
	if (b == NULL) {
		return false;
	}
	value_add_key(builder, a, b);
	return true;
}

/* Folds the container which the statement at folding->at makes. */
static const struct value *fold_one(struct folding *folding)
{
	const struct ir_block *block = folding->block;
	const struct ir_statement *make = &block->statements[folding->at++];
	const struct local *it = folding->compiler->locals[make->target];
	struct value_builder builder = { .arena = folding->compiler->arena };
	uint32_t additions = 0;

	if (it->writes != 1) {
		return NULL;
	}
	while (additions < it->grows) {
		if (folding->at == block->count) {
			return NULL;
		}
		const struct ir_statement *part = &block->statements[folding->at];
		bool is_addition =
			target_use(part->kind) == TARGET_GROWN && part->target == make->target;
		if (is_addition ? !fold_addition(folding, part, make->kind, &builder)
				: !fold_part(folding, part)) {
			return NULL;
		}
		additions += is_addition;
	}
	return finish(make->kind, &builder);
}

size_t fold_container(struct compiler *compiler, const struct ir_block *block, size_t at,
	const struct value **value)
{
	struct folding *folding = arena_calloc(compiler->scratch, 1, sizeof(*folding));

	if ((compiler->without & POLICY_STEP_FOLDING) != 0) {
		return 0;
	}
	folding->compiler = compiler;
	folding->block = block;
	folding->at = at;
	*value = fold_one(folding);
	return *value != NULL ? folding->at - at : 0;
}
