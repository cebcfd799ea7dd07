/*
 * Stretches of text: of a value, or parts of one. Valid UTF-8, since values are. Nothing here is
 * charged: the caller pays for the bytes it lets these functions read.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "base/utf8.h"
#include "base/value.h"

struct span {
	const char *at;
	size_t size;
};

static inline struct span span_of(const struct value *text)
{
	return (struct span){ value_text(text), value_size(text) };
}

static inline struct span span_from(struct span text, size_t begin)
{
	return (struct span){ text.at + begin, text.size - begin };
}

static inline bool span_is(struct span a, const char *text)
{
	return strlen(text) == a.size && memcmp(a.at, text, a.size) == 0;
}

/* Reads the character at `at`, which is below size; returns its bytes. */
static inline size_t span_rune(struct span text, size_t at, uint32_t *rune)
{
	size_t bytes = utf8_read(text.at + at, text.size - at, rune);

	if (bytes == 0) { /* not reached for values */
		*rune = 0xfffd;
		return 1;
	}
	return bytes;
}

static inline size_t span_runes(struct span text)
{
	size_t runes = 0;

	for (size_t i = 0; i < text.size; i++) {
		runes += (text.at[i] & 0xc0) != 0x80;
	}
	return runes;
}

/* Where needle stands in text at or behind `from`; SIZE_MAX: nowhere. Linear in both. */
static inline size_t span_find(struct span text, size_t from, struct span needle)
{
	const char *found = memmem(text.at + from, text.size - from, needle.at, needle.size);

	return found != NULL ? (size_t)(found - text.at) : SIZE_MAX;
}

static inline bool span_starts(struct span text, struct span prefix)
{
	return text.size >= prefix.size && memcmp(text.at, prefix.at, prefix.size) == 0;
}

static inline bool span_ends(struct span text, struct span suffix)
{
	return text.size >= suffix.size &&
	       memcmp(text.at + text.size - suffix.size, suffix.at, suffix.size) == 0;
}
