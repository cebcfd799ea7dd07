/*
 * Tree → program: instructions in the order in which they are tried, the way of Thompson's
 * construction. Counted repeats are written out as copies.
 */
#include <string.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "policy/builtin_regex_node.h"

struct writer {
	struct arena *arena;
	struct regex_instruction *code;
	uint32_t count, room;
	const struct regex_class **classes;
	uint32_t class_count, class_room;
	bool too_large;
};

static void write_node(struct writer *w, const struct regex_node *node);

/* Returns where the instruction stands. Beyond the limit nothing is written any more. */
static uint32_t write_op(struct writer *w, enum regex_op op, uint32_t x, uint32_t y)
{
	if (w->count == POLICY_REGEX_INSTRUCTIONS) {
		w->too_large = true;
		return 0;
	}
	if (w->count == w->room) {
		uint32_t room = w->room == 0 ? 64 : w->room * 2;
		struct regex_instruction *code = arena_alloc(w->arena, room * sizeof(*code));
		if (w->count > 0) {
			memcpy(code, w->code, w->count * sizeof(*code));
		}
		w->code = code;
		w->room = room;
	}
	w->code[w->count] = (struct regex_instruction){ .op = op, .x = x, .y = y };
	return w->count++;
}

static uint32_t class_index(struct writer *w, const struct regex_class *class)
{
	for (uint32_t i = w->class_count; i-- > 0 && i + 8 >= w->class_count;) {
		if (w->classes[i] == class) { /* copies of a repeat stand close together */
			return i;
		}
	}
	if (w->class_count == w->class_room) {
		uint32_t room = w->class_room == 0 ? 16 : w->class_room * 2;
		const struct regex_class **classes = arena_alloc(w->arena, room * sizeof(*classes));
		if (w->class_count > 0) {
			memcpy(classes, w->classes, w->class_count * sizeof(*classes));
		}
		w->classes = classes;
		w->class_room = room;
	}
	w->classes[w->class_count] = class;
	return w->class_count++;
}

/* A split whose one way goes on behind it; the other one is set by land(). */
static uint32_t write_split(struct writer *w, bool lazy)
{
	uint32_t here = w->count;

	return lazy ? write_op(w, REGEX_OP_SPLIT, 0, here + 1)
		    : write_op(w, REGEX_OP_SPLIT, here + 1, 0);
}

static void land(struct writer *w, uint32_t split, bool lazy, uint32_t target)
{
	if (w->too_large) {
		return;
	}
	if (lazy) {
		w->code[split].x = target;
	} else {
		w->code[split].y = target;
	}
}

/* At least once: again and again from behind. */
static void write_plus(struct writer *w, const struct regex_node *inner, bool lazy)
{
	uint32_t begin = w->count;

	write_node(w, inner);
	uint32_t split = w->count;
	if (lazy) {
		write_op(w, REGEX_OP_SPLIT, split + 1, begin);
	} else {
		write_op(w, REGEX_OP_SPLIT, begin, split + 1);
	}
}

static void write_star(struct writer *w, const struct regex_node *inner, bool lazy)
{
	uint32_t split = write_split(w, lazy);

	if (inner->nullable) {
		/* (x+)?: keeps the order of what is tried when x can be empty, as Go does. */
		write_plus(w, inner, lazy);
	} else {
		write_node(w, inner);
		write_op(w, REGEX_OP_JUMP, split, 0);
	}
	land(w, split, lazy, w->count);
}

static void write_repeat(struct writer *w, const struct regex_node *node)
{
	uint32_t first = w->count;

	if (node->most == REGEX_ENDLESS) {
		for (uint32_t i = 1; i < node->least && !w->too_large; i++) {
			write_node(w, node->first);
		}
		if (node->least == 0) {
			write_star(w, node->first, node->lazy);
		} else {
			write_plus(w, node->first, node->lazy);
		}
		return;
	}
	for (uint32_t i = 0; i < node->least && !w->too_large; i++) {
		write_node(w, node->first);
	}
	/* x{0,2} is (x(x)?)?: each split leads to the end. They are found again by their open way.
	 */
	first = w->count;
	for (uint32_t i = node->least; i < node->most && !w->too_large; i++) {
		uint32_t split = write_split(w, node->lazy);
		land(w, split, node->lazy, UINT32_MAX);
		write_node(w, node->first);
	}
	for (uint32_t i = first; i < w->count; i++) {
		struct regex_instruction *it = &w->code[i];
		if (it->op == REGEX_OP_SPLIT && (it->x == UINT32_MAX || it->y == UINT32_MAX)) {
			*(it->x == UINT32_MAX ? &it->x : &it->y) = w->count;
		}
	}
}

