/*
 * The JSON form of GraphQL documents, as tables: each row is a member of an object.
 *
 * The names are those of the structs of OPA's library, which writes them with Go's encoding/json
 * and leaves out positions, nulls and empty containers. Reading follows the same rules: unknown
 * members are ignored, names match without case (but for types that read themselves), and a null
 * changes nothing.
 */
#include <strings.h>
#include "base/arena.h"
#include "policy/builtin_graphql.h"

enum member_kind {
	TEXT,       /* string value */
	FLAG,       /* bool */
	NUMBER,     /* int64_t */
	TEXTS,      /* list of string values */
	NODE,       /* pointer */
	NODES,      /* list */
	SELECTIONS, /* list of graphql_selection, each of its own kind */
	COMMENT,    /* in JSON form already */
};

struct member {
	const char *name;
	enum member_kind kind;
	size_t offset;
	const struct graphql_shape *of; /* of NODE and NODES */
};

struct graphql_shape {
	size_t size;
	const struct member *members; /* up to a name of NULL */
	bool exact;                   /* names match with case, comments are not read */
};

#define SHAPE(tag, type, is_exact)                                                                 \
	const struct graphql_shape graphql_shape_##tag = { sizeof(struct type), tag##_members,     \
		is_exact }
#define END                                                                                        \
	{                                                                                          \
		NULL, TEXT, 0, NULL                                                                \
	}

static const struct member type_members[] = {
#define AT(field) offsetof(struct graphql_type, field)
	{ "NamedType", TEXT, AT(name), NULL },
	{ "Elem", NODE, AT(item), &graphql_shape_type },
	{ "NonNull", FLAG, AT(non_null), NULL },
	END,
#undef AT
};
SHAPE(type, graphql_type, false);

static const struct member argument_members[] = {
#define AT(field) offsetof(struct graphql_argument, field)
	{ "Name", TEXT, AT(name), NULL },
	{ "Value", NODE, AT(value), &graphql_shape_value },
	{ "Comment", COMMENT, AT(comment), NULL },
	END,
#undef AT
};
SHAPE(argument, graphql_argument, false);

static const struct member value_members_of[] = {
#define AT(field) offsetof(struct graphql_value, field)
	{ "Raw", TEXT, AT(raw), NULL },
	{ "Children", NODES, AT(children), &graphql_shape_argument },
	{ "Kind", NUMBER, AT(kind), NULL },
	{ "Comment", COMMENT, AT(comment), NULL },
	{ "ExpectedTypeHasDefault", FLAG, AT(default_expected), NULL },
	END,
#undef AT
};
const struct graphql_shape graphql_shape_value = { sizeof(struct graphql_value), value_members_of,
	false };

static const struct member directive_members[] = {
#define AT(field) offsetof(struct graphql_directive, field)
	{ "Name", TEXT, AT(name), NULL },
	{ "Arguments", NODES, AT(arguments), &graphql_shape_argument },
	{ "Location", TEXT, AT(location), NULL },
	END,
#undef AT
};
SHAPE(directive, graphql_directive, false);

#define AT(field) offsetof(struct graphql_selection, field)
static const struct member selection_members[] = {
	{ "Alias", TEXT, AT(alias), NULL },
	{ "Name", TEXT, AT(name), NULL },
	{ "Arguments", NODES, AT(arguments), &graphql_shape_argument },
	{ "Directives", NODES, AT(directives), &graphql_shape_directive },
	{ "SelectionSet", SELECTIONS, AT(selections), NULL },
	{ "Comment", COMMENT, AT(comment), NULL },
	END,
};
SHAPE(selection, graphql_selection, true); /* a field; made for the other kinds as well */

static const struct member spread_members[] = {
	{ "Name", TEXT, AT(name), NULL },
	{ "Directives", NODES, AT(directives), &graphql_shape_directive },
	{ "Comment", COMMENT, AT(comment), NULL },
	END,
};
static const struct graphql_shape spread_shape = { sizeof(struct graphql_selection), spread_members,
	false };

static const struct member inline_members[] = {
	{ "TypeCondition", TEXT, AT(condition), NULL },
	{ "Directives", NODES, AT(directives), &graphql_shape_directive },
	{ "SelectionSet", SELECTIONS, AT(selections), NULL },
	{ "Comment", COMMENT, AT(comment), NULL },
	END,
};
static const struct graphql_shape inline_shape = { sizeof(struct graphql_selection), inline_members,
	true };
#undef AT

static const struct graphql_shape *const selection_shapes[] = {
	[GRAPHQL_FIELD] = &graphql_shape_selection,
	[GRAPHQL_SPREAD] = &spread_shape,
	[GRAPHQL_INLINE] = &inline_shape,
};

