/*
 * Feeds a stream of bytes to the HTTP parser as a connection would, in pieces,
 * and writes down what was understood. Used by unit tests and by the fuzzer: two splits
 * of the same bytes must give the same text.
 */
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include "base/buf.h"
#include "base/memory.h"
#include "io/http.h"

#if defined(__SANITIZE_ADDRESS__)
#define DRIVE_POISONS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define DRIVE_POISONS 1
#endif
#endif
#ifdef DRIVE_POISONS
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif

enum drive_state { DRIVE_HEAD, DRIVE_BODY, DRIVE_CLOSED };

struct drive {
	struct http_parser parser;
	enum drive_state state;
	uint64_t body_limit;
	char *bytes;
	size_t capacity;
	size_t size;
	size_t start; /* of the message */
	size_t next;  /* of what was not yet taken of a body */
	struct buf body;
	struct buf text; /* what was understood */
	int requests;
	int status; /* of the failure; 0: none */
};

static inline void drive_init(struct drive *drive, size_t capacity, uint64_t body_limit)
{
	memset(drive, 0, sizeof(*drive));
	drive->bytes = must_malloc(capacity + 1);
	drive->capacity = capacity;
	drive->body_limit = body_limit;
	http_parser_init(&drive->parser, NULL);
}

static inline void drive_fini(struct drive *drive)
{
	ASAN_UNPOISON_MEMORY_REGION(drive->bytes, drive->capacity);
	memory_free(drive->bytes);
	buf_fini(&drive->body);
	buf_fini(&drive->text);
}

static inline void drive_fail(struct drive *drive)
{
	assert(drive->parser.status >= 400 && drive->parser.message != NULL);
	drive->status = drive->parser.status;
	buf_printf(&drive->text, "%d %s\n", drive->status, drive->parser.message);
	drive->state = DRIVE_CLOSED;
}

static inline void drive_print(struct drive *drive)
{
	const struct http_request *request = &drive->parser.request;

	buf_printf(&drive->text, "%s", http_method_name(request->method));
	for (size_t i = 0; i < request->segment_count; i++) {
		buf_append_text(&drive->text, " /");
		buf_append(&drive->text, request->segments[i].data, request->segments[i].size);
	}
	buf_printf(&drive->text, "%s ?", request->trailing_slash ? " /" : "");
	buf_append(&drive->text, request->query.data, request->query.size);
	buf_printf(&drive->text, " HTTP/1.%d host=", request->minor);
	buf_append(&drive->text, request->host.data, request->host.size);
	buf_append_char(&drive->text, '\n');
	for (size_t i = 0; i < request->field_count; i++) {
		buf_append(
			&drive->text, request->fields[i].name.data, request->fields[i].name.size);
		buf_append_text(&drive->text, "=");
		buf_append(
			&drive->text, request->fields[i].value.data, request->fields[i].value.size);
		buf_append_char(&drive->text, '\n');
	}
	buf_printf(&drive->text, "keep=%d continue=%d body=", request->keep_alive,
		request->expect_continue);
	buf_append(&drive->text, drive->body.data, drive->body.size);
	buf_append_char(&drive->text, '\n');
}

static inline bool drive_head(struct drive *drive)
{
	size_t head_size = 0;
	enum http_result result = http_parser_head(&drive->parser, drive->bytes + drive->start,
		drive->size - drive->start, &head_size);

	if (result == HTTP_MORE) {
		return false;
	}
	if (result == HTTP_FAILED || !http_parser_limit_body(&drive->parser, drive->body_limit)) {
		drive_fail(drive);
		return false;
	}
	drive->next = drive->start + head_size;
	drive->state = DRIVE_BODY;
	buf_clear(&drive->body);
	return true;
}

static inline bool drive_body(struct drive *drive)
{
	struct http_text piece;
	size_t used = 0;
	enum http_result result = http_parser_body(&drive->parser, drive->bytes + drive->next,
		drive->size - drive->next, &used, &piece);

	drive->next += used;
	buf_append(&drive->body, piece.data, piece.size);
	if (result == HTTP_FAILED) {
		drive_fail(drive);
		return false;
	}
	if (result == HTTP_MORE) {
		return used > 0;
	}
	drive->requests++;
	drive_print(drive);
	drive->state = drive->parser.request.keep_alive ? DRIVE_HEAD : DRIVE_CLOSED;
	drive->start = drive->next;
	http_parser_init(&drive->parser, NULL);
	return true;
}

static inline void drive_feed(struct drive *drive, const char *bytes, size_t size)
{
	bool going = true;

	assert(drive->size + size <= drive->capacity);
	ASAN_UNPOISON_MEMORY_REGION(drive->bytes, drive->capacity);
	if (size > 0) {
		memcpy(drive->bytes + drive->size, bytes, size);
	}
	drive->size += size;
	ASAN_POISON_MEMORY_REGION(drive->bytes + drive->size, drive->capacity - drive->size);
	while (going && drive->state != DRIVE_CLOSED) {
		going = drive->state == DRIVE_HEAD ? drive_head(drive) : drive_body(drive);
	}
}

/* What is left when no more bytes come. */
static inline void drive_end(struct drive *drive)
{
	bool between = drive->state == DRIVE_HEAD && drive->start == drive->size;

	buf_append_text(&drive->text, drive->state == DRIVE_CLOSED ? "closed\n"
				      : between                    ? "idle\n"
								   : "unfinished\n");
}
