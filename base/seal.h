/*
 * Texts that leave the process and come back unread and unchanged, or not at all: authenticated
 * encryption with AES-256-SIV (RFC 5297). It needs no nonce, so there is none to repeat; equal
 * texts give equal seals.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEAL_KEY_BYTES 64
#define SEAL_EXTRA_BYTES 16

/*
 * Writes size + SEAL_EXTRA_BYTES bytes. `context` is bound to the seal but not part of it, e.g. for
 * whom it is; at least one byte.
 */
void seal_close(const uint8_t key[SEAL_KEY_BYTES], const void *context, size_t context_size,
	const void *text, size_t size, uint8_t *sealed);

/*
 * Writes size - SEAL_EXTRA_BYTES bytes. False: not made with this key and context, or changed; what
 * stands in `text` then is worth nothing.
 */
bool seal_open(const uint8_t key[SEAL_KEY_BYTES], const void *context, size_t context_size,
	const uint8_t *sealed, size_t size, uint8_t *text);
