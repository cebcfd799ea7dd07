/*
 * Is a JSON Schema well formed?
 */
#include "policy/builtin_regex.h"
#include "policy/builtin_schema.h"

static bool check_node(struct schema *schema, const struct value *node);

static bool invalid_type(struct schema *schema, const char *expected, const char *given)
{
	return schema_fail(schema, "Invalid type. Expected: %s, given: %s", expected, given);
}

static bool is_schema(const struct value *node)
{
	return value_is(node, VALUE_BOOL) || value_is(node, VALUE_OBJECT);
}

/* ---- references ---- */

static bool check_reference(struct schema *schema, const struct value *reference)
{
	const struct value *target;

	if (!value_is(reference, VALUE_STRING)) {
		return invalid_type(schema, "string", "$ref");
	}
	target = schema_resolve(schema, reference);
	if (target == NULL) {
		return schema_fail(schema,
			"the reference %.100s names nothing in this schema (other documents are "
			"not fetched)",
			value_text(reference));
	}
	if (!is_schema(target)) {
		return schema_fail(schema, "schema must be of type object");
	}
	for (size_t i = 0; i < schema->checked.count; i++) {
		policy_charge(schema->context, 1);
		if (schema->checked.items[i] == target) {
			return true;
		}
	}
	builtin_list_add(schema->context, &schema->checked, target);
	return check_node(schema, target);
}

/* ---- single keywords ---- */

static bool check_text(struct schema *schema, const struct value *node, const char *name)
{
	const struct value *value = value_find(node, name);

	return value == NULL || value_is(value, VALUE_STRING) ||
	       invalid_type(schema, "string", name);
}

static bool add_type(
	struct schema *schema, const struct value *type, const struct value *list, size_t before)
{
	static const char *const names[] = { "array", "boolean", "integer", "number", "null",
		"object", "string" };
	bool known = false;

	if (!value_is(type, VALUE_STRING)) {
		return invalid_type(schema, "type", "string/array of strings");
	}
	for (size_t i = 0; i < 7; i++) {
		known = known || strcmp(value_text(type), names[i]) == 0;
	}
	if (!known) {
		return schema_fail(schema,
			"has a primitive type that is NOT VALID -- given: /%.80s/ Expected valid "
			"values are:[array boolean integer number null object string]",
			value_text(type));
	}
	for (size_t i = 0; i < before; i++) {
		if (value_equals(value_at(list, i), type)) {
			return schema_fail(schema, "%.80s type is duplicated", value_text(type));
		}
	}
	return true;
}

static bool check_types(struct schema *schema, const struct value *node)
{
	const struct value *type = value_find(node, "type");

	if (type == NULL) {
		return true;
	}
	if (!value_is(type, VALUE_ARRAY)) {
		return add_type(schema, type, NULL, 0);
	}
	for (size_t i = 0; i < value_count(type); i++) {
		policy_charge(schema->context, 8 + i);
		if (!add_type(schema, value_at(type, i), type, i)) {
			return false;
		}
	}
	return true;
}

/* "minLength" and its kin: integers that are not negative, the lower not above the upper. */
static bool check_sizes(struct schema *schema, const struct value *node)
{
	static const struct {
		const char *low, *high, *problem;
	} pairs[] = { { "minLength", "maxLength", "%s cannot be greater than %s" },
		{ "minProperties", "maxProperties", "%s cannot be greater than %s" },
		{ "minItems", "maxItems", NULL } };

	for (size_t i = 0; i < 3; i++) {
		int64_t numbers[2] = { 0, INT64_MAX };
		for (size_t k = 0; k < 2; k++) {
			const char *name = k == 0 ? pairs[i].low : pairs[i].high;
			const struct value *value = value_find(node, name);
			if (value == NULL) {
				continue;
			}
			if (!value_int(value, &numbers[k])) {
				return schema_fail(schema, "%s must be of an integer", name);
			}
			if (numbers[k] < 0) {
				return schema_fail(
					schema, "%s must be greater than or equal to 0", name);
			}
		}
		if (pairs[i].problem != NULL && numbers[0] > numbers[1]) {
			return schema_fail(schema, "%s cannot be greater than %s", pairs[i].low,
				pairs[i].high);
		}
	}
	return true;
}

/* "maximum" and "exclusiveMaximum", or the other two */
static bool check_limit(
	struct schema *schema, const struct value *node, const char *plain, const char *exclusive)
{
	const struct value *value = value_find(node, plain);
	const struct value *other = value_find(node, exclusive);

