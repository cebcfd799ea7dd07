/*
 * hex, base64 (RFC 4648, section 4), base64url without padding (section 5), UUIDs (RFC 9562).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

void encode_hex(struct buf *buf, const void *bytes, size_t size); /* lower case */
void encode_base64(struct buf *buf, const void *bytes, size_t size);
void encode_base64url(struct buf *buf, const void *bytes, size_t size);
/* Strict: no white space, canonical padding and tail bits. False: not of that form; buf may hold a
 * part. */
bool decode_hex(struct buf *buf, const char *text, size_t size);
bool decode_base64(struct buf *buf, const char *text, size_t size);
bool decode_base64url(struct buf *buf, const char *text, size_t size);

#define UUID_BYTES 16
#define UUID_TEXT_BYTES 37
/* Version 7: time-ordered, so that rows made one after another lie beside each other. Thread-safe,
 * monotonic per thread. */
void uuid_new(uint8_t id[UUID_BYTES]);
/* The same of a given time, to the microsecond: ids of different times are in the order of those.
 */
void uuid_of_time(int64_t us, uint8_t id[UUID_BYTES]);
void uuid_format(const uint8_t id[UUID_BYTES], char text[UUID_TEXT_BYTES]);
bool uuid_parse(const char *text, size_t size,
	uint8_t id[UUID_BYTES]); /* 36 characters, lower or upper case */

/* Cryptographic randomness. Ends the process when the system has none. */
void random_bytes(void *bytes, size_t size);
