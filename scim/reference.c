#include "scim/reference.h"

#include <stdint.h>
#include <string.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/value.h"
#include "scim/read.h"
#include "scim/schema.h"

/*
 * Where a URI that points to a SCIM resource leads: the name before the last, "Users" of
 * "https://host/scim/v2/Users/7" and of "../Users/7". *size 0: there is none ("urn:uuid:…", "7").
 * False: it is no URI, for it is empty or has white space or control characters.
 */
static bool endpoint_of(const char *text, size_t size, const char **endpoint, size_t *endpoint_size)
{
	size_t end = 0;
	size_t last = SIZE_MAX; /* of the slashes */
	size_t before = SIZE_MAX;

	for (size_t i = 0; i < size; i++) {
		if ((unsigned char)text[i] <= ' ' || text[i] == 0x7f) {
			return false;
		}
	}
	while (end < size && text[end] != '?' && text[end] != '#') {
		if (text[end] == '/') {
			before = last;
			last = end;
		}
		end++;
	}
	*endpoint_size = 0;
	if (last != SIZE_MAX) {
		size_t start = before != SIZE_MAX ? before + 1 : 0;

		*endpoint = text + start;
		*endpoint_size = last - start;
	}
	return size > 0;
}

/* RFC 7643, 7: "external", "uri", or the name of a resource type. */
static bool names_type(const struct scim_attribute *attribute, const char *name)
{
	for (const char *const *it = attribute->references; *it != NULL; it++) {
		if (strcmp(*it, name) == 0) {
			return true;
		}
	}
	return false;
}

bool scim_reference_check(struct arena *arena, const struct scim_model *model,
	const struct scim_attribute *attribute, const struct value *in, struct error *err)
{
	const struct scim_resource_type *type;
	const char *endpoint = "";
	size_t size;

	if (attribute->references == NULL || names_type(attribute, "external") ||
		names_type(attribute, "uri")) {
		return true;
	}
	if (!endpoint_of(value_text(in), value_size(in), &endpoint, &size)) {
		return error_set(err, ERROR_VALUE, "%s must be a URI, not %s",
			scim_attribute_label(arena, attribute), value_preview(arena, in, 40));
	}
	type = size == 0 ? NULL : scim_model_endpoint(model, arena_text(arena, endpoint, size));
	return type == NULL || names_type(attribute, type->name) ||
	       error_set(err, ERROR_VALUE, "%s leads to a %s, it must lead to a %s",
		       scim_attribute_label(arena, attribute), type->name,
		       attribute->references[0]);
}
