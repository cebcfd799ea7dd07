/*
 * before × after → what changed, attribute by attribute.
 */
#pragma once

struct arena;
struct scim_resource_type;
struct value;

/*
 * An array of {"path": …, "before": …, "after": …}; an absent side is unassigned. Paths are
 * canonical and sorted: "active", "name.givenName", "emails" (a multi-valued attribute is one
 * change), "urn:…:User:department". `schemas` is computed and never a change.
 * before or after may be NULL (create, delete). Equal pointers are skipped without a look.
 * An empty array: a no-op.
 */
const struct value *scim_changes(struct arena *arena, const struct scim_resource_type *type,
	const struct value *before, const struct value *after);
