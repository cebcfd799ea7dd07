#include "io/stream.h"

#include <errno.h>
#include <linux/sockios.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static int plain_result(void)
{
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? STREAM_AGAIN
									 : STREAM_FAILED;
}

/* 0 stands for the peer's end. */
static int tls_result(struct stream *stream, int result)
{
	int why = SSL_get_error(stream->ssl, result);

	stream->wants_write = why == SSL_ERROR_WANT_WRITE;
	if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
		return STREAM_AGAIN;
	}
	if (why == SSL_ERROR_ZERO_RETURN) {
		return 0;
	}
	ERR_clear_error(); /* the queue belongs to the thread: nothing may be left for the next one
			    */
	return STREAM_FAILED;
}

int stream_handshake(struct stream *stream)
{
	int result = SSL_accept(stream->ssl);

	if (result == 1) {
		stream->wants_write = false;
		return 0;
	}
	return tls_result(stream, result) == STREAM_AGAIN ? STREAM_AGAIN : STREAM_FAILED;
}

ssize_t stream_read(struct stream *stream, void *bytes, size_t size)
{
	stream->wants_write = false;
	if (stream->ssl == NULL) {
		ssize_t got = recv(stream->fd, bytes, size, 0);
		return got >= 0 ? got : plain_result();
	}
	size_t got = 0;
	int result = SSL_read_ex(stream->ssl, bytes, size, &got);

	return result == 1 ? (ssize_t)got : tls_result(stream, result);
}

static ssize_t tls_write(struct stream *stream, const struct iovec *parts, int count)
{
	ssize_t total = 0;

	for (int i = 0; i < count; i++) {
		for (size_t at = 0; at < parts[i].iov_len;) {
			size_t sent = 0;
			int result = SSL_write_ex(stream->ssl, (const char *)parts[i].iov_base + at,
				parts[i].iov_len - at, &sent);
			if (result != 1) {
				int why = tls_result(stream, result);
				why = why == 0 ? STREAM_FAILED : why;
				return total > 0 && why == STREAM_AGAIN ? total : why;
			}
			at += sent;
			total += (ssize_t)sent;
		}
	}
	return total;
}

ssize_t stream_write(struct stream *stream, const struct iovec *parts, int count)
{
	stream->wants_write = false;
	if (stream->ssl != NULL) {
		return tls_write(stream, parts, count);
	}
	if (count == 1) {
		ssize_t sent = send(stream->fd, parts->iov_base, parts->iov_len, MSG_NOSIGNAL);
		return sent >= 0 ? sent : plain_result();
	}
	struct msghdr message = { .msg_iov = (struct iovec *)parts, .msg_iovlen = (size_t)count };
	ssize_t sent = sendmsg(stream->fd, &message, MSG_NOSIGNAL);

	return sent >= 0 ? sent : plain_result();
}

bool stream_has_pending(const struct stream *stream)
{
	return stream->ssl != NULL && SSL_has_pending(stream->ssl) == 1;
}

size_t stream_unacknowledged(const struct stream *stream)
{
	int bytes = 0;

	return ioctl(stream->fd, SIOCOUTQ, &bytes) == 0 && bytes > 0 ? (size_t)bytes : 0;
}

void stream_finish(struct stream *stream)
{
	if (stream->ssl != NULL) {
		SSL_shutdown(stream->ssl); /* close_notify; the peer's is not waited for */
		ERR_clear_error();
	}
	shutdown(stream->fd, SHUT_WR);
}

ssize_t stream_discard(struct stream *stream)
{
	char bytes[16 * 1024];
	ssize_t got = recv(stream->fd, bytes, sizeof(bytes), 0);

	return got >= 0 ? got : plain_result();
}

bool stream_is_broken(const struct stream *stream)
{
	char byte;
	ssize_t got = recv(stream->fd, &byte, 1, MSG_PEEK);

	return got < 0 && plain_result() == STREAM_FAILED;
}

void stream_close(struct stream *stream, bool abruptly)
{
	if (stream->fd < 0) {
		return;
	}
	if (abruptly) {
		struct linger reset = { .l_onoff = 1, .l_linger = 0 };
		setsockopt(stream->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	}
	SSL_free(stream->ssl);
	stream->ssl = NULL;
	close(stream->fd);
	stream->fd = -1;
}
