/*
 * The rules for operations, selections and directives (specification, 5), as OPA's library
 * applies them.
 */
#include "policy/builtin_graphql.h"

static void fail(struct graphql_walk *walk, const char *what, const struct value *name)
{
	graphql_fail(walk->graphql, "%s \"%.100s\"", what, value_text(name));
}

/* ---- operations ---- */

static void check_unused_variables(
	struct graphql_walk *walk, const struct graphql_operation *operation)
{
	struct graphql_table *seen = graphql_table_new(walk->graphql);

	for (size_t i = 0; i < operation->variables.count; i++) {
		const struct graphql_variable *variable = operation->variables.items[i];
		if (!variable->used) {
			fail(walk, "Variable is never used:", variable->name);
		}
		if (graphql_table_get(seen, variable->name) != NULL) {
			fail(walk, "There can be only one variable named", variable->name);
		}
		if (!graphql_is_input(variable->definition)) {
			fail(walk, "Variable cannot be of a non-input type:", variable->name);
		}
		graphql_table_set(walk->graphql, seen, variable->name, seen);
	}
}

/* Names of the fields at the top of a subscription, through fragments. */
static void collect_top_fields(struct graphql_walk *walk, const struct graphql_list *selections,
	struct graphql_table *fragments, struct graphql_table *fields, size_t *count)
{
	graphql_enter(walk->graphql);
	for (size_t i = 0; i < selections->count; i++) {
		const struct graphql_selection *it = selections->items[i];
		policy_charge(walk->graphql->context, 2);
		if (it->kind == GRAPHQL_INLINE) {
			collect_top_fields(walk, &it->selections, fragments, fields, count);
		} else if (it->kind == GRAPHQL_FIELD) {
			*count += graphql_table_get(fields, it->name) == NULL;
			graphql_table_set(walk->graphql, fields, it->name, fields);
			if (strncmp(value_text(it->name), "__", 2) == 0) {
				fail(walk, "A subscription must not select an introspection field:",
					it->name);
			}
		} else if (it->fragment != NULL && graphql_table_get(fragments, it->name) == NULL) {
			graphql_table_set(walk->graphql, fragments, it->name, fields);
			collect_top_fields(
				walk, &it->fragment->selections, fragments, fields, count);
		}
	}
	graphql_leave(walk->graphql);
}

void graphql_rule_operation(struct graphql_walk *walk, const struct graphql_operation *operation)
{
	size_t fields = 0;

	if (value_size(operation->name) == 0 && walk->query->operations.count > 1) {
		graphql_fail(walk->graphql,
			"This anonymous operation must be the only defined operation");
	}
	if (graphql_table_get(walk->named, operation->name) != NULL) {
		fail(walk, "There can be only one operation named", operation->name);
	}
	graphql_table_set(walk->graphql, walk->named, operation->name, walk);
	check_unused_variables(walk, operation);
	if (graphql_is(operation->kind, "subscription")) {
		collect_top_fields(walk, &operation->selections, graphql_table_new(walk->graphql),
			graphql_table_new(walk->graphql), &fields);
	}
	if (fields > 1) {
		fail(walk, "A subscription must select only one top level field:", operation->name);
	}
	graphql_rule_overlap(walk, &operation->selections);
}

/* ---- fields ---- */

#define LISTS_DEPTH 3 /* of introspection */

static bool is_too_deep(struct graphql_walk *walk, const struct graphql_list *selections,
	struct graphql_table *path, unsigned depth)
{
	bool deep = false;

