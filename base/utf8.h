/*
 * UTF-8, strictly (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * Reads one character. Returns its bytes (1–4) and sets *point; 0 when the text
 * does not start with a whole valid character, or size is 0.
 */
static inline size_t utf8_read(const char *text, size_t size, uint32_t *point)
{
	const unsigned char *p = (const unsigned char *)text;

	if (size == 0) {
		return 0;
	}
	if (p[0] < 0x80) {
		*point = p[0];
		return 1;
	}
	if (p[0] < 0xc2) {
		return 0; /* a tail byte, or overlong */
	}
	if (p[0] < 0xe0) {
		if (size < 2 || (p[1] & 0xc0) != 0x80) {
			return 0;
		}
		*point = (uint32_t)(p[0] & 0x1f) << 6 | (p[1] & 0x3f);
		return 2;
	}
	if (p[0] < 0xf0) {
		if (size < 3 || (p[1] & 0xc0) != 0x80 || (p[2] & 0xc0) != 0x80) {
			return 0;
		}
		*point = (uint32_t)(p[0] & 0x0f) << 12 | (uint32_t)(p[1] & 0x3f) << 6 |
			 (p[2] & 0x3f);
		return *point >= 0x800 && (*point < 0xd800 || *point > 0xdfff) ? 3 : 0;
	}
	if (p[0] < 0xf5 && size >= 4 && (p[1] & 0xc0) == 0x80 && (p[2] & 0xc0) == 0x80 &&
		(p[3] & 0xc0) == 0x80) {
		*point = (uint32_t)(p[0] & 0x07) << 18 | (uint32_t)(p[1] & 0x3f) << 12 |
			 (uint32_t)(p[2] & 0x3f) << 6 | (p[3] & 0x3f);
		return *point >= 0x10000 && *point <= 0x10ffff ? 4 : 0;
	}
	return 0;
}

/* Writes a character (no surrogate, at most U+10FFFF); returns its bytes. */
static inline size_t utf8_write(uint32_t point, char text[4])
{
	if (point < 0x80) {
		text[0] = (char)point;
		return 1;
	}
	if (point < 0x800) {
		text[0] = (char)(0xc0 | point >> 6);
		text[1] = (char)(0x80 | (point & 0x3f));
		return 2;
	}
	if (point < 0x10000) {
		text[0] = (char)(0xe0 | point >> 12);
		text[1] = (char)(0x80 | (point >> 6 & 0x3f));
		text[2] = (char)(0x80 | (point & 0x3f));
		return 3;
	}
	text[0] = (char)(0xf0 | point >> 18);
	text[1] = (char)(0x80 | (point >> 12 & 0x3f));
	text[2] = (char)(0x80 | (point >> 6 & 0x3f));
	text[3] = (char)(0x80 | (point & 0x3f));
	return 4;
}

/*
 * Whether people see it for what it is: no control character, nothing invisible, nothing that turns
 * the direction of what stands around it (Unicode's Cc, the Cf of texts, tags).
 */
static inline bool utf8_is_shown(uint32_t point)
{
	return point >= 0x20 && (point < 0x7f || point > 0x9f) && point != 0xad &&
	       (point < 0x200b || point > 0x200f) && (point < 0x2028 || point > 0x202e) &&
	       (point < 0x2060 || point > 0x206f) && point != 0xfeff && point < 0xe0000;
}

/*
 * For texts that were cut by bytes or came from outside: every byte that belongs to no whole
 * character becomes '?'. What is printed as JSON or recorded must be UTF-8.
 */
static inline void utf8_repair(char *text)
{
	uint32_t point = 0;

	for (size_t left = strlen(text), step; left > 0; text += step, left -= step) {
		step = utf8_read(text, left, &point);
		if (step == 0) {
			*text = '?';
			step = 1;
		}
	}
}

static inline bool utf8_is_valid(const char *text, size_t size)
{
	uint32_t point = 0;

	for (size_t i = 0, step; i < size; i += step) {
		step = utf8_read(text + i, size - i, &point);
		if (step == 0) {
			return false;
		}
	}
	return true;
}
