/*
 * json.patch: RFC 6902 over Rego values, so that sets have members too. An operation makes the
 * containers along its path anew and shares the rest.
 */
#include <string.h>
#include "policy/builtin_json.h"

enum edit { EDIT_ADD, EDIT_REMOVE };

/* An index of an array, or "-" for its end. False: reported. */
static bool index_of(
	struct policy_context *context, const struct value *key, size_t count, size_t *index)
{
	int64_t number = -1;

	if (value_is(key, VALUE_NUMBER)) {
		if (!value_int(key, &number)) {
			builtin_error(context, "invalid number type for indexing");
			return false;
		}
	} else if (value_is(key, VALUE_STRING)) {
		struct span text = span_of(key);
		if (span_is(text, "-")) {
			*index = count;
			return true;
		}
		number = text.size > 0 && text.size < 10 ? 0 : -1;
		for (size_t i = 0; i < text.size && number >= 0; i++) {
			bool digit = text.at[i] >= '0' && text.at[i] <= '9';
			number = digit ? number * 10 + (text.at[i] - '0') : -1;
		}
		if (number < 0) {
			builtin_error(context, "invalid string for indexing");
			return false;
		}
		if (text.size > 1 && text.at[0] == '0') {
			builtin_error(context, "leading zeros are not allowed in JSON paths");
			return false;
		}
	} else {
		builtin_error(context, "invalid type for indexing");
		return false;
	}
	if (number < 0 || (uint64_t)number > count) {
		builtin_error(context, "index for array out of bounds");
		return false;
	}
	*index = (size_t)number;
	return true;
}

/* What a path names; NULL: reported. */
static const struct value *at_path(struct policy_context *context, const struct value *value,
	const struct json_path *path, size_t count)
{
	for (size_t i = 0; i < count && value != NULL; i++) {
		size_t index;
		policy_charge(context, 1);
		if (value_type(value) < VALUE_ARRAY) {
			return builtin_error(context, "a path leads into a %s",
				value_type_name(value_type(value)));
		}
		if (value_is(value, VALUE_ARRAY)) {
			if (!index_of(context, path->parts[i], value_count(value), &index)) {
				return NULL;
			}
			value = index < value_count(value) ? value_at(value, index) : NULL;
		} else {
			value = policy_lookup(context, value, path->parts[i]);
		}
		if (value == NULL) {
			return builtin_error(context, "a path does not exist");
		}
	}
	return value;
}

/* The array without the item at index, or with one more before it. */
static const struct value *edit_array(struct policy_context *context, const struct value *array,
	size_t index, enum edit edit, const struct value *value)
{
	struct builtin_list list = { 0 };

	for (size_t i = 0; i <= value_count(array); i++) {
		if (i == index && edit == EDIT_ADD) {
			builtin_list_add(context, &list, value);
		}
		if (i < value_count(array) && (i != index || edit == EDIT_ADD)) {
			builtin_list_add(context, &list, value_at(array, i));
		}
	}
	return builtin_list_array(context, &list);
}

static const struct value *edit_set(struct policy_context *context, const struct value *set,
	const struct value *key, enum edit edit, const struct value *value)
{
	struct builtin_list list = { 0 };

	if (edit == EDIT_ADD && !policy_equals(context, key, value)) {
		return builtin_error(context, "set key does not equal value to be inserted");
	}
	if (edit == EDIT_REMOVE && policy_lookup(context, set, key) == NULL) {
		return builtin_error(context, "cannot delete a key that does not exist");
	}
	for (size_t i = 0; i < value_count(set); i++) {
		const struct value *item = value_at(set, i);
		if (edit == EDIT_ADD || !policy_equals(context, item, key)) {
			builtin_list_add(context, &list, item);
		}
	}
	if (edit == EDIT_ADD) {
		builtin_list_add(context, &list, value);
	}
	return builtin_list_set(context, &list);
}

/* value NULL: removes the member. */
static const struct value *object_with(struct policy_context *context, const struct value *object,
	const struct value *key, const struct value *value)
{
	struct builtin_members members = { 0 };

	for (size_t i = 0; i < value_count(object); i++) {
		const struct value_member *member = value_member_at(object, i);
		if (value != NULL || !policy_equals(context, member->key, key)) {
			builtin_members_add(context, &members, member->key, member->value);
		}
	}
	if (value != NULL) {
		builtin_members_add(context, &members, key, value);
	}
	return builtin_members_object(context, &members);
}

/* One change to one container; NULL: reported. */
static const struct value *edit_here(struct policy_context *context, const struct value *container,
	const struct value *key, enum edit edit, const struct value *value)
{
	size_t index;

	switch (value_type(container)) {
	case VALUE_ARRAY:
		if (!index_of(context, key, value_count(container), &index)) {
			return NULL;
		}
		if (edit == EDIT_REMOVE && index == value_count(container)) {
			return builtin_error(context, "index for array delete out of bounds");
		}
		return edit_array(context, container, index, edit, value);
	case VALUE_OBJECT:
		if (edit == EDIT_REMOVE && policy_lookup(context, container, key) == NULL) {
			return builtin_error(context, "cannot delete a key that does not exist");
		}
		return object_with(context, container, key, edit == EDIT_ADD ? value : NULL);
	case VALUE_SET:
		return edit_set(context, container, key, edit, value);
	default:
		return builtin_error(context, "expected composite type, found %s",
			value_type_name(value_type(container)));
	}
}