	graphql_enter(walk->graphql);
	for (size_t i = 0; !deep && i < selections->count; i++) {
		const struct graphql_selection *it = selections->items[i];
		const struct value *name = it->name;
		policy_charge(walk->graphql->context, 2);
		if (it->kind == GRAPHQL_SPREAD) {
			if (it->fragment == NULL || graphql_table_get(path, name) != NULL) {
				continue;
			}
			graphql_table_set(walk->graphql, path, name, path);
			deep = is_too_deep(walk, &it->fragment->selections, path, depth);
			graphql_table_set(walk->graphql, path, name, NULL);
			continue;
		}
		bool list = it->kind == GRAPHQL_FIELD &&
			    (graphql_is(name, "fields") || graphql_is(name, "interfaces") ||
				    graphql_is(name, "possibleTypes") ||
				    graphql_is(name, "inputFields"));
		deep = depth + list >= LISTS_DEPTH ||
		       is_too_deep(walk, &it->selections, path, depth + list);
	}
	graphql_leave(walk->graphql);
	return deep;
}

static void check_unique_arguments(struct graphql_walk *walk, const struct graphql_list *arguments)
{
	if (arguments->count < 2) {
		return;
	}
	struct graphql_table *seen = graphql_table_new(walk->graphql);
	for (size_t i = 0; i < arguments->count; i++) {
		const struct graphql_argument *argument = arguments->items[i];
		if (graphql_table_get(seen, argument->name) != NULL) {
			fail(walk, "There can be only one argument named", argument->name);
		}
		graphql_table_set(walk->graphql, seen, argument->name, seen);
	}
}

static void check_known_arguments(struct graphql_walk *walk, const struct graphql_list *arguments,
	const struct graphql_list *definitions)
{
	for (size_t i = 0; i < arguments->count; i++) {
		const struct graphql_argument *argument = arguments->items[i];
		if (graphql_find_field(walk->graphql, definitions, argument->name) == NULL) {
			fail(walk, "Unknown argument", argument->name);
		}
	}
}

static void check_required_arguments(struct graphql_walk *walk,
	const struct graphql_list *arguments, const struct graphql_list *definitions)
{
	for (size_t i = 0; i < definitions->count; i++) {
		const struct graphql_field *wanted = definitions->items[i];
		if (wanted->type->non_null && wanted->value == NULL &&
			graphql_find_argument(walk->graphql, arguments, wanted->name) == NULL) {
			fail(walk, "A required argument was not provided:", wanted->name);
		}
	}
}

void graphql_rule_field(struct graphql_walk *walk, const struct graphql_selection *field)
{
	const struct graphql_field *definition = field->definition;

	check_unique_arguments(walk, &field->arguments);
	if (definition == NULL) {
		if (field->parent_type != NULL) {
			fail(walk,
				"Cannot query a field that the type does not have:", field->name);
		}
	} else {
		const struct graphql_definition *type =
			graphql_type_definition(walk->schema, definition->type);
		check_required_arguments(walk, &field->arguments, &definition->arguments);
		if (field->parent_type != NULL) {
			check_known_arguments(walk, &field->arguments, &definition->arguments);
		}
		if (type != NULL && graphql_is_leaf(type) != (field->selections.count == 0)) {
			fail(walk,
				graphql_is_leaf(type) ? "Field must not have a selection since its "
							"type has no subfields:"
						      : "Field must have a selection of subfields:",
				field->name);
		}
	}
	if ((graphql_is(field->name, "__schema") || graphql_is(field->name, "__type")) &&
		is_too_deep(walk, &field->selections, graphql_table_new(walk->graphql), 0)) {
		graphql_fail(walk->graphql, "Maximum introspection depth exceeded");
	}
	if (walk->operation != NULL) {
		graphql_rule_overlap(walk, &field->selections);
	}
}

/* ---- fragments ---- */

/* Can an object be of both types? */
static bool can_be_spread(struct graphql_walk *walk, const struct graphql_definition *parent,
	const struct value *condition)
{
	const struct graphql_definition *type = graphql_find_type(walk->schema, condition);
	void *self = (void *)(uintptr_t)parent;

	if (parent == NULL || !graphql_is_composite(parent) || type == NULL ||
		!graphql_is_composite(type)) {
		return true; /* nothing to say, or another rule's */
	}
	const struct graphql_list one = { &self, 1, 1 };
	const struct graphql_list *parents =
		parent->kind == GRAPHQL_OBJECT_TYPE ? &one : &parent->possible;
	for (size_t i = 0; i < type->possible.count; i++) {
		const struct graphql_definition *possible = type->possible.items[i];
		for (size_t k = 0; k < parents->count; k++) {
			const struct graphql_definition *other = parents->items[k];
			policy_charge(walk->graphql->context, 1);
			if (graphql_same(possible->name, other->name)) {
				return true;
			}
		}
	}
	return false;
}

