/*
 * A recursive descent over
 *
 *	filter  = and *( "or" and )
 *	and     = term *( "and" term )
 *	term    = [ "not" ] "(" filter ")" / path "pr" / path op literal / path "[" filter "]" [ "."
 *… ]
 *
 * which is figure 1 of RFC 7644 with its precedence written out.
 */
#include "scim/filter.h"

#include <string.h>
#include <strings.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/value.h"
#include "scim/literal.h"

struct parser {
	struct arena *arena;
	const struct scim_resource_type *type; /* NULL: no schemas */
	const struct scim_attribute *element;  /* inside [ ] or a value path: paths name its subs */
	bool in_element;
	bool loose;
	const char *start;
	const char *at;
	const char *end;
	int depth;
	int terms;
	struct error *err;
};

static const struct scim_filter *parse_filter(struct parser *parser);

static bool fail(struct parser *parser, const char *message)
{
	return error_set(parser->err, ERROR_FILTER, "column %zu: %s",
		(size_t)(parser->at - parser->start) + 1, message);
}

/* The same where a tree is expected. */
static const struct scim_filter *no_tree(struct parser *parser, const char *message)
{
	fail(parser, message);
	return NULL;
}

/* ---- words ---- */

static void skip_spaces(struct parser *parser)
{
	while (parser->at < parser->end && *parser->at == ' ') {
		parser->at++;
	}
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == ':' || c == '$' || c == '_' || c == '-';
}

/* The run of word characters here, without moving. */
static size_t peek_word(const struct parser *parser)
{
	const char *p = parser->at;

	while (p < parser->end && is_word(*p)) {
		p++;
	}
	return (size_t)(p - parser->at);
}

static bool take_word(struct parser *parser, const char *word)
{
	size_t size = strlen(word);

	if (peek_word(parser) != size || strncasecmp(parser->at, word, size) != 0) {
		return false;
	}
	parser->at += size;
	return true;
}

static bool take(struct parser *parser, char c)
{
	if (parser->at == parser->end || *parser->at != c) {
		return false;
	}
	parser->at++;
	return true;
}

static struct scim_filter *node(struct parser *parser, enum scim_filter_kind kind)
{
	struct scim_filter *it = arena_calloc(parser->arena, 1, sizeof(*it));

	it->kind = kind;
	return it;
}

static bool deeper(struct parser *parser)
{
	if (++parser->depth > SCIM_FILTER_DEPTH_MAX) {
		return fail(parser, "the filter is nested deeper than 16 levels");
	}
	return true;
}

/* ---- attribute paths ---- */

static bool unknown(struct parser *parser, const char *text, size_t size)
{
	const char *near = parser->in_element || parser->type == NULL
				   ? NULL
				   : scim_type_suggest(parser->type, text, size);

	return error_set(parser->err, ERROR_FILTER, "column %zu: no attribute '%.*s'%s%s%s",
		(size_t)(text - parser->start) + 1, (int)(size < 80 ? size : 80), text,
		near != NULL ? ", did you mean '" : "", near != NULL ? near : "",
		near != NULL ? "'?" : "");
}

/* An element of a list of simple values is compared by the name `value`. */
static const struct scim_attribute *element_sub(
	const struct scim_attribute *element, const char *text, size_t size)
{
	if (element->type != SCIM_COMPLEX) {
		return size == 5 && strncasecmp(text, "value", 5) == 0 ? element : NULL;
	}
	return scim_attribute_sub(element, text, size);
}

/* What is never shown is not found either: that would be an oracle, or a list that misleads. */
static bool check_shown(struct parser *parser, const struct scim_filter *it, const char *text)
{
	const struct scim_attribute *hidden = it->leaf;

	if (hidden->returned != SCIM_NEVER && it->ref.attribute->returned == SCIM_NEVER) {
		hidden = it->ref.attribute;
	}
	return hidden->returned != SCIM_NEVER ||
	       error_set(parser->err, ERROR_FILTER, "column %zu: nothing is found by '%s'",
		       (size_t)(text - parser->start) + 1, hidden->name);
}

static bool resolve(struct parser *parser, struct scim_filter *it, const char *text, size_t size)
{
	if (parser->in_element && parser->element != NULL) {
		it->ref.attribute = element_sub(parser->element, text, size);
		it->leaf = it->ref.attribute;
		it->path = it->leaf == NULL              ? NULL
			   : it->leaf == parser->element ? "value"
							 : it->leaf->name;
		return it->leaf != NULL ? check_shown(parser, it, text)
					: unknown(parser, text, size);
	}
	if (parser->type == NULL) {
		it->path = arena_text(parser->arena, text, size);
		return true;
	}
	if (!scim_type_resolve(parser->type, text, size, &it->ref) || it->ref.attribute == NULL) {
		return unknown(parser, text, size);
	}
	it->leaf = scim_ref_leaf(&it->ref);
	if (!check_shown(parser, it, text)) {
		return false;
	}
	it->path = value_text(it->ref.sub != NULL ? it->ref.sub->path : it->ref.attribute->path);
	return true;
}

