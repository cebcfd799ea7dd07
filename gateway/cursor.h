/*
 * cursor: a place in a list, as a client carries it from page to page (RFC 9865).
 *
 *     base64url( seal( flags | query | expires | rid | key ) )
 *
 * Only this gateway can make or read one (base/seal.h). It works for the source and the tenant it
 * was made for, with the query it came from, until it expires. Nothing is kept here: a cursor costs
 * no memory, survives restarts, and a list may be walked by many clients at once.
 *
 * The place is a position, not a count: the resource at it may change or go, those behind it are
 * the same.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/digest.h"
#include "base/seal.h"

struct arena;
struct error;
struct value;

#define CURSOR_KEY_BYTES_MAX 1024

struct cursor_owner {
	const uint8_t *key; /* SEAL_KEY_BYTES */
	int64_t tenant;
	int64_t source;
	uint8_t query[DIGEST_BYTES]; /* of all that must stay as it is between pages */
	int64_t timeout_s;
};

struct cursor {
	bool backward; /* the page before the place, else the one behind it */
	bool open;     /* no place: from the start, backward from the end; the rest is 0 */
	int64_t rid;
	const struct value *key; /* what the list is sorted by there; NULL: nothing, or absent */
};

/* Text in arena, of unreserved URL characters only. A text longer than CURSOR_KEY_BYTES_MAX never
 * is a key. */
const char *cursor_print(struct arena *arena, const struct cursor_owner *owner,
	const struct cursor *cursor, int64_t now_us);

/*
 * ERROR_CURSOR: not ours, or of another source, tenant or query. ERROR_CURSOR_EXPIRED. The key
 * lives in arena.
 */
bool cursor_parse(struct arena *arena, const struct cursor_owner *owner, const char *text,
	int64_t now_us, struct cursor *cursor, struct error *err);

/* For cursor_owner.query: the digest of `count` texts, NULL ones told from empty ones. */
void cursor_digest(const char *const *texts, size_t count, uint8_t digest[DIGEST_BYTES]);
