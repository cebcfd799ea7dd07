/*
 * The tree between a parser (regex, glob) and the program. Nodes live in an arena.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "policy/builtin_regex.h"

struct arena;
struct error;

enum regex_node_kind {
	REGEX_EMPTY,
	REGEX_RUNE,    /* one character */
	REGEX_ANY,     /* any character */
	REGEX_CLASS,   /* one of a class */
	REGEX_ASSERT,  /* nothing, at a certain place */
	REGEX_CAPTURE, /* first, as group `index` */
	REGEX_REPEAT,  /* first, least to most times */
	REGEX_CAT,     /* first, then second */
	REGEX_ALT,     /* first, else second */
};

enum regex_place {
	REGEX_TEXT_BEGIN,
	REGEX_TEXT_END,
	REGEX_LINE_BEGIN,
	REGEX_LINE_END,
	REGEX_WORD_BOUNDARY,
	REGEX_NO_WORD_BOUNDARY,
};

struct regex_range {
	uint32_t low, high;
};

/* Ranges, or characters of some general categories. */
struct regex_item {
	const struct regex_range *ranges;
	size_t count;
	uint32_t categories; /* not 0: these, and no ranges */
	bool negated;
};

struct regex_class {
	const struct regex_item *items;
	size_t count;
	bool negated;
	bool folded; /* without case */
};

#define REGEX_ENDLESS UINT32_MAX

struct regex_node {
	enum regex_node_kind kind;
	union {
		uint32_t rune;
		enum regex_place place;
		uint32_t index;
		uint32_t least;
	};
	uint32_t most;   /* REGEX_ENDLESS */
	bool lazy;       /* as few times as will do */
	bool nullable;   /* matches the empty text */
	uint16_t copies; /* the product of the counted repeats within each other; Go's limit is 1000
			  */
	const struct regex_class *class;
	const struct regex_node *first, *second;
};

/*
 * Makers. A sequence and an alternative are lists through `second`, so that long ones need no deep
 * recursion; cat(NULL, x) is x.
 */
struct regex_node *policy_node_new(struct arena *arena, enum regex_node_kind kind);
struct regex_node *policy_node_rune(struct arena *arena, uint32_t rune);
struct regex_node *policy_node_class(struct arena *arena, const struct regex_class *class);
struct regex_node *policy_node_assert(struct arena *arena, enum regex_place place);
struct regex_node *policy_node_capture(
	struct arena *arena, uint32_t index, const struct regex_node *inner);
struct regex_node *policy_node_repeat(struct arena *arena, const struct regex_node *inner,
	uint32_t least, uint32_t most, bool lazy);

/* Collects a sequence or an alternative from left to right. { .kind = REGEX_CAT or REGEX_ALT } */
struct regex_list {
	enum regex_node_kind kind;
	struct regex_node *head, *tail;
};
void policy_list_add(struct arena *arena, struct regex_list *list, const struct regex_node *node);
/* What was collected; the empty node for nothing. */
const struct regex_node *policy_list_finish(struct arena *arena, struct regex_list *list);

struct regex_name {
	const char *text;
	size_t size;
	uint32_t group;
};

struct regex_tree {
	const struct regex_node *root;
	uint32_t groups; /* without group 0 */
	const struct regex_name *names;
	size_t name_count;
};

/* Parses RE2's syntax. False: ERROR_SYNTAX, ERROR_POLICY (see builtin_regex.h). */
bool policy_regex_parse(struct arena *arena, const char *pattern, size_t size,
	struct regex_tree *tree, struct error *err);
/* NULL: ERROR_TOO_LARGE. */
struct policy_regex *policy_regex_assemble(
	struct arena *scratch, const struct regex_tree *tree, struct error *err);

bool policy_class_has(const struct regex_class *class, uint32_t rune);
/* [[:alpha:]] and \d and the like by their names ("alpha", "d"); false: there is none. */
bool policy_class_named(const char *name, size_t size, struct regex_item *item);
/* \p{Lu}, \p{Greek}: sets what it holds; false: no such category, no table of that script. */
bool policy_property_named(const char *name, size_t size, struct regex_item *item);

/* A compiled program (builtin_regex_program.c writes it, builtin_regex_match.c runs it). */
enum regex_op {
	REGEX_OP_RUNE, /* x: the character */
	REGEX_OP_ANY,
	REGEX_OP_CLASS,  /* x: its index */
	REGEX_OP_ASSERT, /* x: enum regex_place */
	REGEX_OP_SAVE,   /* x: slot */
	REGEX_OP_SPLIT,  /* x: go on there first, y: else there */
	REGEX_OP_JUMP,   /* x: go on there */
	REGEX_OP_MATCH,
};

struct regex_instruction {
	uint32_t op;
	uint32_t x, y;
};

struct regex_compiled_class {
	struct regex_class class; /* its arrays lie behind it in the same block */
	uint64_t ascii[2];        /* the answers for characters below 128 */
};

struct policy_regex {
	size_t bytes;
	uint32_t count; /* instructions */
	uint32_t groups;
	bool anchored;     /* can match at the beginning of the text only */
	bool first_known;  /* first[] tells which bytes a match may begin with */
	uint8_t first[32]; /* bit set */
	size_t name_count;
	const struct regex_name *names;
	const struct regex_compiled_class *classes;
	const struct regex_instruction *code;
};
