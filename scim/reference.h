/*
 * Values of type reference (RFC 7643, 2.3.7).
 */
#pragma once

#include <stdbool.h>

struct arena;
struct error;
struct scim_attribute;
struct scim_model;
struct value;

/*
 * A reference to resources leads to those of its types. Whether the target exists is not looked at
 * (RFC 7643, 2.3.7), and what lies outside, or is not ours to understand, passes.
 * in: a string. ERROR_VALUE.
 */
bool scim_reference_check(struct arena *arena, const struct scim_model *model,
	const struct scim_attribute *attribute, const struct value *in, struct error *err);
