/*
 * A growing run of bytes. `{ 0 }` is an empty one; data is NUL-terminated
 * whenever it is not NULL (the NUL is not counted). Growth cannot fail.
 */
#pragma once

#include <stddef.h>
#include <string.h>

struct buf {
	char *data; /* NULL until the first append */
	size_t size;
	size_t capacity;
};

void buf_fini(struct buf *buf);
void buf_clear(struct buf *buf); /* size 0, memory kept */
void buf_reserve(struct buf *buf, size_t more);
void buf_append(struct buf *buf, const void *bytes, size_t size);
void buf_append_char(struct buf *buf, char c);
void buf_append_text(struct buf *buf, const char *text);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Text as a JSON string with its quotes; escapes only what RFC 8259 demands (and U+007F). */
void buf_append_json_text(struct buf *buf, const char *text, size_t size);

/* Never NULL: "" for an empty buf. */
static inline const char *buf_text(const struct buf *buf)
{
	return buf->data != NULL ? buf->data : "";
}
