/*
 * One operation on a document: the work below PATCH, and below bodies whose keys are paths.
 */
#pragma once

#include <stdbool.h>
#include "scim/patch.h"
#include "scim/read.h"

struct scim_edit {
	struct scim_reader reader;
	const char *id; /* of the resource; NULL: it has none yet, so any `id` is skipped */
	const struct value *doc; /* so far */
	const struct value *external_id;
	bool sets_external_id;
	bool has_password;
	struct scim_member_step *steps; /* in arena */
	size_t step_count;
	size_t step_capacity;
};

/* path NULL: value is an object of attributes (RFC 7644, 3.5.2.1 and 3.5.2.3). value NULL: absent.
 */
bool scim_edit_apply(struct scim_edit *edit, enum scim_patch_op op, const struct scim_path *path,
	const struct value *value, struct error *err);

/* Turns an operation on `members` into steps (scim/members.h). */
bool scim_edit_members(struct scim_edit *edit, enum scim_patch_op op, const struct scim_path *path,
	const struct value *value, struct error *err);
