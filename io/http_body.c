#include "io/http.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

/*
 * The body of a message: a length, or chunks.
 *
 *   chunk:   1*16HEXDIG [";" extension] CRLF data CRLF
 *   last:    1*16"0" [";" extension] CRLF *(name ":" value CRLF) CRLF
 *
 * Framing is a machine of single bytes, so it needs no memory of what came
 * before; data is handed through in pieces as large as they come.
 */

enum body_state {
	BODY_START, /* http_parser_init() sets this: 0 */
	BODY_LENGTH,
	CHUNK_SIZE,
	CHUNK_EXTENSION,
	CHUNK_SIZE_LF,
	CHUNK_DATA,
	CHUNK_DATA_CR,
	CHUNK_DATA_LF,
	TRAILER_START,
	TRAILER_NAME,
	TRAILER_VALUE,
	TRAILER_LF,
	LAST_LF,
	BODY_DONE,
	BODY_FAILED,
};

#define OVERHEAD_MAX (16 * 1024)

static enum http_result fail(struct http_parser *parser, int status, const char *message)
{
	parser->status = status;
	parser->message = message;
	parser->body_state = BODY_FAILED;
	return HTTP_FAILED;
}

static enum http_result fail_large(struct http_parser *parser)
{
	snprintf(parser->limit, sizeof(parser->limit),
		"the body is larger than the %" PRIu64 " bytes that are accepted here",
		parser->body_limit);
	return fail(parser, 413, parser->limit);
}

static enum http_result go(struct http_parser *parser, enum body_state state)
{
	parser->body_state = state;
	return HTTP_MORE;
}

bool http_parser_limit_body(struct http_parser *parser, uint64_t limit_bytes)
{
	parser->body_limit = limit_bytes;
	if (parser->request.has_length && parser->request.length > limit_bytes) {
		fail_large(parser);
		return false;
	}
	return true;
}

/* ---- one byte of framing ---- */

static enum http_result on_size(struct http_parser *parser, char c)
{
	int digit = http_hex_digit(c);

	if (digit >= 0) {
		if (parser->digits == 16) {
			return fail(parser, 400, "a chunk's size is too long");
		}
		parser->digits++;
		parser->body_left = parser->body_left << 4 | (uint64_t)digit;
		return HTTP_MORE;
	}
	if (parser->digits > 0 && c == ';') {
		return go(parser, CHUNK_EXTENSION);
	}
	if (parser->digits > 0 && c == '\r') {
		return go(parser, CHUNK_SIZE_LF);
	}
	return fail(parser, 400, "a chunk's size is not a hexadecimal number");
}

static enum http_result charge(struct http_parser *parser)
{
	return ++parser->overhead <= OVERHEAD_MAX
		       ? HTTP_MORE
		       : fail(parser, 431, "too many chunk extensions or trailers");
}

static enum http_result on_extension(struct http_parser *parser, char c)
{
	if (c == '\r') {
		return go(parser, CHUNK_SIZE_LF);
	}
	if ((http_class(c) & HTTP_CLASS_VALUE) == 0) {
		return fail(parser, 400, "a chunk extension holds a control character");
	}
	return charge(parser);
}

static enum http_result on_size_lf(struct http_parser *parser, char c)
{
	if (c != '\n') {
		return fail(parser, 400, "a chunk's line does not end with CR LF");
	}
	if (parser->body_left == 0) {
		return go(parser, TRAILER_START);
	}
	if (parser->body_left > parser->body_limit - parser->body_size) {
		return fail_large(parser);
	}
	return go(parser, CHUNK_DATA);
}

static enum http_result on_data_cr(struct http_parser *parser, char c)
{
	return c == '\r' ? go(parser, CHUNK_DATA_LF)
			 : fail(parser, 400, "a chunk is longer than its size");
}

static enum http_result on_data_lf(struct http_parser *parser, char c)
{
	parser->digits = 0;
	return c == '\n' ? go(parser, CHUNK_SIZE)
			 : fail(parser, 400, "a chunk does not end with CR LF");
}

