#include "scim/document.h"

#include <string.h>
#include "base/arena.h"
#include "base/value.h"

const struct value *scim_doc_with_schemas(
	struct arena *arena, const struct scim_resource_type *type, const struct value *doc)
{
	const struct value *urns[1 + SCIM_EXTENSIONS_MAX];
	size_t count = 0;

	urns[count++] = type->schema->key;
	for (size_t i = 0; i < type->extension_count; i++) {
		if (value_find_n(doc, type->extensions[i]->id, type->extensions[i]->id_size) !=
			NULL) {
			urns[count++] = type->extensions[i]->key;
		}
	}
	return value_with(arena, doc, "schemas", value_of_array(arena, urns, count));
}

/* Of a value of a complex attribute, or of each of a list. */
static bool check_required_subs(const struct scim_attribute *attribute, const struct value *value,
	enum error_code code, struct error *err)
{
	if (value_is(value, VALUE_ARRAY)) {
		for (size_t i = 0; i < value_count(value); i++) {
			if (!check_required_subs(attribute, value_at(value, i), code, err)) {
				return false;
			}
		}
		return true;
	}
	for (size_t i = 0; value_is(value, VALUE_OBJECT) && i < attribute->sub_count; i++) {
		const struct scim_attribute *sub = &attribute->subs[i];

		if (sub->required && sub->place == SCIM_IN_DOC &&
			value_find_n(value, sub->name, sub->name_size) == NULL) {
			return error_set(
				err, code, "%s.%s is required", attribute->name, sub->name);
		}
	}
	return true;
}

static bool check_required_of(const struct scim_schema *schema, const struct value *object,
	enum error_code code, struct error *err)
{
	for (size_t i = 0; i < schema->count; i++) {
		const struct scim_attribute *it = &schema->attributes[i];

		if (it->required && it->place == SCIM_IN_DOC &&
			value_find_n(object, it->name, it->name_size) == NULL) {
			return error_set(err, code, "%s is required", it->name);
		}
		if (it->requires_sub && it->place == SCIM_IN_DOC &&
			!check_required_subs(
				it, value_find_n(object, it->name, it->name_size), code, err)) {
			return false;
		}
	}
	return true;
}

bool scim_check_required(const struct scim_resource_type *type, const struct value *doc,
	enum error_code code, struct error *err)
{
	if (!check_required_of(type->schema, doc, code, err)) {
		return false;
	}
	for (size_t i = 0; i < type->extension_count; i++) {
		const struct scim_schema *it = type->extensions[i];
		const struct value *object = value_find_n(doc, it->id, it->id_size);

		if (object == NULL && type->extension_required[i]) {
			return error_set(err, code, "the extension %s is required", it->id);
		}
		if (object != NULL && !check_required_of(it, object, code, err)) {
			return false;
		}
	}
	return true;
}

/* ---- what a PUT does not touch ---- */

static const struct value *kept_of(struct arena *arena, const struct scim_schema *schema,
	const struct value *before, const struct value *after)
{
	for (size_t i = 0; i < schema->count; i++) {
		const struct scim_attribute *it = &schema->attributes[i];
		const struct value *was = value_find_n(before, it->name, it->name_size);

		if (was != NULL && it->place == SCIM_IN_DOC &&
			(it->mutability == SCIM_IMMUTABLE || it->mutability == SCIM_READ_ONLY) &&
			value_find_n(after, it->name, it->name_size) == NULL) {
			after = value_with(arena, after, it->name, was);
		}
	}
	return after;
}

const struct value *scim_doc_kept(struct arena *arena, const struct scim_resource_type *type,
	const struct value *before, const struct value *after)
{
	const struct value *result = after;

	if (!type->has_kept) {
		return after;
	}
	result = kept_of(arena, type->schema, before, result);
	for (size_t i = 0; i < type->extension_count; i++) {
		const struct scim_schema *it = type->extensions[i];
		const struct value *is = value_find_n(after, it->id, it->id_size);
		const struct value *kept =
			kept_of(arena, it, value_find_n(before, it->id, it->id_size), is);

		if (kept != is) {
			result = value_with(arena, result, it->id, kept);
		}
	}
	return result != after ? scim_doc_with_schemas(arena, type, result) : after;
}

/* ---- immutable attributes ---- */

static bool keeps(const struct scim_attribute *attributes, size_t count, const struct value *before,
	const struct value *after, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		const struct scim_attribute *it = &attributes[i];
		const struct value *was = value_find_n(before, it->name, it->name_size);
		const struct value *is = value_find_n(after, it->name, it->name_size);

		if (was == NULL || was == is || it->place != SCIM_IN_DOC) {
			continue;
		}
		if (it->mutability == SCIM_IMMUTABLE && (is == NULL || !value_equals(was, is))) {
			return error_set(err, ERROR_MUTABILITY,
				"%s is immutable: it has a value, which stays",
				value_text(it->path));
		}
		/* Elements of a list have no identity to compare by; they come and go as wholes. */
		if (!it->multi && !keeps(it->subs, it->sub_count, was, is, err)) {
			return false;
		}
	}
	return true;
}

bool scim_check_immutable(const struct scim_resource_type *type, const struct value *before,
	const struct value *after, struct error *err)
{
	if (!type->has_immutable) {
		return true;
	}
	if (!keeps(type->schema->attributes, type->schema->count, before, after, err)) {
		return false;
	}
	for (size_t i = 0; i < type->extension_count; i++) {
		const struct scim_schema *it = type->extensions[i];

		if (!keeps(it->attributes, it->count, value_find_n(before, it->id, it->id_size),
			    value_find_n(after, it->id, it->id_size), err)) {
			return false;
		}
	}
	return true;
}
