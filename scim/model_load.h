/*
 * Schema and resource type files → the model that the process serves: the core one and what the
 * files add to it.
 *
 * Everything that is wrong is told at once: in each file (schema_file.h, type_file.h), and between
 * them (names and endpoints that clash, schemas that nobody names or nobody defines, too many).
 */
#pragma once

#include <stddef.h>
#include "scim/problem.h"
#include "scim/schema.h"

struct arena;

#define SCIM_TYPE_UNIQUES_MAX 16 /* unique attributes of one resource type, of files */

struct scim_model_files {
	const struct scim_file *schemas;
	size_t schema_count;
	const struct scim_file *types;
	size_t type_count;
};

/*
 * Everything lives in arena, which must then never be reset; the texts may go away. No files: the
 * same as scim_model_core(). NULL: problems has at least one.
 */
const struct scim_model *scim_model_load(
	struct arena *arena, const struct scim_model_files *files, struct scim_problems *problems);
