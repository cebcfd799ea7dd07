/*
 * Operations on a multi-valued attribute: union, whole sets, value paths, primary.
 */
#pragma once

#include <stdbool.h>
#include "scim/patch.h"
#include "scim/read.h"

/* Values that the operations of one PATCH may look at: bounds lists × operations × filters. */
#define SCIM_EDIT_WORK_MAX 200000

/* before: the list that is there, or NULL. *after NULL: unassigned. value NULL: absent.
 * ERROR_TOO_MANY beyond SCIM_EDIT_WORK_MAX. */
bool scim_edit_list(struct scim_reader *reader, enum scim_patch_op op, const struct scim_path *path,
	const struct value *value, const struct value *before, const struct value **after,
	struct error *err);
