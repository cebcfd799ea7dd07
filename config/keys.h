/*
 * The one table of keys: what may stand in the configuration, and everything that is said about it.
 * Loading, `config show`, `config check`, docs/config.md and examples/scimward.yaml all walk it.
 *
 * A setting is a row here and a field in config/config.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum config_type {
	CONFIG_TEXT,     /* const char *; min and max are bytes */
	CONFIG_NAME,     /* const char *: lower-case letters, digits, `-`, `_`, `.` */
	CONFIG_ADDRESS,  /* const char *: host:port */
	CONFIG_PATH,     /* const char *, resolved against the folder of the file */
	CONFIG_URL,      /* const char *: https://…, or http://…; slashes at the end are cut */
	CONFIG_LOCATION, /* const char *: a URL as above, or a path */
	CONFIG_ENDPOINT, /* const char *: a URL as above, or unix:/path */
	CONFIG_STORE,    /* struct config_store */
	CONFIG_WORD,     /* const char *: one of `words` */
	CONFIG_CHOICE,   /* enum: place in `words` */
	CONFIG_BOOL,     /* bool */
	CONFIG_NUMBER,   /* int64_t */
	CONFIG_BYTES,    /* int64_t: 512, 64KiB, 16MiB */
	CONFIG_TIME,     /* int64_t of milliseconds: 250ms, 10s, 15m, 1h */
	CONFIG_SECRET,   /* struct secret * */
	CONFIG_DIGESTS, /* struct config_digest[CONFIG_TOKENS_MAX] and its count: one hex SHA-256 or
			   a list */
	CONFIG_LIST,    /* pointer to items, and their count */
};

enum config_flag {
	CONFIG_REQUIRED = 1,
	CONFIG_RESTART = 2, /* a reload cannot change it */
	CONFIG_EMPTY = 4,   /* an empty text is allowed and means "none": the field becomes NULL */
};

struct config_key {
	const char *path; /* "listen.tls.key", "apps[].url" */
	enum config_type type;
	unsigned flags;
	size_t offset;       /* of the field: in struct config, or in the item of the list */
	size_t count_offset; /* CONFIG_LIST, CONFIG_DIGESTS: of its count */
	int64_t min; /* of numbers in the unit of the field, of texts in bytes, of lists in items */
	int64_t max;
	size_t item_bytes;    /* CONFIG_LIST */
	const char *fallback; /* as it would be written; NULL: none */
	const char *words;    /* "standard entra okta" */
	const char *help;     /* for docs/config.md */
	const char *example;  /* for the example file; NULL: shown commented out with its default */
};

extern const struct config_key config_keys[];
extern const size_t config_key_count;

#define CONFIG_KEYS_MAX 128 /* of config_key_count */

/* "text", "duration", … and what it may be, for docs and messages. */
const char *config_type_name(enum config_type type);

/* NULL: no such key. */
const struct config_key *config_key_find(const char *path);

/* The part of path behind its list ("url" of "apps[].url"), and the list it belongs to ("" or
 * "apps[]."). */
bool config_key_is_in(const struct config_key *key, const char *scope);
