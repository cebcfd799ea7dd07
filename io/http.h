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
#include "io/http_target.h"
#include "io/http_text.h"

#define HTTP_FIELDS_MAX 100
#define HTTP_SEGMENTS_MAX 32
#define HTTP_TARGET_MAX 2048
#define HTTP_HEADERS_MAX (16 * 1024)
/* What a request line may have beside its target: the longest method we know, spaces, version, and
 * some air. */
#define HTTP_LINE_EXTRA 40
/* The longest head that can be accepted: an empty line, the request line, the header section. */
#define HTTP_HEAD_MAX (2 + HTTP_TARGET_MAX + HTTP_LINE_EXTRA + 1 + HTTP_HEADERS_MAX)

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
	struct http_text
		name; /* as sent; compare without case. Never holds "_": see http_parser_head() */
	struct http_text value; /* without white space around it */
};

/* All texts point into the bytes given to http_parser_head(), or into the parser. */
struct http_request {
	enum http_method method;
	int minor;               /* HTTP/1.<minor>: 0 or 1 */
	struct http_text target; /* as sent */
	struct http_text path;  /* of the target, still encoded, without query and fragment; "*" for
				   OPTIONS * */
	struct http_text query; /* without "?", still encoded; for http_query_next() */
	/*
	 * The path, decoded once and split at "/". This is what routes and authentication look
	 * at, nothing else. "/a/b" and "/a/b/" have the same segments and differ in trailing_slash;
	 * "/" and "*" have none. A segment is never empty, "." or "..", holds no "/", "\", ";", "%"
	 * or control character and is valid UTF-8: other paths were refused with 400.
	 */
	struct http_text segments[HTTP_SEGMENTS_MAX];
	size_t segment_count;
	bool trailing_slash;
	struct http_text host; /* data NULL: HTTP/1.0 without one */
	struct http_field fields[HTTP_FIELDS_MAX];
	size_t field_count;
	bool keep_alive; /* the client takes another reply on this connection; never with HTTP/1.0
			  */
	bool expect_continue; /* it waits for "100 Continue" before it sends the body */
	bool chunked;
	bool has_length;
	uint64_t length;       /* of Content-Length; 0 without one */
	struct http_text body; /* not by the parser: io/server.c fills it, whole and contiguous */
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

/* Headers that the parser itself reads. They may come once, in one spelling. */
enum http_known {
	HTTP_KNOWN_AUTHORIZATION,
	HTTP_KNOWN_CONNECTION, /* a list: may come more than once */
	HTTP_KNOWN_CONTENT_LENGTH,
	HTTP_KNOWN_CONTENT_TYPE,
	HTTP_KNOWN_EXPECT,
	HTTP_KNOWN_HOST,
	HTTP_KNOWN_TRANSFER_ENCODING,
	HTTP_KNOWN_COUNT,
};

/* Lies where it is: request points into it. Others read request, status and message only. */
struct http_parser {
	struct http_request request; /* complete after the head is HTTP_DONE */
	int status;                  /* of a failure: 400, 405, 413, 414, 417, 431, 501, 505 */
	const char *message; /* lives as long as the parser: what is wrong, for people; never a byte
				of the input */

	struct http_limits limits;
	size_t line;    /* where the line that is being read starts */
	size_t scanned; /* no LF between line and here */
	size_t headers; /* where the header section starts; 0: the request line is not there yet */
	bool skipped_line;
	bool close;
	struct http_text authority; /* of an absolute target */
	struct http_text known[HTTP_KNOWN_COUNT];
	uint8_t known_count[HTTP_KNOWN_COUNT]; /* 2: more than one */

	int body_state;
	uint64_t body_left;  /* of the body, or of this chunk */
	uint64_t body_size;  /* decoded so far */
	uint64_t body_limit; /* UINT64_MAX: none set */
	char limit[96];      /* the message of a 413 or 414: it names the limit */
	unsigned digits;
	size_t overhead; /* bytes of chunk extensions and trailers */

	char decoded[HTTP_TARGET_MAX]; /* segments that were percent-encoded */
};

/* For the next message. limits NULL: http_limits_default. Cheap: big arrays are not cleared. */
void http_parser_init(struct http_parser *parser, const struct http_limits *limits);

/*
 * data: the message from its first byte, as far as it has come; at the same address on each call.
 * HTTP_DONE: *head_size bytes were the head, what follows is body or the next message. Each byte is
 * looked at once, however often this is called. A buffer of HTTP_HEAD_MAX + 1 bytes is always
 * enough.
 *
 * Names with "_": some read them as "-". Those that would become a header the parser reads
 * are refused (400), all others are left out of the request.
 */
enum http_result http_parser_head(
	struct http_parser *parser, const char *data, size_t size, size_t *head_size);

/* After the head, before the body: false when the declared length is larger (413, HTTP_FAILED from
 * now on). */
bool http_parser_limit_body(struct http_parser *parser, uint64_t limit_bytes);

/*
 * Takes the next bytes of the body: *used of them were understood, and *piece (perhaps empty) is
 * decoded body, a part of data. Call again with what is left until everything was used
 * (HTTP_MORE: read more) or HTTP_DONE: the bytes left belong to the next message.
 * Chunk extensions are ignored, trailers checked and thrown away (16 KiB of both together at most).
 */
enum http_result http_parser_body(struct http_parser *parser, const char *data, size_t size,
	size_t *used, struct http_text *piece);

/* True: the request has a body of at least one byte, or chunks. */
bool http_request_has_body(const struct http_request *request);

const char *http_method_name(enum http_method method); /* "GET"; never NULL */

/* The value of the first field of that name (case does not matter), or NULL. */
const struct http_text *http_find(const struct http_request *request, const char *name);
