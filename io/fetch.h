/*
 * HTTP requests to others (apps, key sets), by libcurl's multi interface on a loop.
 *
 * HTTP/1.1 with connections kept, verified TLS (1.2 or newer), no redirects (a 3xx is an answer),
 * no proxy from the environment, no decompression, answers capped. Where a request may go is
 * decided on the *resolved* address, when the socket is opened and again before a kept connection
 * is used: private, loopback and other special networks are refused unless the request allows them.
 * (Host names and odd spellings such as 2130706433 or DNS that changes its mind cannot get around
 * that.)
 *
 * Belongs to its loop's thread. Never follows a lost reply with a second try: a request is sent at
 * most once.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct fetch;
struct loop;
struct secret;

struct fetch_options {
	unsigned connections;          /* in all; 0: 128. More requests wait */
	unsigned connections_per_host; /* 0: 16 */
	int64_t idle_s; /* a kept connection that was unused for longer is not used again; 0: 30 */
};

/* Ends the process when libcurl cannot be set up. The first call must come before other threads
 * start. options may be NULL. */
struct fetch *fetch_new(struct loop *loop, const struct fetch_options *options);
/*
 * Requests under way end with FETCH_STOPPED or FETCH_LOST; their callbacks run inside this call.
 * Not from inside of a callback. NULL is fine.
 */
void fetch_free(struct fetch *fetch);

/*
 * Requests under way end as above, and those that are started from now on end with FETCH_STOPPED:
 * for an owner that has to go on for a while. Not from inside of a callback.
 */
void fetch_stop(struct fetch *fetch);

struct fetch_header {
	const char *name;
	const char *value; /* NULL leaves the row out */
};

/* A network as "10.1.0.0/16" or "fd00::/8". */
struct fetch_network {
	uint8_t address[16]; /* IPv4: ::ffff:a.b.c.d */
	unsigned bits;       /* of 128 */
};
bool fetch_network_parse(const char *text, struct fetch_network *network, struct error *err);

struct fetch_request {
	const char *method; /* "GET", "POST", … */
	const char *url;    /* https://…; http://… only with allow_http */
	const struct fetch_header *headers;
	size_t header_count;
	const struct secret *bearer; /* Authorization: Bearer …; NULL: none. Never in a message */
	const void *body;
	size_t body_size; /* 0: no body (POST, PUT, PATCH then say Content-Length: 0) */

	int64_t connect_ms;    /* 0: 3,000 */
	int64_t timeout_ms;    /* everything together; 0: 30,000 */
	size_t response_bytes; /* body and headers, each; 0: 1 MiB */

	bool allow_http;    /* http:// as well; then only loopback and private addresses are reached
			       that way */
	bool allow_private; /* loopback and private addresses may be reached */
	const struct fetch_network *networks; /* these may be reached although they are private */
	size_t network_count;
	const char *ca_file;     /* NULL: the system's */
	const char *unix_socket; /* connect here instead of the URL's host (our own admin socket) */
};

enum fetch_outcome {
	FETCH_ANSWERED, /* an answer came, whole: status, headers, body */
	/* Certainly not sent: may be tried again. */
	FETCH_REFUSED,     /* by us: URL, header, address not allowed. Trying again does not help */
	FETCH_UNREACHABLE, /* name not found, connection refused or timed out */
	FETCH_TLS,         /* certificate, protocol, handshake */
	FETCH_STOPPED,     /* fetch_free() before it was sent */
	/* Sent, perhaps in part; nobody knows whether it was executed. Read before trying again. */
	FETCH_TIMEOUT, /* no (whole) answer in time */
	FETCH_LOST, /* the connection broke, the answer is no HTTP, too large, or fetch_free() came
		     */
	FETCH_OUTCOME_COUNT,
};
const char *fetch_outcome_name(enum fetch_outcome outcome); /* "answered", "tls" …: for metrics */
bool fetch_outcome_is_unknown(enum fetch_outcome outcome);  /* FETCH_TIMEOUT, FETCH_LOST */

/* Valid during the callback; texts are never NULL ("" when the header did not come). */
struct fetch_response {
	enum fetch_outcome outcome;
	int status; /* 100 … 599 when FETCH_ANSWERED */
	const char *content_type;
	const char *etag;
	const char *location;
	const char *retry_after; /* as sent: seconds or a date */
	const char *body;        /* NUL-terminated */
	size_t body_size;
	int64_t elapsed_us;
	const char *message; /* why it was not answered; no secret, no body, no address of ours */
};
typedef void fetch_done_fn(void *user, const struct fetch_response *response);

/* Everything in request is copied. done comes exactly once, from the loop, never from inside this
 * call. */
void fetch_start(
	struct fetch *fetch, const struct fetch_request *request, fetch_done_fn *done, void *user);

/* Requests under way, waiting ones included. */
size_t fetch_running(const struct fetch *fetch);

/* Seconds of a Retry-After (seconds, or an HTTP date against now_us); < 0: none or not readable. At
 * most a day. */
int64_t fetch_retry_after_s(const char *text, int64_t now_us);
