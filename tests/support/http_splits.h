/*
 * Every way to split a stream of bytes, for the tests of the HTTP parser. Needs cmocka.h before it.
 */
#pragma once

#include <string.h>
#include "tests/support/http_drive.h"

#define BODY_LIMIT (1024 * 1024)

static inline void feed_split(
	struct drive *drive, const char *bytes, size_t size, size_t first, size_t step)
{
	drive_init(drive, size, BODY_LIMIT);
	drive_feed(drive, bytes, first);
	while (drive->size < size) {
		size_t left = size - drive->size;
		drive_feed(drive, bytes + drive->size, left < step ? left : step);
	}
	drive_end(drive);
}

static inline void check_split(const char *name, const struct drive *whole, const char *bytes,
	size_t size, size_t first, size_t step)
{
	struct drive drive;

	feed_split(&drive, bytes, size, first, step);
	if (strcmp(buf_text(&drive.text), buf_text(&whole->text)) != 0) {
		fail_msg("%s: split at %zu, then %zu each:\n%s\nnot\n%s", name, first, step,
			buf_text(&drive.text), buf_text(&whole->text));
	}
	drive_fini(&drive);
}

/* *whole: what was understood of the bytes in one piece. The caller ends it. */
static inline void drive_all(struct drive *whole, const char *name, const char *bytes, size_t size)
{
	size_t stride = size > 4096 ? 61 : 1;

	feed_split(whole, bytes, size, size, 1);
	for (size_t first = 0; first < size; first += stride) {
		check_split(name, whole, bytes, size, first, size);
	}
	check_split(name, whole, bytes, size, 0, stride == 1 ? 1 : 7);
	check_split(name, whole, bytes, size, 0, 2);
	check_split(name, whole, bytes, size, 1, 3);
}
