#include "scim/edit.h"

#include <string.h>
#include <strings.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/value.h"
#include "scim/dialect.h"
#include "scim/edit_list.h"

/* ---- one attribute of the document ---- */

static const struct value *container_of(const struct scim_edit *edit, const struct scim_ref *ref)
{
	return ref->extension == NULL
		       ? edit->doc
		       : value_find_n(edit->doc, ref->extension->id, ref->extension->id_size);
}

static bool is_same(const struct value *a, const struct value *b)
{
	return a == b || (a != NULL && b != NULL && value_equals(a, b));
}

static void put(struct scim_edit *edit, const struct scim_ref *ref, const struct value *before,
	const struct value *after)
{
	struct arena *arena = edit->reader.arena;
	const struct value *object;

	if (is_same(before, after)) {
		return;
	}
	object = value_with(arena, container_of(edit, ref), ref->attribute->name, after);
	if (ref->extension != NULL) {
		object = value_with(arena, edit->doc, ref->extension->id,
			value_count(object) > 0 ? object : NULL);
	}
	edit->doc = object;
}

/* name.givenName: the complex value with one sub-attribute set or gone. */
static bool edit_sub(struct scim_edit *edit, enum scim_patch_op op, const struct scim_path *path,
	const struct value *value, const struct value *before, const struct value **after,
	struct error *err)
{
	const struct scim_attribute *sub = path->ref.sub;
	const struct value *now = NULL;

	if (op != SCIM_REMOVE && !scim_read(&edit->reader, sub, value, &now, err)) {
		return false;
	}
	*after = before;
	if (now != value_find_n(before, sub->name, sub->name_size)) {
		*after = value_with(edit->reader.arena, before, sub->name, now);
	}
	*after = scim_read_without_stale_ref(&edit->reader, before, *after);
	if (value_count(*after) == 0) {
		*after = NULL;
	}
	return true;
}

/* remove with a value (SCIM_REMOVE_BY_VALUE): what it names goes, the rest stays. */
static const struct value *without_subs(struct scim_edit *edit,
	const struct scim_attribute *attribute, const struct value *value,
	const struct value *before)
{
	const struct value *after = before;

	for (size_t i = 0; i < value_count(value) && value_is(value, VALUE_OBJECT); i++) {
		const struct value *key = value_member_at(value, i)->key;
		const struct scim_attribute *sub =
			scim_attribute_sub(attribute, value_text(key), value_size(key));

		if (sub != NULL && value_find_n(after, sub->name, sub->name_size) != NULL) {
			after = value_with(edit->reader.arena, after, sub->name, NULL);
		}
	}
	after = scim_read_without_stale_ref(&edit->reader, before, after);
	return value_count(after) > 0 ? after : NULL;
}

/* RFC 7644, 3.5.2.1 and 3.5.2.3: for a single value add and replace are the same. */
static bool edit_single(struct scim_edit *edit, enum scim_patch_op op, const struct scim_path *path,
	const struct value *value, const struct value *before, const struct value **after,
	struct error *err)
{
	const struct scim_attribute *attribute = path->ref.attribute;

	if (path->ref.sub != NULL) {
		return edit_sub(edit, op, path, value, before, after, err);
	}
	if (op == SCIM_REMOVE && attribute->type == SCIM_COMPLEX && value_count(value) > 0) {
		*after = without_subs(edit, attribute, value, before);
		return true;
	}
	if (op == SCIM_REMOVE || scim_dialect_is_unassigned(edit->reader.dialect, value)) {
		*after = NULL;
		return true;
	}
	if (attribute->type == SCIM_COMPLEX) {
		return scim_read_over(&edit->reader, attribute, before, value, after, err);
	}
	return scim_read(&edit->reader, attribute, value, after, err);
}

static bool edit_document(struct scim_edit *edit, enum scim_patch_op op,
	const struct scim_path *path, const struct value *value, struct error *err)
{
	const struct scim_attribute *attribute = path->ref.attribute;
	const struct value *before =
		value_find_n(container_of(edit, &path->ref), attribute->name, attribute->name_size);
	const struct value *after;

	if (op == SCIM_REMOVE && value != NULL &&
		!scim_dialect_has(edit->reader.dialect, SCIM_REMOVE_BY_VALUE)) {
		return error_set(err, ERROR_VALUE,
			"remove has no value: name what goes with a filter in the path");
	}
	if (attribute->multi) {
		if (!scim_edit_list(&edit->reader, op, path, value, before, &after, err)) {
			return false;
		}
	} else if (!edit_single(edit, op, path, value, before, &after, err)) {
		return false;
	}
	put(edit, &path->ref, before, after);
	return true;
}

/* ---- what lives beside the document ---- */

static bool read_only(const struct scim_path *path, struct error *err)
{
	const struct scim_ref *ref = &path->ref;

	return error_set(err, ERROR_MUTABILITY, "%s is read-only",
		value_text(ref->sub != NULL ? ref->sub->path : ref->attribute->path));
}

/* Some identity providers name the id again; the same one is no change. */
static bool edit_id(const struct scim_edit *edit, enum scim_patch_op op,
	const struct scim_path *path, const struct value *value, struct error *err)
{
	if (op != SCIM_REMOVE && value_is(value, VALUE_STRING) &&
		(edit->id == NULL || strcmp(edit->id, value_text(value)) == 0)) {
		return true;
	}
	return read_only(path, err);
}

static bool edit_external_id(
	struct scim_edit *edit, enum scim_patch_op op, const struct value *value, struct error *err)
{
	edit->sets_external_id = true;
	edit->external_id = NULL;
	return op == SCIM_REMOVE ||
	       scim_read_external_id(&edit->reader, value, &edit->external_id, err);
}

