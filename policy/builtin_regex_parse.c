/*
 * RE2's syntax as Go's regexp/syntax reads it with the flags Perl, in recursive descent. The
 * sentences of errors are Go's, since OPA's users know them.
 */
#include "policy/builtin_regex_parse.h"

#include <string.h>
#include "base/arena.h"
#include "base/error.h"

#define DEPTH_LIMIT 1000  /* groups within each other */
#define REPEAT_LIMIT 1000 /* copies of one expression */

static const struct regex_node *parse_alternatives(struct regex_parser *p);

void *policy_regex_fail(struct regex_parser *p, const char *what, size_t from, size_t to)
{
	error_set(p->err, ERROR_SYNTAX, "error parsing regexp: %s: `%.*s`", what, (int)(to - from),
		p->text + from);
	return NULL;
}

static const struct regex_node *finish_group(struct regex_parser *p, struct regex_flags outside)
{
	if (++p->depth > DEPTH_LIMIT) {
		return policy_regex_fail(p, "expression nests too deeply", 0, p->size);
	}
	const struct regex_node *inner = parse_alternatives(p);
	p->depth--;
	if (inner == NULL) {
		return NULL;
	}
	if (!policy_regex_is_next(p, 0, ')')) {
		return policy_regex_fail(p, "missing closing )", 0, p->size);
	}
	p->at++;
	p->flags = outside;
	return inner;
}

static const struct regex_node *parse_capture(struct regex_parser *p)
{
	uint32_t index = ++p->groups;
	const struct regex_node *inner = finish_group(p, p->flags);

	return inner != NULL ? policy_node_capture(p->arena, index, inner) : NULL;
}

static bool take_name(struct regex_parser *p, size_t begin)
{
	const char *name = p->text + p->at;
	const char *end = memchr(name, '>', p->size - p->at);

	if (end == NULL) {
		return policy_regex_fail(p, "invalid named capture", begin, p->size) != NULL;
	}
	size_t size = (size_t)(end - name);
	p->at += size + 1;
	bool valid = size > 0;
	for (size_t i = 0; i < size; i++) {
		valid = valid && (policy_regex_digit(name[i], 10) >= 0 || name[i] == '_' ||
					 (name[i] >= 'a' && name[i] <= 'z') ||
					 (name[i] >= 'A' && name[i] <= 'Z'));
	}
	if (!valid) {
		return policy_regex_fail(p, "invalid named capture", begin, p->at) != NULL;
	}
	struct regex_name *names = arena_calloc(p->arena, p->name_count + 1, sizeof(*names));
	if (p->name_count > 0) {
		memcpy(names, p->names, p->name_count * sizeof(*names));
	}
	names[p->name_count++] =
		(struct regex_name){ .text = name, .size = size, .group = p->groups + 1 };
	p->names = names;
	return true;
}

/* "(?": a name, a group with flags, or flags for the rest of this one: then *node is NULL. */
static bool parse_special_group(struct regex_parser *p, const struct regex_node **node)
{
	size_t begin = p->at;
	struct regex_flags flags = p->flags;
	bool on = true;
	bool seen = false;

	p->at += 2;
	size_t name = policy_regex_is_next(p, 0, 'P') && policy_regex_is_next(p, 1, '<') ? 2
		      : policy_regex_is_next(p, 0, '<')                                  ? 1
											 : 0;
	if (name > 0) {
		p->at += name;
		*node = take_name(p, begin) ? parse_capture(p) : NULL;
		return *node != NULL;
	}
	while (p->at < p->size) {
		uint32_t c = policy_regex_take_rune(p);
		bool *flag = c == 'i'   ? &flags.fold
			     : c == 'm' ? &flags.lines
			     : c == 's' ? &flags.dot_newline
			     : c == 'U' ? &flags.lazy
					: NULL;
		if (flag != NULL) {
			*flag = on;
			seen = true;
		} else if (c == '-' && on) {
			on = false;
			seen = false;
		} else if ((c == ':' || c == ')') && (on || seen)) {
			struct regex_flags outside = p->flags;
			p->flags = flags;
			*node = c == ':' ? finish_group(p, outside) : NULL;
			return c == ')' || *node != NULL;
		} else {
			break;
		}
	}
	return policy_regex_fail(p, "invalid or unsupported Perl syntax", begin, p->at) != NULL;
}

/* ---- repeats ---- */

