/*
 * input: operation → the document that the policy sees (product.md, "Decision contract", version
 * 1).
 *
 * A member that does not apply is absent, never null. Values are shared with the request, nothing
 * is copied but what is small.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include "gateway/request.h"

struct arena;
struct error;
struct store_ref;
struct value;

/*
 * The input of slice request->write->slice. Reads the users of its members and their groups.
 * Adds what it read to write->judged_values, removed_values and their entries, for the journal.
 * NULL: ERROR_STORE; ERROR_UNAUTHORIZED when the person who acts has left meanwhile.
 */
const struct value *input_build(struct request *request, struct error *err);

/*
 * The input of an operation with several slices as one document, for the journal: all members,
 * slice {index 0, of n}. With one slice: write->input as it is.
 */
const struct value *input_whole(struct request *request);

/* Parts that other questions to the policy have as well (gateway/access.h). */
const struct value *input_source(struct request *request);
const struct value *input_groups(
	struct arena *arena, const struct store_ref *groups, size_t count); /* [{id, display}] */
