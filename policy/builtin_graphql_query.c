/*
 * GraphQL's executable documents (specification, 2.3 to 2.12): operations and fragments.
 */
#include "policy/builtin_graphql_parse.h"

/* ---- names, types, values, directives: schemas have them as well ---- */

const struct value *graphql_parse_name(struct graphql_parser *parser)
{
	return graphql_expect(parser, GRAPHQL_T_NAME).text;
}

struct graphql_type *graphql_parse_type(struct graphql_parser *parser)
{
	struct graphql_type *type = graphql_node(parser->graphql, &graphql_shape_type);

	graphql_enter(parser->graphql);
	if (graphql_skip(parser, GRAPHQL_T_BRACKET_L)) {
		type->item = graphql_parse_type(parser);
		graphql_expect(parser, GRAPHQL_T_BRACKET_R);
	} else {
		type->name = graphql_parse_name(parser);
	}
	type->non_null = graphql_skip(parser, GRAPHQL_T_BANG);
	graphql_leave(parser->graphql);
	return type;
}

static const struct value *parse_variable_name(struct graphql_parser *parser)
{
	graphql_expect(parser, GRAPHQL_T_DOLLAR);
	return graphql_parse_name(parser);
}

static struct graphql_argument *parse_argument(struct graphql_parser *parser, bool constant)
{
	struct graphql_argument *argument = graphql_node(parser->graphql, &graphql_shape_argument);

	graphql_peek(parser);
	argument->comment = parser->comment;
	argument->name = graphql_parse_name(parser);
	graphql_expect(parser, GRAPHQL_T_COLON);
	argument->value = graphql_parse_value(parser, constant);
	return argument;
}

/* "[1, 2]" or "{a: 1}" */
static void parse_container(
	struct graphql_parser *parser, bool constant, struct graphql_value *value)
{
	bool list = graphql_peek_kind(parser) == GRAPHQL_T_BRACKET_L;
	enum graphql_token_kind end = list ? GRAPHQL_T_BRACKET_R : GRAPHQL_T_BRACE_R;

	value->kind = list ? GRAPHQL_LIST : GRAPHQL_OBJECT;
	value->comment = parser->comment;
	graphql_next(parser);
	while (graphql_more(parser, end)) {
		struct graphql_argument *item;
		if (list) {
			item = graphql_node(parser->graphql, &graphql_shape_argument);
			item->value = graphql_parse_value(parser, constant);
		} else {
			item = parse_argument(parser, constant);
		}
		graphql_add(parser->graphql, &value->children, item);
	}
	graphql_close(parser, false, 0);
}

static enum graphql_value_kind word_kind(const struct value *word)
{
	return graphql_is(word, "true") || graphql_is(word, "false") ? GRAPHQL_BOOLEAN
	       : graphql_is(word, "null")                            ? GRAPHQL_NULL
								     : GRAPHQL_ENUM;
}

static void parse_value_into(
	struct graphql_parser *parser, bool constant, struct graphql_value *value)
{
	switch (graphql_peek_kind(parser)) {
	case GRAPHQL_T_BRACKET_L:
	case GRAPHQL_T_BRACE_L:
		parse_container(parser, constant, value);
		return;
	case GRAPHQL_T_DOLLAR:
		if (constant) {
			graphql_unexpected(parser, NULL);
			return;
		}
		value->kind = GRAPHQL_VARIABLE;
		value->raw = parse_variable_name(parser);
		return;
	case GRAPHQL_T_INT:
		value->kind = GRAPHQL_INT;
		break;
	case GRAPHQL_T_FLOAT:
		value->kind = GRAPHQL_FLOAT;
		break;
	case GRAPHQL_T_STRING:
		value->kind = GRAPHQL_STRING;
		break;
	case GRAPHQL_T_BLOCK:
		value->kind = GRAPHQL_BLOCK;
		break;
	case GRAPHQL_T_NAME:
		value->kind = word_kind(graphql_peek(parser)->text);
		break;
	default:
		graphql_unexpected(parser, NULL);
		return;
	}
	value->raw = graphql_next(parser).text;
}

struct graphql_value *graphql_parse_value(struct graphql_parser *parser, bool constant)
{
	struct graphql_value *value = graphql_node(parser->graphql, &graphql_shape_value);

	graphql_enter(parser->graphql);
	parse_value_into(parser, constant, value);
	graphql_leave(parser->graphql);
	return value;
}

static struct graphql_list parse_arguments(struct graphql_parser *parser, bool constant)
{
	struct graphql_list list = { 0 };

	if (graphql_skip(parser, GRAPHQL_T_PAREN_L)) {
		while (graphql_more(parser, GRAPHQL_T_PAREN_R)) {
			graphql_add(parser->graphql, &list, parse_argument(parser, constant));
		}
		graphql_close(parser, true, list.count);
	}
	return list;
}

struct graphql_list graphql_parse_directives(struct graphql_parser *parser, bool constant)
{
	struct graphql_list list = { 0 };

	while (graphql_skip(parser, GRAPHQL_T_AT)) {
		struct graphql_directive *directive =
			graphql_node(parser->graphql, &graphql_shape_directive);
		directive->name = graphql_parse_name(parser);
		directive->arguments = parse_arguments(parser, constant);
		graphql_add(parser->graphql, &list, directive);
	}
	return list;
}

const struct value *graphql_parse_operation_kind(struct graphql_parser *parser)
{
	struct graphql_token token = graphql_next(parser);

	if (!graphql_is(token.text, "query") && !graphql_is(token.text, "mutation") &&
		!graphql_is(token.text, "subscription")) {
		graphql_unexpected(parser, &token);
	}
	return token.text;
}