/* A number without leading zeros; -1: there is none, REPEAT_LIMIT + 1: too large. */
static int take_number(struct regex_parser *p)
{
	int number = 0;

	if (p->at == p->size || policy_regex_digit(p->text[p->at], 10) < 0) {
		return -1;
	}
	if (p->text[p->at] == '0' && p->at + 1 < p->size &&
		policy_regex_digit(p->text[p->at + 1], 10) >= 0) {
		return -1;
	}
	for (; p->at < p->size && policy_regex_digit(p->text[p->at], 10) >= 0; p->at++) {
		number = number * 10 + policy_regex_digit(p->text[p->at], 10);
		if (number > REPEAT_LIMIT) {
			number = REPEAT_LIMIT + 1;
		}
	}
	return number;
}

struct repeat {
	int least;
	int most; /* -1: endless */
};

/* "{2,3}"; false: it is none, and the brace a character like others. */
static bool take_counts(struct regex_parser *p, struct repeat *repeat)
{
	size_t begin = p->at++;

	repeat->least = repeat->most = take_number(p);
	if (repeat->least >= 0 && policy_regex_is_next(p, 0, ',')) {
		p->at++;
		repeat->most = -1;
		if (!policy_regex_is_next(p, 0, '}')) {
			repeat->most = take_number(p);
			repeat->least = repeat->most < 0 ? -1 : repeat->least;
		}
	}
	if (repeat->least < 0 || !policy_regex_is_next(p, 0, '}')) {
		p->at = begin;
		return false;
	}
	p->at++;
	return true;
}

static bool take_repeat(struct regex_parser *p, struct repeat *repeat)
{
	char c = p->text[p->at];

	if (c == '{') {
		return take_counts(p, repeat);
	}
	if (c != '*' && c != '+' && c != '?') {
		return false;
	}
	*repeat = (struct repeat){ c == '+' ? 1 : 0, c == '?' ? 1 : -1 };
	p->at++;
	return true;
}

/* NULL: failed. `begin` is where the operator stands, `before` the operator before it or the same.
 */
static const struct regex_node *repeat_node(struct regex_parser *p, const struct regex_node *inner,
	struct repeat repeat, size_t begin, size_t before)
{
	size_t end = p->at;
	bool counted = p->text[begin] == '{';

	if (counted && (repeat.least > REPEAT_LIMIT || repeat.most > REPEAT_LIMIT ||
			       (repeat.most >= 0 && repeat.least > repeat.most))) {
		return policy_regex_fail(p, "invalid repeat count", begin, end);
	}
	bool lazy = policy_regex_is_next(p, 0, '?');
	p->at += lazy;
	if (before != begin) {
		return policy_regex_fail(p, "invalid nested repetition operator", before, p->at);
	}
	if (inner == NULL) {
		return policy_regex_fail(
			p, "missing argument to repetition operator", begin, p->at);
	}
	uint32_t most = repeat.most < 0 ? REGEX_ENDLESS : (uint32_t)repeat.most;
	const struct regex_node *node = policy_node_repeat(
		p->arena, inner, (uint32_t)repeat.least, most, lazy != p->flags.lazy);
	if (node->copies > REPEAT_LIMIT) {
		return policy_regex_fail(p, "invalid repeat count", begin, end);
	}
	return node;
}

/* ---- sequences ---- */

struct sequence {
	struct regex_list list;
	const struct regex_node *last; /* not in the list yet: a repeat may follow */
};

static bool push(struct regex_parser *p, struct sequence *sequence, const struct regex_node *node)
{
	if (node == NULL) {
		return false;
	}
	if (sequence->last != NULL) {
		policy_list_add(p->arena, &sequence->list, sequence->last);
	}
	sequence->last = node;
	return true;
}

static bool push_place(struct regex_parser *p, struct sequence *sequence, enum regex_place place)
{
	return push(p, sequence, policy_node_assert(p->arena, place));
}

/* \Q…\E: text as it stands. */
static bool parse_quoted(struct regex_parser *p, struct sequence *sequence)
{
	p->at += 2;
	while (p->at < p->size) {
		if (policy_regex_is_next(p, 0, '\\') && policy_regex_is_next(p, 1, 'E')) {
			p->at += 2;
			break;
		}
		push(p, sequence, policy_regex_literal(p, policy_regex_take_rune(p)));
	}
	return true;
}

