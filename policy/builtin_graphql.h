/*
 * graphql: documents of GraphQL as trees, and what can be done with them.
 *
 *     text   ─▶ lex ─▶ parse  ┐                    ┌─▶ encode ─▶ OPA's JSON form
 *     object ─▶ decode ───────┴─▶ struct graphql_* ─┤
 *                                                  └─▶ schema (rules of type systems)
 *                                                        ▲
 *                                                        └── walk + rules (of queries)
 *
 * The JSON form, and what is valid, are those of the library that OPA uses (gqlparser 2.5).
 * builtin_graphql_ast.c has the form as tables: a row is a member.
 *
 * All memory is the context's arena, all work is charged. A document that is wrong is a failure
 * of the `struct graphql`, not yet an error of the builtin: is_valid answers false. Documents
 * that nest deeper than GRAPHQL_DEPTH end the decision, like everything else beyond its budget.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "policy/builtin_args.h"

#define GRAPHQL_DEPTH 512

/* One call of a builtin. */
struct graphql {
	struct policy_context *context;
	bool failed;
	unsigned depth; /* of the recursion under way */
	char error[200];
};

/* Keeps the first failure; returns false. */
bool graphql_fail(struct graphql *graphql, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Around everything that recurses along a document; enter does not return when it is too deep. */
void graphql_enter(struct graphql *graphql);
static inline void graphql_leave(struct graphql *graphql)
{
	graphql->depth--;
}

/* Pointers to nodes of one kind, or to string values. { 0 } is empty. */
struct graphql_list {
	void **items;
	size_t count, room;
};

void graphql_add(struct graphql *graphql, struct graphql_list *list, void *item);
void graphql_add_all(
	struct graphql *graphql, struct graphql_list *list, const struct graphql_list *more);

/* ---- nodes ---- */

/*
 * Texts are string values, "" when there is none, never NULL. Comments are in the JSON form
 * already; NULL: none. Members below "found" are filled by the walk and have no JSON form.
 */
struct graphql_type {
	const struct value *name; /* "": a list */
	struct graphql_type *item;
	bool non_null;
};

enum graphql_value_kind { /* numbers of the JSON form */
	GRAPHQL_VARIABLE,
	GRAPHQL_INT,
	GRAPHQL_FLOAT,
	GRAPHQL_STRING,
	GRAPHQL_BLOCK,
	GRAPHQL_BOOLEAN,
	GRAPHQL_NULL,
	GRAPHQL_ENUM,
	GRAPHQL_LIST,
	GRAPHQL_OBJECT,
};

struct graphql_value {
	const struct value *raw;
	struct graphql_list children; /* of graphql_argument */
	int64_t kind;
	const struct value *comment;
	bool default_expected; /* the place it stands in has a default */
	/* found */
	const struct graphql_definition *definition;
	const struct graphql_variable *variable;
	const struct graphql_type *expected;
};

struct graphql_argument { /* also the fields of an object value, and items of a list */
	const struct value *name;
	struct graphql_value *value;
	const struct value *comment;
};

struct graphql_directive {
	const struct value *name;
	struct graphql_list arguments;
	const struct value *location;
	/* found */
	const struct graphql_directive_definition *definition;
};

enum graphql_selection_kind { GRAPHQL_FIELD, GRAPHQL_SPREAD, GRAPHQL_INLINE };

struct graphql_selection {
	enum graphql_selection_kind kind;
	const struct value *alias, *name; /* of a field; a spread has a name */
	const struct value *condition;    /* of an inline fragment: "on T" */
	struct graphql_list arguments, directives, selections;
	const struct value *comment;
	/* found */
	const struct graphql_field *definition;       /* of a field */
	const struct graphql_fragment *fragment;      /* of a spread */
	const struct graphql_definition *parent_type; /* NULL: not known */
};

struct graphql_variable {
	const struct value *name;
	struct graphql_type *type;
	struct graphql_value *value; /* default; NULL: none */
	struct graphql_list directives;
	const struct value *comment;
	bool used;
	/* found */
	const struct graphql_definition *definition;
};

struct graphql_operation {
	const struct value *kind, *name;
	struct graphql_list variables, directives, selections;
	const struct value *comment;
};

struct graphql_fragment {
	const struct value *name, *condition;
	struct graphql_list variables, directives, selections;
	const struct value *comment;
	/* found */
	const struct graphql_definition *definition;
};

struct graphql_query {
	struct graphql_list operations, fragments;
	const struct value *comment;
};

struct graphql_field { /* of a type; also an argument's definition, and a value of an enum */
	const struct value *description, *name;
	struct graphql_list arguments;
	struct graphql_value *value; /* default; NULL: none */
	struct graphql_type *type;
	struct graphql_list directives;
	const struct value *before, *after; /* comments around the description */
};

enum graphql_kind {
	GRAPHQL_SCALAR_TYPE,
	GRAPHQL_OBJECT_TYPE,
	GRAPHQL_INTERFACE,
	GRAPHQL_UNION,
	GRAPHQL_ENUM_TYPE,
	GRAPHQL_INPUT,
	GRAPHQL_UNKNOWN_KIND,
};

struct graphql_definition {
	const struct value *kind_name, *description, *name;
	struct graphql_list directives, interfaces, fields, types, values;
	bool builtin;
	const struct value *before, *after, *end; /* comments */
	/* found */
	enum graphql_kind kind;
	struct graphql_list possible; /* definitions that an abstract type may be */
};

struct graphql_directive_definition {
	const struct value *description, *name;
	struct graphql_list arguments, locations;
	bool repeatable;
	const struct value *before, *after;
};

struct graphql_root { /* "query: T" in a schema */
	const struct value *operation, *type, *comment;
};

struct graphql_schema_definition {
	const struct value *description;
	struct graphql_list directives, roots;
	const struct value *before, *after, *end;
};

struct graphql_document { /* of a schema */
	struct graphql_list schemas, schema_extensions, directives, definitions, extensions;
	const struct value *comment;
};

/* ---- the form of nodes (builtin_graphql_ast.c) ---- */

struct graphql_shape; /* what members a node has in its JSON form */

extern const struct graphql_shape graphql_shape_query, graphql_shape_document;
extern const struct graphql_shape graphql_shape_operation, graphql_shape_fragment;
extern const struct graphql_shape graphql_shape_variable, graphql_shape_selection;
extern const struct graphql_shape graphql_shape_directive, graphql_shape_argument;
extern const struct graphql_shape graphql_shape_value, graphql_shape_type;
extern const struct graphql_shape graphql_shape_definition, graphql_shape_field;
extern const struct graphql_shape graphql_shape_enum_value, graphql_shape_root;
extern const struct graphql_shape graphql_shape_argument_definition;
extern const struct graphql_shape graphql_shape_directive_definition;
extern const struct graphql_shape graphql_shape_schema_definition;

/* A node whose texts are "", everything else zero. */
void *graphql_node(struct graphql *graphql, const struct graphql_shape *shape);
/* OPA's JSON form: without positions, nulls and empty containers. */
const struct value *graphql_encode(
	struct graphql *graphql, const struct graphql_shape *shape, const void *node);
/* NULL: failed, the object has members of other types. Unknown members are ignored. */
void *graphql_decode(
	struct graphql *graphql, const struct graphql_shape *shape, const struct value *object);

/* ---- texts (builtin_graphql_query.c, builtin_graphql_sdl.c) ---- */

struct graphql_query *graphql_parse_query(struct graphql *graphql, struct span text);
struct graphql_document *graphql_parse_schema(struct graphql *graphql, struct span text);

/* ---- schemas (builtin_graphql_schema.c, builtin_graphql_types.c) ---- */

struct graphql_table; /* name → pointer */

struct graphql_schema {
	struct graphql_table *types, *directives; /* definitions by name */
	struct graphql_list definitions;          /* in order of writing, built-in ones first */
	struct graphql_definition *query, *mutation, *subscription; /* NULL: none */
};

/* NULL: failed. Takes the document over: extensions are added to its definitions. */
struct graphql_schema *graphql_schema_make(
	struct graphql *graphql, struct graphql_document *document);
/* Every rule for one definition, and for the definitions of directives. */
bool graphql_check_definition(struct graphql *graphql, const struct graphql_schema *schema,
	const struct graphql_definition *definition);
bool graphql_check_directive_definition(struct graphql *graphql,
	const struct graphql_schema *schema, const struct graphql_directive_definition *directive);
bool graphql_check_directives(struct graphql *graphql, const struct graphql_schema *schema,
	const struct graphql_list *directives, const char *location,
	const struct graphql_directive_definition *inside, bool one_place);
bool graphql_check_implements(struct graphql *graphql, const struct graphql_schema *schema,
	const struct graphql_definition *definition, const struct value *name);

const struct graphql_definition *graphql_find_type(
	const struct graphql_schema *schema, const struct value *name);
/* The type that a list of lists of … is made of; its definition, NULL: none. */
const struct value *graphql_type_name(const struct graphql_type *type);
const struct graphql_definition *graphql_type_definition(
	const struct graphql_schema *schema, const struct graphql_type *type);
/* May a value of type `actual` stand where `other` is asked for? */
bool graphql_is_compatible(const struct graphql_type *actual, const struct graphql_type *other);
static inline bool graphql_is_composite(const struct graphql_definition *definition)
{
	return definition->kind == GRAPHQL_OBJECT_TYPE || definition->kind == GRAPHQL_INTERFACE ||
	       definition->kind == GRAPHQL_UNION;
}
static inline bool graphql_is_leaf(const struct graphql_definition *definition)
{
	return definition->kind == GRAPHQL_ENUM_TYPE || definition->kind == GRAPHQL_SCALAR_TYPE;
}
static inline bool graphql_is_input(const struct graphql_definition *definition)
{
	return graphql_is_leaf(definition) || definition->kind == GRAPHQL_INPUT;
}

/* ---- queries against a schema (builtin_graphql_walk.c, _rules.c, _value.c, _overlap.c) ---- */

/* What the rules see while a query is walked. */
struct graphql_walk {
	struct graphql *graphql;
	const struct graphql_schema *schema;
	const struct graphql_query *query;
	const struct graphql_operation *operation; /* NULL: within a fragment's definition */
	struct graphql_table *fragments;           /* by name; of twins the first */
	struct graphql_table *visited;             /* fragments walked in this operation */
	struct graphql_table *used;                /* fragments that operations spread */
	struct graphql_table *named;               /* names of operations, of fragments */
	struct graphql_table *defined;
	bool in_fragments;              /* the first fragment's definition was walked */
	struct graphql_table *pairs;    /* of fragments compared: name → table of names */
	struct graphql_table *compared; /* fragments compared with the fields at hand */
};

/* True: the query may be asked of that schema. */
bool graphql_check_query(struct graphql *graphql, const struct graphql_schema *schema,
	const struct graphql_query *query);

/* Rules, each called when the parts of the node have been walked. */
void graphql_rule_operation(struct graphql_walk *walk, const struct graphql_operation *operation);
void graphql_rule_fragment(struct graphql_walk *walk, const struct graphql_fragment *fragment);
void graphql_rule_field(struct graphql_walk *walk, const struct graphql_selection *field);
void graphql_rule_inline(struct graphql_walk *walk, const struct graphql_selection *fragment);
void graphql_rule_spread(struct graphql_walk *walk, const struct graphql_selection *spread);
void graphql_rule_directive(
	struct graphql_walk *walk, const struct graphql_directive *directive, const char *location);
void graphql_rule_directives(struct graphql_walk *walk, const struct graphql_list *directives);
void graphql_rule_value(struct graphql_walk *walk, const struct graphql_value *value);
/* Fields that give one member of the answer may not differ. */
void graphql_rule_overlap(struct graphql_walk *walk, const struct graphql_list *selections);
/* No fragment may spread itself. */
bool graphql_check_cycles(struct graphql_walk *walk);

/* ---- names (builtin_graphql_table.c) ---- */

static inline bool graphql_same(const struct value *a, const struct value *b)
{
	return a == b || value_equals(a, b);
}
bool graphql_is(const struct value *text, const char *word);
/* The item of that name: of lists whose nodes begin as `struct graphql_argument` does, and of
 * fields; NULL: none. Charged. */
const struct graphql_argument *graphql_find_argument(
	struct graphql *graphql, const struct graphql_list *list, const struct value *name);
const struct graphql_field *graphql_find_field(
	struct graphql *graphql, const struct graphql_list *list, const struct value *name);
bool graphql_has_text(
	struct graphql *graphql, const struct graphql_list *list, const struct value *text);

struct graphql_table *graphql_table_new(struct graphql *graphql);
/* NULL: not there. */
void *graphql_table_get(const struct graphql_table *table, const struct value *name);
/* The newer stands. item is not NULL. */
void graphql_table_set(
	struct graphql *graphql, struct graphql_table *table, const struct value *name, void *item);
