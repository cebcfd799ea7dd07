/*
 * Strict HTTP/1.1 requests, as a pure, incremental parser: bytes in, a request
 * or a status out. No sockets, no clock, no allocation.
 *
 * Whatever two readers of the same bytes could understand differently is
 * refused (request smuggling lives from it): the rules are those of RFC 9112
 * with every MAY decided for the strict side. The result never depends on how
 * the bytes were split.
 *
 *   head:  [CRLF] METHOD SP target SP HTTP/1.x CRLF *(name ":" OWS value OWS CRLF) CRLF
 *   body:  none, Content-Length, or chunked
 *
 * Use: http_parser_init(); http_parser_head() with all bytes of the message so far until it
 * is no longer HTTP_MORE; http_parser_limit_body(); http_parser_body() until HTTP_DONE.
 * After HTTP_FAILED: answer parser->status once, close, and never look at a byte behind it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct error;

#define HTTP_FIELDS_MAX 100
#define HTTP_SEGMENTS_MAX 32
#define HTTP_TARGET_MAX 2048
#define HTTP_HEADERS_MAX (16 * 1024)
/* The longest head that can be accepted: an empty line, the request line, the header section. */
#define HTTP_HEAD_MAX (2 + 32 + HTTP_TARGET_MAX + 12 + HTTP_HEADERS_MAX)

/* Bytes of somebody else's memory; not NUL-terminated. */
struct http_text {
	const char *data;
	size_t size;
};

enum http_method {
	HTTP_GET,
	HTTP_HEAD,
	HTTP_POST,
	HTTP_PUT,
	HTTP_PATCH,
	HTTP_DELETE,
	HTTP_OPTIONS,
	HTTP_METHOD_COUNT,
};

struct http_field {
	struct http_text name;  /* as sent; compare without case */
	struct http_text value; /* without white space around it */
};

/* All texts point into the bytes of the last http_parser_head() call, or into the parser. */
struct http_request {
	enum http_method method;
	int minor;               /* HTTP/1.<minor>: 0 or 1 */
	struct http_text target; /* as sent */
	struct http_text path;  /* of the target, still encoded, without query and fragment; "*" for
				   OPTIONS * */
	struct http_text query; /* without "?", still encoded; see http_query_next() */
	/*
	 * The path, decoded once and split at "/". This is what routes and authentication look
	 * at, nothing else. "/a/b" and "/a/b/" have the same segments and differ in trailing_slash;
	 * "/" has none. A segment is never empty, "." or "..", holds no "/", "\", ";", "%" or
	 * control character and is valid UTF-8: other paths were refused with 400.
	 */
	struct http_text segments[HTTP_SEGMENTS_MAX];
	size_t segment_count;
	bool trailing_slash;
	struct http_text host; /* size 0: HTTP/1.0 without one */
	struct http_field fields[HTTP_FIELDS_MAX];
	size_t field_count;
	bool keep_alive;      /* the client takes another reply on this connection */
	bool expect_continue; /* it waits for "100 Continue" before it sends the body */
	bool chunked;
	bool has_length;
	uint64_t length;       /* of Content-Length; 0 without one */
	struct http_text body; /* filled by io/server.c: whole and contiguous */
};

struct http_limits {
	size_t target_bytes;  /* at most HTTP_TARGET_MAX; more: 414 */
	size_t headers_bytes; /* at most HTTP_HEADERS_MAX; more: 431. The request line is not
				 counted */
	size_t fields;        /* at most HTTP_FIELDS_MAX; more: 431 */
};
extern const struct http_limits http_limits_default; /* the maxima above */

enum http_result {
	HTTP_MORE,   /* needs more bytes */
	HTTP_DONE,   /* head or body is complete */
	HTTP_FAILED, /* parser->status and parser->message say why; for good */
};

/* All members but request, status and message are the parser's own. */
struct http_parser {
	struct http_request request; /* complete after the head is HTTP_DONE */
	int status;                  /* of a failure: 400, 405, 413, 414, 417, 431, 501, 505 */
	const char *message; /* static: what is wrong, for people; never a byte of the input */

	struct http_limits limits;
	const char *base; /* of the bytes that request's texts point into */
	size_t line;      /* where the next line starts */
	size_t scanned;   /* no LF between line and here */
	size_t headers; /* where the header section starts; 0: the request line is not there yet */
	bool skipped_line;
	unsigned hosts, lengths, encodings, authorizations, content_types, expects;
	struct http_text length_text, encoding, expect;
	bool connection_close;
	bool connection_keep_alive;
	bool done;

	int body_state;
	uint64_t body_left; /* of the body, or of this chunk */
	uint64_t body_size; /* decoded so far */
	uint64_t body_limit;
	unsigned digits;
	size_t overhead; /* bytes of chunk extensions and trailers */
	bool line_is_empty;

	char decoded[HTTP_TARGET_MAX]; /* segments that were percent-encoded */
};

/* limits NULL: http_limits_default. Does not clear what head() will fill: cheap. */
void http_parser_init(struct http_parser *parser, const struct http_limits *limits);

/*
 * data: the message from its first byte, as far as it has come; the same bytes
 * and more on each call, perhaps at another address. HTTP_DONE: *head_size bytes
 * were the head, what follows is body or the next message. Each byte is looked
 * at once, however often this is called.
 */
enum http_result http_parser_head(
	struct http_parser *parser, const char *data, size_t size, size_t *head_size);

/* The texts of the request move with their bytes: tell the parser when they were copied elsewhere.
 */
void http_parser_moved(struct http_parser *parser, const char *data);

/* After the head, before the body: false when the declared length is larger (413, HTTP_FAILED from
 * now on). */
bool http_parser_limit_body(struct http_parser *parser, uint64_t limit_bytes);

/*
 * Takes the next bytes of the body: *used of them were understood, and *piece (perhaps empty) is
 * decoded body, a part of data. Call again with what is left until everything was used
 * (HTTP_MORE: read more) or HTTP_DONE: the bytes left belong to the next message.
 * Chunk extensions are ignored, trailers checked and thrown away.
 */
enum http_result http_parser_body(struct http_parser *parser, const char *data, size_t size,
	size_t *used, struct http_text *piece);

/* ---- reading a request ---- */

const char *http_method_name(enum http_method method);              /* "GET"; never NULL */
bool http_text_is(struct http_text text, const char *other);        /* exactly equal */
bool http_text_is_folded(struct http_text text, const char *other); /* without ASCII case */

/* The first field of that name (case does not matter), or NULL. */
const struct http_text *http_find(const struct http_request *request, const char *name);

/*
 * The media type of Content-Type or one that Accept may name: type/subtype without parameters,
 * compared without case; "application/scim+json; charset=utf-8" is "application/scim+json".
 */
bool http_media_type_is(struct http_text value, const char *type);

/*
 * Walks the query: "a=b&c" gives a → "b", c → "". "+" is a space, %XX a byte; the
 * result must be UTF-8 without NUL. Start with cursor = request->query; texts live in
 * `arena` and are NUL-terminated. False at the end (err->code untouched) or at a bad
 * escape (ERROR_REQUEST).
 */
bool http_query_next(struct http_text *cursor, struct arena *arena, struct http_text *name,
	struct http_text *value, struct error *err);

/* May this stand in a header we send? A token; VCHAR, SP, HTAB, obs-text: no CR, LF, NUL, no
 * control. */
bool http_name_is_safe(const char *name);
bool http_value_is_safe(const char *value, size_t size);

/* "OK", "Not Found", …; "" for an unknown status. */
const char *http_reason(int status);
