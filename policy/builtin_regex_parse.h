/*
 * What the two files of the parser share: builtin_regex_parse.c has sequences, repeats and groups,
 * builtin_regex_class.c characters and classes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "policy/builtin_regex_node.h"

struct regex_flags {
	bool fold, dot_newline, lines, lazy;
};

struct regex_parser {
	struct arena *arena;
	struct error *err;
	const char *text;
	size_t size;
	size_t at;
	struct regex_flags flags;
	unsigned depth;
	uint32_t groups;
	struct regex_name *names;
	size_t name_count;
};

/* Reports "error parsing regexp: WHAT: `text from … to`"; returns NULL. */
void *policy_regex_fail(struct regex_parser *p, const char *what, size_t from, size_t to);

static inline bool policy_regex_is_next(const struct regex_parser *p, size_t ahead, char c)
{
	return p->at + ahead < p->size && p->text[p->at + ahead] == c;
}

uint32_t policy_regex_take_rune(struct regex_parser *p);
/* An escape of one character ("\n", "\x41", "\."); false: failed. */
bool policy_regex_take_escape(struct regex_parser *p, uint32_t *rune);
/* The node of one character under the flags of the moment. */
const struct regex_node *policy_regex_literal(struct regex_parser *p, uint32_t rune);
/* \d, \pL, \p{Greek}: *node NULL when it is something else; false: failed. */
bool policy_regex_class_escape(struct regex_parser *p, const struct regex_node **node);
/* From "[" on. NULL: failed. */
const struct regex_node *policy_regex_class(struct regex_parser *p);
/* Value of a digit in that base; -1: it is none. */
int policy_regex_digit(char c, unsigned base);
