/*
 * wire: the client side of one kept HTTP/1.1 connection, as the load generator needs it: one
 * request under way at a time, raw non-blocking socket, TLS or not. Deliberately none of io/: what
 * measures should not share code with what is measured.
 *
 *     idle ──wire_send──▶ busy ──wire_read: WIRE_REPLY──▶ idle
 *
 * A reply with "Connection: close" is followed by a new connection (blocking, on loopback); the
 * time of that belongs to the request that comes next. What is broken ends the program.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wire_peer {
	const char *address; /* IPv4 */
	unsigned port;
	bool tls; /* the certificate is not checked: both ends are ours */
};

struct wire_reply {
	int status;
	const char *head; /* NUL-terminated; both are valid until the next wire_send() */
	const char *body; /* NUL-terminated */
};

enum { WIRE_BYTES = 64 * 1024 };

struct wire {
	const struct wire_peer *peer;
	int fd;
	struct ssl_st *ssl; /* NULL: plain */
	bool closing;       /* the server said that it was the last reply */
	size_t size;        /* bytes of the reply so far */
	size_t head_size;   /* 0: not known yet */
	size_t body_size;
	char bytes[WIRE_BYTES + 1];
};

enum wire_result { WIRE_MORE, WIRE_REPLY };

/* Makes the context of TLS connections; once, before wire_open() with a TLS peer. */
void wire_start_tls(void);
void wire_open(struct wire *wire, const struct wire_peer *peer);
void wire_close(struct wire *wire);
/* All of it, in one system call (requests are smaller than a socket's buffer). */
void wire_send(struct wire *wire, const void *bytes, size_t size);
/* Takes what has come. WIRE_REPLY: *reply is filled. */
enum wire_result wire_read(struct wire *wire, struct wire_reply *reply);
/* After a reply: true when a new descriptor took the place of the old one. */
bool wire_renew(struct wire *wire);