static void write_alternatives(struct writer *w, const struct regex_node *node)
{
	uint32_t pending = UINT32_MAX; /* jumps to the end, chained through x */

	for (; node->second != NULL && !w->too_large; node = node->second) {
		uint32_t split = write_split(w, false);
		write_node(w, node->first);
		pending = write_op(w, REGEX_OP_JUMP, pending, 0);
		land(w, split, false, w->count);
	}
	write_node(w, node->first);
	while (pending != UINT32_MAX && !w->too_large) {
		uint32_t next = w->code[pending].x;
		w->code[pending].x = w->count;
		pending = next;
	}
}

static void write_node(struct writer *w, const struct regex_node *node)
{
	if (w->too_large) {
		return;
	}
	switch (node->kind) {
	case REGEX_EMPTY:
		break;
	case REGEX_RUNE:
		write_op(w, REGEX_OP_RUNE, node->rune, 0);
		break;
	case REGEX_ANY:
		write_op(w, REGEX_OP_ANY, 0, 0);
		break;
	case REGEX_CLASS:
		write_op(w, REGEX_OP_CLASS, class_index(w, node->class), 0);
		break;
	case REGEX_ASSERT:
		write_op(w, REGEX_OP_ASSERT, node->place, 0);
		break;
	case REGEX_CAPTURE:
		write_op(w, REGEX_OP_SAVE, node->index * 2, 0);
		write_node(w, node->first);
		write_op(w, REGEX_OP_SAVE, node->index * 2 + 1, 0);
		break;
	case REGEX_REPEAT:
		write_repeat(w, node);
		break;
	case REGEX_CAT:
		for (; node != NULL; node = node->second) {
			write_node(w, node->first);
		}
		break;
	case REGEX_ALT:
		write_alternatives(w, node);
		break;
	}
}

/* ---- the block ---- */

static size_t rounded(size_t bytes)
{
	return (bytes + 7) & ~(size_t)7;
}

/* Takes room from the block; the first walk has no block and only counts. */
struct block {
	char *memory; /* NULL: counting */
	size_t used;
};

static void *take(struct block *block, size_t bytes)
{
	void *memory = block->memory != NULL ? block->memory + block->used : NULL;

	block->used += rounded(bytes);
	return memory;
}

static void *take_copy(struct block *block, const void *from, size_t bytes)
{
	void *memory = take(block, bytes);

	if (memory != NULL && bytes > 0) {
		memcpy(memory, from, bytes);
	}
	return memory;
}

static void lay_class(
	struct block *block, struct regex_compiled_class *target, const struct regex_class *class)
{
	struct regex_item *items =
		take_copy(block, class->items, class->count * sizeof(*class->items));

	for (size_t i = 0; i < class->count; i++) {
		const struct regex_item *item = &class->items[i];
		struct regex_range *ranges =
			take_copy(block, item->ranges, item->count * sizeof(*item->ranges));
		if (items != NULL) {
			items[i].ranges = ranges;
		}
	}
	if (target != NULL) {
		*target = (struct regex_compiled_class){ .class = *class };
		target->class.items = items;
		for (uint32_t rune = 0; rune < 128; rune++) {
			target->ascii[rune / 64] |= (uint64_t)policy_class_has(class, rune)
						    << rune % 64;
		}
	}
}

static void lay_out(struct block *block, const struct writer *w, const struct regex_tree *tree)
{
	struct policy_regex *regex = take(block, sizeof(*regex));
	struct regex_instruction *code = take_copy(block, w->code, w->count * sizeof(*code));
	struct regex_compiled_class *classes =
		take(block, w->class_count * sizeof(struct regex_compiled_class));
	struct regex_name *names =
		take_copy(block, tree->names, tree->name_count * sizeof(*tree->names));

	for (uint32_t i = 0; i < w->class_count; i++) {
		lay_class(block, classes != NULL ? &classes[i] : NULL, w->classes[i]);
	}
	for (size_t i = 0; i < tree->name_count; i++) {
		char *text = take_copy(block, tree->names[i].text, tree->names[i].size);
		if (names != NULL) {
			names[i].text = text;
		}
	}
	if (regex != NULL) {
		regex->count = w->count;
		regex->groups = tree->groups + 1;
		regex->code = code;
		regex->classes = classes;
		regex->names = names;
		regex->name_count = tree->name_count;
	}
}

/* ---- what a match may begin with ---- */

static void add_first_rune(struct policy_regex *regex, uint32_t rune)
{
	char bytes[4];

	utf8_write(rune, bytes);
	regex->first[(uint8_t)bytes[0] / 8] |= (uint8_t)(1u << (uint8_t)bytes[0] % 8);
}

