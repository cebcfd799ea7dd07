/*
 * TLS of our listeners, by OpenSSL: 1.2 and 1.3, forward secrecy and AEAD only, no
 * renegotiation, no compression, ALPN http/1.1 (a client that insists on
 * something else is refused), SNI is not looked at, tickets with keys of our own that
 * are renewed every 12 hours.
 *
 * The server's certificate is replaced without dropping a connection: those that
 * are open keep the old one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct error;
struct ssl_st; /* OpenSSL's SSL */
struct tls;

struct tls_options {
	const char *certificate_file; /* PEM: the certificate, then its chain */
	const char *key_file;         /* PEM, without a pass phrase */
};

/*
 * Reads both files. NULL: ERROR_CONFIG names the file and what is wrong with it (not
 * readable, no PEM, the key belongs to another certificate, RSA below 2048 bits).
 */
struct tls *tls_new(const struct tls_options *options, struct error *err);
void tls_free(struct tls *tls); /* connections that are open live on. NULL is fine. */

/*
 * Thread-safe. Reads the files again; new connections get the new certificate.
 * False: nothing changed, the old one is still served.
 */
bool tls_reload(struct tls *tls, struct error *err);

/* Thread-safe. When the served certificate ends, microseconds since 1970. For metrics and `doctor`.
 */
int64_t tls_expires_us(struct tls *tls);

/* For io/server.c. Thread-safe. A server side for one connection on fd; freed with SSL_free(). */
struct ssl_st *tls_accept(struct tls *tls, int fd);
