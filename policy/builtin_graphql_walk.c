/*
 * Walks a query along a schema: finds what each name means, and shows every node to the rules.
 *
 * A fragment is walked where an operation spreads it (once for each operation), and once more as
 * the definition that it is.
 */
#include "policy/builtin_graphql.h"

static const struct graphql_field *definition_of(
	struct graphql_walk *walk, const struct graphql_definition *type, const struct value *name)
{
	return type != NULL ? graphql_find_field(walk->graphql, &type->fields, name) : NULL;
}

/* ---- values ---- */

static void expect(
	struct graphql_walk *walk, struct graphql_value *value, const struct graphql_field *place)
{
	if (value != NULL && place != NULL && place->type != NULL) {
		value->expected = place->type;
		value->default_expected =
			place->value != NULL && place->value->kind != GRAPHQL_NULL;
		value->definition = graphql_type_definition(walk->schema, place->type);
	}
}

static void find_variable(struct graphql_walk *walk, struct graphql_value *value)
{
	const struct graphql_list *variables = &walk->operation->variables;

	value->variable = NULL;
	for (size_t i = 0; i < variables->count && value->variable == NULL; i++) {
		struct graphql_variable *variable = variables->items[i];
		policy_charge(walk->graphql->context, 1);
		if (graphql_same(variable->name, value->raw)) {
			variable->used = true;
			value->variable = variable;
		}
	}
}

static void walk_value(struct graphql_walk *walk, struct graphql_value *value)
{
	if (value == NULL) {
		graphql_fail(walk->graphql, "an argument has no value");
		return;
	}
	graphql_enter(walk->graphql);
	if (value->kind == GRAPHQL_VARIABLE && walk->operation != NULL) {
		find_variable(walk, value);
	}
	bool container = value->kind == GRAPHQL_OBJECT || value->kind == GRAPHQL_LIST;
	for (size_t i = 0; container && i < value->children.count; i++) {
		struct graphql_argument *child = value->children.items[i];
		if (value->kind == GRAPHQL_OBJECT) {
			expect(walk, child->value,
				definition_of(walk, value->definition, child->name));
		} else if (child->value != NULL && value->expected != NULL &&
			   value->expected->item != NULL) {
			child->value->expected = value->expected->item;
			child->value->definition = value->definition;
		}
		walk_value(walk, child->value);
	}
	graphql_rule_value(walk, value);
	graphql_leave(walk->graphql);
}

static void walk_arguments(struct graphql_walk *walk, const struct graphql_list *arguments,
	const struct graphql_list *definitions)
{
	for (size_t i = 0; i < arguments->count; i++) {
		struct graphql_argument *argument = arguments->items[i];
		if (definitions != NULL) {
			expect(walk, argument->value,
				graphql_find_field(walk->graphql, definitions, argument->name));
		}
		walk_value(walk, argument->value);
	}
}

static void walk_directives(
	struct graphql_walk *walk, const struct graphql_list *directives, const char *location)
{
	for (size_t i = 0; i < directives->count; i++) {
		struct graphql_directive *directive = directives->items[i];
		const struct graphql_directive_definition *definition =
			graphql_table_get(walk->schema->directives, directive->name);
		directive->definition = definition;
		walk_arguments(walk, &directive->arguments,
			definition != NULL ? &definition->arguments : NULL);
		graphql_rule_directive(walk, directive, location);
	}
	graphql_rule_directives(walk, directives);
}

/* ---- selections ---- */

static void walk_selections(struct graphql_walk *walk, const struct graphql_definition *parent,
	const struct graphql_list *selections);

/* "__typename" is a field of every type. */
static const struct graphql_field *typename_field(struct graphql *graphql)
{
	struct graphql_field *field = graphql_node(graphql, &graphql_shape_field);

	field->name = builtin_text(graphql->context, "__typename", 10);
	field->type = graphql_node(graphql, &graphql_shape_type);
	field->type->name = builtin_text(graphql->context, "String", 6);
	return field;
}

static void walk_field(struct graphql_walk *walk, const struct graphql_definition *parent,
	struct graphql_selection *field)
{
	const struct graphql_field *definition = graphql_is(field->name, "__typename")
							 ? typename_field(walk->graphql)
							 : definition_of(walk, parent, field->name);
	const struct graphql_definition *type =
		definition != NULL ? graphql_type_definition(walk->schema, definition->type) : NULL;

	field->definition = definition;
	field->parent_type = parent;
	walk_arguments(walk, &field->arguments, definition != NULL ? &definition->arguments : NULL);
	walk_directives(walk, &field->directives, "FIELD");
	walk_selections(walk, type, &field->selections);
	graphql_rule_field(walk, field);
}

static void walk_inline(struct graphql_walk *walk, const struct graphql_definition *parent,
	struct graphql_selection *fragment)
{
	const struct graphql_definition *type =
		value_size(fragment->condition) > 0
			? graphql_find_type(walk->schema, fragment->condition)
			: parent;

	fragment->parent_type = parent;
	walk_directives(walk, &fragment->directives, "INLINE_FRAGMENT");
	walk_selections(walk, type, &fragment->selections);
	graphql_rule_inline(walk, fragment);
}

