/*
 * Reading GraphQL: the tokens, and what documents of queries and of schemas have in common.
 *
 * A parser looks one token ahead. Comments are no tokens: those that stand before a token are
 * kept beside it, for the node that begins there. After a failure every token is INVALID.
 */
#pragma once

#include "policy/builtin_graphql.h"

enum graphql_token_kind {
	GRAPHQL_T_INVALID,
	GRAPHQL_T_EOF,
	GRAPHQL_T_BANG,
	GRAPHQL_T_DOLLAR,
	GRAPHQL_T_AMP,
	GRAPHQL_T_PAREN_L,
	GRAPHQL_T_PAREN_R,
	GRAPHQL_T_SPREAD,
	GRAPHQL_T_COLON,
	GRAPHQL_T_EQUALS,
	GRAPHQL_T_AT,
	GRAPHQL_T_BRACKET_L,
	GRAPHQL_T_BRACKET_R,
	GRAPHQL_T_BRACE_L,
	GRAPHQL_T_BRACE_R,
	GRAPHQL_T_PIPE,
	GRAPHQL_T_NAME,
	GRAPHQL_T_INT,
	GRAPHQL_T_FLOAT,
	GRAPHQL_T_STRING,
	GRAPHQL_T_BLOCK,
	GRAPHQL_T_COMMENT,
};

struct graphql_token {
	enum graphql_token_kind kind;
	const struct value *text; /* "" for punctuation */
	size_t at;                /* where it starts, in bytes */
};

struct graphql_parser {
	struct graphql *graphql;
	struct span text;
	size_t at; /* behind the last token read */
	bool peeked;
	struct graphql_token token;
	struct graphql_token last;   /* consumed */
	const struct value *comment; /* before the peeked token, in its JSON form; NULL: none */
	const struct value *empty;
};

/* ---- tokens (builtin_graphql_lex.c) ---- */

void graphql_parser_init(struct graphql_parser *parser, struct graphql *graphql, struct span text);
/* The next token, not consumed; sets parser->comment. */
const struct graphql_token *graphql_peek(struct graphql_parser *parser);
static inline enum graphql_token_kind graphql_peek_kind(struct graphql_parser *parser)
{
	return graphql_peek(parser)->kind;
}
/* Consumes it. */
struct graphql_token graphql_next(struct graphql_parser *parser);
/* Consumes it if it is of that kind. */
bool graphql_skip(struct graphql_parser *parser, enum graphql_token_kind kind);
/* The same, and fails if it is not. */
struct graphql_token graphql_expect(struct graphql_parser *parser, enum graphql_token_kind kind);
/* Is the next token the name `word`? */
bool graphql_at_word(struct graphql_parser *parser, const char *word);
void graphql_expect_word(struct graphql_parser *parser, const char *word);
/* Fails with "Unexpected …"; NULL: the next token. */
void graphql_unexpected(struct graphql_parser *parser, const struct graphql_token *token);

/* For loops over "( … )": true while there is one more before `end`. */
bool graphql_more(struct graphql_parser *parser, enum graphql_token_kind end);
/* Behind such a loop: consumes the end; fails when the list is empty and `some` was wanted.
 * Returns the comments before the end. */
const struct value *graphql_close(struct graphql_parser *parser, bool some, size_t count);

/* ---- what both kinds of documents have (builtin_graphql_query.c) ---- */

const struct value *graphql_parse_name(struct graphql_parser *parser);
struct graphql_type *graphql_parse_type(struct graphql_parser *parser);
/* constant: no variables */
struct graphql_value *graphql_parse_value(struct graphql_parser *parser, bool constant);
struct graphql_list graphql_parse_directives(struct graphql_parser *parser, bool constant);
/* "query", "mutation" or "subscription" */
const struct value *graphql_parse_operation_kind(struct graphql_parser *parser);
