#include "scim/patch.h"

#include <string.h>
#include <strings.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/value.h"
#include "scim/dialect.h"
#include "scim/document.h"
#include "scim/edit.h"
#include "scim/message.h"
#include "scim/urn.h"

/* ---- parsing ---- */

static bool parse_op(const struct scim_dialect *dialect, const struct value *op,
	enum scim_patch_op *result, struct error *err)
{
	static const char *const names[] = { "add", "replace", "remove" };

	for (int i = 0; i < 3 && value_is(op, VALUE_STRING); i++) {
		if (scim_dialect_has(dialect, SCIM_OP_ANY_CASE)
				? strcasecmp(value_text(op), names[i]) == 0
				: strcmp(value_text(op), names[i]) == 0) {
			*result = (enum scim_patch_op)i;
			return true;
		}
	}
	return error_set(err, ERROR_SYNTAX, "op must be \"add\", \"remove\" or \"replace\"");
}

/* The path that is no path: absent, null, and in some dialects "" or the URN of the core schema. */
static bool is_no_path(const struct scim_patch *patch, const struct value *text)
{
	const struct scim_schema *core = patch->type->schema;

	if (text == NULL || scim_dialect_is_unassigned(patch->dialect, text)) {
		return true;
	}
	return value_is(text, VALUE_STRING) && value_size(text) == core->id_size &&
	       scim_dialect_has(patch->dialect, SCIM_PATH_KEYS) &&
	       strcasecmp(value_text(text), core->id) == 0;
}

static bool parse_path(struct arena *arena, const struct scim_patch *patch,
	const struct value *text, struct scim_patch_operation *result, struct error *err)
{
	bool loose = scim_dialect_has(patch->dialect, SCIM_LOOSE_FILTER);
	const char *path;
	size_t size;

	if (is_no_path(patch, text)) {
		return result->op != SCIM_REMOVE ||
		       (value_is(result->value, VALUE_OBJECT) &&
			       scim_dialect_has(patch->dialect, SCIM_REMOVE_BY_VALUE)) ||
		       error_set(err, ERROR_NO_TARGET, "remove needs a path");
	}
	if (!value_is(text, VALUE_STRING)) {
		return error_set(err, ERROR_PATH, "path must be a text");
	}
	size = value_size(text);
	path = scim_dialect_name(arena, patch->dialect, patch->type, value_text(text), &size);
	if (scim_dialect_is_foreign(patch->dialect, patch->type, path, size)) {
		result->foreign = text;
		return true;
	}
	result->has_path = true;
	return scim_path_parse(arena, patch->type, path, size, loose, &result->path, err);
}

/* add of members[value eq "id"]: the path says what comes, so a value may be absent. */
static bool says_what_comes(
	const struct scim_patch *patch, const struct scim_patch_operation *operation)
{
	return operation->has_path && operation->path.filter != NULL &&
	       operation->path.ref.sub == NULL && operation->op == SCIM_ADD &&
	       scim_dialect_has(patch->dialect, SCIM_CREATE_ELEMENT);
}

static bool parse_operation(struct arena *arena, const struct scim_patch *patch,
	const struct value *operation, struct scim_patch_operation *result, struct error *err)
{
	if (!value_is(operation, VALUE_OBJECT)) {
		return error_set(err, ERROR_SYNTAX, "an operation must be an object");
	}
	result->value = value_find_folded(operation, "value");
	if (!parse_op(patch->dialect, value_find_folded(operation, "op"), &result->op, err) ||
		!parse_path(arena, patch, value_find_folded(operation, "path"), result, err)) {
		return false;
	}
	if (result->value == NULL && says_what_comes(patch, result)) {
		result->value = value_of_object(arena, NULL, 0);
	}
	return result->value != NULL || result->op == SCIM_REMOVE ||
	       error_set(err, ERROR_VALUE, "%s needs a value",
		       result->op == SCIM_ADD ? "add" : "replace");
}

static bool parse_operations(
	struct arena *arena, const struct value *list, struct scim_patch *patch, struct error *err)
{
	struct scim_patch_operation *operations;
	size_t count;

	if (value_is(list, VALUE_OBJECT) && scim_dialect_has(patch->dialect, SCIM_WRAPPED_SINGLE)) {
		list = value_append(arena, NULL, list);
	}
	count = value_count(list);
	if (!value_is(list, VALUE_ARRAY)) {
		return error_set(err, ERROR_SYNTAX, "Operations must be a list");
	}
	if (count == 0 && !scim_dialect_has(patch->dialect, SCIM_EMPTY_OPERATIONS)) {
		return error_set(err, ERROR_SYNTAX, "Operations is empty");
	}
	if (count > SCIM_PATCH_OPERATIONS_MAX) {
		return error_set(err, ERROR_TOO_MANY, "%zu operations, at most %d in one PATCH",
			count, SCIM_PATCH_OPERATIONS_MAX);
	}
	operations = arena_calloc(arena, count, sizeof(*operations));
	for (size_t i = 0; i < count; i++) {
		if (!parse_operation(arena, patch, value_at(list, i), &operations[i], err)) {
			return error_wrap(err, "operation %zu", i + 1);
		}
	}
	patch->operations = operations;
	patch->count = count;
	return true;
}

