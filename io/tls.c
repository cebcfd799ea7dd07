#include "io/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <string.h>
#include <time.h>
#include "base/cleanup.h"
#include "base/error.h"
#include "base/memory.h"
#include "io/loop.h"

/*
 * An SSL_CTX is never changed after it was made: a reload makes a new one and swaps the
 * pointer. The same renews the ticket keys, which OpenSSL draws at random for
 * each context: every 12 hours one is built of the certificate that is in memory.
 */

#define TICKET_KEYS_US (INT64_C(12) * 3600 * 1000000)

struct tls {
	char *certificate_file;
	char *key_file;
	pthread_mutex_t lock;
	SSL_CTX *context; /* under lock, like what follows */
	int64_t made_us;
	int64_t expires_us;
};

/* ---- errors ---- */

static const char *openssl_reason(void)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	ERR_clear_error();
	return reason != NULL ? reason : "unknown reason";
}

static SSL_CTX *refuse(SSL_CTX *context, struct error *err, const char *file, const char *what)
{
	SSL_CTX_free(context);
	error_set(err, ERROR_CONFIG, "%s: %s: %s", file, what, openssl_reason());
	return NULL;
}

/* ---- one context ---- */

/* RFC 7301, 3.2: a client that offers protocols and not ours is told so. */
static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_size,
	const unsigned char *in, unsigned int in_size, void *user)
{
	static const unsigned char ours[] = "\x08http/1.1";
	unsigned char *found;

	(void)ssl;
	(void)user;
	if (SSL_select_next_proto(&found, out_size, ours, sizeof(ours) - 1, in, in_size) !=
		OPENSSL_NPN_NEGOTIATED) {
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	}
	*out = found;
	return SSL_TLSEXT_ERR_OK;
}

static bool set_policy(SSL_CTX *context)
{
	static const unsigned char session_context[] = "scimward";

	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
					     SSL_OP_CIPHER_SERVER_PREFERENCE |
					     SSL_OP_PRIORITIZE_CHACHA);
	SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
					  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
					  SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_read_ahead(context, 1); /* one system call for a record, not two */
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF); /* tickets hold the state */
	SSL_CTX_set_alpn_select_cb(context, on_alpn, NULL);
	return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
	       SSL_CTX_set_cipher_list(context,
		       "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
		       "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
		       "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:@SECLEVEL=2") ==
		       1 &&
	       SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"
						 "TLS_CHACHA20_POLY1305_SHA256") == 1 &&
	       SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384") == 1 &&
	       SSL_CTX_set_session_id_context(
		       context, session_context, sizeof(session_context) - 1) == 1;
}

static SSL_CTX *new_context(struct error *err)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	if (context == NULL || !set_policy(context)) {
		SSL_CTX_free(context);
		error_set(err, ERROR_INTERNAL, "cannot set up TLS: %s", openssl_reason());
		return NULL;
	}
	return context;
}

/* An encrypted key is refused rather than asked for on a terminal that nobody watches. */
static int on_pass_phrase(char *buffer, int size, int writing, void *user)
{
	(void)buffer;
	(void)size;
	(void)writing;
	(void)user;
	return 0;
}

static SSL_CTX *context_of_files(const struct tls *tls, struct error *err)
{
	SSL_CTX *context = new_context(err);

	if (context == NULL) {
		return NULL;
	}
	SSL_CTX_set_default_passwd_cb(context, on_pass_phrase);
	if (SSL_CTX_use_certificate_chain_file(context, tls->certificate_file) != 1) {
		return refuse(
			context, err, tls->certificate_file, "this is no usable PEM certificate");
	}
	if (SSL_CTX_use_PrivateKey_file(context, tls->key_file, SSL_FILETYPE_PEM) != 1) {
		return refuse(context, err, tls->key_file,
			"this is no usable PEM key of that certificate (without a pass phrase)");
	}
	return context;
}

/* The same certificate, chain and key; new ticket keys. */
static SSL_CTX *context_of_context(SSL_CTX *old)
{
	struct error err = { 0 };
	SSL_CTX *context = new_context(&err);
	STACK_OF(X509) *chain = NULL;

	if (context != NULL && SSL_CTX_get0_chain_certs(old, &chain) == 1 &&
		SSL_CTX_use_cert_and_key(context, SSL_CTX_get0_certificate(old),
			SSL_CTX_get0_privatekey(old), chain, 1) == 1) {
		return context;
	}
	ERR_clear_error();
	SSL_CTX_free(context);
	return NULL;
}

static int64_t expiry_of(const SSL_CTX *context)
{
	struct tm date;
	const ASN1_TIME *end = X509_get0_notAfter(SSL_CTX_get0_certificate(context));

	return ASN1_TIME_to_tm(end, &date) == 1 ? (int64_t)timegm(&date) * 1000000 : 0;
}

/* ---- the swap ---- */

/* Takes over `context`. */
static void install(struct tls *tls, SSL_CTX *context)
{
	pthread_mutex_lock(&tls->lock);
	SSL_CTX *old = tls->context;
	tls->context = context;
	tls->made_us = loop_now_us();
	tls->expires_us = expiry_of(context);
	pthread_mutex_unlock(&tls->lock);
	SSL_CTX_free(old); /* its connections hold it */
}

bool tls_reload(struct tls *tls, struct error *err)
{
	SSL_CTX *context = context_of_files(tls, err);

	if (context == NULL) {
		return false;
	}
	install(tls, context);
	return true;
}

struct tls *tls_new(const struct tls_options *options, struct error *err)
{
	struct tls *tls = must_calloc(1, sizeof(*tls));

	tls->certificate_file = must_strdup(options->certificate_file);
	tls->key_file = must_strdup(options->key_file);
	pthread_mutex_init(&tls->lock, NULL);
	if (!tls_reload(tls, err)) {
		tls_free(tls);
		return NULL;
	}
	return tls;
}

void tls_free(struct tls *tls)
{
	if (tls == NULL) {
		return;
	}
	SSL_CTX_free(tls->context);
	pthread_mutex_destroy(&tls->lock);
	memory_free(tls->certificate_file);
	memory_free(tls->key_file);
	memory_free(tls);
}

int64_t tls_expires_us(struct tls *tls)
{
	pthread_mutex_lock(&tls->lock);
	int64_t expires_us = tls->expires_us;
	pthread_mutex_unlock(&tls->lock);
	return expires_us;
}

/* A context to be given back with SSL_CTX_free(). */
static SSL_CTX *take_context(struct tls *tls)
{
	pthread_mutex_lock(&tls->lock);
	if (loop_now_us() - tls->made_us > TICKET_KEYS_US) {
		SSL_CTX *renewed = context_of_context(tls->context);
		if (renewed != NULL) {
			SSL_CTX_free(tls->context);
			tls->context = renewed;
		}
		tls->made_us = loop_now_us();
	}
	SSL_CTX *context = tls->context;
	SSL_CTX_up_ref(context);
	pthread_mutex_unlock(&tls->lock);
	return context;
}

SSL *tls_accept(struct tls *tls, int fd)
{
	SSL_CTX *context = take_context(tls);
	SSL *ssl = SSL_new(context);

	SSL_CTX_free(context);
	if (ssl == NULL || SSL_set_fd(ssl, fd) != 1) {
		ERR_clear_error();
		SSL_free(ssl);
		return NULL;
	}
	SSL_set_accept_state(ssl);
	return ssl;
}
