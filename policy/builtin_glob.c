/*
 * Globs as OPA matches them (github.com/gobwas/glob 1.0): * and ? stop at separators, ** does not;
 * [a-c], [abc], [!abc]; {one,two}; a backslash takes the next character as it stands.
 *
 * A glob is a regular language, so it becomes a tree for the regex program: linear as well.
 */
#include <string.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/utf8.h"
#include "policy/builtin_regex_node.h"

#define DEPTH_LIMIT 200 /* braces within each other */

struct glob {
	struct arena *arena;
	struct error *err;
	const char *text;
	size_t size;
	size_t at;
	unsigned depth;
	const struct regex_class *no_separator; /* NULL: there are none */
};

static void *fail(struct glob *g, const char *reason)
{
	error_set(g->err, ERROR_SYNTAX, "glob: syntax error at %zu: %s", g->at, reason);
	return NULL;
}

static uint32_t take_rune(struct glob *g)
{
	uint32_t rune = 0xfffd;
	size_t bytes = utf8_read(g->text + g->at, g->size - g->at, &rune);

	g->at += bytes > 0 ? bytes : 1;
	return rune;
}

/* ranges: in the arena. */
static const struct regex_node *class_of(
	struct glob *g, struct regex_range *ranges, size_t count, bool negated)
{
	struct regex_class *class = arena_calloc(g->arena, 1, sizeof(*class));
	struct regex_item *items = arena_calloc(g->arena, count + 1, sizeof(*items));

	for (size_t i = 0; i < count; i++) {
		items[i] = (struct regex_item){ .ranges = &ranges[i], .count = 1 };
	}
	class->items = items;
	class->count = count;
	class->negated = negated;
	return policy_node_class(g->arena, class);
}

/* The text of a set, up to the closing bracket. */
static const struct regex_node *parse_set(struct glob *g, bool negated)
{
	const char *end = memchr(g->text + g->at, ']', g->size - g->at);
	size_t room = end != NULL ? g->size - g->at : 0;
	struct regex_range *ranges = arena_calloc(g->arena, room + 1, sizeof(*ranges));
	size_t count = 0;

	while (g->at < g->size && g->text[g->at] != ']') {
		if (g->text[g->at] == '\\' && ++g->at == g->size) {
			return fail(g, "trailing backslash");
		}
		uint32_t rune = take_rune(g);
		if (end != NULL) {
			ranges[count++] = (struct regex_range){ rune, rune };
		}
	}
	if (g->at == g->size) {
		return fail(g, "unexpected end of input");
	}
	g->at++;
	return count > 0 ? class_of(g, ranges, count, negated) : fail(g, "could not parse range");
}

static const struct regex_node *parse_class(struct glob *g)
{
	g->at++;
	bool negated = g->at < g->size && g->text[g->at] == '!';
	g->at += negated;
	size_t begin = g->at;
	if (g->at == g->size) {
		return fail(g, "unexpected end of input");
	}
	uint32_t low = take_rune(g);
	if (g->at == g->size || g->text[g->at] != '-') {
		g->at = begin;
		return parse_set(g, negated);
	}
	g->at++;
	if (g->at == g->size) {
		return fail(g, "unexpected end of input");
	}
	uint32_t high = take_rune(g);
	if (g->at == g->size || g->text[g->at] != ']') {
		return fail(g, "expected close range character");
	}
	g->at++;
	if (high < low) {
		return fail(g, "range hi character is less than lo");
	}
	struct regex_range *range = arena_alloc(g->arena, sizeof(*range));
	*range = (struct regex_range){ low, high };
	return class_of(g, range, 1, negated);
}

static const struct regex_node *any_but_separator(struct glob *g)
{
	return g->no_separator != NULL ? policy_node_class(g->arena, g->no_separator)
				       : policy_node_new(g->arena, REGEX_ANY);
}

static const struct regex_node *parse_sequence(struct glob *g);

static const struct regex_node *parse_terms(struct glob *g)
{
	struct regex_list list = { .kind = REGEX_ALT };

	if (++g->depth > DEPTH_LIMIT) {
		return fail(g, "braces nest too deeply");
	}
	do {
		g->at++; /* the brace or the comma */
		const struct regex_node *term = parse_sequence(g);
		if (term == NULL) {
			return NULL;
		}
		policy_list_add(g->arena, &list, term);
	} while (g->at < g->size && g->text[g->at] == ',');
	if (g->at == g->size) {
		return fail(g, "unclosed `{`");
	}
	g->at++;
	g->depth--;
	return policy_list_finish(g->arena, &list);
}

static const struct regex_node *parse_star(struct glob *g)
{
	bool two = g->at + 1 < g->size && g->text[g->at + 1] == '*';
	const struct regex_node *one =
		two ? policy_node_new(g->arena, REGEX_ANY) : any_but_separator(g);

	g->at += two ? 2 : 1;
	return policy_node_repeat(g->arena, one, 0, REGEX_ENDLESS, false);
}

static const struct regex_node *parse_item(struct glob *g)
{
	switch (g->text[g->at]) {
	case '*':
		return parse_star(g);
	case '?':
		g->at++;
		return any_but_separator(g);
	case '[':
		return parse_class(g);
	case '{':
		return parse_terms(g);
	case '\\':
		if (++g->at == g->size) {
			return fail(g, "trailing backslash");
		}
		return policy_node_rune(g->arena, take_rune(g));
	default:
		return policy_node_rune(g->arena, take_rune(g));
	}
}

static const struct regex_node *parse_sequence(struct glob *g)
{
	struct regex_list list = { .kind = REGEX_CAT };

	while (g->at < g->size) {
		char c = g->text[g->at];
		if (g->depth > 0 && (c == ',' || c == '}')) {
			break;
		}
		const struct regex_node *item = parse_item(g);
		if (item == NULL) {
			return NULL;
		}
		policy_list_add(g->arena, &list, item);
	}
	return policy_list_finish(g->arena, &list);
}

static const struct regex_class *outside_of(
	struct arena *arena, const uint32_t *separators, size_t count)
{
	struct regex_class *class = arena_calloc(arena, 1, sizeof(*class));
	struct regex_item *items = arena_calloc(arena, count, sizeof(*items));
	struct regex_range *ranges = arena_calloc(arena, count, sizeof(*ranges));

	for (size_t i = 0; i < count; i++) {
		ranges[i] = (struct regex_range){ separators[i], separators[i] };
		items[i] = (struct regex_item){ .ranges = &ranges[i], .count = 1 };
	}
	class->items = items;
	class->count = count;
	class->negated = true;
	return class;
}

struct policy_regex *policy_glob_compile(struct arena *scratch, const char *pattern, size_t size,
	const uint32_t *separators, size_t separator_count, struct error *err)
{
	struct glob g = { .arena = scratch, .err = err, .text = pattern, .size = size };
	struct regex_list list = { .kind = REGEX_CAT };

	if (separator_count > 0) {
		g.no_separator = outside_of(scratch, separators, separator_count);
	}
	const struct regex_node *whole = parse_sequence(&g);
	if (whole == NULL) {
		return NULL;
	}
	policy_list_add(scratch, &list, policy_node_assert(scratch, REGEX_TEXT_BEGIN));
	policy_list_add(scratch, &list, whole);
	policy_list_add(scratch, &list, policy_node_assert(scratch, REGEX_TEXT_END));
	struct regex_tree tree = { .root = policy_list_finish(scratch, &list) };
	return policy_regex_assemble(scratch, &tree, err);
}
