#include "policy/compile_reach.h"

#include "base/arena.h"
#include "base/value.h"

#define ENTRIES_MAX 256 /* of a body: each reference is compared with all */

/* ---- references ---- */

bool noting_is_same(const struct track *a, const struct track *b)
{
	if (a->root != b->root || a->length != b->length) {
		return false;
	}
	for (; a->holder != NULL; a = a->holder, b = b->holder) {
		if (!value_equals(a->value, b->value)) {
			return false;
		}
	}
	return true;
}

struct entry *noting_entry(struct noting *noting, const struct track *reference)
{
	noting->is_unsure |= noting->count == ENTRIES_MAX;
	if (noting->changed != 0 || noting->is_unsure) {
		noting->ignored = (struct entry){ 0 };
		return &noting->ignored;
	}
	for (size_t i = 0; i < noting->count; i++) {
		if (noting_is_same(noting->entries[i].reference, reference)) {
			return &noting->entries[i];
		}
	}
	noting->entries = grow(noting->compiler, noting->entries, noting->count, &noting->room,
		sizeof(*noting->entries));
	struct track *kept = arena_copy(noting->compiler->scratch, reference, sizeof(*reference));
	noting->entries[noting->count] = (struct entry){ .reference = kept };
	return &noting->entries[noting->count++];
}

static void note_needed(struct noting *noting, const struct track *reference)
{
	if (reference->length > 0 && reference->root < REACH_ARGUMENT) {
		noting_entry(noting, reference)->must_be = true;
	}
}

void noting_option(struct noting *noting, const struct track *reference, enum reach_kind kind,
	const struct value *value)
{
	struct entry *entry;

	if (reference->length > 0 && reference->root >= REACH_ARGUMENT) {
		return;
	}
	entry = noting_entry(noting, reference);
	entry->options = grow(noting->compiler, entry->options, entry->count, &entry->room,
		sizeof(*entry->options));
	entry->options[entry->count++] = (struct reach_option){ kind, value };
	entry->must_be = true;
	entry->has_affix |= kind == REACH_PREFIX || kind == REACH_SUFFIX;
	entry->has_composite |= kind == REACH_ARRAY || kind == REACH_TEXT;
}

void noting_open(struct noting *noting, const struct track *reference)
{
	struct entry *entry = noting_entry(noting, reference);

	noting_option(noting, reference, REACH_ARRAY, NULL);
	entry->is_open = true;
}

/* ---- operands ---- */

static const struct track nothing;

struct track noting_track(struct noting *noting, struct ir_operand operand)
{
	struct compiler *compiler = noting->compiler;

	if (operand.type == IR_NONE) {
		return nothing;
	}
	if (operand.type != IR_LOCAL) {
		return (struct track){ .is = CONSTANT,
			.value = compiler->constants[-operand_of(compiler, operand) - 1] };
	}
	for (uint32_t i = 0; i < 2; i++) {
		if (operand.index == noting->documents[i]) {
			return (noting->changed & 1u << i) != 0
				       ? nothing
				       : (struct track){ .is = REFERENCE, .root = i };
		}
	}
	return noting->tracks[operand.index];
}

void noting_set(struct noting *noting, uint32_t local, struct track track)
{
	bool is_known = noting->writes[local] == 1 && noting->changed == 0;

	noting->tracks[local] = is_known ? track : nothing;
}

/* ---- statements ---- */

static void note_dot(struct noting *noting, const struct ir_statement *statement)
{
	struct track source = noting_track(noting, statement->a);
	struct track key = noting_track(noting, statement->b);
	struct track dot = nothing;

	if (source.is == REFERENCE && !source.is_opaque && key.is == CONSTANT) {
		dot = (struct track){ .is = REFERENCE,
			.root = source.root,
			.holder = arena_copy(noting->compiler->scratch, &source, sizeof(source)),
			.value = key.value,
			.length = source.length + 1,
			.is_dot = true };
	}
	noting_set(noting, statement->target, dot);
}

/*
 * `data.a.b` where no rules are:
 *
 *     block { block { dot; dot; break out of both }; break: undefined }
 */
static bool note_base(struct noting *noting, const struct ir_statement *outer)
{
	const struct ir_block *block = outer->block_count == 1 ? &outer->blocks[0] : NULL;

	if (block == NULL || block->count != 2 || block->statements[0].kind != IR_BLOCK ||
		block->statements[0].block_count != 1 || block->statements[1].kind != IR_BREAK) {
		return false;
	}
	const struct ir_block *dots = &block->statements[0].blocks[0];
	for (size_t i = 0; i + 1 < dots->count; i++) {
		if (dots->statements[i].kind != IR_DOT) {
			return false;
		}
	}
	if (dots->count == 0 || dots->statements[dots->count - 1].kind != IR_BREAK) {
		return false;
	}
	for (size_t i = 0; i + 1 < dots->count; i++) {
		note_dot(noting, &dots->statements[i]);
	}
	return true;
}

