/*
 * What holds for a document as a whole: its schemas, what it must have, what may not change.
 */
#pragma once

#include <stdbool.h>
#include "base/error.h"
#include "scim/schema.h"

struct arena;
struct value;

/* A document with `schemas` computed from what is in it. */
const struct value *scim_doc_with_schemas(
	struct arena *arena, const struct scim_resource_type *type, const struct value *doc);

/* Required attributes are there. `code` is what a missing one means. */
bool scim_check_required(const struct scim_resource_type *type, const struct value *doc,
	enum error_code code, struct error *err);

/*
 * The document of a PUT, with what a PUT that does not name it leaves as it was: immutable
 * attributes that have a value, and read-only ones (RFC 7644, 3.5.1).
 */
const struct value *scim_doc_kept(struct arena *arena, const struct scim_resource_type *type,
	const struct value *before, const struct value *after);

/* Immutable attributes that had a value still have it (RFC 7643, 7). ERROR_MUTABILITY. */
bool scim_check_immutable(const struct scim_resource_type *type, const struct value *before,
	const struct value *after, struct error *err);
