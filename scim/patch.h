/*
 * PATCH (RFC 7644, 3.5.2): parse a message, apply it to a document.
 *
 * Applying makes new values that share what did not change; *before* is never
 * touched, so a PATCH is atomic by nature. What lives beside the document comes
 * back beside it: the new externalId and the member delta. A Group's members are
 * not needed, the cost does not depend on them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include "scim/members.h"
#include "scim/path.h"

struct arena;
struct error;
struct value;
struct scim_dialect;

#define SCIM_PATCH_OPERATIONS_MAX 100

enum scim_patch_op { SCIM_ADD, SCIM_REPLACE, SCIM_REMOVE };

struct scim_patch_operation {
	enum scim_patch_op op;
	bool has_path;
	struct scim_path path;
	const struct value *value;   /* as sent; NULL: absent */
	const struct value *foreign; /* a path of a schema that we do not have: nothing is done */
};

struct scim_patch {
	const struct scim_resource_type *type;
	const struct scim_dialect *dialect;
	const struct scim_patch_operation *operations;
	size_t count;
};

/*
 * Parses a PatchOp message. Lives in arena, shares body.
 * ERROR_SYNTAX (message structure, unknown op, no operations), ERROR_PATH, ERROR_NO_TARGET
 * (remove without a path), ERROR_TOO_MANY (more than SCIM_PATCH_OPERATIONS_MAX).
 */
bool scim_patch_parse(struct arena *arena, const struct scim_resource_type *type,
	const struct scim_dialect *dialect, const struct value *body, struct scim_patch *patch,
	struct error *err);

/*
 * The message as standard SCIM writes it: op in lower case, canonical paths, values as they came
 * (their types depend on what they are applied to). Operations on foreign schemas are left out.
 * parse → print → parse is a fixpoint.
 */
const struct value *scim_patch_print(struct arena *arena, const struct scim_patch *patch);

/*
 * Parses obligations of a policy: an array or a set of operations, strict; sets within them are
 * taken as arrays. Additionally ERROR_MUTABILITY for id, schemas, meta, groups, members, userName
 * and externalId (a rule of the decision contract).
 */
bool scim_patch_parse_obligations(struct arena *arena, const struct scim_resource_type *type,
	const struct value *operations, struct scim_patch *patch, struct error *err);

struct scim_patch_result {
	const struct value *doc; /* the same pointer as before when nothing in it changed */
	bool sets_external_id;
	const struct value *external_id;      /* when sets_external_id: NULL clears it */
	const struct scim_member_step *steps; /* the member delta, in order */
	size_t step_count;
	bool has_password;
	const struct value *dropped; /* as in struct scim_body */
};

/*
 * Applies all operations to `before`, the document of the resource `id`, or none.
 * ERROR_NO_TARGET, ERROR_MUTABILITY, ERROR_VALUE, ERROR_PATH with "operation 2: …".
 * The result is valid against the schemas.
 */
bool scim_patch_apply(struct arena *arena, const struct scim_patch *patch, const char *id,
	const struct value *before, struct scim_patch_result *result, struct error *err);
