/*
 * A schema's document → types by name, roots, what is possible; then every rule for it.
 *
 * Rules are those of GraphQL's specification, section 3, as OPA's library applies them.
 */
#include "policy/builtin_graphql.h"

/*
 * What every schema has: scalars, directives, and the types of introspection (specification,
 * 3.5, 3.13 and 4.2).
 */
static const char built_in[] =
	"scalar Int scalar Float scalar String scalar Boolean scalar ID "
	"directive @include(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT "
	"directive @skip(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT "
	"directive @defer(if: Boolean = true, label: String) on FRAGMENT_SPREAD | INLINE_FRAGMENT "
	"directive @deprecated(reason: String = \"No longer supported\") "
	"on FIELD_DEFINITION | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION | ENUM_VALUE "
	"directive @specifiedBy(url: String!) on SCALAR "
	"directive @oneOf on INPUT_OBJECT "
	"type __Schema { description: String types: [__Type!]! queryType: __Type! "
	"mutationType: __Type subscriptionType: __Type directives: [__Directive!]! } "
	"type __Type { kind: __TypeKind! name: String description: String specifiedByURL: String "
	"fields(includeDeprecated: Boolean = false): [__Field!] interfaces: [__Type!] "
	"possibleTypes: [__Type!] enumValues(includeDeprecated: Boolean = false): [__EnumValue!] "
	"inputFields(includeDeprecated: Boolean = false): [__InputValue!] ofType: __Type "
	"isOneOf: Boolean } "
	"enum __TypeKind { SCALAR OBJECT INTERFACE UNION ENUM INPUT_OBJECT LIST NON_NULL } "
	"type __Field { name: String! description: String "
	"args(includeDeprecated: Boolean = false): [__InputValue!]! type: __Type! "
	"isDeprecated: Boolean! deprecationReason: String } "
	"type __InputValue { name: String! description: String type: __Type! defaultValue: String "
	"isDeprecated: Boolean! deprecationReason: String } "
	"type __EnumValue { name: String! description: String isDeprecated: Boolean! "
	"deprecationReason: String } "
	"type __Directive { name: String! description: String isRepeatable: Boolean! "
	"locations: [__DirectiveLocation!]! "
	"args(includeDeprecated: Boolean = false): [__InputValue!]! } "
	"enum __DirectiveLocation { QUERY MUTATION SUBSCRIPTION FIELD FRAGMENT_DEFINITION "
	"FRAGMENT_SPREAD INLINE_FRAGMENT VARIABLE_DEFINITION SCHEMA SCALAR OBJECT FIELD_DEFINITION "
	"ARGUMENT_DEFINITION INTERFACE UNION ENUM ENUM_VALUE INPUT_OBJECT INPUT_FIELD_DEFINITION }";

/* ---- look-ups ---- */

const struct graphql_definition *graphql_find_type(
	const struct graphql_schema *schema, const struct value *name)
{
	return graphql_table_get(schema->types, name);
}

const struct value *graphql_type_name(const struct graphql_type *type)
{
	while (value_size(type->name) == 0 && type->item != NULL) {
		type = type->item;
	}
	return type->name;
}

const struct graphql_definition *graphql_type_definition(
	const struct graphql_schema *schema, const struct graphql_type *type)
{
	return type != NULL ? graphql_find_type(schema, graphql_type_name(type)) : NULL;
}

bool graphql_is_compatible(const struct graphql_type *actual, const struct graphql_type *other)
{
	for (; graphql_same(actual->name, other->name);
		actual = actual->item, other = other->item) {
		if (other->non_null && !actual->non_null) {
			return false;
		}
		if (actual->item == NULL) {
			return true;
		}
		if (other->item == NULL) {
			return false;
		}
	}
	return false;
}

/* ---- types ---- */

static enum graphql_kind kind_of(const struct value *name)
{
	static const char *const names[] = {
		[GRAPHQL_SCALAR_TYPE] = "SCALAR",
		[GRAPHQL_OBJECT_TYPE] = "OBJECT",
		[GRAPHQL_INTERFACE] = "INTERFACE",
		[GRAPHQL_UNION] = "UNION",
		[GRAPHQL_ENUM_TYPE] = "ENUM",
		[GRAPHQL_INPUT] = "INPUT_OBJECT",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (graphql_is(name, names[i])) {
			return (enum graphql_kind)i;
		}
	}
	return GRAPHQL_UNKNOWN_KIND;
}

static bool declare_types(
	struct graphql *graphql, struct graphql_schema *schema, const struct graphql_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct graphql_definition *it = list->items[i];
		it->kind = kind_of(it->kind_name);
		if (graphql_find_type(schema, it->name) != NULL) {
			return graphql_fail(
				graphql, "Cannot redeclare type %.80s", value_text(it->name));
		}
		graphql_table_set(graphql, schema->types, it->name, it);
		graphql_add(graphql, &schema->definitions, it);
	}
	return true;
}

