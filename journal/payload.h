/*
 * payload: the bytes of a payload, and its commitment.
 *
 *     format (1 byte: 1) || salt (32 bytes) || body (deflate.h)
 *
 * The commitment is HMAC-SHA256(salt, JSON): anybody can check it with the JSON text and the salt,
 * without knowing the compression. Erasing the row erases the salt as well, so that guesses at what
 * it said cannot be tried against the leaf.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/digest.h"

struct buf;
struct error;
struct journal_deflater;

#define JOURNAL_SALT_BYTES 32

/* Appends the bytes for the text that the deflater holds (journal_deflate_start()). */
void journal_payload_write(struct journal_deflater *deflater,
	const uint8_t salt[JOURNAL_SALT_BYTES], const void *leaf, size_t leaf_size,
	struct buf *buf);

/*
 * Appends the JSON, exactly json_size bytes, and checks it against the HMAC. ERROR_IO: damaged, of
 * another leaf, not what was committed to, or of a format that a newer scimward wrote.
 */
bool journal_payload_read(const void *payload, size_t size, const void *leaf, size_t leaf_size,
	uint64_t json_size, const uint8_t hmac[DIGEST_BYTES], struct buf *json, struct error *err);
