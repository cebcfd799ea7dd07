/*
 * Keys: what the store finds a resource by.
 *
 * Each is a row (kind, scope, text) → resource; unique ones make a second owner
 * impossible. A new one is a row here and `is_key` at its attribute.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct error;
struct scim_filter;
struct scim_resource_type;
struct value;

/* Numbers are stored: never change one. */
enum scim_key_kind {
	SCIM_KEY_NONE = 0,
	SCIM_KEY_ID = 1,           /* no row: the id itself */
	SCIM_KEY_USER_NAME = 2,    /* unique; scope tenant; scim_name_fold() */
	SCIM_KEY_DISPLAY_NAME = 3, /* of a Group: unique; scope tenant; scim_name_fold() */
	SCIM_KEY_EXTERNAL_ID = 4,  /* unique; scope (source, type); exact */
	SCIM_KEY_EMAIL = 5,        /* emails.value; not unique; scope tenant; scim_name_fold() */
	SCIM_KEY_MEMBER = 6,       /* no row: members.value, a user's id; membership rows know it */
};

struct scim_key {
	enum scim_key_kind kind;
	bool unique;
	const char *text; /* normal form, NUL-terminated, in arena */
	size_t size;
};

#define SCIM_KEYS_MAX 64
/* A resource with more e-mail addresses is refused when it is read, so that each has its key. */
#define SCIM_KEY_VALUES_MAX 60

/*
 * The keys of a document (without externalId, which the document does not hold), sorted by kind
 * and text, none twice. Returns how many were written to `keys`.
 */
size_t scim_keys_of_doc(struct arena *arena, const struct scim_resource_type *type,
	const struct value *doc, struct scim_key keys[SCIM_KEYS_MAX]);

/*
 * The best key with which all matches of a filter can be found: an equality that must hold
 * for the whole filter to hold. False: there is none, the store has to walk. The filter is
 * still to be tested on what the key finds.
 */
bool scim_key_of_filter(const struct scim_filter *filter, struct scim_key *key);
