/*
 * Templates of schemas and types → a model. The core model is built from the tables of
 * scim/schema_core.h; schemas from files become templates and come the same way.
 */
#pragma once

#include <stddef.h>
#include "scim/schema.h"

struct arena;

struct scim_type_template {
	const char *name;
	const char *endpoint;
	const char *description;
	const struct scim_schema *schema;
	const struct scim_schema *extensions[SCIM_EXTENSIONS_MAX]; /* ends with NULL when shorter */
	bool required[SCIM_EXTENSIONS_MAX];                        /* of each extension */
};

/* User and Group. */
#define SCIM_CORE_TYPES 2
extern const struct scim_type_template scim_core_types[SCIM_CORE_TYPES];

/*
 * Everything lives in arena, which must then never be reset; texts of the templates are shared.
 * `others` are schemas that are only shown.
 */
const struct scim_model *scim_model_build(struct arena *arena,
	const struct scim_type_template *templates, size_t count,
	const struct scim_schema *const *others, size_t other_count);
