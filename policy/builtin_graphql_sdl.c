/*
 * GraphQL's type system documents (specification, 3): definitions and their extensions.
 */
#include "policy/builtin_graphql_parse.h"

/* What stood before a definition. */
struct description {
	const struct value *text, *comment;
};

static struct description parse_description(struct graphql_parser *parser)
{
	enum graphql_token_kind kind = graphql_peek_kind(parser);
	struct description description = { parser->empty, NULL };

	if (kind == GRAPHQL_T_STRING || kind == GRAPHQL_T_BLOCK) {
		description.comment = parser->comment;
		description.text = graphql_next(parser).text;
	}
	return description;
}

/* ---- fields, arguments, values of enums ---- */

static struct graphql_list parse_argument_definitions(struct graphql_parser *parser);

/* shape: which of them; they differ in what may follow the name. */
static struct graphql_field *parse_field(
	struct graphql_parser *parser, const struct graphql_shape *shape, bool with_default)
{
	struct graphql_field *field = graphql_node(parser->graphql, shape);
	struct description description = parse_description(parser);

	if (value_size(description.text) > 0) {
		field->before = description.comment;
		field->description = description.text;
	}
	graphql_peek(parser);
	field->after = parser->comment;
	field->name = graphql_parse_name(parser);
	if (shape != &graphql_shape_enum_value) {
		if (shape == &graphql_shape_field && !with_default) {
			field->arguments = parse_argument_definitions(parser);
		}
		graphql_expect(parser, GRAPHQL_T_COLON);
		field->type = graphql_parse_type(parser);
		if (with_default && graphql_skip(parser, GRAPHQL_T_EQUALS)) {
			field->value = graphql_parse_value(parser, true);
		}
	}
	field->directives = graphql_parse_directives(parser, true);
	return field;
}

static struct graphql_list parse_argument_definitions(struct graphql_parser *parser)
{
	struct graphql_list list = { 0 };

	if (graphql_skip(parser, GRAPHQL_T_PAREN_L)) {
		while (graphql_more(parser, GRAPHQL_T_PAREN_R)) {
			graphql_add(parser->graphql, &list,
				parse_field(parser, &graphql_shape_argument_definition, true));
		}
		graphql_close(parser, true, list.count);
	}
	return list;
}

/* "{ … }", which may be missing; *end: comments before the brace. */
static struct graphql_list parse_fields(struct graphql_parser *parser,
	const struct graphql_shape *shape, bool with_default, const struct value **end)
{
	struct graphql_list list = { 0 };

	if (graphql_skip(parser, GRAPHQL_T_BRACE_L)) {
		while (graphql_more(parser, GRAPHQL_T_BRACE_R)) {
			graphql_add(
				parser->graphql, &list, parse_field(parser, shape, with_default));
		}
		*end = graphql_close(parser, true, list.count);
	}
	return list;
}

/* "A & B" or "A | B", behind the word or sign that begins it */
static struct graphql_list parse_names(
	struct graphql_parser *parser, enum graphql_token_kind separator)
{
	struct graphql_list list = { 0 };

	graphql_skip(parser, separator);
	do {
		graphql_add(parser->graphql, &list, (void *)(uintptr_t)graphql_parse_name(parser));
	} while (graphql_skip(parser, separator));
	return list;
}

/* ---- types ---- */

struct type_form {
	const char *word, *kind;
};

static const struct type_form type_forms[] = {
	{ "scalar", "SCALAR" },
	{ "type", "OBJECT" },
	{ "interface", "INTERFACE" },
	{ "union", "UNION" },
	{ "enum", "ENUM" },
	{ "input", "INPUT_OBJECT" },
};

/* NULL: the next token begins no definition of a type. */
static const struct type_form *peek_type_form(struct graphql_parser *parser)
{
	for (size_t i = 0; i < sizeof(type_forms) / sizeof(type_forms[0]); i++) {
		if (graphql_at_word(parser, type_forms[i].word)) {
			return &type_forms[i];
		}
	}
	return NULL;
}

/* From its word on. */
static struct graphql_definition *parse_type_definition(
	struct graphql_parser *parser, const struct type_form *form, bool extension)
{
	struct graphql_definition *it = graphql_node(parser->graphql, &graphql_shape_definition);
	bool input = strcmp(form->word, "input") == 0;

	it->after = parser->comment;
	graphql_next(parser);
	it->kind_name = builtin_text(parser->graphql->context, form->kind, strlen(form->kind));
	it->name = graphql_parse_name(parser);
	bool implements = strcmp(form->word, "type") == 0 ||
			  (strcmp(form->word, "interface") == 0 && !extension);
	if (implements && graphql_at_word(parser, "implements")) {
		graphql_next(parser);
		it->interfaces = parse_names(parser, GRAPHQL_T_AMP);
	}
	it->directives = graphql_parse_directives(parser, !(input && extension));
	if (strcmp(form->word, "union") == 0) {
		if (graphql_skip(parser, GRAPHQL_T_EQUALS)) {
			it->types = parse_names(parser, GRAPHQL_T_PIPE);
		}
	} else if (strcmp(form->word, "enum") == 0) {
		it->values = parse_fields(parser, &graphql_shape_enum_value, false, &it->end);
	} else if (strcmp(form->word, "scalar") != 0) {
		it->fields = parse_fields(parser, &graphql_shape_field, input, &it->end);
	}
	return it;
}

/* ---- schemas, directives ---- */

