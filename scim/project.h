/*
 * attributes and excludedAttributes (RFC 7644, 3.9) with `returned` (RFC 7643, 7).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include "scim/schema.h"

struct arena;
struct error;
struct value;

struct scim_projection {
	const struct scim_resource_type *type;
	bool only; /* refs are `attributes`; else `excludedAttributes` */
	const struct scim_ref *refs;
	size_t count;
};

/*
 * attributes and excluded are comma-separated lists or NULL. NULL result with no error set: neither
 * says anything, everything is returned by default. Unknown names select nothing.
 * False: ERROR_VALUE when both are given. Names beyond the first 100 are not looked at.
 */
bool scim_projection_parse(struct arena *arena, const struct scim_resource_type *type,
	const char *attributes, const char *excluded, const struct scim_projection **projection,
	struct error *err);

/* Whether the attribute, or a part of it, is returned. projection NULL: by default. */
bool scim_projection_wants(
	const struct scim_projection *projection, const struct scim_attribute *attribute);
/* For loading only what is needed: "members", "groups". */
bool scim_projection_wants_place(const struct scim_resource_type *type,
	const struct scim_projection *projection, enum scim_place place);
/* Of an attribute that is returned: whether this sub-attribute is. */
bool scim_projection_wants_sub(
	const struct scim_projection *projection, const struct scim_attribute *sub);
