/*
 * bulk_ref: "bulkId:<name>" in the data of bulk operations: find it, put an id in its place, leave
 * out what mentions it. Knows nothing of operations and plans; scim/bulk.h does.
 *
 *     "value": "bulkId:a"                              the whole text
 *     "$ref": "…/Users/bulkId:a"                       the last part of a URI
 *     "path": "members[value eq \"bulkId:a\"]"         a text within the filter of a PATCH path
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct value;

/* Called for each mention, in order of the tree. False: stop. */
typedef bool scim_bulk_mention_fn(void *user, const char *name, size_t size);

/* False: the callback stopped. */
bool scim_bulk_mentions(const struct value *data, scim_bulk_mention_fn *fn, void *user);

/* What stands for a name. *endpoint ("/Users") is for a $ref that is a name and nothing else. */
typedef const char *scim_bulk_name_fn(
	void *user, const char *name, size_t size, const char **endpoint);

/* The tree with ids for names; shares what has none. */
const struct value *scim_bulk_replace(
	struct arena *arena, const struct value *data, scim_bulk_name_fn *id_of, void *user);

/*
 * Cuts a resource in two: with `wanted` false what mentions nothing that `fn` stops at, with
 * `wanted` true the rest. Whole attributes go, and of lists whole elements; an extension is cut
 * inside.
 */
const struct value *scim_bulk_part(struct arena *arena, const struct value *resource, bool wanted,
	scim_bulk_mention_fn *fn, void *user);
