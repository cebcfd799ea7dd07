/*
 * The rules for each definition of a schema (specification, 3.6 to 3.13).
 */
#include "policy/builtin_graphql.h"

#define FAIL(graphql, format, ...) graphql_fail(graphql, format, __VA_ARGS__)

static const char *text_of(const struct value *name)
{
	return value_text(name);
}

/* Names that begin with "__" belong to introspection. */
static bool check_name(struct graphql *graphql, const struct value *name)
{
	if (value_size(name) >= 2 && memcmp(value_text(name), "__", 2) == 0) {
		return FAIL(graphql,
			"Name \"%.80s\" must not begin with \"__\", which is reserved by GraphQL "
			"introspection",
			text_of(name));
	}
	return true;
}

static bool check_type(struct graphql *graphql, const struct graphql_schema *schema,
	const struct graphql_type *type)
{
	if (graphql_type_definition(schema, type) == NULL) {
		return FAIL(graphql, "Undefined type %.80s",
			type != NULL ? text_of(graphql_type_name(type)) : "");
	}
	return true;
}

/* ---- directives where they are used ---- */

static bool check_directive_arguments(struct graphql *graphql,
	const struct graphql_directive *directive,
	const struct graphql_directive_definition *definition)
{
	for (size_t i = 0; i < directive->arguments.count; i++) {
		const struct graphql_argument *argument = directive->arguments.items[i];
		if (graphql_find_field(graphql, &definition->arguments, argument->name) == NULL) {
			return FAIL(graphql, "Undefined argument %.60s for directive %.60s",
				text_of(argument->name), text_of(directive->name));
		}
	}
	for (size_t i = 0; i < definition->arguments.count; i++) {
		const struct graphql_field *wanted = definition->arguments.items[i];
		if (wanted->type == NULL || !wanted->type->non_null || wanted->value != NULL) {
			continue;
		}
		const struct graphql_argument *given =
			graphql_find_argument(graphql, &directive->arguments, wanted->name);
		if (given == NULL || given->value == NULL || given->value->kind == GRAPHQL_NULL) {
			return FAIL(graphql, "Argument %.60s for directive %.60s cannot be null",
				text_of(wanted->name), text_of(directive->name));
		}
	}
	return true;
}

static bool is_location(struct graphql *graphql,
	const struct graphql_directive_definition *definition, const char *location)
{
	return graphql_has_text(graphql, &definition->locations,
		builtin_text(graphql->context, location, strlen(location)));
}

bool graphql_check_directives(struct graphql *graphql, const struct graphql_schema *schema,
	const struct graphql_list *directives, const char *location,
	const struct graphql_directive_definition *inside, bool one_place)
{
	struct graphql_table *seen =
		one_place && directives->count > 1 ? graphql_table_new(graphql) : NULL;

	for (size_t i = 0; i < directives->count; i++) {
		const struct graphql_directive *it = directives->items[i];
		const struct graphql_directive_definition *definition =
			graphql_table_get(schema->directives, it->name);
		if (!check_name(graphql, it->name)) {
			return false;
		}
		if (inside != NULL && graphql_same(inside->name, it->name)) {
			return FAIL(graphql, "Directive %.80s cannot refer to itself",
				text_of(it->name));
		}
		if (definition == NULL) {
			return FAIL(graphql, "Undefined directive %.80s", text_of(it->name));
		}
		if (seen != NULL) {
			if (!definition->repeatable && graphql_table_get(seen, it->name) != NULL) {
				return FAIL(graphql,
					"The directive %.80s can only be used once at this "
					"location",
					text_of(it->name));
			}
			graphql_table_set(graphql, seen, it->name, seen);
		}
		if (!is_location(graphql, definition, location)) {
			return FAIL(graphql, "Directive %.80s is not applicable on %s",
				text_of(it->name), location);
		}
		if (!check_directive_arguments(graphql, it, definition)) {
			return false;
		}
	}
	return true;
}

/* ---- arguments ---- */

static bool check_arguments(struct graphql *graphql, const struct graphql_schema *schema,
	const struct graphql_list *arguments, const struct graphql_directive_definition *inside)
{
	for (size_t i = 0; i < arguments->count; i++) {
		const struct graphql_field *it = arguments->items[i];
		if (!check_name(graphql, it->name) || !check_type(graphql, schema, it->type)) {
			return false;
		}
		const struct graphql_definition *type = graphql_type_definition(schema, it->type);
		if (!graphql_is_input(type)) {
			return FAIL(graphql,
				"cannot use %.60s as argument %.60s because %.20s is not a valid "
				"input type",
				text_of(type->name), text_of(it->name), text_of(type->kind_name));
		}
		if (!graphql_check_directives(graphql, schema, &it->directives,
			    "ARGUMENT_DEFINITION", inside, true)) {
			return false;
		}
	}
	return true;
}

