#include "cli/markdown.h"

#include <stdbool.h>
#include <string.h>
#include "base/buf.h"

static void add_bytes(struct buf *out, const char *text, size_t size)
{
	for (const char *c = text; c < text + size; c++) {
		if (*c == '<') {
			buf_append_text(out, "&lt;");
		} else if (*c == '&') {
			buf_append_text(out, "&amp;");
		} else if (*c == '@') {
			buf_append_text(out, "&#64;");
		} else if (*c == '\n' || *c == '\r') {
			buf_append_char(out, ' ');
		} else if (strchr("\\`*_{}[]()#+!|>~$", *c) != NULL) {
			buf_append_char(out, '\\');
			buf_append_char(out, *c);
		} else {
			buf_append_char(out, *c);
		}
	}
}

void markdown_add_text(struct buf *out, const char *text)
{
	add_bytes(out, text, strlen(text));
}

void markdown_add_short(struct buf *out, const char *text, size_t bytes)
{
	size_t size = strlen(text);
	bool is_cut = size > bytes;

	if (is_cut) {
		size = bytes;
		while (size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80) {
			size--; /* not within a character */
		}
	}
	add_bytes(out, text, size);
	buf_append_text(out, is_cut ? "…" : "");
}

void markdown_add_code(struct buf *out, const char *text)
{
	buf_append_char(out, '\n');
	while (*text != '\0') {
		size_t size = strcspn(text, "\n");

		buf_printf(out, "    %.*s\n", (int)size, text);
		text += size + (text[size] == '\n');
	}
}
