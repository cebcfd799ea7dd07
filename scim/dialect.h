/*
 * What each kind of identity provider really sends, and how it becomes standard SCIM.
 *
 * A dialect is a set of quirks: each quirk is one deviation from RFC 7643/7644,
 * one row of the table in dialect.c. The strict code of the other modules asks
 * here only where it would refuse, so that `standard` gets the RFC's errors and
 * what a policy sees is standard SCIM from whomever it came.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct value;
struct scim_attribute;

enum scim_quirk {
	/* "Replace" for "replace" */
	SCIM_OP_ANY_CASE = 1 << 0,
	/* booleans and numbers as strings */
	SCIM_TEXT_SCALARS = 1 << 1,
	/* "name.givenName", "urn:…:employeeNumber", "emails[…].value" as keys of an object */
	SCIM_PATH_KEYS = 1 << 2,
	/* remove with a list of the values that go */
	SCIM_REMOVE_BY_VALUE = 1 << 3,
	/* manager: "id" for manager: {"value": "id"} */
	SCIM_BARE_COMPLEX = 1 << 4,
	/* "" clears an attribute */
	SCIM_EMPTY_IS_UNASSIGNED = 1 << 5,
	/* add and replace of emails[type eq "work"].value make the element that is not there */
	SCIM_CREATE_ELEMENT = 1 << 6,
	/* "Operations": [] does nothing */
	SCIM_EMPTY_OPERATIONS = 1 << 7,
	/* unknown schema URIs, and unknown attributes in bodies, are dropped */
	SCIM_FOREIGN_SCHEMAS = 1 << 8,
	/* read-only attributes in path-less PATCH values are skipped */
	SCIM_IGNORE_READ_ONLY = 1 << 9,
	/* literals of the wrong type; emails[type eq "work"].value eq "…" */
	SCIM_LOOSE_FILTER = 1 << 10,
	/* removing what is not there is no noTarget */
	SCIM_REMOVE_IS_IDEMPOTENT = 1 << 11,
	/* messages without "schemas" */
	SCIM_NO_SCHEMAS = 1 << 12,
	/* [{"value": x}] for x; one object where a list belongs */
	SCIM_WRAPPED_SINGLE = 1 << 13,
	/* PATCH of a Group is answered 204 */
	SCIM_GROUP_PATCH_204 = 1 << 14,
	/* replace of members adds; in no built-in dialect: an option for a single source */
	SCIM_ADDITIVE_MEMBERS = 1 << 15,
};

struct scim_dialect {
	const char *name;
	unsigned quirks; /* of enum scim_quirk */
};

/* "standard", "entra", "okta". NULL: unknown. */
const struct scim_dialect *scim_dialect_find(const char *name);
const struct scim_dialect *scim_dialect_standard(void);
/* By number, for lists in messages and for documentation; NULL behind the last. */
const struct scim_dialect *scim_dialect_at(size_t index);

static inline bool scim_dialect_has(const struct scim_dialect *dialect, enum scim_quirk quirk)
{
	return (dialect->quirks & (unsigned)quirk) != 0;
}

/*
 * A value that is not of its attribute's type, as the dialect means it: "False" → false, "12" → 12,
 * "id" → {"value": "id"}, [{"value": "x"}] → "x". NULL: the dialect knows no meaning. Elements of a
 * multi-valued attribute are asked for one by one. The result may need to be asked for again.
 */
const struct value *scim_dialect_coerce(struct arena *arena, const struct scim_dialect *dialect,
	const struct scim_attribute *attribute, const struct value *value);

/* null; in some dialects "" as well. An empty list and object are found by the reader. */
bool scim_dialect_is_unassigned(const struct scim_dialect *dialect, const struct value *value);