bool graphql_check_directive_definition(struct graphql *graphql,
	const struct graphql_schema *schema, const struct graphql_directive_definition *directive)
{
	return check_name(graphql, directive->name) &&
	       check_arguments(graphql, schema, &directive->arguments, directive);
}

/* ---- interfaces ---- */

/* May a field of type `actual` stand for one of type `required`? */
static bool is_covariant(struct graphql *graphql, const struct graphql_schema *schema,
	const struct graphql_type *required, const struct graphql_type *actual)
{
	while (required != NULL && actual != NULL) {
		policy_charge(graphql->context, 1);
		if (required->non_null && !actual->non_null) {
			return false;
		}
		if (value_size(required->name) > 0) {
			break;
		}
		required = required->item;
		actual = actual->item;
	}
	if (required == NULL || actual == NULL) {
		return false;
	}
	if (graphql_same(required->name, actual->name)) {
		return true;
	}
	const struct graphql_definition *type = graphql_find_type(schema, required->name);
	for (size_t i = 0; type != NULL && i < type->possible.count; i++) {
		const struct graphql_definition *possible = type->possible.items[i];
		policy_charge(graphql->context, 1);
		if (graphql_same(possible->name, actual->name)) {
			return true;
		}
	}
	return false;
}

static bool has_arguments_of(struct graphql *graphql, const struct graphql_field *found,
	const struct graphql_field *required)
{
	for (size_t i = 0; i < required->arguments.count; i++) {
		const struct graphql_field *wanted = required->arguments.items[i];
		const struct graphql_field *argument =
			graphql_find_field(graphql, &found->arguments, wanted->name);
		if (argument == NULL || argument->type == NULL || wanted->type == NULL ||
			!graphql_is_compatible(wanted->type, argument->type)) {
			return FAIL(graphql,
				"the field %.60s must have the argument %.60s of its interface",
				text_of(found->name), text_of(wanted->name));
		}
	}
	for (size_t i = 0; i < found->arguments.count; i++) {
		const struct graphql_field *argument = found->arguments.items[i];
		if (argument->type != NULL && argument->type->non_null && argument->value == NULL &&
			graphql_find_field(graphql, &required->arguments, argument->name) == NULL) {
			return FAIL(graphql,
				"additional arguments on %.60s must be optional or have a default "
				"value but %.60s is required",
				text_of(found->name), text_of(argument->name));
		}
	}
	return true;
}

bool graphql_check_implements(struct graphql *graphql, const struct graphql_schema *schema,
	const struct graphql_definition *definition, const struct value *name)
{
	const struct graphql_definition *interface = graphql_find_type(schema, name);

	if (interface == NULL) {
		return FAIL(graphql, "Undefined type \"%.80s\"", text_of(name));
	}
	if (interface->kind != GRAPHQL_INTERFACE) {
		return FAIL(graphql, "\"%.80s\" is a non interface type %.20s", text_of(name),
			text_of(interface->kind_name));
	}
	for (size_t i = 0; i < interface->fields.count; i++) {
		const struct graphql_field *required = interface->fields.items[i];
		const struct graphql_field *found =
			graphql_find_field(graphql, &definition->fields, required->name);
		if (found == NULL || !is_covariant(graphql, schema, required->type, found->type)) {
			return FAIL(graphql,
				"For %.60s to implement %.60s it must have a field %.60s of its "
				"type",
				text_of(definition->name), text_of(name), text_of(required->name));
		}
		if (!has_arguments_of(graphql, found, required)) {
			return false;
		}
	}
	for (size_t i = 0; i < interface->interfaces.count; i++) {
		const struct value *above = interface->interfaces.items[i];
		if (!graphql_has_text(graphql, &definition->interfaces, above)) {
			return FAIL(graphql,
				"Type %.60s must implement %.60s because it is implemented by "
				"%.60s",
				text_of(definition->name), text_of(above), text_of(name));
		}
	}
	return true;
}

/* ---- definitions ---- */

