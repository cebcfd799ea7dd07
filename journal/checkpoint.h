/*
 * checkpoint: the signed head of the log (C2SP signed-note v1.0.0 and tlog-checkpoint v1.0.0).
 *
 *     scimward.example.com/journal\n        the origin; also the key's name
 *     70000\n                               size
 *     <base64 root hash>\n
 *     \n
 *     — <key name> <base64(key id[4] || signature[64])>\n
 *
 * The signature covers the three lines, not the blank one. Lines of other keys (cosignatures) are
 * ignored, but they must have the form.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "journal/key.h"
#include "journal/merkle.h"

struct buf;
struct error;

#define JOURNAL_CHECKPOINT_LIMIT 16384 /* bytes, cosignatures included */
#define JOURNAL_SIGNATURES_LIMIT 64

struct journal_checkpoint {
	char origin[JOURNAL_NAME_LIMIT + 1];
	uint64_t size;
	struct journal_hash root;
};

/*
 * Opens a note: well-formed, exactly three lines of text, origin = the verifier's name, signed by
 * its key. ERROR_IO otherwise, with the line that is wrong.
 */
bool journal_checkpoint_open(const char *note, size_t size, const struct journal_verifier *verifier,
	struct journal_checkpoint *checkpoint, struct error *err);

/* Appends the signed note; the origin is the key's name. */
void journal_checkpoint_sign(const struct journal_key *key, uint64_t size,
	const struct journal_hash *root, struct buf *buf);
