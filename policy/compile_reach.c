#include "policy/compile_reach.h"

#include <string.h>
#include "base/arena.h"
#include "base/value.h"

#define WORK_MAX (16u * 1024 * 1024) /* locals to forget, between all bodies of a function */

/* A part of it is compared already: then the index may not know more. */
static bool is_within_another(const struct noting *noting, const struct track *reference)
{
	for (const struct track *part = reference->holder; part != NULL; part = part->holder) {
		for (size_t i = 0; i < noting->count; i++) {
			const struct entry *entry = &noting->entries[i];
			if (entry->count > 0 && noting_is_same(entry->reference, part)) {
				return true;
			}
		}
	}
	return false;
}

/* It must be there, but the index may take other values than the options. */
static bool is_vague(const struct entry *entry)
{
	return entry->is_scanned || entry->has_alias || entry->is_open;
}

static struct reach_guard guard_of(struct arena *arena, const struct entry *entry)
{
	const struct track *reference = entry->reference;
	const struct value **path =
		arena_alloc(arena, (reference->length + 1) * sizeof(const struct value *));

	for (const struct track *part = reference; part->holder != NULL; part = part->holder) {
		path[part->length - 1] = part->value;
	}
	size_t count = is_vague(entry) ? 0 : entry->count;
	return (struct reach_guard){
		.root = reference->root,
		.path = path,
		.path_count = reference->length,
		.options = arena_copy(arena, entry->options, count * sizeof(*entry->options)),
		.option_count = (uint32_t)count,
	};
}

/*
 * Several options of one reference are alternatives to the index. If texts to begin or end with, or
 * arrays are among them, it looks at nothing that comes behind in an order of its own.
 */
static bool is_terminal(const struct entry *entry)
{
	return entry->count > 1 && (entry->has_affix || entry->has_composite);
}

static bool is_guard(const struct noting *noting, const struct entry *entry)
{
	unsigned terminals = 0;

	for (size_t i = 0; i < noting->count; i++) {
		terminals += is_terminal(&noting->entries[i]);
	}
	return entry->must_be && !noting->is_unsure &&
	       (terminals == 0 || (terminals == 1 && is_terminal(entry))) &&
	       !is_within_another(noting, entry->reference) &&
	       (entry->reference->root < REACH_ARGUMENT || !is_vague(entry));
}

static void count_writes(struct noting *noting, const struct ir_block *block)
{
	for (size_t i = 0; i < block->count; i++) {
		const struct ir_statement *statement = &block->statements[i];
		if (target_use(statement->kind) == TARGET_WRITTEN) {
			noting->writes[statement->target]++;
		}
		if (statement->kind == IR_SCAN) {
			noting->writes[statement->second]++;
		}
		for (size_t k = 0; k < statement->block_count; k++) {
			count_writes(noting, &statement->blocks[k]);
		}
	}
}

/* The statement before `at` that writes the local; NULL: none in this block. */
static const struct ir_statement *maker_of(const struct ir_block *block, size_t at, uint32_t local)
{
	while (at-- > 0) {
		const struct ir_statement *statement = &block->statements[at];
		if (statement->target == local && target_use(statement->kind) == TARGET_WRITTEN) {
			return statement;
		}
	}
	return NULL;
}

/* Whether the statement puts something into a set, or under a key, that is no scalar: not within a
 * comprehension, which adds to a set from a block of its own. */
static bool adds_variable(const struct noting *noting, const struct ir_block *block, size_t at)
{
	const struct ir_statement *statement = &block->statements[at];
	bool adds = statement->kind == IR_SET_ADD || statement->kind == IR_OBJECT_INSERT;

	if (!adds || statement->a.type != IR_LOCAL ||
		maker_of(block, at, statement->target) == NULL) {
		return false;
	}
	const struct ir_statement *maker = maker_of(block, at, statement->a.index);
	return maker == NULL || literal_of(noting->compiler, maker) == NULL;
}

/*
 * Sets and objects come in Rego's order, but for those that are written with variables in them:
 * OPA may loop over the variables in their order, and so come upon another error first. Where
 * there is such a one, nothing is said of what OPA had evaluated before. Those of an argument may
 * have been written so by the caller.
 */
static bool is_orderly(const struct noting *noting, const struct ir_block *block)
{
	for (size_t at = 0; at < block->count; at++) {
		const struct ir_statement *statement = &block->statements[at];
		bool may_be_argument =
			statement->kind == IR_SCAN && noting->compiler->function->param_count > 2;
		if (may_be_argument || adds_variable(noting, block, at)) {
			return false;
		}
		for (size_t i = 0; i < statement->block_count; i++) {
			if (!is_orderly(noting, &statement->blocks[i])) {
				return false;
			}
		}
	}
	return true;
}