bool scim_patch_parse(struct arena *arena, const struct scim_resource_type *type,
	const struct scim_dialect *dialect, const struct value *body, struct scim_patch *patch,
	struct error *err)
{
	*patch = (struct scim_patch){ .type = type, .dialect = dialect };
	if (!value_is(body, VALUE_OBJECT)) {
		return error_set(err, ERROR_SYNTAX, "the body must be a JSON object");
	}
	return scim_message_check(
		       dialect, value_find_folded(body, "schemas"), SCIM_URN_PATCH, err) &&
	       parse_operations(arena, value_find_folded(body, "Operations"), patch, err);
}

/* ---- printing ---- */

static const struct value *print_path(struct arena *arena, const struct scim_path *path)
{
	struct buf buf = { 0 };
	const struct value *text;

	scim_path_print(&buf, path);
	text = value_of_text_n(arena, buf_text(&buf), buf.size);
	buf_fini(&buf);
	return text;
}

const struct value *scim_patch_print(struct arena *arena, const struct scim_patch *patch)
{
	static const char *const names[] = { "add", "replace", "remove" };
	struct value_builder message = { .arena = arena };
	struct value_builder list = { .arena = arena };

	for (size_t i = 0; i < patch->count; i++) {
		const struct scim_patch_operation *it = &patch->operations[i];
		struct value_builder operation = { .arena = arena };

		if (it->foreign != NULL) {
			continue;
		}
		value_add_text(&operation, "op", names[it->op]);
		value_add(&operation, "path", it->has_path ? print_path(arena, &it->path) : NULL);
		value_add(&operation, "value", it->value);
		value_add_item(&list, value_finish_object(&operation));
	}
	value_add(&message, "schemas",
		value_append(arena, NULL, value_of_text(arena, SCIM_URN_PATCH)));
	value_add(&message, "Operations", value_finish_array(&list));
	return value_finish_object(&message);
}

/* ---- obligations: what a policy may change ---- */

#define OBLIGATION_VALUES_MAX 20000
#define OBLIGATION_DEPTH_MAX 16

static const struct value *as_json(
	struct arena *arena, const struct value *value, size_t *left, int depth);

static const struct value *list_as_json(
	struct arena *arena, const struct value *list, size_t *left, int depth)
{
	struct value_builder it = { .arena = arena };

	for (size_t i = 0; i < value_count(list); i++) {
		const struct value *item = as_json(arena, value_at(list, i), left, depth);

		if (item == NULL) {
			return NULL;
		}
		value_add_item(&it, item);
	}
	return value_finish_array(&it);
}

static const struct value *object_as_json(
	struct arena *arena, const struct value *object, size_t *left, int depth)
{
	struct value_builder it = { .arena = arena };

	for (size_t i = 0; i < value_count(object); i++) {
		const struct value_member *member = value_member_at(object, i);
		const struct value *value = as_json(arena, member->value, left, depth);

		if (value == NULL || !value_is(member->key, VALUE_STRING)) {
			return NULL;
		}
		value_add_key(&it, member->key, value);
	}
	return value_finish_object(&it);
}

/*
 * A policy can build what JSON cannot: sets, keys that are no texts, and by sharing a tree without
 * end. Sets become arrays, as everywhere in a decision; NULL: the rest may not reach the code
 * below.
 */
static const struct value *as_json(
	struct arena *arena, const struct value *value, size_t *left, int depth)
{
	if (*left == 0 || depth > OBLIGATION_DEPTH_MAX) {
		return NULL;
	}
	--*left;
	if (value_is(value, VALUE_ARRAY) || value_is(value, VALUE_SET)) {
		return list_as_json(arena, value, left, depth + 1);
	}
	return value_is(value, VALUE_OBJECT) ? object_as_json(arena, value, left, depth + 1)
					     : value;
}

/* Identity and authority are not a policy's to write (decision contract). */
static bool is_forbidden(const struct scim_ref *ref)
{
	return ref->attribute != NULL &&
	       (ref->attribute->place != SCIM_IN_DOC ||
		       (ref->extension == NULL && strcmp(ref->attribute->name, "userName") == 0));
}

static bool check_obligation(const struct scim_patch *patch,
	const struct scim_patch_operation *operation, struct error *err)
{
	if (operation->has_path) {
		return !is_forbidden(&operation->path.ref) ||
		       error_set(err, ERROR_MUTABILITY, "an obligation may not change %s",
			       operation->path.ref.attribute->name);
	}
	if (!value_is(operation->value, VALUE_OBJECT)) {
		return true; /* refused when it is applied */
	}
	for (size_t i = 0; i < value_count(operation->value); i++) {
		const struct value_member *member = value_member_at(operation->value, i);
		struct scim_ref ref;

		if (scim_type_resolve(
			    patch->type, value_text(member->key), value_size(member->key), &ref) &&
			is_forbidden(&ref)) {
			return error_set(err, ERROR_MUTABILITY, "an obligation may not change %s",
				ref.attribute->name);
		}
	}
	return true;
}

