#include "cli/markdown.h"

#include <stdbool.h>
#include <string.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "cli/output.h"

/* One line, in which nothing moves a cursor or hides. */
static void add_line(struct buf *line, const char *text, size_t size)
{
	CLEANUP(buf_fini) struct buf plain = { 0 };

	for (const char *c = text; c < text + size; c++) {
		buf_append_char(&plain, strchr("\n\r\t", *c) != NULL ? ' ' : *c);
	}
	cli_add_safe(line, buf_text(&plain));
}

static void add_bytes(struct buf *out, const char *text, size_t size)
{
	CLEANUP(buf_fini) struct buf line = { 0 };

	add_line(&line, text, size);
	for (const char *c = buf_text(&line); *c != '\0'; c++) {
		if (*c == '<') {
			buf_append_text(out, "&lt;");
		} else if (*c == '&') {
			buf_append_text(out, "&amp;");
		} else if (*c == '@') {
			buf_append_text(out, "&#64;");
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

/* Tabs stay: code is full of them. */
static void add_code_line(struct buf *out, const char *text, size_t size)
{
	CLEANUP(buf_fini) struct buf word = { 0 };

	for (size_t i = 0; i <= size; i++) {
		if (i < size && text[i] != '\t') {
			buf_append_char(&word, text[i]);
			continue;
		}
		cli_add_safe(out, buf_text(&word));
		buf_append_text(out, i < size ? "\t" : "");
		buf_clear(&word);
	}
}

void markdown_add_code(struct buf *out, const char *text)
{
	buf_append_char(out, '\n');
	while (*text != '\0') {
		size_t size = strcspn(text, "\n");

		buf_append_text(out, "    ");
		add_code_line(out, text, size);
		buf_append_char(out, '\n');
		text += size + (text[size] == '\n');
	}
}
