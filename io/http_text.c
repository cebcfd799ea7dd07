#include "io/http_text.h"

#include <string.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/utf8.h"

/* The sums of HTTP_CLASS_…; tests/unit/io/test_http_text.c holds it against the grammar. */
// clang-format off
const uint8_t http_classes[256] = {
	 0,  0,  0,  0,  0,  0,  0,  0,  0,  2,  0,  0,  0,  0,  0,  0,
	 0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,
	 2, 23,  6,  7, 23,  7, 23, 23, 22, 22, 23, 23, 22, 31, 31,  6,
	31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 22,  6,  6, 22,  6,  6,
	22, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31,
	31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31,  6,  6,  6,  7, 31,
	 7, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31,
	31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31,  6,  7,  6, 31,  0,
	 2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,
	 2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,
	 2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,
	 2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,
	 2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,
	 2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,
	 2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,
	 2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,
};
// clang-format on

static const struct {
	int status;
	const char *reason;
} reasons[] = {
	{ 100, "Continue" },
	{ 200, "OK" },
	{ 201, "Created" },
	{ 202, "Accepted" },
	{ 204, "No Content" },
	{ 206, "Partial Content" },
	{ 301, "Moved Permanently" },
	{ 302, "Found" },
	{ 303, "See Other" },
	{ 304, "Not Modified" },
	{ 307, "Temporary Redirect" },
	{ 308, "Permanent Redirect" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 406, "Not Acceptable" },
	{ 408, "Request Timeout" },
	{ 409, "Conflict" },
	{ 410, "Gone" },
	{ 412, "Precondition Failed" },
	{ 413, "Content Too Large" },
	{ 414, "URI Too Long" },
	{ 415, "Unsupported Media Type" },
	{ 417, "Expectation Failed" },
	{ 422, "Unprocessable Content" },
	{ 428, "Precondition Required" },
	{ 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" },
	{ 501, "Not Implemented" },
	{ 502, "Bad Gateway" },
	{ 503, "Service Unavailable" },
	{ 504, "Gateway Timeout" },
	{ 505, "HTTP Version Not Supported" },
	{ 507, "Insufficient Storage" },
};

const char *http_reason(int status)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (reasons[i].status == status) {
			return reasons[i].reason;
		}
	}
	return "";
}

/* ---- slices ---- */

bool http_text_is(struct http_text text, const char *other)
{
	return strlen(other) == text.size && memcmp(text.data, other, text.size) == 0;
}

/* Of the C locale: tolower() would ask the process's. */
static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool equal_folded(const char *a, const char *b, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (fold(a[i]) != fold(b[i])) {
			return false;
		}
	}
	return true;
}

bool http_text_is_folded(struct http_text text, const char *other)
{
	return strlen(other) == text.size && equal_folded(text.data, other, text.size);
}

bool http_text_equals_folded(struct http_text a, struct http_text b)
{
	return a.size == b.size && equal_folded(a.data, b.data, a.size);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

struct http_text http_text_trim(struct http_text text)
{
	while (text.size > 0 && is_space(text.data[0])) {
		text.data++;
		text.size--;
	}
	while (text.size > 0 && is_space(text.data[text.size - 1])) {
		text.size--;
	}
	return text;
}

/* Cuts *rest before and after the first `separator`. False: *rest had no bytes and no separator
 * before. */
static bool cut(struct http_text *rest, char separator, struct http_text *part)
{
	if (rest->data == NULL) {
		return false;
	}
	const char *end = rest->size > 0 ? memchr(rest->data, separator, rest->size) : NULL;

	if (end == NULL) {
		*part = *rest;
		*rest = (struct http_text){ NULL, 0 };
		return true;
	}
	size_t size = (size_t)(end - rest->data);
	*part = (struct http_text){ rest->data, size };
	*rest = (struct http_text){ end + 1, rest->size - size - 1 };
	return true;
}

bool http_list_next(struct http_text *rest, struct http_text *element)
{
	if (!cut(rest, ',', element)) {
		return false;
	}
	*element = http_text_trim(*element);
	return true;
}

int http_hex_digit(char c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	if (c >= 'a' && c <= 'f') {
		return c - 'a' + 10;
	}
	if (c >= 'A' && c <= 'F') {
		return c - 'A' + 10;
	}
	return -1;
}

bool http_media_type_is(struct http_text value, const char *type)
{
	struct http_text name;

	return cut(&value, ';', &name) && http_text_is_folded(http_text_trim(name), type);
}

/* ---- queries ---- */

static bool decode_query(
	struct http_text raw, struct arena *arena, struct http_text *result, struct error *err)
{
	char *out = arena_alloc(arena, raw.size + 1);
	size_t size = 0;

	for (size_t i = 0; i < raw.size; i++) {
		char c = raw.data[i] == '+' ? ' ' : raw.data[i];
		if (c == '%') {
			int high = i + 2 < raw.size ? http_hex_digit(raw.data[i + 1]) : -1;
			int low = i + 2 < raw.size ? http_hex_digit(raw.data[i + 2]) : -1;
			if (high < 0 || low < 0) {
				return error_set(err, ERROR_REQUEST,
					"the query has a '%%' that is not followed by two "
					"hexadecimal "
					"digits; write a percent sign as %%25");
			}
			c = (char)(high << 4 | low);
			i += 2;
		}
		if (c == '\0') {
			return error_set(err, ERROR_REQUEST, "the query holds a NUL (%%00)");
		}
		out[size++] = c;
	}
	out[size] = '\0';
	if (!utf8_is_valid(out, size)) {
		return error_set(err, ERROR_REQUEST, "the query is not UTF-8");
	}
	*result = (struct http_text){ out, size };
	return true;
}

bool http_query_next(struct http_text *cursor, struct arena *arena, struct http_text *name,
	struct http_text *value, struct error *err)
{
	struct http_text pair = { NULL, 0 };
	struct http_text raw_name;

	while (pair.size == 0) { /* "a&&b" has two pairs */
		if (!cut(cursor, '&', &pair)) {
			return false;
		}
	}
	cut(&pair, '=', &raw_name);
	return decode_query(raw_name, arena, name, err) && decode_query(pair, arena, value, err);
}

/* ---- headers that we send ---- */

bool http_name_is_safe(const char *name)
{
	size_t size = strlen(name);

	for (size_t i = 0; i < size; i++) {
		if ((http_class(name[i]) & HTTP_CLASS_TOKEN) == 0) {
			return false;
		}
	}
	return size > 0;
}

bool http_value_is_safe(const char *value, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if ((http_class(value[i]) & HTTP_CLASS_VALUE) == 0) {
			return false;
		}
	}
	return true;
}
