/*
 * Values as they come → values as a schema wants them. Used for bodies and for PATCH alike.
 *
 * Canonical names, types held, dialect applied, null and empty things dropped. What is already
 * so is returned as it is, without a copy.
 */
#pragma once

#include <stdbool.h>
#include "base/error.h"
#include "scim/schema.h"

struct arena;
struct value;
struct value_builder;
struct scim_dialect;

struct scim_reader {
	struct arena *arena;
	const struct scim_resource_type *type;
	const struct scim_dialect *dialect;
	struct value_builder *dropped; /* of items: names that the dialect lets us ignore */
	size_t work;                   /* values of lists looked at so far, see scim_edit_list() */
};

#define SCIM_LIST_VALUES_MAX 1000
#define SCIM_TEXT_BYTES_MAX 65536 /* of a string; references and binaries may be bigger */

/* The value of a whole attribute: a list for a multi-valued one. *out NULL: unassigned.
 * ERROR_VALUE. */
bool scim_read(struct scim_reader *reader, const struct scim_attribute *attribute,
	const struct value *in, const struct value **out, struct error *err);

/* One value of an attribute: an element of a multi-valued one. */
bool scim_read_one(struct scim_reader *reader, const struct scim_attribute *attribute,
	const struct value *in, const struct value **out, struct error *err);

/*
 * A complex value over the one that is there (RFC 7644, 3.5.2.1 and 3.5.2.3): sub-attributes that
 * are named are set or, by null, removed; the others stay. before NULL: nothing is there.
 */
bool scim_read_over(struct scim_reader *reader, const struct scim_attribute *attribute,
	const struct value *before, const struct value *in, const struct value **out,
	struct error *err);

/*
 * $ref is where `value` points: when a change sets only the value, the old $ref goes. Returns after
 * or, without $ref, a new one.
 */
const struct value *scim_read_without_stale_ref(
	struct scim_reader *reader, const struct value *before, const struct value *after);

/* Only what a value of a list is for (type, primary, display), not what it is. */
bool scim_says_nothing(const struct value *item);

/* "emails.type" for messages, without the URN of an extension. */
const char *scim_attribute_label(struct arena *arena, const struct scim_attribute *attribute);

/*
 * Required attributes that are never kept (SCIM_IS_SECRET) are in `in`, as it came; and where a
 * secret is, so is what else is required: of an object of secrets alone nothing will be left to
 * tell. ERROR_VALUE.
 */
bool scim_check_secrets(struct scim_reader *reader, const struct scim_attribute *attributes,
	size_t count, const struct value *in, struct error *err);

/* A name that nobody knows. True: the dialect lets us drop it, and it is noted. Else ERROR_SYNTAX.
 */
bool scim_read_unknown(struct scim_reader *reader, const char *name, struct error *err);

/* An externalId: *out NULL when unassigned. ERROR_VALUE for everything but a text, numbers
 * included. */
bool scim_read_external_id(struct scim_reader *reader, const struct value *in,
	const struct value **out, struct error *err);
/* A password: validated, never kept. *given: there was one. */
bool scim_read_password(
	struct scim_reader *reader, const struct value *in, bool *given, struct error *err);

/*
 * `primary` is true at most once (RFC 7643, 2.4); a list has at most SCIM_LIST_VALUES_MAX values,
 * one with a key in the store SCIM_KEY_VALUES_MAX. ERROR_VALUE.
 */
bool scim_check_list(
	const struct scim_attribute *attribute, const struct value *list, struct error *err);
