/*
 * checkpoint: signed notes (C2SP signed-note v1.0.0), the tree head as one (tlog-checkpoint
 * v1.0.0), and keys.
 *
 *     scimward.example.com/journal\n        the origin; also the key's name
 *     70000\n                               size
 *     <base64 root hash>\n
 *     \n
 *     — <key name> <base64(key id[4] || Ed25519 signature[64])>\n
 *
 * The signature covers the three lines, not the blank one. Lines of other keys (cosignatures) are
 * ignored. A public key is written "name+hex8+base64(0x01 || key)" (vkey), a private one
 * "PRIVATE+KEY+name+hex8+base64(0x01 || seed)", as golang.org/x/mod/sumdb/note does.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "journal/merkle.h"

struct buf;
struct error;

#define JOURNAL_NAME_LIMIT 255
#define JOURNAL_CHECKPOINT_BYTES 16384 /* bytes of a note, cosignatures included */
#define JOURNAL_SIGNATURES_LIMIT 64

struct journal_checkpoint {
	char origin[JOURNAL_NAME_LIMIT + 1];
	uint64_t size;
	struct journal_hash root;
};

/* ---- public side ---- */

struct journal_verifier {
	char name[JOURNAL_NAME_LIMIT + 1];
	uint8_t id[4];
	uint8_t public_key[32];
};

/* One vkey; white space around it is fine. ERROR_CONFIG: malformed, another type than Ed25519, or a
 * wrong id. */
bool journal_verifier_parse(
	const char *text, size_t size, struct journal_verifier *verifier, struct error *err);
/*
 * Opens a note: well-formed, exactly three lines of text, origin = verifier's name, signed by its
 * key. ERROR_IO otherwise.
 */
bool journal_checkpoint_open(const char *note, size_t size, const struct journal_verifier *verifier,
	struct journal_checkpoint *checkpoint, struct error *err);

/* ---- private side ---- */

struct journal_key; /* the seed is wiped when freed */

/* A fresh key in a new file, mode 0600. ERROR_CONFIG: the name is none; ERROR_IO: the file exists,
 * … */
bool journal_key_generate(const char *path, const char *name, struct error *err);
/* From a file. ERROR_CONFIG when others than its owner may read it, or when it is malformed;
 * ERROR_IO. */
struct journal_key *journal_key_load(const char *path, struct error *err);
struct journal_key *journal_key_parse(const char *text, size_t size, struct error *err);
void journal_key_free(struct journal_key *key); /* NULL is fine */

const char *journal_key_name(const struct journal_key *key);
const struct journal_verifier *journal_key_verifier(const struct journal_key *key);
void journal_key_vkey(
	const struct journal_key *key, struct buf *buf); /* one line, without its end */

/* Appends the signed note; origin is the key's name. */
void journal_checkpoint_sign(const struct journal_key *key, uint64_t size,
	const struct journal_hash *root, struct buf *buf);

/* A key name: 1..255 bytes of UTF-8 without white space, control characters and '+'. ERROR_CONFIG.
 */
bool journal_name_check(const char *name, struct error *err);
