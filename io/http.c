#include "io/http.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/*
 * The head is read line by line: memchr() finds the end of a line, then tables of
 * character classes check it whole. A line is judged only when it is complete (or longer than
 * allowed), and in order, so the result cannot depend on the split.
 */

const struct http_limits http_limits_default = { HTTP_TARGET_MAX, HTTP_HEADERS_MAX,
	HTTP_FIELDS_MAX };

static const char *const methods[HTTP_METHOD_COUNT] = {
	[HTTP_GET] = "GET",
	[HTTP_HEAD] = "HEAD",
	[HTTP_POST] = "POST",
	[HTTP_PUT] = "PUT",
	[HTTP_PATCH] = "PATCH",
	[HTTP_DELETE] = "DELETE",
	[HTTP_OPTIONS] = "OPTIONS",
};

static const char *const known_names[HTTP_KNOWN_COUNT] = {
	[HTTP_KNOWN_AUTHORIZATION] = "authorization",
	[HTTP_KNOWN_CONNECTION] = "connection",
	[HTTP_KNOWN_CONTENT_LENGTH] = "content-length",
	[HTTP_KNOWN_CONTENT_TYPE] = "content-type",
	[HTTP_KNOWN_EXPECT] = "expect",
	[HTTP_KNOWN_HOST] = "host",
	[HTTP_KNOWN_TRANSFER_ENCODING] = "transfer-encoding",
};

const char *http_method_name(enum http_method method)
{
	assert(method < HTTP_METHOD_COUNT);
	return methods[method];
}

const struct http_text *http_find(const struct http_request *request, const char *name)
{
	for (size_t i = 0; i < request->field_count; i++) {
		if (http_text_is_folded(request->fields[i].name, name)) {
			return &request->fields[i].value;
		}
	}
	return NULL;
}

bool http_request_has_body(const struct http_request *request)
{
	return request->chunked || request->length > 0;
}

static enum http_result fail(struct http_parser *parser, int status, const char *message)
{
	parser->status = status;
	parser->message = message;
	return HTTP_FAILED;
}

void http_parser_init(struct http_parser *parser, const struct http_limits *limits)
{
	struct http_request *request = &parser->request;

	request->target = request->path = request->query = request->host = request->body =
		(struct http_text){ NULL, 0 };
	request->segment_count = request->field_count = 0;
	request->trailing_slash = request->keep_alive = request->expect_continue = false;
	request->chunked = request->has_length = false;
	request->length = 0;
	parser->status = 0;
	parser->message = NULL;
	parser->limits = limits != NULL ? *limits : http_limits_default;
	assert(parser->limits.target_bytes <= HTTP_TARGET_MAX);
	assert(parser->limits.headers_bytes <= HTTP_HEADERS_MAX);
	assert(parser->limits.fields <= HTTP_FIELDS_MAX);
	parser->line = parser->scanned = parser->headers = 0;
	parser->skipped_line = parser->close = false;
	parser->authority = (struct http_text){ NULL, 0 };
	memset(parser->known_count, 0, sizeof(parser->known_count));
	parser->body_state = 0;
	parser->body_left = parser->body_size = 0;
	parser->body_limit = UINT64_MAX;
	parser->digits = 0;
	parser->overhead = 0;
}

/* ---- request line ---- */

static bool has_only(struct http_text text, uint8_t class)
{
	for (size_t i = 0; i < text.size; i++) {
		if ((http_class(text.data[i]) & class) == 0) {
			return false;
		}
	}
	return true;
}