static const struct member variable_members[] = {
#define AT(field) offsetof(struct graphql_variable, field)
	{ "Variable", TEXT, AT(name), NULL },
	{ "Type", NODE, AT(type), &graphql_shape_type },
	{ "DefaultValue", NODE, AT(value), &graphql_shape_value },
	{ "Directives", NODES, AT(directives), &graphql_shape_directive },
	{ "Comment", COMMENT, AT(comment), NULL },
	{ "Used", FLAG, AT(used), NULL },
	END,
#undef AT
};
SHAPE(variable, graphql_variable, false);

static const struct member operation_members[] = {
#define AT(field) offsetof(struct graphql_operation, field)
	{ "Operation", TEXT, AT(kind), NULL },
	{ "Name", TEXT, AT(name), NULL },
	{ "VariableDefinitions", NODES, AT(variables), &graphql_shape_variable },
	{ "Directives", NODES, AT(directives), &graphql_shape_directive },
	{ "SelectionSet", SELECTIONS, AT(selections), NULL },
	{ "Comment", COMMENT, AT(comment), NULL },
	END,
#undef AT
};
SHAPE(operation, graphql_operation, true);

static const struct member fragment_members[] = {
#define AT(field) offsetof(struct graphql_fragment, field)
	{ "Name", TEXT, AT(name), NULL },
	{ "VariableDefinition", NODES, AT(variables), &graphql_shape_variable },
	{ "TypeCondition", TEXT, AT(condition), NULL },
	{ "Directives", NODES, AT(directives), &graphql_shape_directive },
	{ "SelectionSet", SELECTIONS, AT(selections), NULL },
	{ "Comment", COMMENT, AT(comment), NULL },
	END,
#undef AT
};
SHAPE(fragment, graphql_fragment, true);

static const struct member query_members[] = {
#define AT(field) offsetof(struct graphql_query, field)
	{ "Operations", NODES, AT(operations), &graphql_shape_operation },
	{ "Fragments", NODES, AT(fragments), &graphql_shape_fragment },
	{ "Comment", COMMENT, AT(comment), NULL },
	END,
#undef AT
};
SHAPE(query, graphql_query, false);

/* Fields of types, definitions of arguments and values of enums are kept alike. */
#define AT(field) offsetof(struct graphql_field, field)
#define FIELD_COMMON                                                                               \
	{ "Description", TEXT, AT(description), NULL }, { "Name", TEXT, AT(name), NULL },          \
		{ "Directives", NODES, AT(directives), &graphql_shape_directive },                 \
		{ "BeforeDescriptionComment", COMMENT, AT(before), NULL },                         \
	{                                                                                          \
		"AfterDescriptionComment", COMMENT, AT(after), NULL                                \
	}
#define FIELD_TYPED                                                                                \
	{ "DefaultValue", NODE, AT(value), &graphql_shape_value },                                 \
	{                                                                                          \
		"Type", NODE, AT(type), &graphql_shape_type                                        \
	}

static const struct member field_members[] = { FIELD_COMMON, FIELD_TYPED,
	{ "Arguments", NODES, AT(arguments), &graphql_shape_argument_definition }, END };
SHAPE(field, graphql_field, false);

static const struct member argument_definition_members[] = { FIELD_COMMON, FIELD_TYPED, END };
SHAPE(argument_definition, graphql_field, false);

static const struct member enum_value_members[] = { FIELD_COMMON, END };
SHAPE(enum_value, graphql_field, false);
#undef AT

static const struct member definition_members[] = {
#define AT(field) offsetof(struct graphql_definition, field)
	{ "Kind", TEXT, AT(kind_name), NULL },
	{ "Description", TEXT, AT(description), NULL },
	{ "Name", TEXT, AT(name), NULL },
	{ "Directives", NODES, AT(directives), &graphql_shape_directive },
	{ "Interfaces", TEXTS, AT(interfaces), NULL },
	{ "Fields", NODES, AT(fields), &graphql_shape_field },
	{ "Types", TEXTS, AT(types), NULL },
	{ "EnumValues", NODES, AT(values), &graphql_shape_enum_value },
	{ "BuiltIn", FLAG, AT(builtin), NULL },
	{ "BeforeDescriptionComment", COMMENT, AT(before), NULL },
	{ "AfterDescriptionComment", COMMENT, AT(after), NULL },
	{ "EndOfDefinitionComment", COMMENT, AT(end), NULL },
	END,
#undef AT
};
SHAPE(definition, graphql_definition, false);

