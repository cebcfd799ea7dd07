#include "bench/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

static SSL_CTX *tls_context;

static void die(const char *what, const char *why)
{
	fprintf(stderr, "wire: %s: %s\n", what, why);
	exit(1);
}

void wire_start_tls(void)
{
	tls_context = SSL_CTX_new(TLS_client_method());
	if (tls_context == NULL ||
		SSL_CTX_set_min_proto_version(tls_context, TLS1_3_VERSION) != 1) {
		die("tls", "OpenSSL gives no context");
	}
	SSL_CTX_set_verify(tls_context, SSL_VERIFY_NONE, NULL);
}

static void handshake(struct wire *wire)
{
	wire->ssl = SSL_new(tls_context);
	if (wire->ssl == NULL || SSL_set_fd(wire->ssl, wire->fd) != 1 ||
		SSL_connect(wire->ssl) != 1) {
		die("tls", "the handshake failed");
	}
}

void wire_open(struct wire *wire, const struct wire_peer *peer)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)peer->port) };
	int on = 1;

	wire->peer = peer;
	wire->size = wire->head_size = wire->body_size = 0;
	wire->closing = false;
	wire->ssl = NULL;
	wire->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (wire->fd < 0 || inet_pton(AF_INET, peer->address, &address.sin_addr) != 1 ||
		connect(wire->fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		die("connect", strerror(errno));
	}
	setsockopt(wire->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (peer->tls) {
		handshake(wire);
	}
	fcntl(wire->fd, F_SETFL, O_NONBLOCK);
}

void wire_close(struct wire *wire)
{
	if (wire->ssl != NULL) {
		SSL_free(wire->ssl);
		wire->ssl = NULL;
	}
	close(wire->fd);
	wire->fd = -1;
}

bool wire_renew(struct wire *wire)
{
	if (!wire->closing) {
		return false;
	}
	wire_close(wire);
	wire_open(wire, wire->peer);
	return true;
}

void wire_send(struct wire *wire, const void *bytes, size_t size)
{
	wire->size = wire->head_size = wire->body_size = 0;
	ssize_t sent = wire->ssl != NULL ? SSL_write(wire->ssl, bytes, (int)size)
					 : send(wire->fd, bytes, size, MSG_NOSIGNAL);
	if (sent != (ssize_t)size) {
		die("send", sent < 0 ? strerror(errno) : "only a part was taken");
	}
}

static void die_of_read(const struct wire *wire, ssize_t got, int ssl_error)
{
	char text[200];

	snprintf(text, sizeof(text), "%s, %zu bytes of the reply were there (TLS: %d, %s)",
		got == 0 ? "the server closed" : strerror(errno), wire->size, ssl_error,
		ssl_error != 0 ? ERR_reason_error_string(ERR_peek_last_error()) : "-");
	die("read", text);
}

/* False: nothing is there now. */
static bool take(struct wire *wire)
{
	size_t room = WIRE_BYTES - wire->size;
	int ssl_error = 0;
	ssize_t got;

	if (room == 0) {
		die("reply", "larger than 64 KiB");
	}
	if (wire->ssl != NULL) {
		ERR_clear_error();
		got = SSL_read(wire->ssl, wire->bytes + wire->size, (int)room);
		ssl_error = got <= 0 ? SSL_get_error(wire->ssl, (int)got) : 0;
		if (ssl_error == SSL_ERROR_WANT_READ) {
			return false;
		}
	} else {
		got = recv(wire->fd, wire->bytes + wire->size, room, 0);
		if (got < 0 && errno == EAGAIN) {
			return false;
		}
	}
	if (got <= 0) {
		die_of_read(wire, got, ssl_error);
	}
	wire->size += (size_t)got;
	wire->bytes[wire->size] = '\0';
	return true;
}

/* The value of a header, with what follows. NULL: not there. */
static const char *field(const char *head, const char *name)
{
	const char *line = strstr(head, "\r\n");
	size_t size = strlen(name);

	while (line != NULL) {
		line += 2;
		if (strncasecmp(line, name, size) == 0) {
			return line + size;
		}
		line = strstr(line, "\r\n");
	}
	return NULL;
}

static void read_head(struct wire *wire)
{
	char *end = strstr(wire->bytes, "\r\n\r\n");

	if (end == NULL) {
		return;
	}
	end[2] = '\0'; /* of "\r\n\r\n": the head ends with its last line's break */
	wire->head_size = (size_t)(end - wire->bytes) + 4;
	const char *length = field(wire->bytes, "content-length: ");
	const char *connection = field(wire->bytes, "connection: ");
	if (strncmp(wire->bytes, "HTTP/1.1 ", 9) != 0) {
		die("reply", "not HTTP/1.1");
	}
	if (length == NULL && field(wire->bytes, "transfer-encoding:") != NULL) {
		die("reply", "chunked: not expected of this kind of request");
	}
	wire->body_size = length != NULL ? strtoull(length, NULL, 10) : 0;
	wire->closing = connection != NULL && strncasecmp(connection, "close", 5) == 0;
}

enum wire_result wire_read(struct wire *wire, struct wire_reply *reply)
{
	do {
		if (!take(wire)) {
			return WIRE_MORE;
		}
		if (wire->head_size == 0) {
			read_head(wire);
		}
		/* One read mostly brings all; the next would only be told EAGAIN. */
	} while (wire->head_size == 0 || wire->size < wire->head_size + wire->body_size);
	reply->status = (int)strtol(wire->bytes + 9, NULL, 10);
	reply->head = wire->bytes;
	reply->body = wire->bytes + wire->head_size;
	return WIRE_REPLY;
}