/* Cuts the part before the next space off *line. False: there is none. */
static bool take_word(struct http_text *line, struct http_text *word)
{
	const char *space = line->size > 0 ? memchr(line->data, ' ', line->size) : NULL;

	if (space == NULL) {
		return false;
	}
	word->data = line->data;
	word->size = (size_t)(space - line->data);
	line->data += word->size + 1;
	line->size -= word->size + 1;
	return true;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "HTTP/" DIGIT "." DIGIT, in capitals */
static bool is_version(struct http_text text)
{
	return text.size == 8 && memcmp(text.data, "HTTP/", 5) == 0 && is_digit(text.data[5]) &&
	       text.data[6] == '.' && is_digit(text.data[7]);
}

static enum http_result take_method(struct http_parser *parser, struct http_text word)
{
	for (int i = 0; i < HTTP_METHOD_COUNT; i++) {
		if (http_text_is(word, methods[i])) {
			parser->request.method = (enum http_method)i;
			return HTTP_MORE;
		}
	}
	if (http_text_is(word, "CONNECT") || http_text_is(word, "TRACE")) {
		return fail(parser, 405, "this method is not offered here");
	}
	return fail(parser, 501, "the method is unknown");
}

static enum http_result take_target(struct http_parser *parser)
{
	struct http_request *request = &parser->request;
	struct http_target target;

	if (!http_target_split(request->target, request->method == HTTP_OPTIONS, &target)) {
		return fail(parser, 400, "the target of the request is not a path");
	}
	request->path = target.path;
	request->query = target.query;
	parser->authority = target.authority;
	if (http_text_is(target.path, "*")) {
		return HTTP_MORE;
	}
	const char *wrong = http_path_split(target.path, parser->decoded, request->segments,
		HTTP_SEGMENTS_MAX, &request->segment_count, &request->trailing_slash);

	return wrong == NULL ? HTTP_MORE : fail(parser, 400, wrong);
}

static enum http_result fail_long(struct http_parser *parser)
{
	snprintf(parser->limit, sizeof(parser->limit),
		"the target of the request is longer than the %zu bytes that are accepted",
		parser->limits.target_bytes);
	return fail(parser, 414, parser->limit);
}

static enum http_result take_request_line(struct http_parser *parser, struct http_text line)
{
	static const char malformed[] = "the request line is not 'METHOD target HTTP/1.1'";
	struct http_request *request = &parser->request;
	struct http_text method;

	if (!take_word(&line, &method) || method.size == 0 || !has_only(method, HTTP_CLASS_TOKEN) ||
		!take_word(&line, &request->target) || request->target.size == 0) {
		return fail(parser, 400, malformed);
	}
	if (request->target.size > parser->limits.target_bytes) {
		return fail_long(parser);
	}
	if (!has_only(request->target, HTTP_CLASS_TARGET) || !is_version(line)) {
		return fail(parser, 400, malformed);
	}
	if (line.data[5] != '1' || line.data[7] > '1') {
		return fail(parser, 505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
	}
	request->minor = line.data[7] - '0';
	enum http_result result = take_method(parser, method);

	return result == HTTP_MORE ? take_target(parser) : result;
}

/* ---- header section ---- */

/* Index of the header that the parser reads, or HTTP_KNOWN_COUNT. "_" counts as "-". */
static int find_known(struct http_text name, bool underscores)
{
	char plain[32];

	if (name.size >= sizeof(plain)) {
		return HTTP_KNOWN_COUNT;
	}
	if (underscores) {
		for (size_t i = 0; i < name.size; i++) {
			plain[i] = name.data[i] == '_' ? '-' : name.data[i];
		}
		name.data = plain;
	}
	int known = 0;
	while (known < HTTP_KNOWN_COUNT && !http_text_is_folded(name, known_names[known])) {
		known++;
	}
	return known;
}

static void take_connection(struct http_parser *parser, struct http_text value)
{
	struct http_text option;

	while (http_list_next(&value, &option)) {
		if (http_text_is_folded(option, "close")) {
			parser->close = true;
		}
	}
}

static enum http_result take_known(struct http_parser *parser, int known, struct http_text value)
{
	if (known == HTTP_KNOWN_CONNECTION) {
		take_connection(parser, value);
		return HTTP_MORE;
	}
	if (parser->known_count[known] < 2) {
		parser->known_count[known]++;
	}
	parser->known[known] = value;
	return HTTP_MORE;
}

static enum http_result take_field(struct http_parser *parser, struct http_text line)
{
	struct http_request *request = &parser->request;
	struct http_field field = { { line.data, 0 }, { NULL, 0 } };
	bool underscores = false;

	while (field.name.size < line.size &&
		(http_class(line.data[field.name.size]) & HTTP_CLASS_TOKEN) != 0) {
		underscores |= line.data[field.name.size] == '_';
		field.name.size++;
	}
	if (field.name.size == 0 || field.name.size == line.size ||
		line.data[field.name.size] != ':') {
		return fail(parser, 400, "a header line is not 'name: value'");
	}
	field.value.data = line.data + field.name.size + 1;
	field.value.size = line.size - field.name.size - 1;
	if (!has_only(field.value, HTTP_CLASS_VALUE)) {
		return fail(parser, 400, "a header's value holds a control character");
	}
	field.value = http_text_trim(field.value);
	int known = find_known(field.name, underscores);
	if (underscores) {
		return known == HTTP_KNOWN_COUNT
			       ? HTTP_MORE
			       : fail(parser, 400,
					 "a header is an alias, with '_', of one that matters");
	}
	request->fields[request->field_count++] = field;
	return known == HTTP_KNOWN_COUNT ? HTTP_MORE : take_known(parser, known, field.value);
}

/* ---- end of the head: what the headers mean together ---- */

static enum http_result check_single(struct http_parser *parser)
{
	static const char *const messages[HTTP_KNOWN_COUNT] = {
		[HTTP_KNOWN_AUTHORIZATION] = "more than one Authorization",
		[HTTP_KNOWN_CONTENT_LENGTH] = "more than one Content-Length",
		[HTTP_KNOWN_CONTENT_TYPE] = "more than one Content-Type",
		[HTTP_KNOWN_EXPECT] = "more than one Expect",
		[HTTP_KNOWN_HOST] = "more than one Host",
		[HTTP_KNOWN_TRANSFER_ENCODING] = "more than one Transfer-Encoding",
	};

	for (int i = 0; i < HTTP_KNOWN_COUNT; i++) {
		if (parser->known_count[i] > 1) {
			return fail(parser, 400, messages[i]);
		}
	}
	return HTTP_MORE;
}

static enum http_result check_host(struct http_parser *parser)
{
	struct http_request *request = &parser->request;
	struct http_text *host = &request->host;

	if (parser->known_count[HTTP_KNOWN_HOST] == 0) {
		/* The authority of an absolute target would do for a name, but not for HTTP/1.1. */
		if (request->minor == 1) {
			return fail(parser, 400, "the Host header is missing");
		}
	} else {
		*host = parser->known[HTTP_KNOWN_HOST];
		if (!http_authority_is_valid(*host)) {
			return fail(parser, 400, "the Host header is not a host");
		}
	}
	if (parser->authority.data != NULL && !http_text_equals_folded(*host, parser->authority)) {
		return fail(parser, 400, "target and Host name different hosts");
	}
	return HTTP_MORE;
}

static enum http_result check_encoding(struct http_parser *parser)
{
	struct http_text encoding = parser->known[HTTP_KNOWN_TRANSFER_ENCODING];
	struct http_text rest = encoding;
	struct http_text coding;

	if (parser->request.minor == 0) {
		return fail(parser, 400, "HTTP/1.0 has no Transfer-Encoding");
	}
	if (http_text_is_folded(encoding, "chunked")) {
		parser->request.chunked = true;
		return HTTP_MORE;
	}
	while (http_list_next(&rest, &coding)) {
		if (coding.size == 0 || !has_only(coding, HTTP_CLASS_TOKEN)) {
			return fail(parser, 400, "Transfer-Encoding is malformed");
		}
	}
	return fail(parser, 501, "the only Transfer-Encoding spoken here is chunked");
}

static enum http_result check_length(struct http_parser *parser)
{
	struct http_text text = parser->known[HTTP_KNOWN_CONTENT_LENGTH];
	uint64_t length = 0;

	if (text.size == 0 || text.size > 19) { /* 19 digits always fit into 64 bits */
		return fail(parser, 400, "Content-Length is not a number of bytes");
	}
	for (size_t i = 0; i < text.size; i++) {
		if (!is_digit(text.data[i])) {
			return fail(parser, 400, "Content-Length is not a number of bytes");
		}
		length = length * 10 + (uint64_t)(text.data[i] - '0');
	}
	parser->request.length = length;
	parser->request.has_length = true;
	return HTTP_MORE;
}

static enum http_result check_framing(struct http_parser *parser)
{
	bool encoded = parser->known_count[HTTP_KNOWN_TRANSFER_ENCODING] > 0;
	bool sized = parser->known_count[HTTP_KNOWN_CONTENT_LENGTH] > 0;

	if (encoded && sized) {
		return fail(parser, 400, "Content-Length and Transfer-Encoding together");
	}
	if (encoded) {
		return check_encoding(parser);
	}
	return sized ? check_length(parser) : HTTP_MORE;
}

static enum http_result check_expect(struct http_parser *parser)
{
	struct http_request *request = &parser->request;

	if (parser->known_count[HTTP_KNOWN_EXPECT] == 0 || request->minor == 0) {
		return HTTP_MORE; /* RFC 9110, 10.1.1: ignored in HTTP/1.0 */
	}
	if (!http_text_is_folded(parser->known[HTTP_KNOWN_EXPECT], "100-continue")) {
		return fail(parser, 417, "the only expectation known here is 100-continue");
	}
	request->expect_continue = http_request_has_body(request);
	return HTTP_MORE;
}

static enum http_result finish_head(struct http_parser *parser)
{
	static enum http_result (*const checks[])(struct http_parser *) = {
		check_single,
		check_framing,
		check_host,
		check_expect,
	};

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		enum http_result result = checks[i](parser);
		if (result != HTTP_MORE) {
			return result;
		}
	}
	parser->request.keep_alive = parser->request.minor == 1 && !parser->close;
	return HTTP_DONE;
}

/* ---- lines ---- */

static enum http_result take_line(struct http_parser *parser, struct http_text line, size_t end)
{
	if (line.size == 0 || line.data[line.size - 1] != '\r') {
		return fail(parser, 400, "a line ends without a carriage return");
	}
	line.size--;
	if (parser->headers == 0) {
		if (line.size == 0 && !parser->skipped_line) {
			parser->skipped_line = true; /* RFC 9112, 2.2 */
			return HTTP_MORE;
		}
		parser->headers = end;
		return take_request_line(parser, line);
	}
	if (line.size == 0) {
		return finish_head(parser);
	}
	if (parser->request.field_count == parser->limits.fields) {
		return fail(parser, 431, "the request has too many headers");
	}
	return take_field(parser, line);
}

/* Judges the bytes up to `end`, which are one line (in part, perhaps) and what stands before it. */
static enum http_result check_size(struct http_parser *parser, size_t end)
{
	if (parser->headers == 0) {
		return end - parser->line <= parser->limits.target_bytes + HTTP_LINE_EXTRA
			       ? HTTP_MORE
			       : fail_long(parser);
	}
	return end - parser->headers <= parser->limits.headers_bytes
		       ? HTTP_MORE
		       : fail(parser, 431, "the headers of the request are too large");
}

enum http_result http_parser_head(
	struct http_parser *parser, const char *data, size_t size, size_t *head_size)
{
	enum http_result result = parser->status == 0 ? HTTP_MORE : HTTP_FAILED;

	while (result == HTTP_MORE) {
		const char *lf = size > parser->scanned ? memchr(data + parser->scanned, '\n',
								  size - parser->scanned)
							: NULL;
		size_t end = lf != NULL ? (size_t)(lf - data) + 1 : size;

		result = check_size(parser, end);
		if (result != HTTP_MORE || lf == NULL) {
			parser->scanned = end;
			return result;
		}
		struct http_text line = { data + parser->line, end - 1 - parser->line };
		result = take_line(parser, line, end);
		parser->line = parser->scanned = end;
	}
	*head_size = parser->scanned;
	return result;
}
