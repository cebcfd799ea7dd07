/*
 * The HTTP parser. The first two bytes choose how the others are split.
 *
 * Checked beside memory: every split gives the same as the whole; what is accepted obeys the rules
 * that others rely on; a request that is printed and read again is the same request.
 */
#include "io/http.h"

#include <assert.h>
#include <string.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/utf8.h"
#include "tests/support/http_drive.h"

#define BODY_LIMIT 4096
#define INPUT_MAX (64 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_segments(const struct http_request *request)
{
	for (size_t i = 0; i < request->segment_count; i++) {
		struct http_text segment = request->segments[i];
		assert(segment.size > 0 && utf8_is_valid(segment.data, segment.size));
		assert(!http_text_is(segment, ".") && !http_text_is(segment, ".."));
		for (size_t c = 0; c < segment.size; c++) {
			assert((unsigned char)segment.data[c] >= 0x20);
			assert(strchr("/\\;%\x7f", segment.data[c]) == NULL);
		}
	}
}

static void check_fields(const struct http_request *request)
{
	unsigned framings = 0;

	assert(request->field_count <= HTTP_FIELDS_MAX);
	for (size_t i = 0; i < request->field_count; i++) {
		struct http_text name = request->fields[i].name;
		struct http_text value = request->fields[i].value;
		assert(name.size > 0 && memchr(name.data, '_', name.size) == NULL);
		assert(http_value_is_safe(value.data, value.size));
		assert(value.size == http_text_trim(value).size);
		framings += http_text_is_folded(name, "content-length") ||
			    http_text_is_folded(name, "transfer-encoding");
	}
	assert(framings <= 1);
	assert(!(request->chunked && request->has_length));
	assert(request->minor == 0 || http_authority_is_valid(request->host));
}

static void check_query(const struct http_request *request)
{
	struct arena *arena = arena_new();
	struct http_text cursor = request->query;
	struct error err = { 0 };
	struct http_text name;
	struct http_text value;

	while (http_query_next(&cursor, arena, &name, &value, &err)) {
		assert(strlen(name.data) == name.size && strlen(value.data) == value.size);
	}
	arena_free(arena);
}

static void append(struct buf *buf, struct http_text text)
{
	buf_append(buf, text.data, text.size);
}

static void print_request(
	struct buf *buf, const struct http_request *request, const struct buf *body)
{
	append(buf, (struct http_text){ http_method_name(request->method),
			    strlen(http_method_name(request->method)) });
	buf_append_char(buf, ' ');
	append(buf, request->target);
	buf_printf(buf, " HTTP/1.%d\r\n", request->minor);
	for (size_t i = 0; i < request->field_count; i++) {
		append(buf, request->fields[i].name);
		buf_append_text(buf, ": ");
		append(buf, request->fields[i].value);
		buf_append_text(buf, "\r\n");
	}
	buf_append_text(buf, "\r\n");
	buf_append(buf, body->data, body->size);
}

/* A request that is printed and read again is the same. */
static void check_fixpoint(const struct http_request *request, const struct buf *body)
{
	struct buf printed = { 0 };
	struct drive again;

	print_request(&printed, request, body);
	drive_init(&again, printed.size, BODY_LIMIT);
	drive_feed(&again, printed.data, printed.size);
	assert(again.requests == 1 && again.status == 0);
	assert(again.body.size == body->size);
	assert(body->size == 0 || memcmp(again.body.data, body->data, body->size) == 0);
	drive_fini(&again);
	buf_fini(&printed);
}

/* Head and body of the first message, by hand: the drive forgets a request when it has printed it.
 */
static void check_first(const char *bytes, size_t size)
{
	struct http_parser parser;
	struct buf body = { 0 };
	size_t at;

	http_parser_init(&parser, NULL);
	if (http_parser_head(&parser, bytes, size, &at) == HTTP_DONE &&
		http_parser_limit_body(&parser, BODY_LIMIT)) {
		check_segments(&parser.request);
		check_fields(&parser.request);
		check_query(&parser.request);
		enum http_result result;
		size_t used;
		struct http_text piece;
		do {
			result = http_parser_body(&parser, bytes + at, size - at, &used, &piece);
			buf_append(&body, piece.data, piece.size);
			at += used;
		} while (result == HTTP_MORE && used > 0);
		if (result == HTTP_DONE && !parser.request.chunked) {
			check_fixpoint(&parser.request, &body);
		}
		assert(body.size <= BODY_LIMIT);
	}
	buf_fini(&body);
}

static void drive_in_pieces(struct drive *drive, const char *bytes, size_t size, unsigned recipe)
{
	unsigned state = recipe * 2654435761u + 1;

	drive_init(drive, size, BODY_LIMIT);
	while (drive->size < size) {
		size_t left = size - drive->size;
		state = state * 1664525u + 1013904223u;
		size_t piece = 1 + (state >> 16) % (1 + recipe % 61);
		drive_feed(drive, bytes + drive->size, piece < left ? piece : left);
	}
	drive_end(drive);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct drive whole;
	struct drive pieces;

	if (size < 2 || size > INPUT_MAX) {
		return 0;
	}
	const char *bytes = (const char *)data + 2;
	size_t count = size - 2;

	drive_init(&whole, count, BODY_LIMIT);
	drive_feed(&whole, bytes, count);
	drive_end(&whole);
	drive_in_pieces(&pieces, bytes, count, data[0] | (unsigned)data[1] << 8);
	assert(strcmp(buf_text(&whole.text), buf_text(&pieces.text)) == 0);
	assert(whole.text.size == pieces.text.size);
	drive_fini(&whole);
	drive_fini(&pieces);
	check_first(bytes, count);
	return 0;
}