/* A backslash outside classes: a place, quoted text, a class or a character. */
static bool parse_backslash(struct regex_parser *p, struct sequence *sequence)
{
	char c = p->at + 1 < p->size ? p->text[p->at + 1] : '\0';
	const struct regex_node *node;
	uint32_t rune;

	if (c == 'Q') {
		return parse_quoted(p, sequence);
	}
	if (c == 'A' || c == 'z' || c == 'b' || c == 'B') {
		p->at += 2;
		return push_place(p, sequence,
			c == 'A'   ? REGEX_TEXT_BEGIN
			: c == 'z' ? REGEX_TEXT_END
			: c == 'b' ? REGEX_WORD_BOUNDARY
				   : REGEX_NO_WORD_BOUNDARY);
	}
	if (!policy_regex_class_escape(p, &node)) {
		return false;
	}
	if (node == NULL) {
		if (!policy_regex_take_escape(p, &rune)) {
			return false;
		}
		node = policy_regex_literal(p, rune);
	}
	return push(p, sequence, node);
}

static const struct regex_node *any_node(struct regex_parser *p)
{
	static const struct regex_range newline = { '\n', '\n' };
	static const struct regex_item item = { .ranges = &newline, .count = 1 };
	static const struct regex_class class = { .items = &item, .count = 1, .negated = true };

	p->at++;
	return p->flags.dot_newline ? policy_node_new(p->arena, REGEX_ANY)
				    : policy_node_class(p->arena, &class);
}

static bool parse_group(struct regex_parser *p, struct sequence *sequence)
{
	const struct regex_node *node = NULL;

	if (policy_regex_is_next(p, 1, '?')) {
		/* Flags leave no node: in `a(?i)*` the star belongs to the a, as it does in Go. */
		return parse_special_group(p, &node) && (node == NULL || push(p, sequence, node));
	}
	p->at++;
	return push(p, sequence, parse_capture(p));
}

/* One item that is no repeat. False: failed. */
static bool parse_item(struct regex_parser *p, struct sequence *sequence)
{
	switch (p->text[p->at]) {
	case '(':
		return parse_group(p, sequence);
	case '[':
		return push(p, sequence, policy_regex_class(p));
	case '^':
		p->at++;
		return push_place(
			p, sequence, p->flags.lines ? REGEX_LINE_BEGIN : REGEX_TEXT_BEGIN);
	case '$':
		p->at++;
		return push_place(p, sequence, p->flags.lines ? REGEX_LINE_END : REGEX_TEXT_END);
	case '.':
		return push(p, sequence, any_node(p));
	case '\\':
		return parse_backslash(p, sequence);
	default:
		return push(p, sequence, policy_regex_literal(p, policy_regex_take_rune(p)));
	}
}

static const struct regex_node *parse_sequence(struct regex_parser *p)
{
	struct sequence sequence = { .list.kind = REGEX_CAT };
	size_t before = SIZE_MAX; /* where the repeat just before here stands */

	while (p->at < p->size && p->text[p->at] != '|' && p->text[p->at] != ')') {
		size_t begin = p->at;
		struct repeat repeat;
		if (take_repeat(p, &repeat)) {
			before = before == SIZE_MAX ? begin : before;
			sequence.last = repeat_node(p, sequence.last, repeat, begin, before);
			if (sequence.last == NULL) {
				return NULL;
			}
			before = begin;
			continue;
		}
		before = SIZE_MAX;
		if (!parse_item(p, &sequence)) {
			return NULL;
		}
	}
	if (sequence.last != NULL) {
		policy_list_add(p->arena, &sequence.list, sequence.last);
	}
	return policy_list_finish(p->arena, &sequence.list);
}

static const struct regex_node *parse_alternatives(struct regex_parser *p)
{
	struct regex_list list = { .kind = REGEX_ALT };

	for (;;) {
		const struct regex_node *sequence = parse_sequence(p);
		if (sequence == NULL) {
			return NULL;
		}
		policy_list_add(p->arena, &list, sequence);
		if (!policy_regex_is_next(p, 0, '|')) {
			return policy_list_finish(p->arena, &list);
		}
		p->at++;
	}
}

bool policy_regex_parse(struct arena *arena, const char *pattern, size_t size,
	struct regex_tree *tree, struct error *err)
{
	struct regex_parser p = { .arena = arena, .err = err, .text = pattern, .size = size };
	const struct regex_node *root = parse_alternatives(&p);

	if (root == NULL) {
		return false;
	}
	if (p.at < p.size) {
		return policy_regex_fail(&p, "unexpected )", 0, p.size) != NULL;
	}
	*tree = (struct regex_tree){
		.root = root, .groups = p.groups, .names = p.names, .name_count = p.name_count
	};
	return true;
}
