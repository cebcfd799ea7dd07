/*
 * The head of a reply: status line and headers. For the server.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct buf;
struct server_reply;

/* "Tue, 24 Nov 2026 05:50:00 GMT" of the second that is now, made once per second. One per worker.
 */
struct reply_date {
	int64_t second;
	char text[32];
};

enum reply_framing {
	REPLY_LENGTH,  /* Content-Length: length */
	REPLY_CHUNKED, /* Transfer-Encoding: chunked */
	REPLY_CLOSE,   /* until the connection ends */
	REPLY_NONE,    /* 204 and 304: no body, no word about it */
};

/*
 * Appends the head to buf. False: a header could split the reply (CR, LF …) or would say
 * twice what this function says; buf holds a part of it.
 */
bool reply_head_append(struct buf *buf, struct reply_date *date, const struct server_reply *reply,
	enum reply_framing framing, uint64_t length, bool close);
