/*
 * Bodies of POST and PUT → documents (RFC 7644, 3.3 and 3.5.1).
 *
 * A *document* is the resource as it is stored and shown to policies: valid
 * against its schemas, canonical in names and URNs, without null, empty lists
 * and empty objects (RFC 7643, 2.5: all three mean unassigned), and WITHOUT
 * id, meta, externalId, groups, members and password. Its `schemas` is always
 * computed: the core URN, then the extensions that are in it. Values keep the
 * case they came with.
 *
 * active: a created User has it (true when the body is silent), so that only an
 * explicit act changes it; where it is unassigned afterwards, the person is not
 * active.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include "scim/schema.h"

struct arena;
struct error;
struct value;
struct scim_dialect;

struct scim_body {
	const struct value *doc;
	const struct value *external_id; /* a non-empty string; NULL: unassigned */
	const struct value *
		members; /* list for scim/members.h, not looked at yet; NULL: unassigned or empty */
	bool has_members;            /* members were named, be it as [] */
	bool has_password;           /* it was given and is a valid text; it is kept nowhere */
	const struct value *dropped; /* array of names that the dialect lets us ignore (for the
					journal); NULL: none */
};

/*
 * Reads a body. `body` is what value_parse() gave with folded_keys. The result lives in
 * arena and shares parts of body. Read-only attributes are ignored.
 * ERROR_SYNTAX (no object, schemas missing or wrong, unknown attribute in a strict dialect),
 * ERROR_VALUE (type, required, closed list, two primaries, names with invisible characters).
 */
bool scim_resource_read(struct arena *arena, const struct scim_resource_type *type,
	const struct scim_dialect *dialect, const struct value *body, struct scim_body *result,
	struct error *err);

/* The document of a create: defaults are filled in. */
const struct value *scim_resource_created(
	struct arena *arena, const struct scim_resource_type *type, const struct value *doc);

/*
 * The document of a PUT: what the body does not name is cleared, but `active`, which stays as it
 * was. ERROR_MUTABILITY when an immutable attribute would change.
 */
bool scim_resource_replaced(struct arena *arena, const struct scim_resource_type *type,
	const struct value *before, const struct value *doc, const struct value **after,
	struct error *err);

/* active is true. */
bool scim_resource_is_active(const struct value *doc);
