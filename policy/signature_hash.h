/*
 * Digests of a bundle's files, as `.signatures.json` lists them. For policy/signature.c.
 *
 * OPA hashes data.json, .manifest and their kin as documents: members sorted, no white space,
 * numbers as they were written, strings as Go's encoding/json writes them (without HTML escapes).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct error;
struct signature_digest;
struct tar_file;

#define SIGNATURE_DIGEST_BYTES 64

/* By OPA's name: "SHA-256". NULL: unknown, or too weak to prove anything. */
const struct signature_digest *signature_digest_find(const char *name);

/* The digest and its size. False: ERROR_SYNTAX, a document that is none. */
bool signature_hash(const struct signature_digest *digest, const struct tar_file *file,
	unsigned char result[SIGNATURE_DIGEST_BYTES], size_t *size, struct error *err);
