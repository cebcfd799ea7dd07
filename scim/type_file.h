/*
 * Resource type files: RFC 7643, section 6 → what they ask for, not yet resolved.
 *
 * A file holds one resource type, a list of them, or a ListResponse as another server's
 * /ResourceTypes sends it. A file that names User or Group adds extensions to it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include "scim/problem.h"
#include "scim/schema.h"

struct arena;

#define SCIM_FILE_TYPES_MAX 30 /* of all files */
#define SCIM_FILE_ENDPOINT_BYTES_MAX 64

struct scim_file_type {
	const char *name;
	const char *endpoint;
	const char *description;
	const char *schema; /* URN */
	const char *extensions[SCIM_EXTENSIONS_MAX];
	bool required[SCIM_EXTENSIONS_MAX];
	size_t extension_count;
	const char *file;
	const char *pointer;
};

struct scim_file_types {
	struct scim_file_type items[SCIM_FILE_TYPES_MAX];
	size_t count;
};

/* Adds the types of a file that could be read; texts are copied into arena. */
void scim_type_file_read(struct arena *arena, const struct scim_file *file,
	struct scim_file_types *types, struct scim_problems *problems);
