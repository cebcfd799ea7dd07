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
	SCIM_OP_ANY_CASE = 1 << 0,  /* "Replace" */
	SCIM_TEXT_SCALARS = 1 << 1, /* booleans and numbers as strings */
	SCIM_PATH_KEYS =
		1 << 2, /* "name.givenName", "urn:…:employeeNumber", "emails[…].value" as keys */
	SCIM_REMOVE_BY_VALUE = 1 << 3,     /* remove with a list of the values that go */
	SCIM_BARE_COMPLEX = 1 << 4,        /* manager: "id" for manager: {"value": "id"} */
	SCIM_EMPTY_IS_UNASSIGNED = 1 << 5, /* "" clears an attribute */
	SCIM_CREATE_ELEMENT = 1 << 6,      /* emails[type eq "work"].value makes the element */
	SCIM_EMPTY_OPERATIONS = 1 << 7,    /* "Operations": [] does nothing */
	SCIM_FOREIGN_SCHEMAS =
		1 << 8, /* unknown schema URIs and attributes of bodies are dropped */
	SCIM_IGNORE_READ_ONLY =
		1 << 9, /* read-only attributes in path-less PATCH values are skipped */
	SCIM_LOOSE_FILTER =
		1 << 10, /* literals of the wrong type; emails[type eq "work"].value eq "…" */
	SCIM_REMOVE_IS_IDEMPOTENT = 1 << 11, /* removing what is not there is no noTarget */
	SCIM_NO_SCHEMAS = 1 << 12,           /* messages without "schemas" */
	SCIM_ADDITIVE_MEMBERS =
		1
		<< 13, /* replace of members adds; in no built-in dialect, an option of a source */
	SCIM_GROUP_PATCH_204 = 1 << 14, /* PATCH of a Group is answered 204 */
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
 * "id" → {"value": "id"}. NULL: the dialect knows no meaning. An element of a multi-valued
 * attribute is asked for one by one.
 */
const struct value *scim_dialect_coerce(struct arena *arena, const struct scim_dialect *dialect,
	const struct scim_attribute *attribute, const struct value *value);

/* null; in some dialects "" as well, where the attribute is no text that is required. */
bool scim_dialect_is_unassigned(const struct scim_dialect *dialect,
	const struct scim_attribute *attribute, const struct value *value);