	if (value != NULL && !value_is(value, VALUE_NUMBER)) {
		return schema_fail(schema, "%s must be of a number", plain);
	}
	if (other == NULL) {
		return true;
	}
	bool flag = value_is(other, VALUE_BOOL);
	bool may_be_flag = schema->draft == 4 || schema->draft == SCHEMA_HYBRID;
	if (flag && may_be_flag) {
		return value != NULL ||
		       schema_fail(schema, "%s cannot be used without %s", exclusive, plain);
	}
	if (value_is(other, VALUE_NUMBER) && schema->draft != 4) {
		return true;
	}
	return invalid_type(schema,
		schema->draft == 4               ? "boolean"
		: schema->draft == SCHEMA_HYBRID ? "boolean/number"
						 : "number",
		exclusive);
}

static bool check_numbers(struct schema *schema, const struct value *node)
{
	const struct value *multiple = value_find(node, "multipleOf");

	if (multiple != NULL && !value_is(multiple, VALUE_NUMBER)) {
		return invalid_type(schema, "number", "multipleOf");
	}
	if (multiple != NULL &&
		value_compare(multiple, value_of_int(schema->context->arena, 0)) <= 0) {
		return schema_fail(schema, "multipleOf must be strictly greater than 0");
	}
	return check_limit(schema, node, "minimum", "exclusiveMinimum") &&
	       check_limit(schema, node, "maximum", "exclusiveMaximum");
}

/* What Go's regexp does not have is an error, as in OPA. */
static bool is_pattern(struct schema *schema, const struct value *text)
{
	bool good = builtin_regex_of(schema->context, span_of(text)) != NULL;

	schema->context->failed = false;
	return good;
}

static bool check_strings(struct schema *schema, const struct value *node)
{
	const struct value *pattern = value_find(node, "pattern");

	if (!check_text(schema, node, "pattern") || !check_text(schema, node, "format")) {
		return false;
	}
	return pattern == NULL || is_pattern(schema, pattern) ||
	       schema_fail(schema, "pattern must be a valid regex");
}

/* "required" and "enum": items are unique. */
static bool check_unique(
	struct schema *schema, const struct value *node, const char *name, bool texts)
{
	const struct value *list = value_find(node, name);

	if (list != NULL && !value_is(list, VALUE_ARRAY)) {
		return schema_fail(schema, "%s must be of an array", name);
	}
	for (size_t i = 0; i < value_count(list); i++) {
		if (texts && !value_is(value_at(list, i), VALUE_STRING)) {
			return invalid_type(schema, "string", name);
		}
	}
	const struct value *set =
		list != NULL ? policy_set(schema->context, value_items(list), value_count(list))
			     : NULL;
	return value_count(set) == value_count(list) ||
	       schema_fail(schema, "%s items must be unique", name);
}

/* ---- keywords that hold schemas ---- */

static bool check_one(struct schema *schema, const struct value *node, const char *name, int since,
	const char *problem)
{
	const struct value *value = schema_member(schema, node, name, since);

	if (value == NULL) {
		return true;
	}
	return is_schema(value)
		       ? check_node(schema, value)
		       : schema_fail(schema, "%s%s", problem[0] == '%' ? "" : name, problem);
}

static bool check_list(struct schema *schema, const struct value *list)
{
	for (size_t i = 0; i < value_count(list); i++) {
		if (!check_node(schema, value_at(list, i))) {
			return false;
		}
	}
	return true;
}

static bool check_members(struct schema *schema, const struct value *object, bool patterns)
{
	for (size_t i = 0; i < value_count(object); i++) {
		const struct value_member *member = value_member_at(object, i);
		if (patterns && !is_pattern(schema, member->key)) {
			return schema_fail(
				schema, "Invalid regex pattern '%.100s'", value_text(member->key));
		}
		if (!check_node(schema, member->value)) {
			return false;
		}
	}
	return true;
}

static bool check_objects(struct schema *schema, const struct value *node)
{
	const struct value *definitions = value_find(node, "definitions");
	const struct value *properties = value_find(node, "properties");
	const struct value *patterns = value_find(node, "patternProperties");
	const struct value *dependencies = value_find(node, "dependencies");

	if (definitions != NULL && !value_is(definitions, VALUE_OBJECT)) {
		return invalid_type(schema, "array of schemas", "definitions");
	}
	if (properties != NULL && !value_is(properties, VALUE_OBJECT)) {
		return schema_fail(schema, "properties must be of type object");
	}
	if (patterns != NULL && !value_is(patterns, VALUE_OBJECT)) {
		return invalid_type(schema, "valid schema", "patternProperties");
	}
	if (dependencies != NULL && !value_is(dependencies, VALUE_OBJECT)) {
		return schema_fail(schema, "dependencies must be of type object");
	}
	for (size_t i = 0; i < value_count(dependencies); i++) {
		const struct value *it = value_member_at(dependencies, i)->value;
		bool texts = value_is(it, VALUE_ARRAY);
		for (size_t k = 0; texts && k < value_count(it); k++) {
			texts = value_is(value_at(it, k), VALUE_STRING);
		}
		if (!texts && !is_schema(it)) {
			return schema_fail(
				schema, "dependency must be of type schema or array of strings");
		}
		if (!texts && !check_node(schema, it)) {
			return false;
		}
	}
	return check_members(schema, properties, false) && check_members(schema, patterns, true);
}