/* From "schema" on. */
static struct graphql_schema_definition *parse_schema_definition(struct graphql_parser *parser)
{
	struct graphql_schema_definition *schema =
		graphql_node(parser->graphql, &graphql_shape_schema_definition);

	schema->after = parser->comment;
	graphql_next(parser);
	schema->directives = graphql_parse_directives(parser, true);
	if (!graphql_skip(parser, GRAPHQL_T_BRACE_L)) {
		return schema;
	}
	while (graphql_more(parser, GRAPHQL_T_BRACE_R)) {
		struct graphql_root *root = graphql_node(parser->graphql, &graphql_shape_root);
		root->comment = parser->comment;
		root->operation = graphql_parse_operation_kind(parser);
		graphql_expect(parser, GRAPHQL_T_COLON);
		root->type = graphql_parse_name(parser);
		graphql_add(parser->graphql, &schema->roots, root);
	}
	schema->end = graphql_close(parser, true, schema->roots.count);
	return schema;
}

static const struct value *parse_location(struct graphql_parser *parser)
{
	static const char *const known[] = { "QUERY", "MUTATION", "SUBSCRIPTION", "FIELD",
		"FRAGMENT_DEFINITION", "FRAGMENT_SPREAD", "INLINE_FRAGMENT", "VARIABLE_DEFINITION",
		"SCHEMA", "SCALAR", "OBJECT", "FIELD_DEFINITION", "ARGUMENT_DEFINITION",
		"INTERFACE", "UNION", "ENUM", "ENUM_VALUE", "INPUT_OBJECT",
		"INPUT_FIELD_DEFINITION" };
	struct graphql_token token = graphql_expect(parser, GRAPHQL_T_NAME);

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (graphql_is(token.text, known[i])) {
			return token.text;
		}
	}
	graphql_unexpected(parser, &token);
	return token.text;
}

/* From "directive" on. */
static struct graphql_directive_definition *parse_directive_definition(
	struct graphql_parser *parser)
{
	struct graphql_directive_definition *directive =
		graphql_node(parser->graphql, &graphql_shape_directive_definition);

	directive->after = parser->comment;
	graphql_next(parser);
	graphql_expect(parser, GRAPHQL_T_AT);
	directive->name = graphql_parse_name(parser);
	directive->arguments = parse_argument_definitions(parser);
	if (graphql_at_word(parser, "repeatable")) {
		directive->repeatable = true;
		graphql_next(parser);
	}
	graphql_expect_word(parser, "on");
	graphql_skip(parser, GRAPHQL_T_PIPE);
	do {
		graphql_add(parser->graphql, &directive->locations,
			(void *)(uintptr_t)parse_location(parser));
	} while (graphql_skip(parser, GRAPHQL_T_PIPE));
	return directive;
}

/* ---- documents ---- */

/* "extend …" must add something. Comments of an extension are those before "extend". */
static void parse_extension(struct graphql_parser *parser, struct graphql_document *document)
{
	const struct value *comment = parser->comment;
	struct graphql *graphql = parser->graphql;
	bool adds;

	graphql_next(parser);
	const struct type_form *form = peek_type_form(parser);
	if (form != NULL) {
		struct graphql_definition *it = parse_type_definition(parser, form, true);
		it->after = comment;
		graphql_add(graphql, &document->extensions, it);
		adds = it->interfaces.count + it->directives.count + it->fields.count +
			       it->types.count + it->values.count >
		       0;
	} else if (graphql_at_word(parser, "schema")) {
		struct graphql_schema_definition *schema = parse_schema_definition(parser);
		schema->after = comment;
		graphql_add(graphql, &document->schema_extensions, schema);
		adds = schema->directives.count + schema->roots.count > 0;
	} else {
		adds = false;
	}
	if (!adds) {
		graphql_unexpected(parser, NULL);
	}
}

static void parse_definition(struct graphql_parser *parser, struct graphql_document *document)
{
	struct graphql *graphql = parser->graphql;
	struct description description = parse_description(parser);
	const struct type_form *form = peek_type_form(parser);

	if (form != NULL) {
		struct graphql_definition *it = parse_type_definition(parser, form, false);
		it->before = description.comment;
		it->description = description.text;
		graphql_add(graphql, &document->definitions, it);
	} else if (graphql_at_word(parser, "schema")) {
		struct graphql_schema_definition *schema = parse_schema_definition(parser);
		schema->before = description.comment;
		schema->description = description.text;
		graphql_add(graphql, &document->schemas, schema);
	} else if (graphql_at_word(parser, "directive")) {
		struct graphql_directive_definition *it = parse_directive_definition(parser);
		it->before = description.comment;
		it->description = description.text;
		graphql_add(graphql, &document->directives, it);
	} else if (graphql_at_word(parser, "extend")) {
		if (value_size(description.text) > 0) {
			graphql_unexpected(parser, &parser->last);
		}
		parse_extension(parser, document);
	} else {
		graphql_unexpected(parser, NULL);
	}
}

struct graphql_document *graphql_parse_schema(struct graphql *graphql, struct span text)
{
	struct graphql_document *document = graphql_node(graphql, &graphql_shape_document);
	struct graphql_parser parser;

	graphql_parser_init(&parser, graphql, text);
	while (graphql_more(&parser, GRAPHQL_T_EOF)) {
		parse_definition(&parser, document);
	}
	document->comment = parser.comment;
	return graphql->failed ? NULL : document;
}
