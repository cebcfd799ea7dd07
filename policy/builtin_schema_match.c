#include "policy/builtin_schema_match.h"

#include "base/buf.h"
#include "policy/builtin_json.h"

/*
 * Documents against a JSON Schema that was checked: every error with its kind, place and words.
 *
 * Errors and their order are those of OPA's library, but that members of objects come in the
 * order of their names here (there in none). Of alternatives that all fail, the errors of the one
 * that came closest are given: each thing that fits counts one, each error takes one away.
 */

struct result match_apart(struct match *match, const struct value *node, const struct value *value,
	const struct place *place)
{
	struct result result = { .score = 0 };

	match_node(match, node, value, place, &result);
	return result;
}

/* ---- combinations ---- */

static void match_any_of(struct match *match, const struct value *list, const struct value *value,
	const struct place *place, struct result *result)
{
	struct result best = { .score = 0 };
	bool has = false;

	for (size_t i = 0; i < value_count(list); i++) {
		struct result one = match_apart(match, value_at(list, i), value, place);
		if (one.errors.count == 0) {
			return;
		}
		match_keep_best(&best, &has, &one);
	}
	if (has) {
		match_add_plain(match, result, place, "number_any_of",
			"Must validate at least one schema (anyOf)");
		match_merge(match, result, &best);
	}
}

static void match_one_of(struct match *match, const struct value *list, const struct value *value,
	const struct place *place, struct result *result)
{
	struct result best = { .score = 0 };
	bool has = false;
	size_t valid = 0;

	for (size_t i = 0; i < value_count(list); i++) {
		struct result one = match_apart(match, value_at(list, i), value, place);
		if (one.errors.count == 0) {
			valid++;
		} else if (valid == 0) {
			match_keep_best(&best, &has, &one);
		}
	}
	if (value_count(list) > 0 && valid != 1) {
		match_add_plain(match, result, place, "number_one_of",
			"Must validate one and only one schema (oneOf)");
		if (valid == 0) {
			match_merge(match, result, &best);
		}
	}
}

static void match_all_of(struct match *match, const struct value *list, const struct value *value,
	const struct place *place, struct result *result)
{
	bool all = true;

	for (size_t i = 0; i < value_count(list); i++) {
		struct result one = match_apart(match, value_at(list, i), value, place);
		all = all && one.errors.count == 0;
		match_merge(match, result, &one);
	}
	if (!all) {
		match_add_plain(match, result, place, "number_all_of",
			"Must validate all the schemas (allOf)");
	}
}

static void match_dependencies(struct match *match, const struct value *dependencies,
	const struct value *value, const struct place *place, struct result *result)
{
	for (size_t i = 0; value_is(value, VALUE_OBJECT) && i < value_count(dependencies); i++) {
		const struct value_member *it = value_member_at(dependencies, i);
		if (value_find_key(value, it->key) == NULL) {
			continue;
		}
		if (!value_is(it->value, VALUE_ARRAY)) {
			match_node(match, it->value, value, place, result);
			continue;
		}
		for (size_t k = 0; k < value_count(it->value); k++) {
			const struct value *name = value_at(it->value, k);
			if (value_find_key(value, name) == NULL) {
				match_add_error(match, result, place, "missing_dependency",
					"Has a dependency on ", span_of(name), "");
			}
		}
	}
}

static void match_condition(struct match *match, const struct value *node,
	const struct value *value, const struct place *place, struct result *result)
{
	const struct value *condition = schema_member(match->schema, node, "if", 7);

	if (condition == NULL) {
		return;
	}
	bool holds = match_apart(match, condition, value, place).errors.count == 0;
	const struct value *branch = value_find(node, holds ? "then" : "else");
	if (branch == NULL) {
		return;
	}
	struct result one = match_apart(match, branch, value, place);
	if (one.errors.count > 0) {
		match_add_plain(match, result, place, holds ? "condition_then" : "condition_else",
			holds ? "Must validate \"then\" as \"if\" was valid"
			      : "Must validate \"else\" as \"if\" was not valid");
		match_merge(match, result, &one);
	}
}

static void match_combined(struct match *match, const struct value *node, const struct value *value,
	const struct place *place, struct result *result)
{
	const struct value *not = value_find(node, "not");

	match_any_of(match, value_find(node, "anyOf"), value, place, result);
	match_one_of(match, value_find(node, "oneOf"), value, place, result);
	match_all_of(match, value_find(node, "allOf"), value, place, result);
	if (not != NULL && match_apart(match, not, value, place).errors.count == 0) {
		match_add_plain(
			match, result, place, "number_not", "Must not validate the schema (not)");
	}
	match_dependencies(match, value_find(node, "dependencies"), value, place, result);
	match_condition(match, node, value, place, result);
	result->score++;
}

/* ---- any value ---- */

static struct span json_of(struct policy_context *context, const struct value *value)
{
	struct buf *buf = policy_buf(context, 0);

	builtin_json_write(context, buf, value, NULL);
	return span_of(policy_text_of_buf(context, buf));
}