static void walk_spread(struct graphql_walk *walk, const struct graphql_definition *parent,
	struct graphql_selection *spread)
{
	const struct graphql_fragment *fragment = graphql_table_get(walk->fragments, spread->name);

	spread->fragment = fragment;
	spread->parent_type = parent;
	walk_directives(walk, &spread->directives, "FRAGMENT_SPREAD");
	if (fragment != NULL && graphql_table_get(walk->visited, fragment->name) == NULL) {
		graphql_table_set(walk->graphql, walk->visited, fragment->name, spread);
		walk_directives(walk, &fragment->directives, "FRAGMENT_DEFINITION");
		walk_selections(walk, graphql_find_type(walk->schema, fragment->condition),
			&fragment->selections);
	}
	graphql_rule_spread(walk, spread);
}

static void walk_selections(struct graphql_walk *walk, const struct graphql_definition *parent,
	const struct graphql_list *selections)
{
	graphql_enter(walk->graphql);
	for (size_t i = 0; i < selections->count && !walk->graphql->failed; i++) {
		struct graphql_selection *selection = selections->items[i];
		policy_charge(walk->graphql->context, 4);
		switch (selection->kind) {
		case GRAPHQL_FIELD:
			walk_field(walk, parent, selection);
			break;
		case GRAPHQL_SPREAD:
			walk_spread(walk, parent, selection);
			break;
		case GRAPHQL_INLINE:
			walk_inline(walk, parent, selection);
			break;
		}
	}
	graphql_leave(walk->graphql);
}

/* ---- definitions ---- */

static void walk_variables(struct graphql_walk *walk, const struct graphql_list *variables)
{
	for (size_t i = 0; i < variables->count; i++) {
		struct graphql_variable *variable = variables->items[i];
		variable->definition = graphql_type_definition(walk->schema, variable->type);
		if (variable->definition == NULL) {
			graphql_fail(walk->graphql, "Unknown type of the variable \"$%.80s\"",
				value_text(variable->name));
			return;
		}
		if (variable->value != NULL) {
			variable->value->expected = variable->type;
			variable->value->definition = variable->definition;
		}
	}
	for (size_t i = 0; i < variables->count; i++) {
		const struct graphql_variable *variable = variables->items[i];
		if (variable->value != NULL) {
			walk_value(walk, variable->value);
		}
		walk_directives(walk, &variable->directives, "VARIABLE_DEFINITION");
	}
}

static void walk_operation(struct graphql_walk *walk, const struct graphql_operation *operation)
{
	const struct {
		const char *kind, *location;
		const struct graphql_definition *root;
	} kinds[] = { { "query", "QUERY", walk->schema->query },
		{ "", "QUERY", walk->schema->query },
		{ "mutation", "MUTATION", walk->schema->mutation },
		{ "subscription", "SUBSCRIPTION", walk->schema->subscription } };
	size_t kind = 0;

	while (kind < 4 && !graphql_is(operation->kind, kinds[kind].kind)) {
		kind++;
	}
	if (kind == 4 || kinds[kind].root == NULL) {
		graphql_fail(walk->graphql, "Schema does not support operation type \"%.40s\"",
			value_text(operation->kind));
		return;
	}
	walk->operation = operation;
	walk_variables(walk, &operation->variables);
	walk_directives(walk, &operation->directives, kinds[kind].location);
	walk_selections(walk, kinds[kind].root, &operation->selections);
	if (!walk->graphql->failed) {
		graphql_rule_operation(walk, operation);
	}
	walk->operation = NULL;
}

static void walk_fragment(struct graphql_walk *walk, struct graphql_fragment *fragment)
{
	fragment->definition = graphql_find_type(walk->schema, fragment->condition);
	walk_directives(walk, &fragment->directives, "FRAGMENT_DEFINITION");
	walk_selections(walk, fragment->definition, &fragment->selections);
	if (!walk->graphql->failed) {
		graphql_rule_fragment(walk, fragment);
	}
}

static struct graphql_table *fragments_by_name(
	struct graphql *graphql, const struct graphql_query *query)
{
	struct graphql_table *table = graphql_table_new(graphql);

	for (size_t i = query->fragments.count; i > 0; i--) {
		struct graphql_fragment *fragment = query->fragments.items[i - 1];
		graphql_table_set(graphql, table, fragment->name, fragment);
	}
	return table;
}

bool graphql_check_query(struct graphql *graphql, const struct graphql_schema *schema,
	const struct graphql_query *query)
{
	struct graphql_walk walk = {
		.graphql = graphql,
		.schema = schema,
		.query = query,
		.fragments = fragments_by_name(graphql, query),
		.used = graphql_table_new(graphql),
		.named = graphql_table_new(graphql),
		.defined = graphql_table_new(graphql),
		.pairs = graphql_table_new(graphql),
	};

	if (!graphql_check_cycles(&walk)) {
		return false;
	}
	for (size_t i = 0; i < query->operations.count && !graphql->failed; i++) {
		walk.visited = graphql_table_new(graphql);
		walk_operation(&walk, query->operations.items[i]);
	}
	for (size_t i = 0; i < query->fragments.count && !graphql->failed; i++) {
		walk.visited = graphql_table_new(graphql);
		walk_fragment(&walk, query->fragments.items[i]);
	}
	return !graphql->failed;
}
