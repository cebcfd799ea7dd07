/*
 * key: the Ed25519 keys of signed notes (C2SP signed-note v1.0.0), as golang.org/x/mod/sumdb/note
 * writes them.
 *
 *     public (vkey)  name+<hex8 key id>+<base64(0x01 || public key)>
 *     private        PRIVATE+KEY+name+<hex8 key id>+<base64(0x01 || seed)>
 *
 * The key id is the start of SHA-256(name || "\n" || 0x01 || public key). Of a log the name is its
 * origin.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct error;

#define JOURNAL_NAME_LIMIT 255
#define JOURNAL_KEY_ID_BYTES 4
#define JOURNAL_SIGNATURE_BYTES 64

/* 1..255 bytes of UTF-8 without white space, control characters and '+'. ERROR_CONFIG otherwise. */
bool journal_name_check(const char *name, struct error *err);

/* ---- public side: plain data ---- */

struct journal_verifier {
	char name[JOURNAL_NAME_LIMIT + 1];
	uint8_t id[JOURNAL_KEY_ID_BYTES];
	uint8_t public_key[32];
};

/* One vkey; white space around it is fine. ERROR_CONFIG: malformed, not Ed25519, or a wrong key id.
 */
bool journal_verifier_parse(
	const char *text, size_t size, struct journal_verifier *verifier, struct error *err);
/* Did this key sign these bytes? */
bool journal_verifier_check(const struct journal_verifier *verifier, const void *text, size_t size,
	const uint8_t signature[JOURNAL_SIGNATURE_BYTES]);

/* ---- private side: may be used by many threads at once; the seed is wiped when it is freed ----
 */

struct journal_key;

/* A fresh key in a new file, mode 0600. ERROR_CONFIG: not a name; ERROR_IO: the file exists, … */
bool journal_key_generate(const char *path, const char *name, struct error *err);
/* ERROR_CONFIG: others than its owner may read the file, or it is malformed. ERROR_IO. */
struct journal_key *journal_key_load(const char *path, struct error *err);
struct journal_key *journal_key_parse(const char *text, size_t size, struct error *err);
void journal_key_free(struct journal_key *key); /* NULL is fine */

const struct journal_verifier *journal_key_verifier(const struct journal_key *key);
void journal_key_vkey(const struct journal_key *key, struct buf *buf); /* appends; no line end */
void journal_key_sign(const struct journal_key *key, const void *text, size_t size,
	uint8_t signature[JOURNAL_SIGNATURE_BYTES]);
