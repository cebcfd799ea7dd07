#include "journal/payload.h"

#include <string.h>
#include "base/buf.h"
#include "base/error.h"
#include "journal/deflate.h"

#define FORMAT_1 1
#define HEAD_BYTES (1 + JOURNAL_SALT_BYTES)

void journal_payload_write(struct journal_deflater *deflater,
	const uint8_t salt[JOURNAL_SALT_BYTES], const void *leaf, size_t leaf_size, struct buf *buf)
{
	buf_append_char(buf, FORMAT_1);
	buf_append(buf, salt, JOURNAL_SALT_BYTES);
	journal_deflate_finish(deflater, leaf, leaf_size, buf);
}

bool journal_payload_read(const void *payload, size_t size, const void *leaf, size_t leaf_size,
	uint64_t json_size, const uint8_t hmac[DIGEST_BYTES], struct buf *json, struct error *err)
{
	const uint8_t *bytes = payload;
	size_t start = json->size;
	uint8_t actual[DIGEST_BYTES];

	if (size < HEAD_BYTES) {
		return error_set(err, ERROR_IO, "its payload is damaged: it has %zu bytes", size);
	}
	if (bytes[0] != FORMAT_1) {
		return error_set(err, ERROR_IO,
			"its payload is damaged, or a newer scimward wrote it (format %u)",
			bytes[0]);
	}
	if (!journal_inflate(
		    bytes + HEAD_BYTES, size - HEAD_BYTES, leaf, leaf_size, json_size, json)) {
		return error_set(err, ERROR_IO, "its payload is damaged, or of another entry");
	}
	digest_hmac_sha256(
		bytes + 1, JOURNAL_SALT_BYTES, json->data + start, json->size - start, actual);
	if (memcmp(actual, hmac, sizeof(actual)) != 0) {
		return error_set(err, ERROR_IO, "its payload is not what its leaf commits to");
	}
	return true;
}
