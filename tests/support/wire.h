/*
 * A blocking client of few words, for tests of servers: it sends bytes and looks at what comes
 * back. Every wait ends after a minute: then the peer has forgotten us.
 */
#pragma once

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define WIRE_WAIT_S 60

static inline void wire_limit_waits(int fd)
{
	struct timeval limit = { .tv_sec = WIRE_WAIT_S };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

/* receive_bytes > 0: a small window. -1: refused. */
static inline int wire_connect_with(unsigned port, int receive_bytes)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int on = 1;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (receive_bytes > 0) {
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof(receive_bytes));
	}
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		close(fd);
		return -1;
	}
	wire_limit_waits(fd); /* not before: connect() would end with EINTR, too */
	return fd;
}

static inline int wire_connect(unsigned port)
{
	return wire_connect_with(port, 0);
}

/* With a limit of waiting recv() and send() end with EINTR also when the process was stopped for a
 * while. */
static inline ssize_t wire_receive(int fd, void *bytes, size_t size)
{
	ssize_t got;

	do {
		got = recv(fd, bytes, size, 0);
	} while (got < 0 && errno == EINTR);
	return got;
}

/* False: the peer is gone. */
static inline bool wire_send_bytes(int fd, const void *bytes, size_t size)
{
	for (size_t at = 0; at < size;) {
		ssize_t sent = send(fd, (const char *)bytes + at, size - at, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR) {
			continue;
		}
		if (sent <= 0) {
			return false;
		}
		at += (size_t)sent;
	}
	return true;
}

static inline bool wire_send(int fd, const char *text)
{
	return wire_send_bytes(fd, text, strlen(text));
}

/* Reads until `size` bytes, the peer's end, a reset or the limit of waiting; NUL-terminated.
 * Returns the bytes. */
static inline size_t wire_read(int fd, char *bytes, size_t size)
{
	size_t at = 0;

	while (at < size) {
		ssize_t got = wire_receive(fd, bytes + at, size - at);
		if (got <= 0) {
			break;
		}
		at += (size_t)got;
	}
	bytes[at] = '\0';
	return at;
}

/* Reads one whole reply with Content-Length (or without a body); bytes behind it stay in the
 * socket. */
static inline size_t wire_read_reply(int fd, char *bytes, size_t size)
{
	size_t at = 0;

	bytes[0] = '\0';
	while (at + 1 < size && strstr(bytes, "\r\n\r\n") == NULL) {
		if (wire_receive(fd, bytes + at, 1) <= 0) {
			return at;
		}
		bytes[++at] = '\0';
	}
	const char *length = strcasestr(bytes, "\r\ncontent-length:");
	size_t left = length != NULL ? strtoul(length + 17, NULL, 10) : 0;

	left = left < size - at - 1 ? left : size - at - 1;
	return at + wire_read(fd, bytes + at, left);
}

/* True: the peer closes (or resets) within the limit; what it still sends is thrown away. */
static inline bool wire_is_closed(int fd)
{
	char bytes[4096];

	for (;;) {
		ssize_t got = wire_receive(fd, bytes, sizeof(bytes));
		if (got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK)) {
			return true;
		}
		if (got < 0) {
			return false;
		}
	}
}

/* Waits `ms` for bytes or the end. True: something is there. */
static inline bool wire_wait(int fd, int ms)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	return poll(&poll_fd, 1, ms) > 0;
}
