/*
 * An index of attributes by name, without ASCII case. One probe in nearly every case.
 */
#pragma once

#include <stddef.h>

struct arena;
struct scim_attribute;
struct scim_names;

/* Lives in arena and points to the attributes, whose name_size is filled. */
struct scim_names *scim_names_new(
	struct arena *arena, const struct scim_attribute *attributes, size_t count);

/* NULL: not there, or names is NULL. */
const struct scim_attribute *scim_names_find(
	const struct scim_names *names, const char *name, size_t size);