/* An extension of a type that is not there makes it. */
static bool extend_type(struct graphql *graphql, struct graphql_schema *schema,
	const struct graphql_definition *extension)
{
	struct graphql_definition *it = graphql_table_get(schema->types, extension->name);
	enum graphql_kind kind = kind_of(extension->kind_name);

	if (it == NULL) {
		it = graphql_node(graphql, &graphql_shape_definition);
		it->name = extension->name;
		it->kind_name = extension->kind_name;
		it->kind = kind;
		graphql_table_set(graphql, schema->types, it->name, it);
		graphql_add(graphql, &schema->definitions, it);
	}
	if (!graphql_same(it->kind_name, extension->kind_name)) {
		return graphql_fail(graphql,
			"Cannot extend type %.60s because the base type is a %.20s, not %.20s",
			value_text(it->name), value_text(it->kind_name),
			value_text(extension->kind_name));
	}
	graphql_add_all(graphql, &it->directives, &extension->directives);
	graphql_add_all(graphql, &it->interfaces, &extension->interfaces);
	graphql_add_all(graphql, &it->fields, &extension->fields);
	graphql_add_all(graphql, &it->types, &extension->types);
	graphql_add_all(graphql, &it->values, &extension->values);
	return true;
}

/* Which types a union, an interface or an object may be at run time; unknown ones are found
 * later. */
static void link_possible(struct graphql *graphql, const struct graphql_schema *schema)
{
	for (size_t i = 0; i < schema->definitions.count; i++) {
		struct graphql_definition *it = schema->definitions.items[i];
		for (size_t k = 0; it->kind == GRAPHQL_UNION && k < it->types.count; k++) {
			void *type = graphql_table_get(schema->types, it->types.items[k]);
			if (type != NULL) {
				graphql_add(graphql, &it->possible, type);
			}
		}
		bool implements = it->kind == GRAPHQL_INPUT || it->kind == GRAPHQL_OBJECT_TYPE ||
				  it->kind == GRAPHQL_INTERFACE;
		for (size_t k = 0; implements && k < it->interfaces.count; k++) {
			struct graphql_definition *type =
				graphql_table_get(schema->types, it->interfaces.items[k]);
			if (type != NULL) {
				graphql_add(graphql, &type->possible, it);
			}
		}
		if (implements && it->kind != GRAPHQL_INTERFACE) {
			graphql_add(graphql, &it->possible, it);
		}
	}
}

/* ---- directives and roots ---- */

/* Those that are built in may be declared again; the later declaration stands. */
static bool declare_directives(
	struct graphql *graphql, struct graphql_schema *schema, const struct graphql_list *list)
{
	static const char *const again[] = { "include", "skip", "deprecated", "specifiedBy",
		"defer", "oneOf" };

	for (size_t i = 0; i < list->count; i++) {
		struct graphql_directive_definition *it = list->items[i];
		bool known = graphql_table_get(schema->directives, it->name) == NULL;
		for (size_t k = 0; !known && k < sizeof(again) / sizeof(again[0]); k++) {
			known = graphql_is(it->name, again[k]);
		}
		if (!known) {
			return graphql_fail(
				graphql, "Cannot redeclare directive %.80s", value_text(it->name));
		}
		graphql_table_set(graphql, schema->directives, it->name, it);
	}
	return true;
}

static bool set_roots(struct graphql *graphql, struct graphql_schema *schema,
	const struct graphql_schema_definition *definition)
{
	for (size_t i = 0; i < definition->roots.count; i++) {
		const struct graphql_root *root = definition->roots.items[i];
		struct graphql_definition *type = graphql_table_get(schema->types, root->type);
		if (type == NULL) {
			return graphql_fail(graphql,
				"Schema root %.20s refers to a type %.60s that does not exist",
				value_text(root->operation), value_text(root->type));
		}
		if (graphql_is(root->operation, "query")) {
			schema->query = type;
		} else if (graphql_is(root->operation, "mutation")) {
			schema->mutation = type;
		} else if (graphql_is(root->operation, "subscription")) {
			schema->subscription = type;
		}
	}
	return graphql_check_directives(
		graphql, schema, &definition->directives, "SCHEMA", NULL, true);
}

static bool read_schema_definitions(struct graphql *graphql, struct graphql_schema *schema,
	const struct graphql_document *document)
{
	if (document->schemas.count > 1) {
		return graphql_fail(graphql, "Cannot have multiple schema entry points, consider "
					     "schema extensions instead");
	}
	if (document->schemas.count == 1 &&
		!set_roots(graphql, schema, document->schemas.items[0])) {
		return false;
	}
	for (size_t i = 0; i < document->schema_extensions.count; i++) {
		if (!set_roots(graphql, schema, document->schema_extensions.items[i])) {
			return false;
		}
	}
	return true;
}

/* Without a definition of the schema, types with these names are the roots. */
static void guess_roots(struct graphql *graphql, struct graphql_schema *schema)
{
	const struct {
		const char *name;
		struct graphql_definition **root;
	} guesses[] = { { "Query", &schema->query }, { "Mutation", &schema->mutation },
		{ "Subscription", &schema->subscription } };

	for (size_t i = 0; i < 3; i++) {
		const struct value *name =
			builtin_text(graphql->context, guesses[i].name, strlen(guesses[i].name));
		if (*guesses[i].root == NULL) {
			*guesses[i].root = graphql_table_get(schema->types, name);
		}
	}
}