static const struct member directive_definition_members[] = {
#define AT(field) offsetof(struct graphql_directive_definition, field)
	{ "Description", TEXT, AT(description), NULL },
	{ "Name", TEXT, AT(name), NULL },
	{ "Arguments", NODES, AT(arguments), &graphql_shape_argument_definition },
	{ "Locations", TEXTS, AT(locations), NULL },
	{ "IsRepeatable", FLAG, AT(repeatable), NULL },
	{ "BeforeDescriptionComment", COMMENT, AT(before), NULL },
	{ "AfterDescriptionComment", COMMENT, AT(after), NULL },
	END,
#undef AT
};
SHAPE(directive_definition, graphql_directive_definition, false);

static const struct member root_members[] = {
#define AT(field) offsetof(struct graphql_root, field)
	{ "Operation", TEXT, AT(operation), NULL },
	{ "Type", TEXT, AT(type), NULL },
	{ "Comment", COMMENT, AT(comment), NULL },
	END,
#undef AT
};
SHAPE(root, graphql_root, false);

static const struct member schema_definition_members[] = {
#define AT(field) offsetof(struct graphql_schema_definition, field)
	{ "Description", TEXT, AT(description), NULL },
	{ "Directives", NODES, AT(directives), &graphql_shape_directive },
	{ "OperationTypes", NODES, AT(roots), &graphql_shape_root },
	{ "BeforeDescriptionComment", COMMENT, AT(before), NULL },
	{ "AfterDescriptionComment", COMMENT, AT(after), NULL },
	{ "EndOfDefinitionComment", COMMENT, AT(end), NULL },
	END,
#undef AT
};
SHAPE(schema_definition, graphql_schema_definition, false);

static const struct member document_members[] = {
#define AT(field) offsetof(struct graphql_document, field)
	{ "Schema", NODES, AT(schemas), &graphql_shape_schema_definition },
	{ "SchemaExtension", NODES, AT(schema_extensions), &graphql_shape_schema_definition },
	{ "Directives", NODES, AT(directives), &graphql_shape_directive_definition },
	{ "Definitions", NODES, AT(definitions), &graphql_shape_definition },
	{ "Extensions", NODES, AT(extensions), &graphql_shape_definition },
	{ "Comment", COMMENT, AT(comment), NULL },
	END,
#undef AT
};
SHAPE(document, graphql_document, false);

/* ---- nodes ---- */

void *graphql_node(struct graphql *graphql, const struct graphql_shape *shape)
{
	char *node = policy_alloc(graphql->context, shape->size);
	const struct value *empty = NULL;

	policy_charge(graphql->context, 2);
	memset(node, 0, shape->size);
	for (const struct member *member = shape->members; member->name != NULL; member++) {
		if (member->kind == TEXT) {
			empty = empty != NULL ? empty : builtin_text(graphql->context, "", 0);
			*(const struct value **)(void *)(node + member->offset) = empty;
		}
	}
	if (shape == &graphql_shape_selection) {
		((struct graphql_selection *)(void *)node)->condition = empty;
	}
	return node;
}

/* ---- nodes → JSON form ---- */

static const struct value *encode_list(
	struct graphql *graphql, const struct member *member, const struct graphql_list *list)
{
	struct builtin_list items = { 0 };

	for (size_t i = 0; i < list->count; i++) {
		const struct value *item = list->items[i];
		if (member->kind != TEXTS) {
			const struct graphql_shape *shape = member->of;
			if (member->kind == SELECTIONS) {
				const struct graphql_selection *selection = list->items[i];
				shape = selection_shapes[selection->kind];
			}
			item = graphql_encode(graphql, shape, list->items[i]);
			item = value_count(item) > 0 ? item : NULL;
		}
		if (item != NULL) {
			builtin_list_add(graphql->context, &items, item);
		}
	}
	return items.count > 0 ? builtin_list_array(graphql->context, &items) : NULL;
}

/* NULL: left out. */
static const struct value *encode_member(
	struct graphql *graphql, const struct member *member, const void *at)
{
	const struct value *value = NULL;
	const void *node;

	switch (member->kind) {
	case TEXT:
	case COMMENT:
		return *(const struct value *const *)at;
	case FLAG:
		return value_of_bool(*(const bool *)at);
	case NUMBER:
		policy_charge_bytes(graphql->context, 32);
		return value_of_int(graphql->context->arena, *(const int64_t *)at);
	case NODE:
		node = *(void *const *)at;
		value = node != NULL ? graphql_encode(graphql, member->of, node) : NULL;
		return value_count(value) > 0 ? value : NULL;
	case TEXTS:
	case NODES:
	case SELECTIONS:
		break;
	}
	return encode_list(graphql, member, at);
}

const struct value *graphql_encode(
	struct graphql *graphql, const struct graphql_shape *shape, const void *node)
{
	struct builtin_members members = { 0 };
	struct policy_context *context = graphql->context;

