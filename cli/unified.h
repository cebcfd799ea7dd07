/*
 * The difference between two texts, line by line, as `diff -u` writes it (Myers, 1986).
 * Pure, reentrant.
 */
#pragma once

#include <stddef.h>

struct buf;

struct unified {
	const char *old_name;
	const char *new_name;
	const char *old_text; /* NULL: there is none: all is new */
	size_t old_size;
	const char *new_text; /* NULL: likewise */
	size_t new_size;
};

/*
 * Appends names and hunks with three lines around them; nothing when the texts are equal. Texts
 * that have more than some thousand lines of difference are told as one exchanged for the other.
 */
void unified_print(const struct unified *texts, struct buf *out);
