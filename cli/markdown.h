/*
 * Markdown as forges render it, of texts that anybody may have written: nothing in them is markup,
 * mentions somebody, breaks out of where it stands, or moves a cursor: it may go to a terminal.
 */
#pragma once

#include <stddef.h>

struct buf;

/* What a comment may hold on the forges that allow least, and by what ours is found. */
enum { MARKDOWN_CHARACTERS = 65536 };
#define MARKDOWN_MARKER "<!-- scimward:report -->\n"

/* Within a line, or a cell of a table. */
void markdown_add_text(struct buf *out, const char *text);
/* No more than so many bytes of it, and "…" for the rest. */
void markdown_add_short(struct buf *out, const char *text, size_t bytes);
/* Set in by four: code, whatever is in it. An empty line goes before it. */
void markdown_add_code(struct buf *out, const char *text);