static bool edit_attribute(struct scim_edit *edit, enum scim_patch_op op,
	const struct scim_path *path, const struct value *value, struct error *err)
{
	const struct scim_ref *ref = &path->ref;

	switch (ref->attribute->place) {
	case SCIM_IS_ID:
		return edit_id(edit, op, path, value, err);
	case SCIM_IS_SCHEMAS: /* follows from what is in the document */
		return op != SCIM_REMOVE || read_only(path, err);
	case SCIM_IS_EXTERNAL_ID:
		return edit_external_id(edit, op, value, err);
	case SCIM_IS_MEMBERS:
		return scim_edit_members(edit, op, path, value, err);
	case SCIM_IS_PASSWORD:
		return op == SCIM_REMOVE ||
		       scim_read_password(&edit->reader, value, &edit->has_password, err);
	case SCIM_IS_META:
	case SCIM_IS_GROUPS:
	case SCIM_IN_DOC:
	case SCIM_IS_SECRET:
		break;
	}
	if (ref->attribute->mutability == SCIM_READ_ONLY ||
		(ref->sub != NULL && ref->sub->mutability == SCIM_READ_ONLY)) {
		return read_only(path, err);
	}
	return edit_document(edit, op, path, value, err);
}

/* ---- objects of attributes ---- */

/* Some clients name the extension's own URN inside of it; it follows from its being there. */
static bool is_schemas(const struct scim_edit *edit, const char *key, size_t size)
{
	const struct scim_attribute *it = scim_type_find(edit->reader.type, key, size);

	return it != NULL && it->place == SCIM_IS_SCHEMAS;
}

static bool is_skipped(const struct scim_edit *edit, const struct scim_attribute *attribute)
{
	return attribute != NULL && attribute->mutability == SCIM_READ_ONLY &&
	       attribute->place != SCIM_IS_ID &&
	       scim_dialect_has(edit->reader.dialect, SCIM_IGNORE_READ_ONLY);
}

static bool edit_object(struct scim_edit *edit, enum scim_patch_op op,
	const struct scim_schema *extension, const struct value *value, struct error *err);

/* A key that is no attribute's name: a path, or nothing we know. */
static bool edit_odd_key(struct scim_edit *edit, enum scim_patch_op op, const char *key,
	const struct value *value, struct error *err)
{
	size_t size = strlen(key);
	const char *name = scim_dialect_name(
		edit->reader.arena, edit->reader.dialect, edit->reader.type, key, &size);
	struct scim_path path;

	if (!scim_dialect_has(edit->reader.dialect, SCIM_PATH_KEYS) ||
		strpbrk(key, ".:[") == NULL) {
		return scim_read_unknown(&edit->reader, key, err);
	}
	if (strcasecmp(name, edit->reader.type->schema->id) == 0) {
		return edit_object(edit, op, NULL, value, err);
	}
	if (!scim_path_parse(
		    edit->reader.arena, edit->reader.type, name, size, true, &path, NULL)) {
		return scim_read_unknown(&edit->reader, key, err);
	}
	return is_skipped(edit, path.ref.attribute) || scim_edit_apply(edit, op, &path, value, err);
}

/* extension NULL: the keys are the type's own attributes and its extensions. */
static bool edit_member(struct scim_edit *edit, enum scim_patch_op op,
	const struct scim_schema *extension, const struct value_member *member, struct error *err)
{
	const char *key = value_text(member->key);
	size_t size = value_size(member->key);
	struct scim_path path = { .ref.extension = extension };

	path.ref.attribute = extension != NULL ? scim_schema_find(extension, key, size)
					       : scim_type_find(edit->reader.type, key, size);
	if (path.ref.attribute != NULL) {
		return is_skipped(edit, path.ref.attribute) ||
		       edit_attribute(edit, op, &path, member->value, err);
	}
	if (extension != NULL) {
		if (is_schemas(edit, key, size)) {
			return true;
		}
		key = arena_printf(edit->reader.arena, "%s:%s", extension->id, key);
		return edit_odd_key(edit, op, key, member->value, err);
	}
	path.ref.extension = scim_type_extension(edit->reader.type, key, size);
	if (path.ref.extension != NULL) {
		return scim_edit_apply(edit, op, &path, member->value, err);
	}
	return edit_odd_key(edit, op, key, member->value, err);
}

/* A path that names an extension, or no path at all. */
static bool edit_object(struct scim_edit *edit, enum scim_patch_op op,
	const struct scim_schema *extension, const struct value *value, struct error *err)
{
	bool by_value = op == SCIM_REMOVE && value_count(value) > 0 &&
			scim_dialect_has(edit->reader.dialect, SCIM_REMOVE_BY_VALUE);

	if (extension != NULL && !by_value &&
		(op == SCIM_REMOVE || scim_dialect_is_unassigned(edit->reader.dialect, value))) {
		edit->doc = value_with(edit->reader.arena, edit->doc, extension->id, NULL);
		return true;
	}
	if (!value_is(value, VALUE_OBJECT)) {
		return error_set(err, ERROR_VALUE, "without %s the value must be an object",
			extension != NULL ? "an attribute in the path" : "a path");
	}
	for (size_t i = 0; i < value_count(value); i++) {
		if (!edit_member(edit, op, extension, value_member_at(value, i), err)) {
			return false;
		}
	}
	return true;
}

bool scim_edit_apply(struct scim_edit *edit, enum scim_patch_op op, const struct scim_path *path,
	const struct value *value, struct error *err)
{
	if (path == NULL || path->ref.attribute == NULL) {
		return edit_object(edit, op, path != NULL ? path->ref.extension : NULL, value, err);
	}
	return edit_attribute(edit, op, path, value, err);
}