static bool check_fields(struct graphql *graphql, const struct graphql_schema *schema,
	const struct graphql_definition *it)
{
	bool input = it->kind == GRAPHQL_INPUT;
	struct graphql_table *seen = graphql_table_new(graphql);

	for (size_t i = 0; i < it->fields.count; i++) {
		const struct graphql_field *field = it->fields.items[i];
		if (!check_name(graphql, field->name) ||
			!check_type(graphql, schema, field->type) ||
			!check_arguments(graphql, schema, &field->arguments, NULL) ||
			!graphql_check_directives(graphql, schema, &field->directives,
				input ? "INPUT_FIELD_DEFINITION" : "FIELD_DEFINITION", NULL,
				true)) {
			return false;
		}
		const struct graphql_definition *type =
			graphql_type_definition(schema, field->type);
		bool fits = input ? graphql_is_input(type)
				  : graphql_is_composite(type) || graphql_is_leaf(type);
		bool matters =
			input || it->kind == GRAPHQL_OBJECT_TYPE || it->kind == GRAPHQL_INTERFACE;
		if (matters && !fits) {
			return FAIL(graphql, "%.20s %.60s: field %.60s has a type of kind %.20s",
				text_of(it->kind_name), text_of(it->name), text_of(field->name),
				text_of(type->kind_name));
		}
		if (graphql_table_get(seen, field->name) != NULL) {
			return FAIL(graphql, "Field %.60s.%.60s can only be defined once",
				text_of(it->name), text_of(field->name));
		}
		graphql_table_set(graphql, seen, field->name, seen);
	}
	return true;
}

static bool check_union(struct graphql *graphql, const struct graphql_schema *schema,
	const struct graphql_definition *it)
{
	struct graphql_table *seen = graphql_table_new(graphql);

	for (size_t i = 0; i < it->types.count; i++) {
		const struct value *name = it->types.items[i];
		const struct graphql_definition *type = graphql_find_type(schema, name);
		if (type == NULL || type->kind != GRAPHQL_OBJECT_TYPE) {
			return FAIL(graphql, "%.20s type \"%.60s\" must be an OBJECT that exists",
				text_of(it->kind_name), text_of(name));
		}
		if (graphql_table_get(seen, name) != NULL) {
			return FAIL(graphql, "Union type %.60s can only include type %.60s once",
				text_of(it->name), text_of(name));
		}
		graphql_table_set(graphql, seen, name, seen);
	}
	return true;
}

static bool check_enum(struct graphql *graphql, const struct graphql_schema *schema,
	const struct graphql_definition *it)
{
	struct graphql_table *seen = graphql_table_new(graphql);
	bool is_enum = it->kind == GRAPHQL_ENUM_TYPE;

	for (size_t i = 0; i < it->values.count; i++) {
		const struct graphql_field *value = it->values.items[i];
		if (is_enum &&
			(graphql_is(value->name, "true") || graphql_is(value->name, "false") ||
				graphql_is(value->name, "null"))) {
			return FAIL(graphql, "%.20s %.60s: non-enum value %.60s",
				text_of(it->kind_name), text_of(it->name), text_of(value->name));
		}
		if (is_enum && !graphql_check_directives(graphql, schema, &value->directives,
				       "ENUM_VALUE", NULL, true)) {
			return false;
		}
		if (graphql_table_get(seen, value->name) != NULL) {
			return FAIL(graphql, "Enum value %.60s.%.60s can only be defined once",
				text_of(it->name), text_of(value->name));
		}
		graphql_table_set(graphql, seen, value->name, seen);
	}
	return true;
}

static bool check_not_empty(struct graphql *graphql, const struct graphql_definition *it)
{
	bool fields = it->kind == GRAPHQL_OBJECT_TYPE || it->kind == GRAPHQL_INTERFACE ||
		      it->kind == GRAPHQL_INPUT;

	if ((fields && it->fields.count == 0) ||
		(it->kind == GRAPHQL_ENUM_TYPE && it->values.count == 0)) {
		return FAIL(graphql, "%.20s %.60s: must define one or more %s",
			text_of(it->kind_name), text_of(it->name),
			fields ? "fields" : "unique enum values");
	}
	return true;
}

bool graphql_check_definition(struct graphql *graphql, const struct graphql_schema *schema,
	const struct graphql_definition *definition)
{
	if (!check_fields(graphql, schema, definition) ||
		!check_union(graphql, schema, definition)) {
		return false;
	}
	for (size_t i = 0; i < definition->interfaces.count; i++) {
		if (!graphql_check_implements(
			    graphql, schema, definition, definition->interfaces.items[i])) {
			return false;
		}
	}
	/* Directives of a type are merged from its extensions, which are places of their own. */
	return check_not_empty(graphql, definition) && check_enum(graphql, schema, definition) &&
	       (definition->builtin || check_name(graphql, definition->name)) &&
	       graphql_check_directives(graphql, schema, &definition->directives,
		       value_text(definition->kind_name), NULL, false);
}