static void note_assign(struct noting *noting, const struct ir_statement *statement)
{
	struct track track = noting_track(noting, statement->a);

	if (track.is == REFERENCE && track.is_dot) {
		note_needed(noting, &track);
		track.is_dot = false;
	} else if (track.is == UNKNOWN ||
		   (track.is == CONTAINER && !track.container->is_constant)) {
		track.is = VARIABLE;
	}
	track.is_named = true;
	noting_set(noting, statement->target, track);
}

/* `input.a == input.b` is not indexed; `input.a == x` needs it, `input.a == 1` needs that. */
static void note_comparison(struct noting *noting, const struct ir_statement *statement)
{
	struct track a = noting_track(noting, statement->a);
	struct track b = noting_track(noting, statement->b);

	if (a.is == REFERENCE && b.is == REFERENCE && a.is_dot && b.is_dot) {
		return;
	}
	for (int turn = 0; turn < 2; turn++) {
		if (a.is == REFERENCE && b.is == CONSTANT) {
			noting_option(noting, &a, REACH_EQUAL, b.value);
		} else if (a.is == REFERENCE && (b.is == REFERENCE || b.is == VARIABLE)) {
			noting_entry(noting, &a)->has_alias = true;
			if (a.is_dot) {
				note_needed(noting, &a);
			}
		} else if (a.is == REFERENCE) {
			noting_open(noting, &a);
		}
		struct track swapped = a;
		a = b;
		b = swapped;
	}
}

/* `input.a` alone: false is a value to the index. */
static void note_test(struct noting *noting, const struct ir_statement *statement)
{
	struct track track = noting_track(noting, statement->a);

	if (track.is == REFERENCE && track.is_dot && statement->b.type == IR_BOOL &&
		statement->b.index == 0) {
		note_needed(noting, &track);
	}
}

/* `[x, y] = input.a` and the like: dots that are no references follow. */
static void note_opaque(struct noting *noting, struct ir_operand operand)
{
	struct track track = noting_track(noting, operand);

	if (track.is == REFERENCE && operand.type == IR_LOCAL) {
		noting->tracks[operand.index].is_opaque = true;
	}
}

/* `[x, y] = input.a`, new variables only: the number of items. 0: another pattern. */
static size_t pattern_length(const struct ir_block *block, size_t at)
{
	const struct ir_statement *list = &block->statements[at];
	size_t left = block->count - at;

	if (left < 5 || list[1].kind != IR_LEN || list[2].kind != IR_MAKE_NUMBER_INT ||
		list[2].number < 1 || (size_t)list[2].number > (left - 5) / 3) {
		return 0;
	}
	size_t length = (size_t)list[2].number;
	for (size_t i = 0; i < length; i++) {
		const struct ir_statement *dot = &list[5 + 3 * i + 1];
		if (dot->kind != IR_DOT || dot[1].kind != IR_ASSIGN_VAR ||
			dot[1].a.type != IR_LOCAL || dot[1].a.index != dot->target) {
			return 0;
		}
	}
	return length;
}

static void note_array(struct noting *noting, const struct ir_block *block, size_t at)
{
	struct track track = noting_track(noting, block->statements[at].a);
	size_t length = pattern_length(block, at);

	if (track.is == REFERENCE && length > 0) {
		noting_option(noting, &track, REACH_ARRAY,
			value_of_int(noting->compiler->arena, (int64_t)length));
	} else if (track.is == REFERENCE) {
		noting_open(noting, &track);
	}
	note_opaque(noting, block->statements[at].a);
}

static void note_container(struct noting *noting, const struct ir_statement *statement)
{
	struct container *container =
		arena_calloc(noting->compiler->scratch, 1, sizeof(*container));

	container->is_constant = true;
	container->is_object = statement->kind == IR_MAKE_OBJECT;
	noting_set(noting, statement->target,
		(struct track){ .is = CONTAINER, .container = container });
}

static void note_item(
	struct noting *noting, const struct ir_statement *statement, struct ir_operand item)
{
	struct container *container = noting->tracks[statement->target].container;
	struct track track = noting_track(noting, item);