static bool parse_path(struct parser *parser, struct scim_filter *it)
{
	const char *text = parser->at;
	size_t size = peek_word(parser);

	if (size == 0) {
		return fail(parser, "the name of an attribute is missing here");
	}
	if (++parser->terms > SCIM_FILTER_TERMS_MAX) {
		return fail(parser, "the filter has more than 64 terms");
	}
	if (!resolve(parser, it, text, size)) {
		return false;
	}
	parser->at += size;
	return true;
}

/* ---- comparisons ---- */

static const char *const ops[] = { "eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le" };
#define OPS (sizeof(ops) / sizeof(ops[0]))

static bool parse_op(struct parser *parser, enum scim_filter_op *op)
{
	for (size_t i = 0; i < OPS; i++) {
		if (take_word(parser, ops[i])) {
			*op = (enum scim_filter_op)i;
			return true;
		}
	}
	return fail(parser, "an operator is missing here: eq ne co sw ew gt ge lt le pr");
}

static const struct value *parse_literal(struct parser *parser)
{
	size_t size;
	const struct value *value = scim_literal_read(parser->arena, parser->at,
		(size_t)(parser->end - parser->at), parser->loose, &size);

	if (value == NULL) {
		fail(parser, "a value is missing here: a text in double quotes, a number, true, "
			     "false or null");
		return NULL;
	}
	parser->at += size;
	return value;
}

static const struct scim_filter *parse_comparison(struct parser *parser, struct scim_filter *it)
{
	const char *column;

	skip_spaces(parser);
	if (take_word(parser, "pr")) {
		it->kind = SCIM_FILTER_PRESENT;
		return it;
	}
	it->kind = SCIM_FILTER_COMPARE;
	if (!parse_op(parser, &it->op)) {
		return NULL;
	}
	skip_spaces(parser);
	column = parser->at;
	it->value = parse_literal(parser);
	if (it->value == NULL) {
		return NULL;
	}
	if (!scim_literal_check(parser->arena, it, parser->loose, parser->err)) {
		error_wrap(parser->err, "column %zu", (size_t)(column - parser->start) + 1);
		return NULL;
	}
	return it;
}

/* ---- value paths ---- */

/* emails[type eq "work"].value eq "x" is no RFC grammar, and means the x inside the brackets. */
static bool parse_behind_bracket(struct parser *parser, struct scim_filter *any)
{
	struct scim_filter *both = node(parser, SCIM_FILTER_AND);
	struct scim_filter *last = node(parser, SCIM_FILTER_COMPARE);
	const struct scim_attribute *element = parser->element;
	bool in_element = parser->in_element;

	if (!parser->loose) {
		return fail(parser, "behind ']' nothing may stand: write the comparison inside");
	}
	parser->element = any->ref.attribute;
	parser->in_element = true;
	both->left = any->left;
	both->right = parse_path(parser, last) ? parse_comparison(parser, last) : NULL;
	parser->element = element;
	parser->in_element = in_element;
	any->left = both;
	return both->right != NULL;
}

static const struct scim_filter *parse_value_path(struct parser *parser, struct scim_filter *it)
{
	const struct scim_attribute *attribute = it->ref.attribute;

	if (parser->in_element) {
		return no_tree(parser, "brackets cannot stand inside brackets");
	}
	if (parser->type != NULL && (it->ref.sub != NULL || attribute->type != SCIM_COMPLEX)) {
		return no_tree(parser, "only an attribute with sub-attributes can have brackets");
	}
	if (!deeper(parser)) {
		return NULL;
	}
	parser->in_element = true;
	parser->element = attribute;
	it->kind = SCIM_FILTER_ANY;
	it->left = parse_filter(parser);
	parser->in_element = false;
	parser->element = NULL;
	parser->depth--;
	if (it->left == NULL) {
		return NULL;
	}
	if (!take(parser, ']')) {
		return no_tree(parser, "']' is missing here");
	}
	if (take(parser, '.') && !parse_behind_bracket(parser, it)) {
		return NULL;
	}
	return it;
}

/* ---- terms, and, or ---- */

static const struct scim_filter *parse_group(struct parser *parser)
{
	const struct scim_filter *inner;

	if (!deeper(parser)) {
		return NULL;
	}
	inner = parse_filter(parser);
	parser->depth--;
	if (inner == NULL) {
		return NULL;
	}
	return take(parser, ')') ? inner : no_tree(parser, "')' is missing here");
}