static void add_first_of(struct policy_regex *regex, const struct regex_instruction *it)
{
	const uint64_t *ascii = it->op == REGEX_OP_CLASS ? regex->classes[it->x].ascii : NULL;

	if (it->op == REGEX_OP_RUNE) {
		add_first_rune(regex, it->x);
		return;
	}
	for (unsigned byte = 0; byte < 256; byte++) {
		bool may = byte >= 0xc0 || /* heads of longer characters: not looked into */
			   (byte < 0x80 &&
				   (ascii == NULL || (ascii[byte / 64] >> byte % 64 & 1) != 0));
		regex->first[byte / 8] |= (uint8_t)((unsigned)may << byte % 8);
	}
}

/* Walks what is reached without reading a character; false: even the end, so that an empty match
 * can be. */
static bool find_first(struct arena *arena, struct policy_regex *regex)
{
	bool *seen = arena_calloc(arena, regex->count, sizeof(*seen));
	uint32_t *todo = arena_alloc(arena, (regex->count + 1) * 2 * sizeof(*todo));
	size_t count = 0;

	todo[count++] = 0;
	while (count > 0) {
		uint32_t pc = todo[--count];
		const struct regex_instruction *it = &regex->code[pc];
		if (seen[pc]) {
			continue;
		}
		seen[pc] = true;
		switch ((enum regex_op)it->op) {
		case REGEX_OP_MATCH:
			return false;
		case REGEX_OP_SPLIT:
			todo[count++] = it->y;
			todo[count++] = it->x;
			break;
		case REGEX_OP_JUMP:
			todo[count++] = it->x;
			break;
		case REGEX_OP_ASSERT:
		case REGEX_OP_SAVE:
			todo[count++] = pc + 1;
			break;
		case REGEX_OP_RUNE:
		case REGEX_OP_ANY:
		case REGEX_OP_CLASS:
			add_first_of(regex, it);
			break;
		}
	}
	return true;
}

static bool is_anchored(const struct policy_regex *regex)
{
	const struct regex_instruction *it = regex->code;

	while (it->op == REGEX_OP_SAVE) {
		it++;
	}
	return it->op == REGEX_OP_ASSERT && it->x == REGEX_TEXT_BEGIN;
}

struct policy_regex *policy_regex_assemble(
	struct arena *scratch, const struct regex_tree *tree, struct error *err)
{
	struct writer w = { .arena = scratch };

	write_op(&w, REGEX_OP_SAVE, 0, 0);
	write_node(&w, tree->root);
	write_op(&w, REGEX_OP_SAVE, 1, 0);
	write_op(&w, REGEX_OP_MATCH, 0, 0);
	if (w.too_large) {
		error_set(err, ERROR_TOO_LARGE,
			"the pattern is too large: repeats written out, it has more than %d parts",
			POLICY_REGEX_INSTRUCTIONS);
		return NULL;
	}
	struct block block = { 0 };
	lay_out(&block, &w, tree);
	size_t bytes = block.used;
	block = (struct block){ .memory = must_calloc(1, bytes) };
	lay_out(&block, &w, tree);
	struct policy_regex *regex = (struct policy_regex *)block.memory;
	regex->bytes = bytes;
	regex->anchored = is_anchored(regex);
	regex->first_known = find_first(scratch, regex);
	return regex;
}

struct policy_regex *policy_regex_compile(
	struct arena *scratch, const char *pattern, size_t size, struct error *err)
{
	struct regex_tree tree;

	if (!policy_regex_parse(scratch, pattern, size, &tree, err)) {
		return NULL;
	}
	return policy_regex_assemble(scratch, &tree, err);
}

bool policy_regex_check(const char *pattern, size_t size, struct error *err)
{
	struct arena *scratch = arena_new();
	struct policy_regex *regex = policy_regex_compile(scratch, pattern, size, err);
	bool good = regex != NULL;

	policy_regex_free(regex);
	arena_free(scratch);
	return good;
}

void policy_regex_free(void *regex)
{
	memory_free(regex);
}

size_t policy_regex_bytes(const struct policy_regex *regex)
{
	return regex->bytes;
}

size_t policy_regex_groups(const struct policy_regex *regex)
{
	return regex->groups;
}

size_t policy_regex_group_named(
	const struct policy_regex *regex, const char *name, size_t size, const uint32_t *places)
{
	for (size_t i = 0; i < regex->name_count; i++) {
		const struct regex_name *it = &regex->names[i];
		if (it->size == size && memcmp(it->text, name, size) == 0 &&
			places[it->group * 2] != POLICY_REGEX_NONE) {
			return it->group;
		}
	}
	return 0;
}
