/*
 * The form of our bearer tokens: scimward_<id>_<secret>_<crc>.
 *
 * id: 8 hex digits, to name a token without showing it. secret: 256 random bits as 64 hex digits.
 * crc: CRC-32 (IEEE) of all before the last `_`, as 8 hex digits, so that a truncated token is told
 * from a wrong one, and scanners of repositories find leaked ones without guessing. What is stored
 * is the SHA-256 of the whole text.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOKEN_ID_BYTES 9 /* 8 digits and NUL */
#define TOKEN_BYTES 92   /* scimward_ 9 + 8 + 1 + 64 + 1 + 8, and NUL */

/* Makes one. Wipe it after it was shown. */
void token_text_new(char token[TOKEN_BYTES]);

/* False: not of this form, or mistyped. id may be NULL. */
bool token_text_check(const char *token, size_t size, char id[TOKEN_ID_BYTES]);

/* SHA-256 of the token, as the configuration and the store keep it. */
void token_text_digest(const char *token, size_t size, uint8_t digest[32]);