	for (const struct member *member = shape->members; member->name != NULL; member++) {
		const struct value *value =
			encode_member(graphql, member, (const char *)node + member->offset);
		if (value != NULL) {
			builtin_members_add(context, &members,
				builtin_text(context, member->name, strlen(member->name)), value);
		}
	}
	return builtin_members_object(context, &members);
}

/* ---- JSON form → nodes ---- */

static const struct member *find_member(const struct graphql_shape *shape, const struct value *name)
{
	for (const struct member *member = shape->members; member->name != NULL; member++) {
		if (graphql_is(name, member->name)) {
			return shape->exact && member->kind == COMMENT ? NULL : member;
		}
	}
	for (const struct member *member = shape->members; !shape->exact && member->name != NULL;
		member++) {
		if (strlen(member->name) == value_size(name) &&
			strcasecmp(member->name, value_text(name)) == 0) {
			return member;
		}
	}
	return NULL;
}

/* What reads as none of the three is left out, as OPA's library does. */
static struct graphql_selection *decode_selection(
	struct graphql *graphql, const struct value *value)
{
	static const enum graphql_selection_kind order[] = { GRAPHQL_FIELD, GRAPHQL_SPREAD,
		GRAPHQL_INLINE };
	bool failed = graphql->failed;

	for (size_t i = 0; i < 3; i++) {
		struct graphql_selection *selection =
			graphql_decode(graphql, selection_shapes[order[i]], value);
		if (selection != NULL) {
			selection->kind = order[i];
			selection->alias = selection->alias != NULL
						   ? selection->alias
						   : builtin_text(graphql->context, "", 0);
			return selection;
		}
		graphql->failed = failed;
	}
	return NULL;
}

static bool decode_list(struct graphql *graphql, const struct member *member,
	const struct value *value, struct graphql_list *list)
{
	*list = (struct graphql_list){ 0 };
	if (!value_is(value, VALUE_ARRAY)) {
		return graphql_fail(graphql, "%s is no array", member->name);
	}
	for (size_t i = 0; i < value_count(value); i++) {
		const struct value *item = value_at(value, i);
		void *node = NULL;
		if (member->kind == TEXTS) {
			if (!value_is(item, VALUE_STRING)) {
				return graphql_fail(
					graphql, "%s has an item that is no string", member->name);
			}
			node = (void *)(uintptr_t)item;
		} else if (member->kind == SELECTIONS) {
			node = decode_selection(graphql, item);
		} else if ((node = graphql_decode(graphql, member->of, item)) == NULL) {
			return false;
		}
		if (node != NULL) {
			graphql_add(graphql, list, node);
		}
	}
	return true;
}

static bool decode_member(
	struct graphql *graphql, const struct member *member, const struct value *value, void *at)
{
	static const enum value_type wanted[] = { [TEXT] = VALUE_STRING,
		[FLAG] = VALUE_BOOL,
		[NUMBER] = VALUE_NUMBER,
		[TEXTS] = VALUE_ARRAY,
		[NODE] = VALUE_OBJECT,
		[NODES] = VALUE_ARRAY,
		[SELECTIONS] = VALUE_ARRAY,
		[COMMENT] = VALUE_OBJECT };

	if (value_is(value, VALUE_NULL)) {
		return true;
	}
	if (!value_is(value, wanted[member->kind])) {
		return graphql_fail(graphql, "%s is no %s", member->name,
			value_type_name(wanted[member->kind]));
	}
	switch (member->kind) {
	case TEXT:
	case COMMENT:
		*(const struct value **)at = value;
		return true;
	case FLAG:
		*(bool *)at = value_bool(value);
		return true;
	case NUMBER:
		return value_int(value, at) ||
		       graphql_fail(graphql, "%s is no integer", member->name);
	case NODE:
		*(void **)at = graphql_decode(graphql, member->of, value);
		return *(void **)at != NULL;
	case TEXTS:
	case NODES:
	case SELECTIONS:
		break;
	}
	return decode_list(graphql, member, value, at);
}

void *graphql_decode(
	struct graphql *graphql, const struct graphql_shape *shape, const struct value *object)
{
	if (!value_is(object, VALUE_OBJECT)) {
		graphql_fail(graphql, "an object is wanted, not %s",
			value_type_name(value_type(object)));
		return NULL;
	}
	char *node = graphql_node(graphql, shape);
	graphql_enter(graphql);
	for (size_t i = 0; i < value_count(object); i++) {
		const struct value_member *member = value_member_at(object, i);
		policy_charge(graphql->context, 4);
		const struct member *row = value_is(member->key, VALUE_STRING)
						   ? find_member(shape, member->key)
						   : NULL;
		if (row != NULL &&
			!decode_member(graphql, row, member->value, node + row->offset)) {
			graphql_leave(graphql);
			return NULL;
		}
	}
	graphql_leave(graphql);
	return node;
}
