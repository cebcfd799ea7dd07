/*
 * The rules for values in queries (specification, 5.6 and 5.8): of the right type, known,
 * complete, variables where they fit.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include "policy/builtin_graphql.h"

static void fail(struct graphql_walk *walk, const char *what, const struct value *text)
{
	graphql_fail(walk->graphql, "%s \"%.100s\"", what, value_text(text));
}

/* ---- can it be read at all? Integers have 64 bits, floats are doubles. ---- */

static bool is_readable(struct graphql_walk *walk, const struct graphql_value *value)
{
	const char *raw = value_text(value->raw);
	char *end;
	bool ok = true;

	switch (value->kind) {
	case GRAPHQL_INT:
		errno = 0;
		strtoll(raw, &end, 10);
		return errno == 0 && end != raw && *end == '\0';
	case GRAPHQL_FLOAT:
		return isfinite(strtod(raw, &end)) && end != raw && *end == '\0';
	case GRAPHQL_LIST:
	case GRAPHQL_OBJECT:
		graphql_enter(walk->graphql);
		for (size_t i = 0; ok && i < value->children.count; i++) {
			const struct graphql_argument *child = value->children.items[i];
			ok = child->value != NULL && is_readable(walk, child->value);
		}
		graphql_leave(walk->graphql);
		return ok;
	default:
		return value->kind >= GRAPHQL_VARIABLE && value->kind <= GRAPHQL_OBJECT;
	}
}

/* ---- is it of its type? ---- */

static bool is_one_of(const struct graphql_definition *type, const char *names)
{
	const char *found = strstr(names, value_text(type->name));
	size_t size = value_size(type->name);

	return size > 0 && found != NULL && (found == names || found[-1] == ' ') &&
	       (found[size] == ' ' || found[size] == '\0');
}

static bool has_one_of(const struct graphql_definition *type)
{
	for (size_t i = 0; i < type->directives.count; i++) {
		const struct graphql_directive *directive = type->directives.items[i];
		if (graphql_is(directive->name, "oneOf")) {
			return true;
		}
	}
	return false;
}

static void check_object(struct graphql_walk *walk, const struct graphql_value *value)
{
	const struct graphql_definition *type = value->definition;
	const struct graphql_list *children = &value->children;

	for (size_t i = 0; i < type->fields.count; i++) {
		const struct graphql_field *field = type->fields.items[i];
		if (field->type->non_null && field->value == NULL &&
			graphql_find_argument(walk->graphql, children, field->name) == NULL) {
			fail(walk, "A required field was not provided:", field->name);
		}
	}
	if (has_one_of(type)) {
		const struct graphql_argument *only =
			children->count == 1 ? children->items[0] : NULL;
		if (only == NULL || only->value->kind == GRAPHQL_NULL) {
			fail(walk, "Exactly one field that is not null must be given of",
				type->name);
		}
	}
	for (size_t i = 0; i < children->count; i++) {
		const struct graphql_argument *child = children->items[i];
		if (graphql_find_field(walk->graphql, &type->fields, child->name) == NULL) {
			fail(walk, "Field is not defined by its type:", child->name);
		}
	}
}

/* What a single literal may stand for. */
static bool is_of_type(struct graphql_walk *walk, const struct graphql_value *value)
{
	const struct graphql_definition *type = value->definition;

	switch (value->kind) {
	case GRAPHQL_INT:
		return is_one_of(type, "Int Float ID");
	case GRAPHQL_FLOAT:
		return is_one_of(type, "Float");
	case GRAPHQL_STRING:
	case GRAPHQL_BLOCK:
		return type->kind != GRAPHQL_ENUM_TYPE && is_one_of(type, "String ID");
	case GRAPHQL_BOOLEAN:
		return is_one_of(type, "Boolean");
	case GRAPHQL_ENUM:
		return type->kind == GRAPHQL_ENUM_TYPE &&
		       graphql_find_field(walk->graphql, &type->values, value->raw) != NULL;
	case GRAPHQL_LIST:
		return value->expected->item != NULL;
	default:
		return true;
	}
}

static void check_type(struct graphql_walk *walk, const struct graphql_value *value)
{
	const struct graphql_definition *type = value->definition;

	if (type == NULL || value->expected == NULL) {
		return;
	}
	if (value->kind == GRAPHQL_NULL && value->expected->non_null) {
		fail(walk, "Expected a value that is not null, of type", type->name);
	}
	if (type->kind == GRAPHQL_SCALAR_TYPE && !is_one_of(type, "Int Float String Boolean ID")) {
		return; /* a scalar of its own: anything goes */
	}
	if (!is_readable(walk, value) || !is_of_type(walk, value)) {
		fail(walk, "A value does not fit the type", type->name);
	}
	if (value->kind == GRAPHQL_OBJECT) {
		check_object(walk, value);
	}
}

/* ---- variables ---- */

static void check_variable(struct graphql_walk *walk, const struct graphql_value *value)
{
	const struct graphql_variable *variable = value->variable;

	if (walk->operation == NULL) {
		return;
	}
	if (variable == NULL) {
		fail(walk, "Variable is not defined:", value->raw);
		return;
	}
	if (value->expected == NULL) {
		return;
	}
	/* A default, of the variable or of the place, makes null impossible. */
	struct graphql_type wanted = *value->expected;
	bool has_default = variable->value != NULL && variable->value->kind != GRAPHQL_NULL;
	wanted.non_null = wanted.non_null && !has_default && !value->default_expected;
	if (!graphql_is_compatible(variable->type, &wanted)) {
		fail(walk, "Variable is used in a position of another type:", value->raw);
	}
}

/* ---- objects ---- */

static void check_fields(struct graphql_walk *walk, const struct graphql_value *value)
{
	struct graphql_table *seen = graphql_table_new(walk->graphql);
	bool one = value->definition != NULL && has_one_of(value->definition);

	for (size_t i = 0; i < value->children.count; i++) {
		const struct graphql_argument *child = value->children.items[i];
		if (graphql_table_get(seen, child->name) != NULL) {
			fail(walk, "There can be only one input field named", child->name);
		}
		graphql_table_set(walk->graphql, seen, child->name, seen);
		const struct graphql_variable *variable =
			child->value != NULL && child->value->kind == GRAPHQL_VARIABLE
				? child->value->variable
				: NULL;
		if (one && variable != NULL && !variable->type->non_null) {
			fail(walk,
				"Variable must be non-nullable to be used here:", variable->name);
		}
	}
}

void graphql_rule_value(struct graphql_walk *walk, const struct graphql_value *value)
{
	if (walk->graphql->failed) {
		return;
	}
	if (value->kind == GRAPHQL_VARIABLE) {
		check_variable(walk, value);
	}
	if (value->kind == GRAPHQL_OBJECT) {
		check_fields(walk, value);
	}
	if (!walk->graphql->failed) {
		check_type(walk, value);
	}
}