/* `not` is a word of its own only before a parenthesis: an attribute may be called so. */
static bool take_not(struct parser *parser)
{
	const char *before = parser->at;

	if (take_word(parser, "not")) {
		skip_spaces(parser);
		if (take(parser, '(')) {
			return true;
		}
	}
	parser->at = before;
	return false;
}

static const struct scim_filter *parse_term(struct parser *parser)
{
	struct scim_filter *it;

	skip_spaces(parser);
	if (take(parser, '(')) {
		return parse_group(parser);
	}
	if (take_not(parser)) {
		it = node(parser, SCIM_FILTER_NOT);
		it->left = parse_group(parser);
		return it->left != NULL ? it : NULL;
	}
	it = node(parser, SCIM_FILTER_COMPARE);
	if (!parse_path(parser, it)) {
		return NULL;
	}
	return take(parser, '[') ? parse_value_path(parser, it) : parse_comparison(parser, it);
}

typedef const struct scim_filter *parse_fn(struct parser *parser);

static const struct scim_filter *parse_chain(
	struct parser *parser, parse_fn *part, const char *word, enum scim_filter_kind kind)
{
	const struct scim_filter *left = part(parser);

	while (left != NULL) {
		struct scim_filter *it;

		skip_spaces(parser);
		if (!take_word(parser, word)) {
			return left;
		}
		it = node(parser, kind);
		it->left = left;
		it->right = part(parser);
		left = it->right != NULL ? it : NULL;
	}
	return NULL;
}

static const struct scim_filter *parse_and(struct parser *parser)
{
	return parse_chain(parser, parse_term, "and", SCIM_FILTER_AND);
}

static const struct scim_filter *parse_filter(struct parser *parser)
{
	return parse_chain(parser, parse_and, "or", SCIM_FILTER_OR);
}

static const struct scim_filter *parse_all(struct parser *parser, size_t size)
{
	const struct scim_filter *filter;

	if (size > SCIM_FILTER_BYTES_MAX) {
		return no_tree(parser, "the filter is longer than 4096 bytes");
	}
	filter = parse_filter(parser);
	if (filter != NULL && parser->at < parser->end) {
		return no_tree(parser, "'and', 'or' or the end of the filter should stand here");
	}
	return filter;
}

const struct scim_filter *scim_filter_parse(struct arena *arena,
	const struct scim_resource_type *type, const char *text, size_t size, bool loose,
	struct error *err)
{
	struct parser parser = { .arena = arena,
		.type = type,
		.loose = loose,
		.start = text,
		.at = text,
		.end = text + size,
		.err = err };

	return parse_all(&parser, size);
}

const struct scim_filter *scim_filter_parse_element(struct arena *arena,
	const struct scim_attribute *attribute, const char *text, size_t size, bool loose,
	struct error *err)
{
	struct parser parser = { .arena = arena,
		.element = attribute,
		.in_element = true,
		.loose = loose,
		.start = text,
		.at = text,
		.end = text + size,
		.err = err };

	return parse_all(&parser, size);
}

/* ---- printing ---- */

static void print(struct buf *buf, const struct scim_filter *filter, bool in_parentheses)
{
	if (in_parentheses) {
		buf_append_char(buf, '(');
	}
	scim_filter_print(buf, filter);
	if (in_parentheses) {
		buf_append_char(buf, ')');
	}
}

void scim_filter_print(struct buf *buf, const struct scim_filter *filter)
{
	const struct scim_filter *left = filter->left;
	const struct scim_filter *right = filter->right;

	switch (filter->kind) {
	case SCIM_FILTER_OR:
		print(buf, left, false);
		buf_append_text(buf, " or ");
		print(buf, right, right->kind == SCIM_FILTER_OR);
		break;
	case SCIM_FILTER_AND:
		print(buf, left, left->kind == SCIM_FILTER_OR);
		buf_append_text(buf, " and ");
		print(buf, right, right->kind <= SCIM_FILTER_OR);
		break;
	case SCIM_FILTER_NOT:
		buf_append_text(buf, "not ");
		print(buf, left, true);
		break;
	case SCIM_FILTER_PRESENT:
		buf_printf(buf, "%s pr", filter->path);
		break;
	case SCIM_FILTER_COMPARE:
		buf_printf(buf, "%s %s ", filter->path, ops[filter->op]);
		value_print(buf, filter->value);
		break;
	case SCIM_FILTER_ANY:
		buf_printf(buf, "%s[", filter->path);
		scim_filter_print(buf, left);
		buf_append_char(buf, ']');
		break;
	}
}
