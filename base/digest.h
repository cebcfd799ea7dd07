/*
 * SHA-256 and HMAC-SHA256 through OpenSSL, with the algorithm fetched once.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define DIGEST_BYTES 32

void digest_sha256(const void *bytes, size_t size, uint8_t digest[DIGEST_BYTES]);
/* Of two parts, as if they stood behind each other. */
void digest_sha256_two(
	const void *a, size_t a_size, const void *b, size_t b_size, uint8_t digest[DIGEST_BYTES]);
void digest_hmac_sha256(const void *key, size_t key_size, const void *bytes, size_t size,
	uint8_t digest[DIGEST_BYTES]);

/* In parts. */
struct digest;
struct digest *digest_new(void);
void digest_add(struct digest *digest, const void *bytes, size_t size);
void digest_finish(
	struct digest *digest, uint8_t result[DIGEST_BYTES]); /* and is ready for a new start */
void digest_free(struct digest *digest);