/* The container with one part of it replaced by what became of it. */
static const struct value *put_back(struct policy_context *context, const struct value *container,
	const struct value *key, const struct value *old, const struct value *now)
{
	size_t index;

	if (value_is(container, VALUE_OBJECT)) {
		return object_with(context, container, key, now);
	}
	if (value_is(container, VALUE_SET)) {
		const struct value *without = edit_set(context, container, old, EDIT_REMOVE, NULL);
		return edit_set(context, without, now, EDIT_ADD, now);
	}
	if (!index_of(context, key, value_count(container), &index)) {
		return NULL;
	}
	container = edit_array(context, container, index, EDIT_REMOVE, NULL);
	return edit_array(context, container, index, EDIT_ADD, now);
}

/* path is not empty. NULL: reported. */
static const struct value *edit_at(struct policy_context *context, const struct value *root,
	const struct json_path *path, enum edit edit, const struct value *value)
{
	const struct value **way = policy_alloc_array(context, path->count, sizeof(*way));

	for (size_t i = 0; i < path->count; i++) {
		struct json_path step = { path->parts + (i > 0 ? i - 1 : 0), 1 };
		way[i] = i == 0 ? root : at_path(context, way[i - 1], &step, 1);
		if (way[i] == NULL) {
			return NULL;
		}
	}
	size_t last = path->count - 1;
	const struct value *now = edit_here(context, way[last], path->parts[last], edit, value);
	for (size_t i = last; i-- > 0 && now != NULL;) {
		now = put_back(context, way[i], path->parts[i], way[i + 1], now);
	}
	return now;
}

/* ---- operations ---- */

struct patch {
	struct policy_context *context;
	const struct value *root; /* NULL: removed */
	bool failed;
};

static void fail(struct patch *patch, const char *what)
{
	builtin_error(patch->context, "%s", what);
	patch->failed = true;
}

static void apply_add(struct patch *patch, const struct json_path *path, const struct value *value)
{
	if (path->count == 0) {
		patch->root = value;
		return;
	}
	if (patch->root == NULL) {
		fail(patch, "deleted node encountered during insert operation");
		return;
	}
	patch->root = edit_at(patch->context, patch->root, path, EDIT_ADD, value);
	patch->failed = patch->root == NULL;
}

static void apply_remove(struct patch *patch, const struct json_path *path)
{
	if (patch->root == NULL) {
		fail(patch, "deleted node encountered during delete operation");
		return;
	}
	if (path->count == 0) {
		patch->root = NULL;
		return;
	}
	patch->root = edit_at(patch->context, patch->root, path, EDIT_REMOVE, NULL);
	patch->failed = patch->root == NULL;
}

/* The member of an operation; NULL: reported. */
static const struct value *member_of(
	struct patch *patch, const struct value *operation, const char *name)
{
	const struct value *value = value_find(operation, name);

	if (value == NULL) {
		builtin_error(patch->context, "missing required attribute '%s'", name);
		patch->failed = true;
	}
	return value;
}

static void apply_copy(
	struct patch *patch, const struct value *operation, const struct json_path *path, bool move)
{
	const struct value *from = member_of(patch, operation, "from");
	struct json_path source;

	if (from == NULL || !builtin_json_path(patch->context, from, &source)) {
		patch->failed = true;
		return;
	}
	const struct value *value =
		patch->root == NULL ? NULL
				    : at_path(patch->context, patch->root, &source, source.count);
	if (value == NULL) {
		fail(patch, "a path does not exist");
		return;
	}
	if (move) {
		apply_remove(patch, &source);
	}
	if (!patch->failed) {
		apply_add(patch, path, value);
	}
}

static void apply_test(struct patch *patch, const struct json_path *path, const struct value *value)
{
	const struct value *there =
		patch->root == NULL ? NULL
				    : at_path(patch->context, patch->root, path, path->count);

	if (there == NULL || !policy_equals(patch->context, there, value)) {
		fail(patch, "value from EditTree != patch value");
	}
}

static void apply(struct patch *patch, const struct value *operation)
{
	const struct value *path_value = value_find(operation, "path");
	const char *op = value_find_text(operation, "op");
	const struct value *value = NULL;
	struct json_path path;

	if (!value_is(operation, VALUE_OBJECT)) {
		fail(patch,
			"must be an array of JSON-Patch objects, but at least one element is not "
			"an object");
		return;
	}
	if (path_value == NULL || op == NULL) {
		fail(patch, path_value == NULL ? "missing required attribute 'path'"
					       : "missing required attribute 'op', a string");
		return;
	}
	if (!builtin_json_path(patch->context, path_value, &path)) {
		patch->failed = true;
		return;
	}
	bool replace = strcmp(op, "replace") == 0;
	bool add = strcmp(op, "add") == 0;
	bool test = strcmp(op, "test") == 0;
	if (add || replace || test) {
		value = member_of(patch, operation, "value");
	}
	if (replace && !patch->failed) {
		apply_remove(patch, &path);
	}
	if (patch->failed) {
		return;
	}
	if (add || replace) {
		apply_add(patch, &path, value);
	} else if (test) {
		apply_test(patch, &path, value);
	} else if (strcmp(op, "remove") == 0) {
		apply_remove(patch, &path);
	} else if (strcmp(op, "move") == 0 || strcmp(op, "copy") == 0) {
		apply_copy(patch, operation, &path, op[0] == 'm');
	} else {
		fail(patch, "unrecognized op");
	}
}

const struct value *builtin_json_patch(
	struct policy_context *context, const struct value *const *args)
{
	struct patch patch = { .context = context, .root = args[0] };

	if (!builtin_is(context, args, 1, VALUE_ARRAY)) {
		return NULL;
	}
	for (size_t i = 0; i < value_count(args[1]) && !patch.failed; i++) {
		apply(&patch, value_at(args[1], i));
	}
	return patch.failed ? NULL : patch.root;
}
