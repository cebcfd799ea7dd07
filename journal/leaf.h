/*
 * leaf: the part of an entry that is hashed for ever. What stands in it is told in entry.h.
 *
 * Pure, reentrant.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/digest.h"

struct buf;
struct journal_entry;

/* Bytes that a text may take in the leaf, quotes not counted; longer ones are cut. */
enum {
	JOURNAL_CAP_WORD = 24, /* operation, effect, outcome, types */
	JOURNAL_CAP_NAME = 56, /* names and ids */
	JOURNAL_CAP_REVISION = 72,
	JOURNAL_CAP_REASON = 64,
};

/* What the leaf says of the payload. */
struct journal_commitment {
	bool is_there;
	uint64_t bytes; /* of the payload's JSON */
	uint8_t hmac[DIGEST_BYTES];
};

/* Appends the leaf: canonical JSON of at most JOURNAL_LEAF_LIMIT bytes, whatever the entry holds.
 */
void journal_leaf_build(const struct journal_entry *entry,
	const struct journal_commitment *commitment, struct buf *buf);

/* Does a text of this cap stand in the leaf unchanged? */
bool journal_leaf_keeps(const char *text, size_t cap);
