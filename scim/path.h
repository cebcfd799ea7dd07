/*
 * Paths of PATCH operations (RFC 7644, 3.5.2, figure 7):
 *
 *	path = attrPath / valuePath [subAttr]
 *	members · name.familyName · emails[type eq "work"] · emails[type eq "work"].value
 *	urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include "scim/schema.h"

struct arena;
struct buf;
struct error;
struct scim_filter;

struct scim_path {
	struct scim_ref ref;              /* the sub-attribute of a value path stands in ref.sub */
	const struct scim_filter *filter; /* NULL: none */
};

/* ERROR_PATH: the grammar, or no such attribute. `loose`: filters as in SCIM_LOOSE_FILTER. */
bool scim_path_parse(struct arena *arena, const struct scim_resource_type *type, const char *text,
	size_t size, bool loose, struct scim_path *path, struct error *err);

/* parse → print → parse is a fixpoint. */
void scim_path_print(struct buf *buf, const struct scim_path *path);