static bool check_items(struct schema *schema, const struct value *node)
{
	const struct value *items = value_find(node, "items");

	if (items != NULL && !is_schema(items) && !value_is(items, VALUE_ARRAY)) {
		return invalid_type(schema, "valid schema/array of schemas", "items");
	}
	return value_is(items, VALUE_ARRAY) ? check_list(schema, items)
					    : items == NULL || check_node(schema, items);
}

/* What may be a flag in every draft. */
static bool check_additional(struct schema *schema, const struct value *node, const char *name)
{
	const struct value *value = value_find(node, name);

	if (value == NULL || value_is(value, VALUE_BOOL)) {
		return true;
	}
	return value_is(value, VALUE_OBJECT) ? check_node(schema, value)
					     : invalid_type(schema, "boolean/valid schema", name);
}

static bool check_combined(struct schema *schema, const struct value *node)
{
	static const char *const lists[] = { "oneOf", "anyOf", "allOf" };

	for (size_t i = 0; i < 3; i++) {
		const struct value *list = value_find(node, lists[i]);
		if (list != NULL && !value_is(list, VALUE_ARRAY)) {
			return schema_fail(schema, "%s must be of an array", lists[i]);
		}
		if (!check_list(schema, list)) {
			return false;
		}
	}
	return check_one(schema, node, "not", 0, " must be of an object") &&
	       check_one(schema, node, "if", 7, " must be of an object") &&
	       check_one(schema, node, "then", 7, " must be of an object") &&
	       check_one(schema, node, "else", 7, " must be of an object") &&
	       check_one(schema, node, "propertyNames", 6, " must be a valid schema") &&
	       check_one(schema, node, "contains", 6, " must be a valid schema");
}

/* ---- a schema ---- */

static bool check_keywords(struct schema *schema, const struct value *node)
{
	const struct value *unique = value_find(node, "uniqueItems");

	if (unique != NULL && !value_is(unique, VALUE_BOOL)) {
		return schema_fail(schema, "uniqueItems must be of a boolean");
	}
	return check_types(schema, node) && check_objects(schema, node) &&
	       check_additional(schema, node, "additionalProperties") &&
	       check_items(schema, node) && check_additional(schema, node, "additionalItems") &&
	       check_numbers(schema, node) && check_sizes(schema, node) &&
	       check_strings(schema, node) && check_unique(schema, node, "required", true) &&
	       check_unique(schema, node, "enum", false) && check_combined(schema, node);
}

static bool check_node(struct schema *schema, const struct value *node)
{
	bool ok;

	if (value_is(node, VALUE_BOOL) && schema->draft >= 6) {
		return true;
	}
	if (!value_is(node, VALUE_OBJECT)) {
		return schema_fail(schema, "Expected: valid schema, given: Invalid JSON");
	}
	schema_enter(schema);
	const char *id = schema->draft == 4 || value_find(node, "id") != NULL ? "id" : "$id";
	ok = check_text(schema, node, id) && check_text(schema, node, "title") &&
	     check_text(schema, node, "description");
	const struct value *definitions = value_find(node, "definitions");
	ok = ok &&
	     (!value_is(definitions, VALUE_OBJECT) || check_members(schema, definitions, false));
	const struct value *reference = value_find(node, "$ref");
	if (ok) {
		/* Nothing that stands beside a reference counts. */
		ok = reference != NULL ? check_reference(schema, reference)
				       : check_keywords(schema, node);
	}
	schema_leave(schema);
	return ok;
}

bool schema_check(struct schema *schema, const struct value *root)
{
	static const char prefix[] = "http://json-schema.org/draft-0";
	const struct value *dialect = value_find(root, "$schema");

	schema->root = root;
	schema->draft = SCHEMA_HYBRID;
	if (dialect != NULL && !value_is(dialect, VALUE_STRING)) {
		return schema_fail(schema, "$schema must be of type string");
	}
	if (dialect != NULL && strncmp(value_text(dialect), prefix, sizeof(prefix) - 1) == 0) {
		const char *rest = value_text(dialect) + sizeof(prefix) - 1;
		bool known =
			(rest[0] == '4' || rest[0] == '6' || rest[0] == '7') &&
			(strcmp(rest + 1, "/schema") == 0 || strcmp(rest + 1, "/schema#") == 0);
		schema->draft = known ? rest[0] - '0' : SCHEMA_HYBRID;
	}
	if (!is_schema(root)) {
		return schema_fail(schema, "schema is invalid");
	}
	return check_node(schema, root);
}
