#include "gateway/token_text.h"

#include <stdio.h>
#include <string.h>
#include "base/digest.h"
#include "base/encode.h"
#include "base/secret.h"

static const char prefix[] = "scimward_";
#define CRC_AT (TOKEN_BYTES - 1 - 8) /* place of the checksum */

/* Bit by bit: tokens are made and checked by people, not in a loop. */
static uint32_t crc32_of(const char *text, size_t size)
{
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < size; i++) {
		crc ^= (unsigned char)text[i];
		for (int bit = 0; bit < 8; bit++) {
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
		}
	}
	return ~crc;
}

static void put_hex(char *text, const uint8_t *bytes, size_t size)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < size; i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 15];
	}
}

void token_text_new(char token[TOKEN_BYTES])
{
	uint8_t id[4];
	uint8_t secret[32];
	char *at = token;

	random_bytes(id, sizeof(id));
	random_bytes(secret, sizeof(secret));
	memcpy(at, prefix, strlen(prefix));
	at += strlen(prefix);
	put_hex(at, id, sizeof(id));
	at += 2 * sizeof(id);
	*at++ = '_';
	put_hex(at, secret, sizeof(secret));
	at += 2 * sizeof(secret);
	*at++ = '_';
	snprintf(at, 9, "%08x", crc32_of(token, CRC_AT - 1));
	secret_wipe(secret, sizeof(secret));
}

bool token_text_check(const char *token, size_t size, char id[TOKEN_ID_BYTES])
{
	char crc[9];
	size_t id_at = strlen(prefix);

	if (size != TOKEN_BYTES - 1 || strncmp(token, prefix, id_at) != 0 ||
		token[id_at + 8] != '_' || token[CRC_AT - 1] != '_') {
		return false;
	}
	for (size_t i = id_at; i < size; i++) {
		bool separator = i == id_at + 8 || i == CRC_AT - 1;
		bool digit = (token[i] >= '0' && token[i] <= '9') ||
			     (token[i] >= 'a' && token[i] <= 'f');
		if (!separator && !digit) {
			return false;
		}
	}
	snprintf(crc, sizeof(crc), "%08x", crc32_of(token, CRC_AT - 1));
	if (strncmp(crc, token + CRC_AT, 8) != 0) {
		return false;
	}
	if (id != NULL) {
		memcpy(id, token + id_at, 8);
		id[8] = '\0';
	}
	return true;
}

void token_text_digest(const char *token, size_t size, uint8_t digest[32])
{
	digest_sha256(token, size, digest);
}