	if (noting->tracks[statement->target].is != CONTAINER) {
		return;
	}
	if (track.is == CONSTANT) {
		container->scalars = grow(noting->compiler, container->scalars, container->count,
			&container->room, sizeof(*container->scalars));
		container->scalars[container->count++] = track.value;
		return;
	}
	container->has_composite |= track.is == CONTAINER;
	container->has_variable |= track.is == VARIABLE || track.is == REFERENCE;
	container->is_constant &= track.is == CONTAINER && track.container->is_constant;
	noting->is_unsure |= track.is == UNKNOWN;
}

static void note_member_insert(struct noting *noting, const struct ir_statement *statement)
{
	struct track key = noting_track(noting, statement->a);

	note_item(noting, statement, statement->b);
	if (noting->tracks[statement->target].is == CONTAINER && key.is != CONSTANT) {
		noting->tracks[statement->target].container->is_constant = false;
	}
}

static void note_head(struct noting *noting, const struct ir_statement *statement)
{
	struct track track = noting_track(noting, statement->a);

	if (statement->target == noting->body->result && track.is == CONSTANT) {
		noting->body->head = track.value;
	}
}

static void note_rest(struct noting *noting, const struct ir_block *block, size_t at)
{
	const struct ir_statement *statement = &block->statements[at];

	if (at + 1 == block->count && statement->block_count == 1) {
		noting_block(noting, &statement->blocks[0]);
	}
}

static void note_scan(struct noting *noting, const struct ir_block *block, size_t at)
{
	struct track source = noting_track(noting, block->statements[at].a);

	if (source.is == REFERENCE) {
		noting_entry(noting, &source)->is_scanned = true;
	}
	note_rest(noting, block, at);
}

/*
 * An expression under `with` is not indexed, what comes behind it is: the planner puts that into
 * another `with`, which gives the document its saved value again.
 */
static void note_with(struct noting *noting, const struct ir_block *block, size_t at)
{
	const struct ir_statement *statement = &block->statements[at];
	unsigned before = noting->changed;

	for (uint32_t i = 0; i < 2; i++) {
		if (statement->target != noting->documents[i]) {
			continue;
		}
		const struct track *saved = statement->a.type == IR_LOCAL
						    ? &noting->tracks[statement->a.index]
						    : &nothing;
		bool is_undone = statement->arg_count == 0 && (before & 1u << i) != 0 &&
				 saved->is == REFERENCE && saved->root == i && saved->length == 0;
		noting->changed = is_undone ? before & ~(1u << i) : before | 1u << i;
	}
	note_rest(noting, block, at);
	noting->changed = before;
}

static void note_statement(struct noting *noting, const struct ir_block *block, size_t at)
{
	const struct ir_statement *statement = &block->statements[at];

	switch (statement->kind) {
	case IR_DOT:
		note_dot(noting, statement);
		break;
	case IR_ASSIGN_VAR:
		note_assign(noting, statement);
		break;
	case IR_MAKE_ARRAY:
	case IR_MAKE_SET:
	case IR_MAKE_OBJECT:
		note_container(noting, statement);
		break;
	case IR_ARRAY_APPEND:
	case IR_SET_ADD:
		note_item(noting, statement, statement->a);
		break;
	case IR_OBJECT_INSERT:
		note_member_insert(noting, statement);
		break;
	case IR_ASSIGN_VAR_ONCE:
		note_head(noting, statement);
		break;
	case IR_EQUAL:
		note_comparison(noting, statement);
		break;
	case IR_NOT_EQUAL:
		note_test(noting, statement);
		break;
	case IR_IS_ARRAY:
		note_array(noting, block, at);
		break;
	case IR_IS_OBJECT:
	case IR_IS_SET:
	case IR_LEN:
		note_opaque(noting, statement->a);
		break;
	case IR_CALL:
		noting_call(noting, block, at);
		break;
	case IR_SCAN:
		note_scan(noting, block, at);
		break;
	case IR_WITH:
		note_with(noting, block, at);
		break;
	case IR_BLOCK: /* an operand of `and` or `or` is followed by a test of its success */
		noting->is_unsure |= !note_base(noting, statement) && at + 1 < block->count &&
				     block->statements[at + 1].kind == IR_IS_DEFINED;
		break;
	default:
		break;
	}
}

void noting_block(struct noting *noting, const struct ir_block *block)
{
	for (size_t at = 0; at < block->count; at++) {
		const struct ir_statement *statement = &block->statements[at];
		const struct value *value = literal_of(noting->compiler, statement);

		if (value != NULL) {
			struct track track = { .is = CONSTANT, .value = value };
			noting_set(noting, statement->target, track);
		} else {
			note_statement(noting, block, at);
		}
	}
}
