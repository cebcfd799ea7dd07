/*
 * An HTTP/1.1 server that may stand on the internet: strict parser (io/http.h),
 * absolute deadlines, limits, TLS, pipelining in order, graceful drain.
 *
 * One `struct server` is one listening address. It is served by N workers: each is a
 * loop with a listening socket of its own (SO_REUSEPORT), so connections never change threads and
 * nothing on the path of a request is shared. What is shared (counts of connections per address) is
 * touched at accept and close only.
 *
 *   accept → [TLS] → head → on_head → body → on_request … server_reply → next head
 *
 * Bytes: a connection without a request under way owns no buffer. One that reads takes one from
 * its worker's pool, reads straight into it, and the request points into it. server_reply()
 * sends head and body in one system call from the caller's memory; only what the
 * socket does not take is copied. docs/decisions/0001-own-http-parser.md has the reasons.
 *
 * Every reply carries Date, Content-Type (with a body), Content-Length or chunked framing,
 * Cache-Control: no-store and X-Content-Type-Options: nosniff; Connection: close when it is the
 * last.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "io/http.h"

struct buf;
struct error;
struct exchange; /* one request on its way to its reply */
struct loop;
struct server;
struct tls;

/*
 * The head is there; *body_limit is options.body_bytes and may be changed (a larger limit for
 * one route): a declared length beyond it is answered 413 before a byte of the body is read.
 * May already reply (401, 404 …): then the body is not wanted and on_request is not called.
 * request is valid during the call.
 */
typedef void server_head_fn(void *user, struct exchange *exchange,
	const struct http_request *request, uint64_t *body_limit);

/*
 * The request is whole. request and its texts (body included, contiguous) stay valid and unchanged
 * until the reply was handed over: server_reply(), server_stream_end() or server_stream_abort(),
 * exactly one of them, in this loop, now or later. The connection reads nothing meanwhile.
 */
typedef void server_request_fn(
	void *user, struct exchange *exchange, const struct http_request *request);

/*
 * Writes the body of a reply that the server gives by itself (a request that cannot be parsed, 408,
 * 413, 503 …) and returns its Content-Type (static). Also the place to count them.
 */
typedef const char *server_error_body_fn(
	void *user, int status, const char *message, struct buf *body);

struct server_options {
	/* "127.0.0.1:8443", "[::1]:8443", "0.0.0.0:0" (any port), or "unix:/run/x.sock" */
	const char *address;
	int inherited_fd; /* > 0: this listening socket instead (socket activation); owned from now
			     on */
	unsigned unix_mode; /* permissions of the unix socket; 0: 0600 */
	unsigned workers; /* listeners to open; 0: 1. A unix or inherited socket is shared by all */
	struct tls *tls;  /* NULL: plain. Must outlive the server */

	server_head_fn *on_head; /* may be NULL */
	server_request_fn *on_request;
	server_error_body_fn *error_body; /* NULL: a line of text */
	const char *allow; /* Allow of the server's own 405 (CONNECT, TRACE); NULL: all that HTTP_…
			      names */

	/* Absolute deadlines in ms; they do not start again at a read. 0: the default. */
	int64_t handshake_ms;  /* 5,000 */
	int64_t head_ms;       /* 10,000: from accept, or from the first byte of a later request */
	int64_t body_ms;       /* 30,000, and at least body_bytes_per_second on average after
				  body_grace_ms */
	int64_t body_grace_ms; /* 5,000 */
	uint64_t body_bytes_per_second; /* 1,024 */
	int64_t idle_ms;                /* 75,000: between requests */
	int64_t write_ms; /* 30,000: for a reply that waits for the client, plus a second for each
			     write_bytes_per_second */
	uint64_t write_bytes_per_second; /* 1,024 */
	int64_t linger_ms; /* 2,000: reading on after the last reply, so that a reset does not
			      destroy it */

	/* Limits. 0: the default. */
	struct http_limits head;          /* all 0: http_limits_default */
	uint64_t body_bytes;              /* 1 MiB */
	uint64_t bodies_bytes;            /* 256 MiB: bodies in memory, per worker; more: 503 */
	unsigned connections;             /* 4,096 in all; more: 503 and closed */
	unsigned connections_per_address; /* 256 (IPv6: per /64); unix sockets are not counted */
	unsigned handshakes_per_second;   /* 100 per address, with a burst of as many as it may have
					     connections */
	unsigned requests_per_connection; /* 10,000. facts say 1,000; a TLS handshake costs as much
					    as 9 requests, so this costs nothing and still moves
					    clients between workers */
	size_t write_high_water;          /* 256 KiB: server_stream_write() says stop */
};

/*
 * Opens the sockets, so that a port that is taken is known before a thread starts.
 * options are copied; the address text too. NULL: ERROR_CONFIG (address), ERROR_IO (in use,
 * permission …). Another process that listens on the same address is an error although SO_REUSEPORT
 * would allow it.
 */
