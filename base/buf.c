#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include "base/memory.h"
#include "base/utf8.h"

void buf_fini(struct buf *buf)
{
	memory_free(buf->data);
	*buf = (struct buf){ 0 };
}

void buf_clear(struct buf *buf)
{
	buf->size = 0;
	if (buf->data != NULL) {
		buf->data[0] = '\0';
	}
}

void buf_reserve(struct buf *buf, size_t more)
{
	assert(more < SIZE_MAX / 4); /* ours: limits stand before every append */
	size_t needed = buf->size + more + 1;

	if (needed <= buf->capacity) {
		return;
	}
	size_t capacity = buf->capacity < 64 ? 64 : buf->capacity * 2;

	while (capacity < needed) {
		capacity *= 2;
	}
	buf->data = must_realloc(buf->data, capacity);
	buf->capacity = capacity;
	buf->data[buf->size] = '\0';
}

void buf_append(struct buf *buf, const void *bytes, size_t size)
{
	buf_reserve(buf, size);
	if (size != 0) {
		memcpy(buf->data + buf->size, bytes, size);
	}
	buf->size += size;
	buf->data[buf->size] = '\0';
}

void buf_append_char(struct buf *buf, char c)
{
	buf_append(buf, &c, 1);
}

void buf_append_text(struct buf *buf, const char *text)
{
	buf_append(buf, text, strlen(text));
}

void buf_printf(struct buf *buf, const char *format, ...)
{
	va_list arguments;

	buf_reserve(buf, 128);
	size_t space = buf->capacity - buf->size;

	va_start(arguments, format);
	int size = vsnprintf(buf->data + buf->size, space, format, arguments);
	va_end(arguments);
	assert(size >= 0); /* ours: the format is a literal */
	if ((size_t)size >= space) {
		buf_reserve(buf, (size_t)size);
		va_start(arguments, format);
		vsnprintf(buf->data + buf->size, (size_t)size + 1, format, arguments);
		va_end(arguments);
	}
	buf->size += (size_t)size;
}

/* Bytes of a JSON string that cannot stand as they are; 'u' has no short form. */
static const char escapes[256] = {
	[0] = 'u',
	[1] = 'u',
	[2] = 'u',
	[3] = 'u',
	[4] = 'u',
	[5] = 'u',
	[6] = 'u',
	[7] = 'u',
	['\b'] = 'b',
	['\t'] = 't',
	['\n'] = 'n',
	[11] = 'u',
	['\f'] = 'f',
	['\r'] = 'r',
	[14] = 'u',
	[15] = 'u',
	[16] = 'u',
	[17] = 'u',
	[18] = 'u',
	[19] = 'u',
	[20] = 'u',
	[21] = 'u',
	[22] = 'u',
	[23] = 'u',
	[24] = 'u',
	[25] = 'u',
	[26] = 'u',
	[27] = 'u',
	[28] = 'u',
	[29] = 'u',
	[30] = 'u',
	[31] = 'u',
	['"'] = '"',
	['\\'] = '\\',
	[127] = 'u',
};

static void append_escape(struct buf *buf, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";

	if (escapes[c] != 'u') {
		char two[] = { '\\', escapes[c] };
		buf_append(buf, two, sizeof(two));
	} else {
		char six[] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };
		buf_append(buf, six, sizeof(six));
	}
}

/* The bytes at text that may be copied as they are; stops before the first that may not. */
static size_t plain_bytes(const char *text, size_t size)
{
	uint32_t point = 0;
	size_t i = 0;

	while (i < size) {
		unsigned char c = (unsigned char)text[i];

		if (c < 0x80) {
			if (escapes[c] != 0) {
				break;
			}
			i++;
			continue;
		}
		size_t step = utf8_read(text + i, size - i, &point);
		if (step == 0) {
			break;
		}
		i += step;
	}
	return i;
}

void buf_append_json_text(struct buf *buf, const char *text, size_t size)
{
	buf_reserve(buf, size + 2);
	buf_append_char(buf, '"');
	for (size_t i = 0; i < size;) {
		size_t plain = plain_bytes(text + i, size - i);

		buf_append(buf, text + i, plain);
		i += plain;
		if (i == size) {
			break;
		}
		if ((unsigned char)text[i] < 0x80) {
			append_escape(buf, (unsigned char)text[i]);
		} else {
			buf_append_text(
				buf, "\xef\xbf\xbd"); /* U+FFFD: never send out invalid JSON */
		}
		i++;
	}
	buf_append_char(buf, '"');
}
