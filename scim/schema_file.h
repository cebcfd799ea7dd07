/*
 * Schema files: RFC 7643, section 7 → templates for scim/model.h.
 *
 * A file holds one schema, a list of them, or a ListResponse as another server's /Schemas sends it.
 * Beyond the RFC an attribute may say `"canonicalValuesOnly": true`: then the canonical values are
 * all there are; without it they are hints, as in the core schemas.
 *
 * What is wrong in a file by itself is found here; what concerns several files, in model_load.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include "scim/problem.h"
#include "scim/schema.h"

struct arena;
struct value;

#define SCIM_FILE_BYTES_MAX (1024 * 1024)
#define SCIM_FILE_SCHEMAS_MAX 64     /* of all files */
#define SCIM_FILE_ATTRIBUTES_MAX 200 /* of one schema */
#define SCIM_FILE_SUBS_MAX 50        /* of one attribute */
#define SCIM_FILE_WORDS_MAX 200      /* canonicalValues, referenceTypes */
#define SCIM_FILE_NAME_BYTES_MAX 64
#define SCIM_FILE_URN_BYTES_MAX 200
#define SCIM_FILE_TEXT_BYTES_MAX 2000 /* descriptions */

/* A schema and where it stands. */
struct scim_file_schema {
	struct scim_schema schema; /* a template: nothing of the model is filled in */
	const char *file;
	const char *pointer;
	bool is_used; /* by a resource type; for model_load.c */
};

struct scim_file_schemas {
	struct scim_file_schema items[SCIM_FILE_SCHEMAS_MAX];
	size_t count;
};

/* Adds the schemas of a file; those with problems are added as far as they could be read, so that
 * nobody hears that they are missing. All texts are copied into arena. */
void scim_schema_file_read(struct arena *arena, const struct scim_file *file,
	struct scim_file_schemas *schemas, struct scim_problems *problems);

/*
 * For readers of schema and resource type files: the objects that a file holds. NULL: a problem was
 * added.
 */
const struct value *scim_file_items(struct arena *arena, const struct scim_file *file,
	bool *is_list, struct scim_problems *problems);

/* "urn:" and what a URN may hold, not too long. */
bool scim_file_is_urn(const char *text, size_t size);