struct server *server_new(const struct server_options *options, struct error *err);

/*
 * In the thread of `loop` (or before it runs): worker number `index` serves there from now on.
 * After server_stop() it does nothing.
 */
void server_attach(struct server *server, unsigned index, struct loop *loop, void *user);

/* The port that was bound (for ":0"); 0 for unix sockets. */
unsigned server_port(const struct server *server);
bool server_is_loopback(const struct server *server); /* bound to loopback or a unix socket only */

/*
 * Thread-safe, once. Stops accepting (what waits in the backlog is still served), answers requests
 * that are under way with Connection: close, closes idle connections at once; after drain_ms what
 * is left is cut off. done(user) comes in `answer` when no connection is left and no exchange is
 * unanswered. The loops of all attached workers must run until then.
 */
typedef void server_done_fn(void *user);
void server_stop(struct server *server, int64_t drain_ms, struct loop *answer, server_done_fn *done,
	void *user);

/* After server_stop()'s done, or when no worker was attached. NULL is fine. */
void server_free(struct server *server);

/* Sums over the workers; thread-safe; for metrics. */
struct server_stats {
	uint64_t accepted;
	uint64_t open;            /* now */
	uint64_t requests;        /* heads that were accepted */
	uint64_t refused_total;   /* connections beyond options.connections */
	uint64_t refused_address; /* … beyond connections_per_address or handshakes_per_second */
	uint64_t refused_parse;   /* requests that the parser refused */
	uint64_t failed_tls;
	uint64_t late_handshake; /* deadlines */
	uint64_t late_head;
	uint64_t late_body;
	uint64_t late_write;
	uint64_t late_idle;
	uint64_t gone;              /* clients that left before their reply */
	uint64_t descriptors_short; /* EMFILE, ENFILE … */
	uint64_t bytes_in;
	uint64_t bytes_out;
};
void server_stats(const struct server *server, struct server_stats *stats);

/* ---- replies: in the exchange's loop ---- */

struct server_header {
	const char *name;
	const char *value;
};

struct server_reply {
	int status;                          /* 200 … 599 */
	const char *content_type;            /* required with a body; NULL without */
	const struct server_header *headers; /* extra ones: ETag, Location, Retry-After … A NULL
						value leaves its row out */
	size_t header_count;
	const void *body; /* may go away after the call. Of a HEAD request only its size is told */
	size_t body_size;
	const char *cache_control; /* NULL: no-store */
	bool close;                /* end the connection afterwards */
};

/*
 * Ends the exchange: neither it nor its request may be touched afterwards.
 * A header that could split the reply (CR, LF, NUL …), or that the server writes itself (Date,
 * Content-Type, Connection …), turns it into a 500: never sent, never ignored. When the client is
 * gone, nothing happens.
 */
void server_reply(struct exchange *exchange, const struct server_reply *reply);

/* The reply of the server itself: options.error_body, with `message`. Ends the exchange. */
void server_reply_error(struct exchange *exchange, int status, const char *message);

/*
 * A reply in parts. length < 0: unknown (chunked; to HTTP/1.0 until the connection ends).
 * on_event is called from the loop, never from inside these functions: READY once after a write
 * that returned false, when the socket has taken what waited; GONE at most once: the client is gone
 * or was too slow: then call server_stream_abort(). A stream may stay silent as long as it likes
 * (server-sent events); bytes that wait for the client have the usual write deadline.
 */
enum server_stream_event { SERVER_STREAM_READY, SERVER_STREAM_GONE };
typedef void server_stream_fn(void *user, enum server_stream_event event);

struct server_stream {
	int64_t length;
	server_stream_fn *on_event;
	void *user;
};

/* reply->body is not used. */
void server_stream_start(struct exchange *exchange, const struct server_reply *reply,
	const struct server_stream *stream);
/* Takes all of it (copies what the socket does not). False: enough for now, wait for READY (or
 * GONE). */
bool server_stream_write(struct exchange *exchange, const void *bytes, size_t size);
/* Ends the exchange. Asserts that exactly `length` bytes were written when a length was told. */
void server_stream_end(struct exchange *exchange);
/* Ends the exchange; the connection is cut, so that the client cannot take the part for the whole.
 */
void server_stream_abort(struct exchange *exchange);

/* The client closed or reset the connection; the reply will be dropped. */
bool exchange_is_gone(const struct exchange *exchange);
/* "192.0.2.7", "2001:db8::1", or "unix". Valid as long as the exchange. */
const char *exchange_peer(const struct exchange *exchange);
/* Over a unix socket: who is at the other end (SO_PEERCRED). False: not a unix socket. */
bool exchange_peer_uid(const struct exchange *exchange, unsigned *uid);
bool exchange_is_tls(const struct exchange *exchange);
struct loop *exchange_loop(const struct exchange *exchange);
/* For the handler's own use; NULL at first. */
void exchange_set_context(struct exchange *exchange, void *context);
void *exchange_context(const struct exchange *exchange);
