/* One line of a capture: a request and its reply as they may be written down. */
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/value.h"
#include "gateway/capture.h"
#include "io/http.h"
#include "io/loop.h"
#include "io/server.h"

/* Beyond it a body is only counted: about 2 ms of redaction. */
#define BODY_BYTES_MAX (64 * 1024)
#define RAW_BYTES_MAX (16 * 1024)

static const struct value_limits limits = {
	.bytes = 2 * BODY_BYTES_MAX, .depth = 32, .values = 20000
};

static bool is_json(struct arena *arena, const char *text, size_t size)
{
	return value_parse(arena, text, size, &limits, NULL) != NULL;
}

/* A JSON string whatever the bytes are: those of no UTF-8 as if they were Latin-1. */
static void append_raw(struct arena *arena, struct buf *line, const char *text, size_t size)
{
	size_t from = line->size;

	buf_append_json_text(line, text, size);
	if (is_json(arena, line->data + from, line->size - from)) {
		return;
	}
	line->size = from;
	buf_append_char(line, '"');
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\') {
			buf_printf(line, "\\u%04x", c);
		} else {
			buf_append_char(line, (char)c);
		}
	}
	buf_append_char(line, '"');
}

/* ,"bytes":12,"body":{…} */
static void append_body(const struct capture *capture, struct arena *arena, const char *text,
	size_t size, bool is_denial, struct buf *line)
{
	struct buf told = { 0 };
	bool json;

	buf_printf(line, ",\"bytes\":%zu", size);
	if (size == 0) {
		return;
	}
	if (size > BODY_BYTES_MAX) {
		buf_append_text(line, ",\"omitted\":true");
		return;
	}
	json = is_json(arena, text, size);
	redact_body(&capture->redact, text, size, json, is_denial, &told);
	if (json && is_json(arena, told.data, told.size)) {
		buf_append_text(line, ",\"body\":");
		buf_append(line, told.data, told.size);
	} else {
		size_t shown = told.size < RAW_BYTES_MAX ? told.size : RAW_BYTES_MAX;

		buf_append_text(line, ",\"raw\":");
		append_raw(arena, line, buf_text(&told), shown);
	}
	buf_fini(&told);
}

static void append_header(const struct capture *capture, struct arena *arena, const char *name,
	size_t name_size, const char *value, size_t size, bool first, struct buf *line)
{
	struct buf told = { 0 };

	redact_header(&capture->redact, name, name_size, value, size, &told);
	buf_append_text(line, first ? "[" : ",[");
	append_raw(arena, line, name, name_size);
	buf_append_char(line, ',');
	append_raw(arena, line, buf_text(&told), told.size);
	buf_append_char(line, ']');
	buf_fini(&told);
}

static void append_request(const struct capture *capture, struct request *request, struct buf *line)
{
	const struct http_request *http = request->http;
	struct buf target = { 0 };

	redact_target(&capture->redact, request->arena, http->path.data, http->path.size,
		http->query.data, http->query.size, &target);
	buf_printf(line, ",\"method\":\"%s\",\"target\":", http_method_name(http->method));
	append_raw(request->arena, line, buf_text(&target), target.size);
	buf_fini(&target);
	buf_append_text(line, ",\"headers\":[");
	for (size_t i = 0; i < http->field_count; i++) {
		const struct http_field *field = &http->fields[i];

		append_header(capture, request->arena, field->name.data, field->name.size,
			field->value.data, field->value.size, i == 0, line);
	}
	buf_append_char(line, ']');
	append_body(capture, request->arena, http->body.data, http->body.size, false, line);
}

static void append_reply(const struct capture *capture, struct request *request,
	const struct server_reply *reply, struct buf *line)
{
	bool first = true;

	buf_printf(line, ",\"reply\":{\"status\":%d,\"us\":%lld,\"headers\":[", reply->status,
		(long long)(loop_now_us() - request->started_us));
	if (reply->content_type != NULL) {
		append_header(capture, request->arena, "Content-Type", 12, reply->content_type,
			strlen(reply->content_type), first, line);
		first = false;
	}
	for (size_t i = 0; i < reply->header_count; i++) {
		const struct server_header *it = &reply->headers[i];

		if (it->value != NULL) {
			append_header(capture, request->arena, it->name, strlen(it->name),
				it->value, strlen(it->value), first, line);
			first = false;
		}
	}
	buf_append_char(line, ']');
	if (reply->content_type != NULL && reply->body_size == 0) {
		buf_append_text(line, ",\"streamed\":true");
	} else {
		append_body(capture, request->arena, reply->body, reply->body_size,
			reply->status == 403, line);
	}
	buf_append_char(line, '}');
}

void capture_record(const struct capture *capture, struct request *request,
	const struct server_reply *reply, int64_t number, struct buf *line)
{
	char at[CLOCK_TEXT_BYTES];

	clock_format(request->time_us, at);
	buf_printf(line, "{\"n\":%lld,\"at\":\"%s\",\"request\":\"%s\"", (long long)number, at,
		request->id);
	append_request(capture, request, line);
	append_reply(capture, request, reply, line);
	buf_append_text(line, "}\n");
}