static void match_common(struct match *match, const struct value *node, const struct value *value,
	const struct place *place, struct result *result)
{
	struct policy_context *context = match->context;
	const struct value *constant = schema_member(match->schema, node, "const", 6);
	const struct value *list = value_find(node, "enum");
	const struct value *format = value_find(node, "format");
	struct buf *buf;
	bool found = list == NULL;

	if (constant != NULL && !policy_equals(context, constant, value)) {
		buf = policy_buf(context, 1);
		builtin_append(context, buf, "", 0);
		const struct value *field = match_field(context, place);
		struct span json = json_of(context, constant);
		buf = policy_buf(context, 0);
		builtin_append(context, buf, value_text(field), value_size(field));
		builtin_append(context, buf, " does not match: ", 17);
		builtin_append(context, buf, json.at, json.size);
		const struct value *words = policy_text_of_buf(context, buf);
		match_add_error(match, result, place, "const", "", span_of(words), "");
	}
	for (size_t i = 0; !found && i < value_count(list); i++) {
		found = policy_equals(context, value_at(list, i), value);
	}
	if (!found) {
		const struct value *field = match_field(context, place);
		const struct value *words = field;
		for (size_t i = 0; i < value_count(list) || i == 0; i++) {
			struct span json = i < value_count(list)
						   ? json_of(context, value_at(list, i))
						   : (struct span){ "", 0 };
			const char *glue = i == 0 ? " must be one of the following: " : ", ";
			buf = policy_buf(context, 1);
			builtin_append(context, buf, value_text(words), value_size(words));
			builtin_append(context, buf, glue, strlen(glue));
			builtin_append(context, buf, json.at, json.size);
			words = policy_text_of_buf(context, buf);
		}
		match_add_error(match, result, place, "enum", "", span_of(words), "");
	}
	if (format != NULL && value_is(value, VALUE_STRING) &&
		!schema_has_format(match->schema, format, value)) {
		match_add_error(match, result, place, "format", "Does not match format '",
			span_of(format), "'");
	}
	result->score++;
}

/* ---- a node ---- */

static bool is_integer(struct policy_context *context, const struct value *number)
{
	return match_scale(context, number) >= 0;
}

static bool has_type(const struct value *types, const char *name)
{
	if (value_is(types, VALUE_STRING)) {
		return strcmp(value_text(types), name) == 0;
	}
	for (size_t i = 0; i < value_count(types); i++) {
		if (strcmp(value_text(value_at(types, i)), name) == 0) {
			return true;
		}
	}
	return false;
}

/* False: of another type, which was added. */
static bool check_type(struct match *match, const struct value *node, const struct value *value,
	const struct place *place, struct result *result)
{
	struct policy_context *context = match->context;
	const struct value *types = value_find(node, "type");
	const char *given = value_type_name(value_type(value));
	struct buf *buf;

	bool integer = value_is(value, VALUE_NUMBER) && is_integer(context, value);
	if (types == NULL || (value_is(types, VALUE_ARRAY) && value_count(types) == 0) ||
		has_type(types, given) || (integer && has_type(types, "integer"))) {
		return true;
	}
	buf = policy_buf(context, 0);
	if (value_is(types, VALUE_STRING)) {
		builtin_append(context, buf, value_text(types), value_size(types));
	}
	bool brackets = value_count(types) > 1;
	for (size_t i = 0; i < value_count(types); i++) {
		const struct value *type = value_at(types, i);
		builtin_append(context, buf, i > 0 ? "," : "[", brackets ? 1 : 0);
		builtin_append(context, buf, value_text(type), value_size(type));
	}
	builtin_append(context, buf, "]", brackets ? 1 : 0);
	builtin_append(context, buf, ", given: ", 9);
	given = integer ? "integer" : given;
	builtin_append(context, buf, given, strlen(given));
	match_add_error(match, result, place, "invalid_type",
		"Invalid type. Expected: ", span_of(policy_text_of_buf(context, buf)), "");
	return false;
}

static void match_keywords(struct match *match, const struct value *node, const struct value *value,
	const struct place *place, struct result *result)
{
	if (!check_type(match, node, value, place, result)) {
		return;
	}
	match_combined(match, node, value, place, result);
	switch (value_type(value)) {
	case VALUE_ARRAY:
		match_array(match, node, value, place, result);
		match_common(match, node, value, place, result);
		break;
	case VALUE_OBJECT:
		match_object(match, node, value, place, result);
		match_common(match, node, value, place, result);
		match_properties(match, node, value, place, result);
		break;
	case VALUE_NUMBER:
		match_number(match, node, value, place, result);
		match_common(match, node, value, place, result);
		break;
	case VALUE_STRING:
		match_common(match, node, value, place, result);
		match_text(match, node, value, place, result);
		break;
	default:
		match_common(match, node, value, place, result);
	}
	result->score++;
}

void match_node(struct match *match, const struct value *node, const struct value *value,
	const struct place *place, struct result *result)
{
	schema_enter(match->schema);
	if (value_is(node, VALUE_BOOL)) {
		if (!value_bool(node)) {
			match_add_plain(
				match, result, place, "false", "False always fails validation");
		}
	} else {
		const struct value *reference = value_find(node, "$ref");
		if (reference != NULL) {
			match_node(match, schema_resolve(match->schema, reference), value, place,
				result);
		} else {
			match_keywords(match, node, value, place, result);
		}
	}
	schema_leave(match->schema);
}

const struct value *schema_match(struct schema *schema, const struct value *document)
{
	struct match match = { schema, schema->context };
	const struct place root = { { "", 0 }, NULL };
	struct result result = { .score = 0 };

	match_node(&match, schema->root, document, &root, &result);
	const struct value *parts[2] = { value_of_bool(result.errors.count == 0),
		builtin_list_array(schema->context, &result.errors) };
	return policy_array(schema->context, parts, 2);
}