bool scim_patch_parse_obligations(struct arena *arena, const struct scim_resource_type *type,
	const struct value *operations, struct scim_patch *patch, struct error *err)
{
	size_t left = OBLIGATION_VALUES_MAX;

	*patch = (struct scim_patch){ .type = type, .dialect = scim_dialect_standard() };
	operations = as_json(arena, operations, &left, 0);
	if (operations == NULL) {
		return error_set(err, ERROR_VALUE,
			"obligations must be JSON: no keys but texts, at most %d values and %d "
			"levels",
			OBLIGATION_VALUES_MAX, OBLIGATION_DEPTH_MAX);
	}
	if (!parse_operations(arena, operations, patch, err)) {
		return false;
	}
	for (size_t i = 0; i < patch->count; i++) {
		if (!check_obligation(patch, &patch->operations[i], err)) {
			return error_wrap(err, "operation %zu", i + 1);
		}
	}
	return true;
}

/* ---- applying ---- */

static bool same_extensions(const struct scim_resource_type *type, const struct value *before,
	const struct value *after)
{
	for (size_t i = 0; i < type->extension_count; i++) {
		const struct scim_schema *it = type->extensions[i];

		if ((value_find_n(before, it->id, it->id_size) != NULL) !=
			(value_find_n(after, it->id, it->id_size) != NULL)) {
			return false;
		}
	}
	return true;
}

/* What holds for the whole document. RFC 7644, 3.5.2.2: a required attribute that goes is
 * `mutability`. */
/*
 * What a schema of the configuration requires since after the resource was made is no reason to
 * refuse a change of something else: a deactivation would not get through.
 */
static bool has_required(const struct scim_resource_type *type, const struct value *before,
	const struct value *after, struct error *err)
{
	struct error ignored = { 0 };

	if (scim_check_required(type, after, ERROR_MUTABILITY, &ignored) ||
		!scim_check_required(type, before, ERROR_MUTABILITY, NULL)) {
		return true;
	}
	return error_set(err, ignored.code, "%s", ignored.text);
}

static bool holds(const struct scim_patch *patch, const struct value *before,
	const struct value *after, struct error *err)
{
	return after == before || (has_required(patch->type, before, after, err) &&
					  scim_check_immutable(patch->type, before, after, err));
}

static bool finish(struct arena *arena, const struct scim_patch *patch, const struct value *before,
	const struct value **after, struct error *err)
{
	if (!holds(patch, before, *after, err)) {
		return false;
	}
	if (*after != before && !same_extensions(patch->type, before, *after)) {
		*after = scim_doc_with_schemas(arena, patch->type, *after);
	}
	return true;
}

/*
 * The structure of the message was found right when it was parsed. What does not fit now is a
 * value: RFC 7644, 3.12 has invalidValue for one that is not compatible with the schema of the
 * resource.
 */
static bool not_applied(struct error *err, size_t number)
{
	if (err != NULL && err->code == ERROR_SYNTAX) {
		err->code = ERROR_VALUE;
	}
	return error_wrap(err, "operation %zu", number);
}

bool scim_patch_apply(struct arena *arena, const struct scim_patch *patch, const char *id,
	const struct value *before, struct scim_patch_result *result, struct error *err)
{
	struct value_builder dropped = { .arena = arena };
	struct scim_edit edit = {
		.reader = { .arena = arena,
			.type = patch->type,
			.dialect = patch->dialect,
			.dropped = &dropped },
		.id = id,
		.doc = before,
	};

	/*
	 * RFC 7644, 3.5.2: each operation is held to the schema. A dialect is held to what it
	 * leaves behind: some remove a name in order to add another.
	 */
	const bool is_strict = patch->dialect->quirks == 0;

	*result = (struct scim_patch_result){ 0 };
	for (size_t i = 0; i < patch->count; i++) {
		const struct scim_patch_operation *it = &patch->operations[i];

		if (it->foreign != NULL) {
			value_add_item(&dropped, it->foreign);
			continue;
		}
		if (!scim_edit_apply(
			    &edit, it->op, it->has_path ? &it->path : NULL, it->value, err)) {
			return not_applied(err, i + 1);
		}
		if (i + 1 < patch->count && is_strict && !holds(patch, before, edit.doc, err)) {
			return not_applied(err, i + 1);
		}
	}
	if (!finish(arena, patch, before, &edit.doc, err)) {
		return false;
	}
	result->doc = edit.doc;
	result->sets_external_id = edit.sets_external_id;
	result->external_id = edit.external_id;
	result->steps = edit.steps;
	result->step_count = edit.step_count;
	result->has_password = edit.has_password;
	result->dropped = dropped.count > 0 ? value_finish_array(&dropped) : NULL;
	return true;
}