/* "__schema: __Schema!" and "__type(name: String!): __Type" of the query's root */
static void add_introspection(struct graphql *graphql, struct graphql_definition *query)
{
	static const char text[] = "type Q { __schema: __Schema! __type(name: String!): __Type }";
	struct graphql_document *document =
		graphql_parse_schema(graphql, (struct span){ text, sizeof(text) - 1 });
	const struct graphql_definition *made = document->definitions.items[0];

	graphql_add_all(graphql, &query->fields, &made->fields);
}

/* ---- input objects may not need themselves ---- */

struct cycle_search {
	struct graphql *graphql;
	const struct graphql_schema *schema;
	struct graphql_table *done, *path; /* by name of the type */
};

/* What must be given, and is an input object itself; NULL: nothing. */
static const struct graphql_definition *required_input(
	const struct cycle_search *search, const struct graphql_field *field)
{
	if (!field->type->non_null || value_size(field->type->name) == 0) {
		return NULL;
	}
	const struct graphql_definition *type =
		graphql_find_type(search->schema, field->type->name);
	return type != NULL && type->kind == GRAPHQL_INPUT ? type : NULL;
}

static bool has_no_cycle(struct cycle_search *search, const struct graphql_definition *it)
{
	bool ok = true;

	if (graphql_table_get(search->done, it->name) != NULL) {
		return true;
	}
	graphql_enter(search->graphql);
	graphql_table_set(search->graphql, search->done, it->name, search);
	graphql_table_set(search->graphql, search->path, it->name, search);
	for (size_t i = 0; ok && i < it->fields.count; i++) {
		const struct graphql_definition *next = required_input(search, it->fields.items[i]);
		if (next == NULL) {
			continue;
		}
		ok = graphql_table_get(search->path, next->name) == NULL
			     ? has_no_cycle(search, next)
			     : graphql_fail(search->graphql,
				       "Cannot reference Input Object \"%.80s\" within itself "
				       "through a series of non-null fields",
				       value_text(next->name));
	}
	graphql_table_set(search->graphql, search->path, it->name, NULL);
	graphql_leave(search->graphql);
	return ok;
}

/* ---- all ---- */

static bool check_all(struct graphql *graphql, const struct graphql_schema *schema,
	const struct graphql_list *directives)
{
	struct cycle_search search = { graphql, schema, graphql_table_new(graphql),
		graphql_table_new(graphql) };

	for (size_t i = 0; i < schema->definitions.count; i++) {
		if (!graphql_check_definition(graphql, schema, schema->definitions.items[i])) {
			return false;
		}
	}
	for (size_t i = 0; i < schema->definitions.count; i++) {
		const struct graphql_definition *it = schema->definitions.items[i];
		if (it->kind == GRAPHQL_INPUT && !has_no_cycle(&search, it)) {
			return false;
		}
	}
	for (size_t i = 0; i < directives->count; i++) {
		const struct graphql_directive_definition *it = directives->items[i];
		bool stands = graphql_table_get(schema->directives, it->name) == it;
		if (stands && !graphql_check_directive_definition(graphql, schema, it)) {
			return false;
		}
	}
	return true;
}

static bool fill_schema(
	struct graphql *graphql, struct graphql_schema *schema, struct graphql_document *document)
{
	struct graphql_document *prelude =
		graphql_parse_schema(graphql, (struct span){ built_in, sizeof(built_in) - 1 });

	for (size_t i = 0; i < prelude->definitions.count; i++) {
		((struct graphql_definition *)prelude->definitions.items[i])->builtin = true;
	}
	if (!declare_types(graphql, schema, &prelude->definitions) ||
		!declare_types(graphql, schema, &document->definitions)) {
		return false;
	}
	for (size_t i = 0; i < document->extensions.count; i++) {
		if (!extend_type(graphql, schema, document->extensions.items[i])) {
			return false;
		}
	}
	link_possible(graphql, schema);
	if (!declare_directives(graphql, schema, &prelude->directives) ||
		!declare_directives(graphql, schema, &document->directives) ||
		!read_schema_definitions(graphql, schema, document) ||
		!check_all(graphql, schema, &document->directives)) {
		return false;
	}
	if (document->schemas.count == 0) {
		guess_roots(graphql, schema);
	}
	if (schema->query != NULL) {
		add_introspection(graphql, schema->query);
	}
	return true;
}

struct graphql_schema *graphql_schema_make(
	struct graphql *graphql, struct graphql_document *document)
{
	struct graphql_schema *schema = policy_alloc(graphql->context, sizeof(*schema));

	*schema = (struct graphql_schema){ .types = graphql_table_new(graphql),
		.directives = graphql_table_new(graphql) };
	return fill_schema(graphql, schema, document) ? schema : NULL;
}
