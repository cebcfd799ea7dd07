/*
 * What rows look like outside the store. Pure data; texts and arrays live in the arena of the
 * reader's call.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/digest.h"
#include "base/encode.h"

struct arena;

/*
 * Stands in rids and in the database: never renumber. STORE_CUSTOM and above are resource types of
 * the configuration, numbered by store_name_get(STORE_NAME_TYPE).
 */
enum store_type { STORE_GROUP = 1, STORE_USER = 2, STORE_CUSTOM = 3, STORE_TYPE_MAX = 255 };

/*
 * rid = tenant (16 bits) | type (8 bits) | number (39 bits): resources of one tenant and type are
 * neighbours in the order in which they were made, so a list is one range of the table and needs no
 * index.
 */
#define STORE_RID_NUMBER_BITS 39
#define STORE_RID_TYPE_BITS 8
static inline int64_t store_rid(int tenant, enum store_type type, int64_t number)
{
	return ((int64_t)tenant << (STORE_RID_NUMBER_BITS + STORE_RID_TYPE_BITS)) |
	       ((int64_t)type << STORE_RID_NUMBER_BITS) | number;
}

static inline int store_rid_tenant(int64_t rid)
{
	return (int)(rid >> (STORE_RID_NUMBER_BITS + STORE_RID_TYPE_BITS));
}

static inline enum store_type store_rid_type(int64_t rid)
{
	return (enum store_type)((rid >> STORE_RID_NUMBER_BITS) & ((1 << STORE_RID_TYPE_BITS) - 1));
}

/*
 * A value by which a resource is found. The caller makes `value` (NFKC, case-folded where the
 * attribute ignores case); here it is compared byte by byte. Kinds stand in the database: never
 * renumber, add rows.
 *
 * A unique kind admits one resource per (kind, scope, value); others serve look-ups only.
 */
enum store_key_kind {
	STORE_KEY_USER_NAME = 1,   /* scope: tenant */
	STORE_KEY_GROUP_NAME = 2,  /* scope: tenant; displayName */
	STORE_KEY_EXTERNAL_ID = 3, /* scope: store_scope_external(source, type) */
	STORE_KEY_EMAIL = 4,       /* scope: tenant; not unique */
	/* And above: unique attributes of the configuration's schemas, numbered by
	 * store_name_get(STORE_NAME_KEY). Scope: tenant, or 0 for all of them. */
	STORE_KEY_CUSTOM = 64,
	STORE_KEY_KINDS = 1024,
};

struct store_key {
	int kind;
	bool unique;
	int64_t scope;
	const char *value; /* needs no NUL at its end */
	size_t size;       /* 1 … STORE_KEY_BYTES */
};

enum { STORE_KEY_BYTES = 1024, STORE_KEYS = 64 /* per resource */ };

static inline int64_t store_scope_external(int source, enum store_type type)
{
	return ((int64_t)source << STORE_RID_TYPE_BITS) | (int64_t)type;
}

/* Where a resource may exist. Ids ascend. */
struct store_apps {
	bool all;
	const int *ids;
	size_t count;
};
bool store_apps_has(const struct store_apps *apps, int app);

struct store_resource {
	int64_t rid;
	uint8_t id[UUID_BYTES];
	int tenant;
	enum store_type type;
	int origin;      /* the source that made it */
	bool active;     /* of a User; others are always active */
	bool deleted;    /* a tombstone: kept while apps still have it */
	int64_t version; /* 1, 2, …; of a Group it rises with its members, too */
	int64_t created_us;
	int64_t modified_us;
	int64_t doc_entry;      /* index of the entry that made doc; -1: none */
	int64_t members;        /* of a Group: people in it */
	int64_t active_members; /* … who are active */
	const char *name; /* userName, displayName or the like as written; "" when it has none */
	const char *doc;  /* canonical JSON, NUL-terminated */
	size_t doc_size;
	struct store_apps apps;
	const struct store_key *keys; /* all it holds, every source's externalId among them */
	size_t key_count;
};

/* The externalId that `source` gave it. NULL: none. NUL-terminated, in the resource's arena. */
const char *store_external_id(const struct store_resource *resource, int source);

/* A group of a user, a member of a group, or any resource without its document. */
struct store_ref {
	int64_t rid;
	uint8_t id[UUID_BYTES];
	bool active;
	bool deleted;
	int64_t version;
	int64_t members;
	int64_t active_members;
	const char *name;
};

struct store_entry {
	int64_t index; /* set by the store */
	int kind;      /* 0 … 255; the journal says what it means */
	int tenant;    /* 0: none */
	int64_t rid;   /* of the resource it is about; 0: none. Of a create the store fills it in */
	int64_t at_us;
	const void *leaf; /* hashed for ever; ≤ STORE_LEAF_BYTES */
	size_t leaf_size;
	const void *payload; /* its own row; NULL: none, or erased */
	size_t payload_size;
};

/* What an entry bundle of tlog-tiles can hold; ours stay below 1 KiB. */
enum { STORE_LEAF_BYTES = 65535 };

/* Which remote account a resource has in an app, and what was last brought there. */
struct store_link {
	int app;
	int64_t rid;
	const char *remote; /* the app's id; one resource only within an app */
	int64_t version;    /* of the resource as last brought */
	bool active;        /* … as last brought */
	int64_t updated_us;
	uint8_t hash[DIGEST_BYTES]; /* of doc */
	const char *doc;            /* as last brought, in the app's form; "" when not kept */
	size_t doc_size;
};

struct store_token {
	int64_t id;                   /* set by the store */
	uint8_t sha256[DIGEST_BYTES]; /* of the secret; the secret itself is never here */
	int source;
	bool has_subject;
	uint8_t subject[UUID_BYTES]; /* the person it speaks for */
	const char *label;
	int64_t created_us;
	int64_t expires_us; /* 0: never */
	int64_t revoked_us; /* 0: valid */
};

/* Counted per (tenant, source, minute) for the rails of the policy (product.md: rate). */
enum store_rate_kind { STORE_RATE_DEACTIVATIONS = 1, STORE_RATE_REMOVALS = 2 };
enum { STORE_RATE_KINDS = 2 };

struct store_rate {
	int tenant;
	int source;
	enum store_rate_kind kind;
	int64_t minute; /* µs / 60,000,000 */
	int64_t count;
};

struct store_population {
	int64_t users;
	int64_t active_users;
	int64_t groups;
	int64_t memberships;
};