static void begin_body(struct noting *noting, const struct ir_block *block, struct reach_body *body)
{
	const struct ir_function *function = noting->compiler->function;
	const struct ir_statement *first = block->statements;

	memset(noting->tracks, 0, function->locals * sizeof(*noting->tracks));
	memset(noting->writes, 0, function->locals * sizeof(*noting->writes));
	count_writes(noting, block);
	for (size_t i = 2; i < function->param_count; i++) {
		noting->tracks[function->params[i]] =
			(struct track){ .is = REFERENCE, .root = (uint32_t)i };
	}
	noting->count = 0;
	noting->is_unsure = false;
	noting->body = body;
	body->is_orderly = is_orderly(noting, block);
	body->result = first->kind == IR_RESET_LOCAL ? first->target : first->a.index;
}

static void note_body(struct noting *noting, const struct ir_block *block, struct reach_body *body)
{
	struct compiler *compiler = noting->compiler;

	begin_body(noting, block, body);
	noting_block(noting, block);
	struct reach_guard *guards =
		arena_alloc(compiler->arena, (noting->count + 1) * sizeof(*guards));
	for (size_t i = 0; i < noting->count; i++) {
		const struct entry *entry = &noting->entries[i];
		if (is_guard(noting, entry)) {
			guards[body->guard_count++] = guard_of(compiler->arena, entry);
		}
	}
	body->guards = guards;
}

static bool is_body(const struct ir_block *block)
{
	return block->count > 0 && (block->statements[0].kind == IR_RESET_LOCAL ||
					   block->statements[0].kind == IR_IS_UNDEFINED);
}

/* Definitions with `else` stand in a block of their own. */
static const struct ir_block *bodies_of(const struct ir_block *block, size_t *count)
{
	const struct ir_statement *only = block->statements;

	if (block->count == 1 && only->kind == IR_BLOCK) {
		*count = only->block_count;
		return only->blocks;
	}
	*count = 1;
	return block;
}

static bool comes_behind(const struct ir_place *place, const struct ir_place *before)
{
	return place->file == before->file &&
	       (place->row > before->row ||
		       (place->row == before->row && place->col >= before->col));
}

static void list_bodies(struct compiler *compiler, const struct ir_function *ir)
{
	size_t room = 0;
	size_t count;

	compiler->body_count = 0;
	for (size_t i = 0; i < ir->block_count; i++) {
		const struct ir_block *list = bodies_of(&ir->blocks[i], &count);
		for (size_t k = 0; k < count; k++) {
			if (is_body(&list[k])) {
				compiler->bodies = grow(compiler, compiler->bodies,
					compiler->body_count, &room, sizeof(*compiler->bodies));
				compiler->bodies[compiler->body_count++] = &list[k];
			}
		}
	}
}

static uint32_t returned_by(const struct ir_function *ir)
{
	const struct ir_block *last = &ir->blocks[ir->block_count - 1];
	bool returns = last->count > 0 && last->statements[0].kind == IR_RETURN_LOCAL &&
		       last->statements[0].a.type == IR_LOCAL;

	return returns ? last->statements[0].a.index : 0;
}

/*
 * Rules that are planned anew since a `with` replaces functions ("g1.…") are left alone: their
 * parameters are others, and nothing in the plan says what the replacement changed.
 */
void reach_note(struct compiler *compiler, const struct ir_function *ir, struct reach *reach)
{
	struct noting noting = { .compiler = compiler };
	bool is_rule = ir->path != NULL && strncmp(ir->name, "g0.", 3) == 0 &&
		       ir->param_count >= 2 && ir->block_count > 0;

	compiler->body_count = 0;
	compiler->next_body = 0;
	if (is_rule) {
		list_bodies(compiler, ir);
	}
	if (compiler->body_count * (size_t)ir->locals > WORK_MAX) {
		compiler->body_count = 0;
	}
	if (compiler->body_count == 0) {
		return;
	}
	noting.documents[0] = ir->params[0];
	noting.documents[1] = ir->params[1];
	noting.tracks = arena_calloc(compiler->scratch, ir->locals, sizeof(*noting.tracks));
	noting.writes = arena_calloc(compiler->scratch, ir->locals, sizeof(*noting.writes));
	struct reach_body *list =
		arena_calloc(compiler->arena, compiler->body_count + 1, sizeof(*list));
	reach->in_order = true;
	for (size_t i = 0; i < compiler->body_count; i++) {
		note_body(&noting, compiler->bodies[i], &list[i]);
		reach->in_order &= i == 0 || comes_behind(&compiler->bodies[i]->statements->place,
						     &compiler->bodies[i - 1]->statements->place);
	}
	reach->list = list;
	reach->count = compiler->body_count;
	reach->result = returned_by(ir);
}
