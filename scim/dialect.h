/*
 * What each kind of identity provider really sends, and how it becomes standard SCIM.
 *
 * A quirk is one deviation from RFC 7643/7644; dialect.c has one row for each, with the dialects
 * that have it. The strict code of the other modules asks here only where it would refuse, so that
 * `standard` gets the RFC's errors at no cost, and what a policy sees is standard SCIM from
 * whomever it came. The rules ask the schema model: they hold for attributes of configured schemas
 * as for those of the RFC.
 *
 * Two kinds of quirks. Those that give a meaning to what the RFC refuses, and only one is possible,
 * are in every dialect but `standard`. Those that change the meaning of valid SCIM, or guess, are
 * only in dialects whose providers were seen to need them. docs/compatibility.md is the same table
 * for people, with the sources and with the test that proves each row.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct error;
struct value;
struct scim_attribute;
struct scim_resource_type;

enum scim_quirk {
	/* "Replace" for "replace" */
	SCIM_OP_ANY_CASE = 1 << 0,
	/* booleans and numbers as strings */
	SCIM_TEXT_SCALARS = 1 << 1,
	/* "name.givenName", "urn:…:employeeNumber", "emails[…].value" as keys of an object; the
	   core URN as one that holds the core attributes */
	SCIM_PATH_KEYS = 1 << 2,
	/* remove with the values that go, with a path or without */
	SCIM_REMOVE_BY_VALUE = 1 << 3,
	/* manager: "id" for manager: {"value": "id"}, name: "A B" for name: {"formatted": "A B"} */
	SCIM_BARE_COMPLEX = 1 << 4,
	/* "" clears an attribute; a value of a list that says nothing but its type is none */
	SCIM_EMPTY_IS_UNASSIGNED = 1 << 5,
	/* add and replace of emails[type eq "work"].value make the element that is not there */
	SCIM_CREATE_ELEMENT = 1 << 6,
	/* "Operations": [] does nothing */
	SCIM_EMPTY_OPERATIONS = 1 << 7,
	/* unknown schema URIs, and unknown attributes in bodies, are dropped */
	SCIM_FOREIGN_SCHEMAS = 1 << 8,
	/* read-only attributes in path-less PATCH values are skipped */
	SCIM_IGNORE_READ_ONLY = 1 << 9,
	/* literals of the wrong type or without quotes; emails[type eq "work"].value eq "…" */
	SCIM_LOOSE_FILTER = 1 << 10,
	/* removing what is not there is no noTarget */
	SCIM_REMOVE_IS_IDEMPOTENT = 1 << 11,
	/* messages and bodies without "schemas" */
	SCIM_NO_SCHEMAS = 1 << 12,
	/* [{"value": x}] for x; one object where a list belongs */
	SCIM_WRAPPED_SINGLE = 1 << 13,
	/* PATCH of a Group is answered 204 */
	SCIM_GROUP_PATCH_204 = 1 << 14,
	/* replace of members adds; in no dialect: a setting of a single source */
	SCIM_ADDITIVE_MEMBERS = 1 << 15,
	/* URNs and names of SCIM 1.1 */
	SCIM_OLD_NAMES = 1 << 16,
	/* numbers for texts: employeeNumber: 701984. Never for names and ids */
	SCIM_NUMBER_TEXT = 1 << 17,
	/* 0 and 1 for false and true */
	SCIM_NUMBER_BOOLEAN = 1 << 18,
	/* a date, or a time without a zone, where a dateTime belongs */
	SCIM_DATE_ONLY = 1 << 19,
	/* JSON under any Content-Type */
	SCIM_ANY_MEDIA_TYPE = 1 << 20,
};

struct scim_dialect {
	const char *name;
	unsigned quirks; /* of enum scim_quirk */
};

struct scim_quirk_info {
	enum scim_quirk quirk;
	const char *name; /* "op-any-case": in the configuration and in docs/compatibility.md */
	const char *sent; /* what it is about, for people */
};

/* "standard", "entra", "okta", … NULL: unknown. */
const struct scim_dialect *scim_dialect_find(const char *name);
const struct scim_dialect *scim_dialect_standard(void);
/* By number, for lists in messages and for documentation; NULL behind the last. */
const struct scim_dialect *scim_dialect_at(size_t index);
const struct scim_quirk_info *scim_quirk_at(size_t index);
/* "standard, entra, okta, …", for messages. Lives in arena. */
const char *scim_dialect_names(struct arena *arena);

/*
 * A dialect with changes: names of quirks, separated by blanks; one with a '-' in front is taken
 * away. NULL and "" change nothing. ERROR_CONFIG: there is no such quirk.
 */
bool scim_dialect_changed(const struct scim_dialect *dialect, const char *changes,
	struct scim_dialect *result, struct error *err);

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

/*
 * A URN, or a path or key that begins with one, that the dialect writes in the way of SCIM 1.1, as
 * it is written today. The same pointer: nothing of the kind. *size is kept up to date.
 */
const char *scim_dialect_name(struct arena *arena, const struct scim_dialect *dialect,
	const struct scim_resource_type *type, const char *name, size_t *size);

/* The sub-attribute that SCIM 1.1 called so (manager.managerId). NULL: none. */
const struct scim_attribute *scim_dialect_old_sub(const struct scim_dialect *dialect,
	const struct scim_attribute *attribute, const char *name);

/* A path of a schema that the type does not have: the dialect lets us drop what it says. */
bool scim_dialect_is_foreign(const struct scim_dialect *dialect,
	const struct scim_resource_type *type, const char *path, size_t size);
