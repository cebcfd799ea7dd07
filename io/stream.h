/*
 * The bytes of one accepted connection, plain or TLS: non-blocking reads and writes. For the
 * server.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

struct ssl_st;

struct stream {
	int fd;             /* -1: closed */
	struct ssl_st *ssl; /* NULL: plain */
	bool wants_write; /* the last call that said STREAM_AGAIN waits for the socket to take bytes
			   */
};

enum {
	STREAM_AGAIN = -1, /* nothing now; wait for the event that wants_write names */
	STREAM_FAILED = -2,
};

/* 0: done. Or STREAM_AGAIN, STREAM_FAILED. */
int stream_handshake(struct stream *stream);
/* > 0: bytes. 0: the peer has finished. Or STREAM_AGAIN, STREAM_FAILED. */
ssize_t stream_read(struct stream *stream, void *bytes, size_t size);
/* > 0: bytes taken, from the front. Or STREAM_AGAIN, STREAM_FAILED. One system call, or one TLS
 * record per 16 KiB. */
ssize_t stream_write(struct stream *stream, const struct iovec *parts, int count);
/* Bytes that were read from the socket and not yet from here: no event will announce them. */
bool stream_has_pending(const struct stream *stream);
/* Bytes that were taken and that the peer has not yet acknowledged. */
size_t stream_unacknowledged(const struct stream *stream);
/* Says that nothing more will be sent. */
void stream_finish(struct stream *stream);
/* Reads from the socket and throws away. As stream_read(). */
ssize_t stream_discard(struct stream *stream);
/* True: the connection is broken or was reset (not: closed in one direction). Takes nothing away.
 */
bool stream_is_broken(const struct stream *stream);
/* abruptly: by a reset, so that the peer cannot take what it has for complete. */
void stream_close(struct stream *stream, bool abruptly);
