#include "gateway/pseudonym.h"

#include <string.h>
#include "base/buf.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/secret.h"

void pseudonym_init(struct pseudonym *pseudonym)
{
	random_bytes(pseudonym->key, sizeof(pseudonym->key));
}

void pseudonym_wipe(struct pseudonym *pseudonym)
{
	secret_wipe(pseudonym->key, sizeof(pseudonym->key));
}

/* Numbers that depend on the key, the text without its case, and the place in it. */
struct stream {
	uint8_t digest[DIGEST_BYTES];
	size_t place;
};

static struct stream stream_of(const struct pseudonym *pseudonym, const char *text, size_t size)
{
	struct stream stream = { 0 };
	struct buf folded = { 0 };

	buf_append(&folded, text, size);
	for (size_t i = 0; i < folded.size; i++) {
		if (folded.data[i] >= 'A' && folded.data[i] <= 'Z') {
			folded.data[i] = (char)(folded.data[i] + ('a' - 'A'));
		}
	}
	digest_hmac_sha256(pseudonym->key, sizeof(pseudonym->key), buf_text(&folded), folded.size,
		stream.digest);
	secret_wipe(folded.data, folded.size);
	buf_fini(&folded);
	return stream;
}

static unsigned next(struct stream *stream, unsigned below)
{
	size_t place = stream->place++;
	unsigned number =
		stream->digest[place % DIGEST_BYTES] +
		256U * stream->digest[(place * 7 + place / DIGEST_BYTES + 1) % DIGEST_BYTES];

	return number % below;
}

static size_t hex_digits(const char *text, size_t size)
{
	size_t count = 0;

	while (count < size && count < 4 && strchr("0123456789abcdefABCDEF", text[count]) != NULL &&
		text[count] != '\0') {
		count++;
	}
	return count;
}

/* Characters that one does not see are what one looks for. */
static bool is_invisible(const char *hex)
{
	static const char *const ranges[] = { "00", "20", "fe", "FE" };

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		if (memcmp(hex, ranges[i], 2) == 0) {
			return i != 0 || hex[2] < '2' || hex[2] == '8' || hex[2] == '9';
		}
	}
	return false;
}

/* \n, \", \u200b … Returns the bytes of the escape. */
static size_t append_escape(struct stream *stream, const char *text, size_t size, struct buf *out)
{
	if (size >= 6 && text[1] == 'u' && hex_digits(text + 2, size - 2) == 4) {
		if (is_invisible(text + 2)) {
			buf_append(out, text, 6);
		} else {
			buf_printf(out, "\\u00e%u", next(stream, 7));
		}
		return 6;
	}
	if (size >= 2 && strchr("\"\\/bfnrt", text[1]) != NULL && text[1] != '\0') {
		buf_append(out, text, 2);
		return 2;
	}
	buf_append_char(out, '\\');
	return 1;
}

/* A character beyond ASCII, or bytes that are none: a small Latin letter with an accent. */
static size_t append_foreign(struct stream *stream, const char *text, size_t size, struct buf *out)
{
	size_t used = 1;

	while (used < size && used < 4 && ((unsigned char)text[used] & 0xc0) == 0x80) {
		used++;
	}
	buf_append_char(out, (char)0xc3);
	buf_append_char(out, (char)(0xa0 + next(stream, 23)));
	return used;
}

void pseudonym_append(
	const struct pseudonym *pseudonym, const char *text, size_t size, struct buf *out)
{
	struct stream stream = stream_of(pseudonym, text, size);
	size_t i = 0;

	while (i < size) {
		char c = text[i];

		if (c == '\\') {
			i += append_escape(&stream, text + i, size - i, out);
			continue;
		}
		if ((unsigned char)c >= 0x80) {
			i += append_foreign(&stream, text + i, size - i, out);
			continue;
		}
		if (c >= 'a' && c <= 'z') {
			c = (char)('a' + next(&stream, 26));
		} else if (c >= 'A' && c <= 'Z') {
			c = (char)('A' + next(&stream, 26));
		} else if (c >= '0' && c <= '9') {
			c = (char)('0' + next(&stream, 10));
		}
		buf_append_char(out, c);
		i++;
	}
}