/* ---- selections ---- */

static struct graphql_list parse_selections(struct graphql_parser *parser);

static void parse_field(struct graphql_parser *parser, struct graphql_selection *field)
{
	field->kind = GRAPHQL_FIELD;
	field->comment = parser->comment;
	field->alias = graphql_parse_name(parser);
	field->name =
		graphql_skip(parser, GRAPHQL_T_COLON) ? graphql_parse_name(parser) : field->alias;
	field->arguments = parse_arguments(parser, false);
	field->directives = graphql_parse_directives(parser, false);
	if (graphql_peek_kind(parser) == GRAPHQL_T_BRACE_L) {
		field->selections = parse_selections(parser);
	}
}

/* "...Name" or "... on Type { }"; the dots are next. */
static void parse_fragment(struct graphql_parser *parser, struct graphql_selection *fragment)
{
	fragment->comment = parser->comment;
	graphql_next(parser);
	bool on = graphql_at_word(parser, "on");
	if (!on && graphql_peek_kind(parser) == GRAPHQL_T_NAME) {
		fragment->kind = GRAPHQL_SPREAD;
		fragment->name = graphql_parse_name(parser);
		fragment->directives = graphql_parse_directives(parser, false);
		return;
	}
	fragment->kind = GRAPHQL_INLINE;
	if (on) {
		graphql_next(parser);
		fragment->condition = graphql_parse_name(parser);
	}
	fragment->directives = graphql_parse_directives(parser, false);
	fragment->selections = parse_selections(parser);
}

/* "{ … }", which must be there. */
static struct graphql_list parse_selections(struct graphql_parser *parser)
{
	struct graphql_list list = { 0 };

	graphql_enter(parser->graphql);
	graphql_expect(parser, GRAPHQL_T_BRACE_L);
	while (graphql_more(parser, GRAPHQL_T_BRACE_R)) {
		struct graphql_selection *selection =
			graphql_node(parser->graphql, &graphql_shape_selection);
		if (graphql_peek_kind(parser) == GRAPHQL_T_SPREAD) {
			parse_fragment(parser, selection);
		} else {
			parse_field(parser, selection);
		}
		graphql_add(parser->graphql, &list, selection);
	}
	graphql_close(parser, true, list.count);
	graphql_leave(parser->graphql);
	return list;
}

/* ---- definitions ---- */

static struct graphql_list parse_variables(struct graphql_parser *parser)
{
	struct graphql_list list = { 0 };

	if (!graphql_skip(parser, GRAPHQL_T_PAREN_L)) {
		return list;
	}
	while (graphql_more(parser, GRAPHQL_T_PAREN_R)) {
		struct graphql_variable *variable =
			graphql_node(parser->graphql, &graphql_shape_variable);
		variable->comment = parser->comment;
		variable->name = parse_variable_name(parser);
		graphql_expect(parser, GRAPHQL_T_COLON);
		variable->type = graphql_parse_type(parser);
		if (graphql_skip(parser, GRAPHQL_T_EQUALS)) {
			variable->value = graphql_parse_value(parser, true);
		}
		variable->directives = graphql_parse_directives(parser, false);
		graphql_add(parser->graphql, &list, variable);
	}
	graphql_close(parser, true, list.count);
	return list;
}

static struct graphql_operation *parse_operation(struct graphql_parser *parser)
{
	struct graphql_operation *operation =
		graphql_node(parser->graphql, &graphql_shape_operation);

	if (graphql_peek_kind(parser) == GRAPHQL_T_BRACE_L) { /* short for a query */
		operation->kind = builtin_text(parser->graphql->context, "query", 5);
		operation->selections = parse_selections(parser);
		return operation;
	}
	operation->comment = parser->comment;
	operation->kind = graphql_parse_operation_kind(parser);
	if (graphql_peek_kind(parser) == GRAPHQL_T_NAME) {
		operation->name = graphql_next(parser).text;
	}
	operation->variables = parse_variables(parser);
	operation->directives = graphql_parse_directives(parser, false);
	operation->selections = parse_selections(parser);
	return operation;
}

static struct graphql_fragment *parse_fragment_definition(struct graphql_parser *parser)
{
	struct graphql_fragment *fragment = graphql_node(parser->graphql, &graphql_shape_fragment);

	fragment->comment = parser->comment;
	graphql_expect_word(parser, "fragment");
	if (graphql_at_word(parser, "on")) {
		graphql_unexpected(parser, NULL);
		return fragment;
	}
	fragment->name = graphql_parse_name(parser);
	fragment->variables = parse_variables(parser);
	graphql_expect_word(parser, "on");
	fragment->condition = graphql_parse_name(parser);
	fragment->directives = graphql_parse_directives(parser, false);
	fragment->selections = parse_selections(parser);
	return fragment;
}

struct graphql_query *graphql_parse_query(struct graphql *graphql, struct span text)
{
	struct graphql_query *query = graphql_node(graphql, &graphql_shape_query);
	struct graphql_parser parser;

	graphql_parser_init(&parser, graphql, text);
	while (graphql_more(&parser, GRAPHQL_T_EOF)) {
		if (graphql_peek_kind(&parser) == GRAPHQL_T_BRACE_L ||
			graphql_at_word(&parser, "query") || graphql_at_word(&parser, "mutation") ||
			graphql_at_word(&parser, "subscription")) {
			graphql_add(graphql, &query->operations, parse_operation(&parser));
		} else if (graphql_at_word(&parser, "fragment")) {
			graphql_add(graphql, &query->fragments, parse_fragment_definition(&parser));
		} else {
			graphql_unexpected(&parser, NULL);
		}
	}
	return graphql->failed ? NULL : query;
}
