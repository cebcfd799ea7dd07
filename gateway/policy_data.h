/*
 * policy_data: do the data of a policy fit what its rules say of them? A package says it in its
 * head, as JSON Schemas by path, and `opa check` holds the rules against the same:
 *
 *     # METADATA
 *     # schemas:
 *     #   - data.access.rails: {type: object, required: [max], …}
 *     package scimward.rules.rails
 *
 * A rule over data of another shape than it was written for is mostly undefined, and then it stops
 * nobody: so wrong data is refused like a wrong rule.
 */
#pragma once

#include <stdbool.h>

struct arena;
struct error;
struct policy_tree;
struct value;

/* Some file of the tree may say something of data; one that only looks like it counts. */
bool policy_data_has_schemas(const struct policy_tree *tree);

/*
 * annotations: those of `opa inspect -a` (policy_opa_annotations). Data that are not there fit.
 * False: ERROR_POLICY, "access/data.yaml:12: data.access.rails.max: Invalid type. …, and 2 more";
 * the place as well as the files of the tree tell it.
 */
bool policy_data_check(struct arena *arena, const struct value *annotations,
	const struct value *data, const struct policy_tree *tree, struct error *err);

/* All of them as one JSON Schema of what lies below `data`. */
const struct value *policy_data_schema(struct arena *arena, const struct value *annotations);
