/*
 * GraphQL's tokens (specification of October 2021, 2.1), as OPA's library reads them.
 */
#include <stdio.h>
#include "base/buf.h"
#include "base/utf8.h"
#include "policy/builtin_graphql_parse.h"

/* ---- where ---- */

static void fail_at(struct graphql_parser *parser, size_t at, const char *what, const char *detail)
{
	size_t line = 1;
	size_t column = 1;

	for (size_t i = 0; i < at && i < parser->text.size; i++) {
		unsigned char c = (unsigned char)parser->text.at[i];
		bool ends =
			c == '\n' || (c == '\r' && (i + 1 >= at || parser->text.at[i + 1] != '\n'));
		line += ends;
		column = ends ? 1 : column + ((c & 0xc0) != 0x80);
	}
	policy_charge_text(parser->graphql->context, at);
	graphql_fail(parser->graphql, "%s%s in GraphQL string at location %zu:%zu", what, detail,
		line, column);
}

/* ---- single tokens: each starts at parser->at and moves it behind ---- */

static const struct value *text_from(struct graphql_parser *parser, size_t start)
{
	return builtin_text(parser->graphql->context, parser->text.at + start, parser->at - start);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* 0 at the end: GraphQL's texts have no NUL outside of strings. */
static char byte_at(const struct graphql_parser *parser, size_t at)
{
	return at < parser->text.size ? parser->text.at[at] : '\0';
}

static size_t skip_digits(struct graphql_parser *parser)
{
	size_t start = parser->at;

	while (is_digit(byte_at(parser, parser->at))) {
		parser->at++;
	}
	return parser->at - start;
}

static enum graphql_token_kind read_number(struct graphql_parser *parser)
{
	enum graphql_token_kind kind = GRAPHQL_T_INT;

	parser->at += byte_at(parser, parser->at) == '-';
	if (byte_at(parser, parser->at) == '0') {
		parser->at++;
		if (is_digit(byte_at(parser, parser->at))) {
			return GRAPHQL_T_INVALID;
		}
	} else if (skip_digits(parser) == 0) {
		return GRAPHQL_T_INVALID;
	}
	if (byte_at(parser, parser->at) == '.') {
		kind = GRAPHQL_T_FLOAT;
		parser->at++;
		if (skip_digits(parser) == 0) {
			return GRAPHQL_T_INVALID;
		}
	}
	if (byte_at(parser, parser->at) == 'e' || byte_at(parser, parser->at) == 'E') {
		kind = GRAPHQL_T_FLOAT;
		parser->at++;
		parser->at +=
			byte_at(parser, parser->at) == '-' || byte_at(parser, parser->at) == '+';
		if (skip_digits(parser) == 0) {
			return GRAPHQL_T_INVALID;
		}
	}
	return kind;
}

/* "\u00e9" with at at the backslash. False: it is none. */
static bool read_unicode(struct graphql_parser *parser, struct buf *buf)
{
	uint32_t code = 0;
	char bytes[4];

	if (parser->at + 6 >= parser->text.size) {
		return false;
	}
	for (size_t i = 2; i < 6; i++) {
		char c = parser->text.at[parser->at + i];
		int digit = is_digit(c)            ? c - '0'
			    : c >= 'a' && c <= 'f' ? c - 'a' + 10
			    : c >= 'A' && c <= 'F' ? c - 'A' + 10
						   : -1;
		if (digit < 0) {
			return false;
		}
		code = code * 16 + (uint32_t)digit;
	}
	if (code >= 0xd800 && code < 0xe000) {
		code = 0xfffd; /* half of a pair, as Go writes it */
	}
	parser->at += 6;
	buf_append(buf, bytes, utf8_write(code, bytes));
	return true;
}

static bool read_escape(struct graphql_parser *parser, struct buf *buf)
{
	static const char from[] = "\"/\\bfnrt";
	static const char to[] = "\"/\\\b\f\n\r\t";
	char c = byte_at(parser, parser->at + 1);

	if (c == 'u') {
		return read_unicode(parser, buf);
	}
	const char *found = c != '\0' ? strchr(from, c) : NULL;
	if (found == NULL) {
		return false;
	}
	buf_append(buf, &to[found - from], 1);
	parser->at += 2;
	return true;
}

static enum graphql_token_kind read_string(struct graphql_parser *parser, const struct value **text)
{
	struct policy_context *context = parser->graphql->context;
	struct buf *buf = policy_buf(context, 0);

	for (parser->at++; parser->at < parser->text.size;) {
		char c = parser->text.at[parser->at];
		if (c == '"') {
			parser->at++;
			*text = policy_text_of_buf(context, buf);
			return GRAPHQL_T_STRING;
		}
		if ((unsigned char)c < 0x20 && c != '\t') {
			return GRAPHQL_T_INVALID;
		}
		policy_charge(context, 1);
		if (c != '\\') {
			buf_append(buf, &c, 1);
			parser->at++;
		} else if (!read_escape(parser, buf)) {
			return GRAPHQL_T_INVALID;
		}
	}
	return GRAPHQL_T_INVALID;
}

/* ---- block strings ---- */

/* How many blanks a line begins with; SIZE_MAX: it has nothing else. */
static size_t indent_of(struct span line)
{
	for (size_t i = 0; i < line.size; i++) {
		if (line.at[i] != ' ' && line.at[i] != '\t') {
			return i;
		}
	}
	return SIZE_MAX;
}

/* The line at *at, which moves behind it; false behind the last. */
static bool next_line(const struct buf *raw, size_t *at, struct span *line)
{
	if (*at > raw->size) {
		return false;
	}
	const char *start = buf_text(raw) + *at;
	const char *end = memchr(start, '\n', raw->size - *at);
	size_t size = end != NULL ? (size_t)(end - start) : raw->size - *at;
	*line = (struct span){ start, size };
	*at += size + 1;
	return true;
}

/* Without the common indentation, and without blank lines at both ends. */
static const struct value *block_text(struct graphql_parser *parser, const struct buf *raw)
{
	struct policy_context *context = parser->graphql->context;
	struct buf *buf = policy_buf(context, 1);
	size_t common = SIZE_MAX;
	size_t kept = 0; /* up to the end of the last line that is not blank */
	struct span line;

	for (size_t at = 0; next_line(raw, &at, &line);) {
		size_t indent = indent_of(line);
		common = indent < common ? indent : common;
	}
	bool started = false;
	for (size_t at = 0; next_line(raw, &at, &line);) {
		bool first = line.at == buf_text(raw);
		bool blank = indent_of(line) == SIZE_MAX;
		size_t cut = first || common == SIZE_MAX ? 0
			     : line.size < common        ? line.size
							 : common;
		if (blank && !started) {
			continue;
		}
		if (started) {
			builtin_append(context, buf, "\n", 1);
		}
		builtin_append(context, buf, line.at + cut, line.size - cut);
		started = true;
		kept = blank ? kept : buf->size;
	}
	return builtin_text(context, buf_text(buf), kept);
}

static enum graphql_token_kind read_block(struct graphql_parser *parser, const struct value **text)
{
	struct policy_context *context = parser->graphql->context;
	struct buf *buf = policy_buf(context, 0);

	for (parser->at += 3; parser->at < parser->text.size;) {
		const char *rest = parser->text.at + parser->at;
		size_t left = parser->text.size - parser->at;
		size_t quotes = 0;
		while (quotes < left && rest[quotes] == '"') {
			quotes++;
		}
		policy_charge(context, 1 + quotes);
		if (quotes >= 3) { /* the last three close; those before belong to the text */
			buf_append(buf, rest, quotes - 3);
			parser->at += quotes;
			*text = block_text(parser, buf);
			return GRAPHQL_T_BLOCK;
		}
		if ((unsigned char)*rest < 0x20 && *rest != '\t' && *rest != '\n' &&
			*rest != '\r') {
			return GRAPHQL_T_INVALID;
		}
		if (left >= 4 && memcmp(rest, "\\\"\"\"", 4) == 0) {
			buf_append(buf, rest + 1, 3);
			parser->at += 4;
		} else if (*rest == '\r') {
			buf_append(buf, "\n", 1);
			parser->at += left > 1 && rest[1] == '\n' ? 2 : 1;
		} else {
			buf_append(buf, rest, 1);
			parser->at++;
		}
	}
	return GRAPHQL_T_INVALID;
}

/* ---- any token ---- */

static void skip_blanks(struct graphql_parser *parser)
{
	size_t start = parser->at;

	while (parser->at < parser->text.size) {
		const char *rest = parser->text.at + parser->at;
		if (strchr("\t ,\n\r", *rest) != NULL && *rest != '\0') {
			parser->at++;
		} else if (parser->text.size - parser->at >= 3 &&
			   memcmp(rest, "\xef\xbb\xbf", 3) == 0) { /* byte order mark */
			parser->at += 3;
		} else {
			break;
		}
	}
	policy_charge_text(parser->graphql->context, parser->at - start);
}

static const char punctuation[] = "!$&().:=@[]{}|";
static const enum graphql_token_kind punctuation_kinds[] = { GRAPHQL_T_BANG, GRAPHQL_T_DOLLAR,
	GRAPHQL_T_AMP, GRAPHQL_T_PAREN_L, GRAPHQL_T_PAREN_R, GRAPHQL_T_SPREAD, GRAPHQL_T_COLON,
	GRAPHQL_T_EQUALS, GRAPHQL_T_AT, GRAPHQL_T_BRACKET_L, GRAPHQL_T_BRACKET_R, GRAPHQL_T_BRACE_L,
	GRAPHQL_T_BRACE_R, GRAPHQL_T_PIPE };

static enum graphql_token_kind read_punctuation(struct graphql_parser *parser)
{
	const char *found = strchr(punctuation, parser->text.at[parser->at]);

	if (found == NULL || *found == '\0') {
		return GRAPHQL_T_INVALID;
	}
	if (*found == '.') {
		if (parser->text.size - parser->at < 3 ||
			memcmp(parser->text.at + parser->at, "...", 3) != 0) {
			return GRAPHQL_T_INVALID;
		}
		parser->at += 2;
	}
	parser->at++;
	return punctuation_kinds[found - punctuation];
}

static struct graphql_token read_token(struct graphql_parser *parser)
{
	struct graphql_token token = { GRAPHQL_T_EOF, parser->empty, 0 };

	skip_blanks(parser);
	token.at = parser->at;
	if (parser->at >= parser->text.size) {
		return token;
	}
	const char *rest = parser->text.at + parser->at;
	char c = *rest;
	if (is_name(c)) {
		while (is_name(byte_at(parser, parser->at)) ||
			is_digit(byte_at(parser, parser->at))) {
			parser->at++;
		}
		token.kind = GRAPHQL_T_NAME;
	} else if (c == '#') {
		while (parser->at < parser->text.size &&
			((unsigned char)parser->text.at[parser->at] > 0x1f ||
				parser->text.at[parser->at] == '\t')) {
			parser->at++;
		}
		token.kind = GRAPHQL_T_COMMENT;
	} else if (c == '-' || is_digit(c)) {
		token.kind = read_number(parser);
	} else if (c == '"') {
		bool block = parser->text.size - parser->at >= 3 && memcmp(rest, "\"\"\"", 3) == 0;
		token.kind =
			block ? read_block(parser, &token.text) : read_string(parser, &token.text);
		return token;
	} else {
		token.kind = read_punctuation(parser);
		return token;
	}
	token.text = text_from(parser, token.at);
	return token;
}

/* ---- the parser's view ---- */

void graphql_parser_init(struct graphql_parser *parser, struct graphql *graphql, struct span text)
{
	*parser = (struct graphql_parser){
		.graphql = graphql, .text = text, .empty = builtin_text(graphql->context, "", 0)
	};
	parser->token.text = parser->last.text = parser->empty;
}

/* {"List": [{"Value": "# text"}, …]} */
static const struct value *comment_form(
	struct graphql_parser *parser, const struct builtin_list *lines)
{
	struct policy_context *context = parser->graphql->context;
	struct value_member list = { builtin_text(context, "List", 4),
		builtin_list_array(context, lines) };

	return policy_object(context, &list, 1);
}

const struct graphql_token *graphql_peek(struct graphql_parser *parser)
{
	struct policy_context *context = parser->graphql->context;
	struct builtin_list lines = { 0 };

	if (parser->graphql->failed) {
		parser->token = (struct graphql_token){ .text = parser->empty };
		return &parser->token;
	}
	if (parser->peeked) {
		return &parser->token;
	}
	while ((parser->token = read_token(parser)).kind == GRAPHQL_T_COMMENT) {
		struct value_member line = { builtin_text(context, "Value", 5),
			parser->token.text };
		builtin_list_add(context, &lines, policy_object(context, &line, 1));
	}
	parser->comment = lines.count > 0 ? comment_form(parser, &lines) : NULL;
	parser->peeked = true;
	return &parser->token;
}

static const char *kind_name(enum graphql_token_kind kind)
{
	static const char *const names[] = { "<Invalid>", "<EOF>", "!", "$", "&", "(", ")", "...",
		":", "=", "@", "[", "]", "{", "}", "|", "Name", "Int", "Float", "String",
		"BlockString", "Comment" };

	return names[kind];
}

struct graphql_token graphql_next(struct graphql_parser *parser)
{
	struct graphql_token token = *graphql_peek(parser);

	if (token.kind == GRAPHQL_T_INVALID) {
		fail_at(parser, token.at, "Unexpected character or unfinished text", "");
	}
	parser->peeked = false;
	parser->comment = NULL;
	parser->last = token;
	return token;
}

bool graphql_skip(struct graphql_parser *parser, enum graphql_token_kind kind)
{
	if (parser->graphql->failed || graphql_peek_kind(parser) != kind) {
		return false;
	}
	graphql_next(parser);
	return true;
}

static void fail_expected(struct graphql_parser *parser, const char *wanted, const char *quote)
{
	const struct graphql_token *token = graphql_peek(parser);
	char what[120];
	char found[80];

	bool quoted = *quote != '\0' && value_size(token->text) > 0;
	snprintf(found, sizeof(found), quoted ? "%s \"%.60s\"" : "%s", kind_name(token->kind),
		value_text(token->text));
	snprintf(what, sizeof(what), "Expected %s%s%s, found ", quote, wanted, quote);
	fail_at(parser, token->at, what, found);
}

struct graphql_token graphql_expect(struct graphql_parser *parser, enum graphql_token_kind kind)
{
	if (graphql_peek_kind(parser) == kind) {
		return graphql_next(parser);
	}
	fail_expected(parser, kind_name(kind), "");
	return *graphql_peek(parser);
}

bool graphql_at_word(struct graphql_parser *parser, const char *word)
{
	const struct graphql_token *token = graphql_peek(parser);

	return token->kind == GRAPHQL_T_NAME && graphql_is(token->text, word);
}

void graphql_expect_word(struct graphql_parser *parser, const char *word)
{
	if (graphql_at_word(parser, word)) {
		graphql_next(parser);
	} else {
		fail_expected(parser, word, "\"");
	}
}

void graphql_unexpected(struct graphql_parser *parser, const struct graphql_token *token)
{
	char found[96];

	if (parser->graphql->failed) {
		return;
	}
	token = token != NULL ? token : graphql_peek(parser);
	snprintf(found, sizeof(found), value_size(token->text) > 0 ? "%s \"%.80s\"" : "%s",
		kind_name(token->kind), value_text(token->text));
	fail_at(parser, token->at, "Unexpected ", found);
}

bool graphql_more(struct graphql_parser *parser, enum graphql_token_kind end)
{
	return graphql_peek_kind(parser) != end && !parser->graphql->failed;
}

const struct value *graphql_close(struct graphql_parser *parser, bool some, size_t count)
{
	const struct graphql_token *token = graphql_peek(parser);

	if (parser->graphql->failed) {
		return NULL;
	}
	if (some && count == 0) {
		fail_at(parser, token->at, "expected at least one definition, found ",
			kind_name(token->kind));
		return NULL;
	}
	const struct value *comment = parser->comment;
	graphql_next(parser);
	return comment;
}
