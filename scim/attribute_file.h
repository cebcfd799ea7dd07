/*
 * Attributes in schema files: one member of an attribute, one function; what must hold for an
 * attribute by itself, one row. Part of scim/schema_file.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include "scim/schema.h"

struct arena;
struct scim_problems;
struct value;

struct scim_file_reader {
	struct arena *arena;
	struct scim_problems *problems;
	const char *file;
};

/* JSON pointers below `at`, in the reader's arena. */
const char *scim_file_below(struct scim_file_reader *reader, const char *at, const char *name);
const char *scim_file_item(struct scim_file_reader *reader, const char *at, size_t index);

/* A copy of a text that is not too long. NULL: a problem was added. */
const char *scim_file_text(struct scim_file_reader *reader, const struct value *in, const char *at);

/* A member that is none of `known` (which ends with NULL) is a problem. what: "a schema". */
void scim_file_members(struct scim_file_reader *reader, const struct value *in, const char *at,
	const char *what, const char *const *known, const char *hint);

/* A list of attributes, or of sub-attributes, as templates. Those with problems are left out or
 * read as far as they go. */
void scim_file_attributes(struct scim_file_reader *reader, const struct value *in, const char *at,
	bool are_subs, const struct scim_attribute **result, size_t *count);
