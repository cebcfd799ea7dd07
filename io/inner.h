/*
 * inner: an exchange without a connection. A request that the program makes itself (a scenario of a
 * policy) goes the same way as one from outside, and whoever made it takes the reply.
 *
 * Nothing waits for a socket here, so a reply is handed over within the call that gives it:
 *
 *     server_reply()                               HEAD, BODY (if there is one), END
 *     server_stream_start(), _write()…, _end()     HEAD, BODY…, END
 *     server_stream_abort()                        ABORT
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct exchange;
struct loop;
struct server_reply;

enum inner_event {
	INNER_HEAD,  /* reply: status and headers; its body is not used */
	INNER_BODY,  /* the next bytes; of a HEAD request there are none */
	INNER_END,   /* the reply is whole; the exchange is over */
	INNER_ABORT, /* it will never be whole; the exchange is over */
};

/* In the loop's thread. Everything that is passed is valid during the call. */
typedef void inner_fn(void *user, enum inner_event event, const struct server_reply *reply,
	const void *bytes, size_t size);

struct inner_options {
	const char *peer; /* what exchange_peer() says; must live as long as the exchange */
	struct loop *loop;
	bool is_tls;  /* what exchange_is_tls() says */
	bool is_head; /* of a HEAD request */
	inner_fn *fn;
	void *user;
};

/* Lives in arena and owes a reply. */
struct exchange *inner_new(struct arena *arena, const struct inner_options *options);
