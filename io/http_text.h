/*
 * The words of HTTP: slices of text, which bytes may stand where, media types,
 * queries, reason phrases. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct error;

/* Bytes of somebody else's memory; not NUL-terminated. */
struct http_text {
	const char *data;
	size_t size;
};

bool http_text_is(struct http_text text, const char *other);        /* exactly equal */
bool http_text_is_folded(struct http_text text, const char *other); /* without ASCII case */
bool http_text_equals_folded(struct http_text a, struct http_text b);
struct http_text http_text_trim(struct http_text text); /* without SP and HTAB around it */

/*
 * The next element of a comma-separated list ("a, b"): trimmed, cut off from *rest. False at the
 * end. Empty elements are handed out as they are. Quoted strings are not understood.
 */
bool http_list_next(struct http_text *rest, struct http_text *element);

/* Which bytes may stand where: http_class(c) & HTTP_CLASS_… */
enum {
	HTTP_CLASS_TOKEN = 1,      /* RFC 9110, 5.6.2 */
	HTTP_CLASS_VALUE = 2,      /* of a field: VCHAR, SP, HTAB, obs-text (RFC 9110, 5.5) */
	HTTP_CLASS_TARGET = 4,     /* VCHAR without obs-text */
	HTTP_CLASS_UNRESERVED = 8, /* RFC 3986, 2.3: never percent-encoded in a normal form */
	HTTP_CLASS_PATH = 16,      /* pchar of RFC 3986, 3.3, without "%" and ";" */
};
extern const uint8_t http_classes[256];

static inline uint8_t http_class(char c)
{
	return http_classes[(uint8_t)c];
}

/* 0 … 15, or -1. */
int http_hex_digit(char c);

/*
 * The media type of Content-Type, or one element of Accept: type/subtype without parameters,
 * compared without case; "application/scim+json; charset=utf-8" is "application/scim+json".
 */
bool http_media_type_is(struct http_text value, const char *type);

/*
 * Walks a query: "a=b&c" gives a → "b", c → "". "+" is a space, %XX a byte; the
 * result must be UTF-8 without NUL. Start with a copy of request->query; texts live in
 * `arena` and are NUL-terminated. False at the end (err->code untouched) or at a bad
 * escape (ERROR_REQUEST).
 */
bool http_query_next(struct http_text *cursor, struct arena *arena, struct http_text *name,
	struct http_text *value, struct error *err);

/* May this stand in a header we send? A token; HTTP_CLASS_VALUE only: no CR, LF, NUL, no control.
 */
bool http_name_is_safe(const char *name);
bool http_value_is_safe(const char *value, size_t size);

/* "OK", "Not Found", …; "" for an unknown status. */
const char *http_reason(int status);
