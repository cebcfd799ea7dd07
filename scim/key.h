/*
 * Keys: what the store finds a resource by.
 *
 * Each is a row (kind, scope, text) → resource; unique ones make a second owner
 * impossible. Those of the core schemas are the kinds below, set as `key_kind` in the tables of
 * scim/schema_core.c; every attribute of a configured schema that is declared unique gets a kind of
 * its own when the model is built: SCIM_KEY_CUSTOM + its place in model->unique.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct error;
struct scim_attribute;
struct scim_filter;
struct scim_model;
struct scim_resource_type;
struct scim_schema;
struct value;

/* Numbers of this process; gateway/query_key.c knows those of the store. */
enum scim_key_kind {
	SCIM_KEY_NONE = 0,
	SCIM_KEY_ID = 1,           /* no row: the id itself */
	SCIM_KEY_USER_NAME = 2,    /* unique; scope tenant; scim_name_fold() */
	SCIM_KEY_DISPLAY_NAME = 3, /* of a Group: unique; scope tenant; scim_name_fold() */
	SCIM_KEY_EXTERNAL_ID = 4,  /* unique; scope (source, type); exact */
	SCIM_KEY_EMAIL = 5,        /* emails.value; not unique; scope tenant; scim_name_fold() */
	SCIM_KEY_MEMBER = 6,       /* no row: members.value, a user's id; membership rows know it */
	/* And above: unique; scope tenant, or the whole store where uniqueness is global;
	 * scim_name_fold() unless caseExact; integers in decimal. */
	SCIM_KEY_CUSTOM = 16,
};

struct scim_key {
	int kind; /* enum scim_key_kind */
	bool unique;
	const char *text; /* normal form, NUL-terminated, in arena */
	size_t size;
};

/* Where the values of one kind stand in the documents of a type. */
struct scim_key_place {
	const struct scim_schema *extension; /* NULL: core */
	const struct scim_attribute *attribute;
	const struct scim_attribute *sub; /* NULL: the attribute itself */
	int kind;
	bool unique;
};

/*
 * More than the store keeps for one resource (STORE_KEYS) and SCIM_KEY_VALUES_MAX together, so a
 * document with too many unique values is refused there and none is left out silently.
 */
#define SCIM_KEYS_MAX 128
/* A resource with more values in a list that has keys is refused when it is read, so that each has
 * its key. */
#define SCIM_KEY_VALUES_MAX 60

/*
 * The keys of a document (without externalId, which the document does not hold), sorted by kind
 * and text, none twice. An address that is the userName has no key of its own: who looks for an
 * address looks for the userName as well. Returns how many were written to `keys`.
 */
size_t scim_keys_of_doc(struct arena *arena, const struct scim_resource_type *type,
	const struct value *doc, struct scim_key keys[SCIM_KEYS_MAX]);

/*
 * The best key with which all matches of a filter can be found: an equality that must hold
 * for the whole filter to hold. False: there is none, the store has to walk. The filter is
 * still to be tested on what the key finds: another type may share the attribute.
 */
bool scim_key_of_filter(
	struct arena *arena, const struct scim_filter *filter, struct scim_key *key);

/* Fills type->keys. For scim/model.c, when the attributes have their kinds. */
void scim_key_places(struct arena *arena, struct scim_resource_type *type);

/*
 * The name under which the store knows a kind from SCIM_KEY_CUSTOM on: "urn:…:Device:serialNumber".
 * The same attribute of two types has one name: no two resources of either share a value.
 */
const char *scim_key_name(struct arena *arena, const struct scim_attribute *attribute);

/*
 * A unique key all matches begin with: a `sw` that must hold for the whole filter to hold. *exact:
 * it is the whole filter, what has such a key matches.
 */
bool scim_key_of_prefix(const struct scim_filter *filter, struct scim_key *key, bool *exact);

/* The unique key whose order is the order asked for; text is empty. False: there is none. */
struct scim_sort;
bool scim_key_of_sort(const struct scim_sort *sort, struct scim_key *key);
