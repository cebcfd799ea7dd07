/*
 * Addresses to listen on, and the sockets there. For io/server.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct error;

struct address {
	struct sockaddr_storage bytes;
	socklen_t size;
	int family;
};

/* "host:port", "[v6]:port" or "unix:/path". Names are looked up (blocking). ERROR_CONFIG says what
 * is wrong. */
bool address_parse(const char *text, struct address *address, struct error *err);

/*
 * A non-blocking listening socket. A TCP socket shares its port with others of this
 * server (SO_REUSEPORT) and sets TCP_NODELAY, which accepted sockets inherit. A stale unix
 * socket is replaced, one that somebody listens on is not. -1: ERROR_IO.
 */
int address_listen(
	const struct address *address, const char *text, unsigned unix_mode, struct error *err);

/* Is the TCP port free? With SO_REUSEPORT bind() would not say. False: ERROR_IO. */
bool address_is_free(const struct address *address, const char *text, struct error *err);

/* What fd is bound to. */
bool address_of_socket(int fd, struct address *address);

unsigned address_port(const struct address *address); /* 0: a unix socket */
void address_set_port(struct address *address, unsigned port);
bool address_is_loopback(const struct address *address); /* unix sockets too */

#define ADDRESS_TEXT_BYTES 48
/* "192.0.2.7", "2001:db8::1" or "unix"; IPv4 in IPv6 as IPv4. */
void address_format(const struct address *address, char text[ADDRESS_TEXT_BYTES]);

/* The key that limits count by: an IPv4 address, the /64 of an IPv6 address. */
#define ADDRESS_KEY_BYTES 16
void address_key(const struct address *address, uint8_t key[ADDRESS_KEY_BYTES]);