static enum http_result on_trailer_start(struct http_parser *parser, char c)
{
	if (c == '\r') {
		return go(parser, LAST_LF);
	}
	if ((http_class(c) & HTTP_CLASS_TOKEN) == 0) {
		return fail(parser, 400, "a trailer line is not 'name: value'");
	}
	go(parser, TRAILER_NAME);
	return charge(parser);
}

static enum http_result on_trailer_name(struct http_parser *parser, char c)
{
	if (c == ':') {
		go(parser, TRAILER_VALUE);
	} else if ((http_class(c) & HTTP_CLASS_TOKEN) == 0) {
		return fail(parser, 400, "a trailer line is not 'name: value'");
	}
	return charge(parser);
}

static enum http_result on_trailer_value(struct http_parser *parser, char c)
{
	if (c == '\r') {
		return go(parser, TRAILER_LF);
	}
	if ((http_class(c) & HTTP_CLASS_VALUE) == 0) {
		return fail(parser, 400, "a trailer's value holds a control character");
	}
	return charge(parser);
}

static enum http_result on_trailer_lf(struct http_parser *parser, char c)
{
	return c == '\n' ? go(parser, TRAILER_START)
			 : fail(parser, 400, "a line ends without CR LF");
}

static enum http_result on_last_lf(struct http_parser *parser, char c)
{
	if (c != '\n') {
		return fail(parser, 400, "a line ends without CR LF");
	}
	parser->body_state = BODY_DONE;
	return HTTP_DONE;
}

static enum http_result (*const on_byte[])(struct http_parser *, char) = {
	[CHUNK_SIZE] = on_size,
	[CHUNK_EXTENSION] = on_extension,
	[CHUNK_SIZE_LF] = on_size_lf,
	[CHUNK_DATA_CR] = on_data_cr,
	[CHUNK_DATA_LF] = on_data_lf,
	[TRAILER_START] = on_trailer_start,
	[TRAILER_NAME] = on_trailer_name,
	[TRAILER_VALUE] = on_trailer_value,
	[TRAILER_LF] = on_trailer_lf,
	[LAST_LF] = on_last_lf,
};

/* ---- runs of data ---- */

static void start_body(struct http_parser *parser)
{
	if (parser->request.chunked) {
		parser->body_state = CHUNK_SIZE;
		return;
	}
	parser->body_left = parser->request.length;
	parser->body_state = parser->body_left > 0 ? BODY_LENGTH : BODY_DONE;
}

static void take_data(
	struct http_parser *parser, const char *data, size_t size, struct http_text *piece)
{
	piece->data = data;
	piece->size = size < parser->body_left ? size : (size_t)parser->body_left;
	parser->body_left -= piece->size;
	parser->body_size += piece->size;
	if (parser->body_left == 0) {
		parser->body_state = parser->body_state == BODY_LENGTH ? BODY_DONE : CHUNK_DATA_CR;
	}
}

enum http_result http_parser_body(struct http_parser *parser, const char *data, size_t size,
	size_t *used, struct http_text *piece)
{
	enum http_result result = HTTP_MORE;
	size_t at = 0;

	*used = 0;
	*piece = (struct http_text){ NULL, 0 };
	if (parser->body_state == BODY_FAILED || parser->status != 0) {
		return HTTP_FAILED;
	}
	if (parser->body_state == BODY_START) {
		start_body(parser);
	}
	while (result == HTTP_MORE && parser->body_state != BODY_DONE && at < size) {
		if (parser->body_state == BODY_LENGTH || parser->body_state == CHUNK_DATA) {
			take_data(parser, data + at, size - at, piece);
			at += piece->size;
			break;
		}
		result = on_byte[parser->body_state](parser, data[at++]);
	}
	*used = at;
	if (parser->body_state == BODY_DONE) {
		return HTTP_DONE;
	}
	return result;
}
