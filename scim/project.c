#include "scim/project.h"

#include <string.h>
#include "base/arena.h"
#include "base/error.h"

#define NAMES_MAX 100

/* ---- lists of names ---- */

static size_t parse_names(struct arena *arena, const struct scim_resource_type *type,
	const char *text, const struct scim_ref **result)
{
	struct scim_ref *refs = arena_alloc(arena, NAMES_MAX * sizeof(*refs));
	size_t count = 0;

	while (*text != '\0' && count < NAMES_MAX) {
		size_t size;

		text += strspn(text, ", ");
		size = strcspn(text, ", ");
		if (size > 0 && scim_type_resolve(type, text, size, &refs[count])) {
			count++;
		}
		text += size;
	}
	*result = refs;
	return count;
}

bool scim_projection_parse(struct arena *arena, const struct scim_resource_type *type,
	const char *attributes, const char *excluded, const struct scim_projection **projection,
	struct error *err)
{
	struct scim_projection *it;

	*projection = NULL;
	if (attributes == NULL && excluded == NULL) {
		return true;
	}
	if (attributes != NULL && excluded != NULL) {
		return error_set(err, ERROR_VALUE,
			"attributes and excludedAttributes exclude each other (RFC 7644, 3.9)");
	}
	it = arena_calloc(arena, 1, sizeof(*it));
	it->type = type;
	it->only = attributes != NULL;
	it->count = parse_names(arena, type, it->only ? attributes : excluded, &it->refs);
	*projection = it;
	return true;
}

/* ---- what is returned ---- */

/* Whether a ref names the attribute, or a part of it, or the extension around it. */
static bool names(const struct scim_ref *ref, const struct scim_attribute *attribute)
{
	return ref->attribute == attribute ||
	       (ref->attribute == NULL && ref->extension == attribute->schema);
}

static bool is_named(const struct scim_projection *it, const struct scim_attribute *attribute)
{
	for (size_t i = 0; i < it->count; i++) {
		if (names(&it->refs[i], attribute)) {
			return true;
		}
	}
	return false;
}

static bool is_named_whole(const struct scim_projection *it, const struct scim_attribute *attribute)
{
	for (size_t i = 0; i < it->count; i++) {
		if (it->refs[i].sub == NULL && names(&it->refs[i], attribute)) {
			return true;
		}
	}
	return false;
}

bool scim_projection_wants(
	const struct scim_projection *projection, const struct scim_attribute *attribute)
{
	if (attribute->returned == SCIM_ALWAYS || attribute->returned == SCIM_NEVER) {
		return attribute->returned == SCIM_ALWAYS;
	}
	if (projection != NULL && projection->only) {
		return is_named(projection, attribute);
	}
	return attribute->returned == SCIM_DEFAULT &&
	       (projection == NULL || !is_named_whole(projection, attribute));
}

bool scim_projection_wants_sub(
	const struct scim_projection *projection, const struct scim_attribute *sub)
{
	bool is_named_itself = false;

	if (sub->returned == SCIM_ALWAYS || sub->returned == SCIM_NEVER) {
		return sub->returned == SCIM_ALWAYS;
	}
	for (size_t i = 0; projection != NULL && i < projection->count; i++) {
		is_named_itself = is_named_itself || projection->refs[i].sub == sub;
	}
	if (projection == NULL || !projection->only) {
		return sub->returned == SCIM_DEFAULT && !is_named_itself;
	}
	return is_named_itself ||
	       (sub->returned == SCIM_DEFAULT && is_named_whole(projection, sub->parent));
}

bool scim_projection_wants_place(const struct scim_resource_type *type,
	const struct scim_projection *projection, enum scim_place place)
{
	const struct scim_schema *schema = type->schema;

	for (size_t i = 0; i < schema->count; i++) {
		if (schema->attributes[i].place == place) {
			return scim_projection_wants(projection, &schema->attributes[i]);
		}
	}
	return false;
}