void graphql_rule_inline(struct graphql_walk *walk, const struct graphql_selection *fragment)
{
	const struct graphql_definition *type =
		graphql_find_type(walk->schema, fragment->condition);

	if (value_size(fragment->condition) > 0 && type == NULL) {
		fail(walk, "Unknown type", fragment->condition);
	}
	if (type != NULL && !graphql_is_composite(type)) {
		fail(walk, "Fragment cannot condition on non composite type", fragment->condition);
	}
	if (!can_be_spread(walk, fragment->parent_type, fragment->condition)) {
		fail(walk, "Fragment cannot be spread here as objects can never be of type",
			fragment->condition);
	}
	graphql_rule_overlap(walk, &fragment->selections);
}

void graphql_rule_spread(struct graphql_walk *walk, const struct graphql_selection *spread)
{
	if (!walk->in_fragments) {
		graphql_table_set(walk->graphql, walk->used, spread->name, walk);
	}
	if (spread->fragment == NULL) {
		fail(walk, "Unknown fragment", spread->name);
	} else if (!can_be_spread(walk, spread->parent_type, spread->fragment->condition)) {
		fail(walk, "Fragment cannot be spread here as objects can never be of its type:",
			spread->name);
	}
}

void graphql_rule_fragment(struct graphql_walk *walk, const struct graphql_fragment *fragment)
{
	walk->in_fragments = true;
	if (fragment->definition == NULL) {
		fail(walk, "Unknown type", fragment->condition);
	} else if (!graphql_is_composite(fragment->definition)) {
		fail(walk, "Fragment cannot condition on non composite type", fragment->condition);
	}
	if (graphql_table_get(walk->used, fragment->name) == NULL) {
		fail(walk, "Fragment is never used:", fragment->name);
	}
	if (graphql_table_get(walk->defined, fragment->name) != NULL) {
		fail(walk, "There can be only one fragment named", fragment->name);
	}
	graphql_table_set(walk->graphql, walk->defined, fragment->name, walk);
	graphql_rule_overlap(walk, &fragment->selections);
}

/* ---- directives ---- */

void graphql_rule_directive(
	struct graphql_walk *walk, const struct graphql_directive *directive, const char *location)
{
	const struct graphql_directive_definition *definition = directive->definition;
	struct policy_context *context = walk->graphql->context;

	check_unique_arguments(walk, &directive->arguments);
	if (definition == NULL) {
		fail(walk, "Unknown directive", directive->name);
		return;
	}
	check_known_arguments(walk, &directive->arguments, &definition->arguments);
	check_required_arguments(walk, &directive->arguments, &definition->arguments);
	if (!graphql_has_text(walk->graphql, &definition->locations,
		    builtin_text(context, location, strlen(location)))) {
		fail(walk, "Directive may not be used here:", directive->name);
	}
}

void graphql_rule_directives(struct graphql_walk *walk, const struct graphql_list *directives)
{
	if (directives->count < 2) {
		return;
	}
	struct graphql_table *seen = graphql_table_new(walk->graphql);
	for (size_t i = 0; i < directives->count; i++) {
		const struct graphql_directive *directive = directives->items[i];
		bool repeatable =
			directive->definition != NULL && directive->definition->repeatable;
		if (!repeatable && graphql_table_get(seen, directive->name) != NULL) {
			fail(walk, "The directive can only be used once at this location:",
				directive->name);
		}
		graphql_table_set(walk->graphql, seen, directive->name, seen);
	}
}
