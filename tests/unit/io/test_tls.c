#include "io/tls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <openssl/ssl.h>
#include <time.h>
#include "tests/support/certificate.h"
#include "tests/support/scratch.h"
#include "tests/support/server_stage.h"

#define CERTIFICATE "cert.pem"
#define KEY "key.pem"
#define NAMES "DNS:localhost"

static struct tls *tls;

static const struct tls_options files = { CERTIFICATE, KEY };

static int setup_with_deadline(int64_t handshake_ms)
{
	struct server_options options = usual;
	struct error err = { 0 };

	certificate_write(CERTIFICATE, KEY, NAMES, 1);
	tls = tls_new(&files, &err);
	assert_non_null(tls);
	options.tls = tls;
	options.handshake_ms = handshake_ms;
	return setup_with(&options);
}

static int setup_tls(void **state)
{
	(void)state;
	return setup_with_deadline(0);
}

static int setup_hasty(void **state)
{
	(void)state;
	return setup_with_deadline(50);
}

static int teardown_tls(void **state)
{
	teardown(state);
	tls_free(tls);
	return 0;
}

/* ---- a client ---- */

struct client {
	SSL_CTX *context;
	SSL *ssl;
	int fd;
};

/* A call of a socket with a limit of waiting was interrupted: again. */
static bool is_interrupted(struct client *client, int result)
{
	int error = result > 0 ? SSL_ERROR_NONE : SSL_get_error(client->ssl, result);

	return (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) && errno == EINTR;
}

static bool client_open(struct client *client, int version, const char *ciphers, const char *alpn)
{
	client->context = SSL_CTX_new(TLS_client_method());
	if (version != 0) {
		SSL_CTX_set_security_level(client->context, 0); /* so that it may offer TLS 1.0 */
		SSL_CTX_set_min_proto_version(client->context, version);
		SSL_CTX_set_max_proto_version(client->context, version);
	}
	if (ciphers != NULL) {
		assert_int_equal(SSL_CTX_set_cipher_list(client->context, ciphers), 1);
	}
	client->fd = wire_connect(stage->fixture.port);
	client->ssl = SSL_new(client->context);
	SSL_set_fd(client->ssl, client->fd);
	if (alpn != NULL) {
		SSL_set_alpn_protos(
			client->ssl, (const unsigned char *)alpn, (unsigned)strlen(alpn));
	}

	int result;
	do {
		result = SSL_connect(client->ssl);
	} while (is_interrupted(client, result));
	return result == 1;
}

static void client_close(struct client *client)
{
	SSL_free(client->ssl);
	SSL_CTX_free(client->context);
	close(client->fd);
}

static const char *client_ask(struct client *client, const char *request, size_t until)
{
	size_t at = 0;

	reply[0] = '\0';
	assert_true(SSL_write(client->ssl, request, (int)strlen(request)) > 0);
	do {
		int got = SSL_read(client->ssl, reply + at, (int)(sizeof(reply) - at - 1));
		if (is_interrupted(client, got)) {
			continue;
		}
		if (got <= 0) {
			break;
		}
		at += (size_t)got;
		reply[at] = '\0';
	} while (at < until || strstr(reply, "\r\n\r\n") == NULL);
	reply[at] = '\0';
	return reply;
}

static long client_serial(struct client *client)
{
	X509 *certificate = SSL_get1_peer_certificate(client->ssl);
	long serial = ASN1_INTEGER_get(X509_get0_serialNumber(certificate));

	X509_free(certificate);
	return serial;
}

/* ---- tests ---- */

static void test_versions_and_ciphers_that_are_spoken(void **state)
{
	static const struct {
		int version;
		const char *ciphers;
		bool spoken;
	} cases[] = {
		{ TLS1_3_VERSION, NULL, true },
		{ TLS1_2_VERSION, NULL, true },
		{ TLS1_2_VERSION, "ECDHE-ECDSA-AES256-GCM-SHA384", true },
		{ TLS1_2_VERSION, "ECDHE-ECDSA-CHACHA20-POLY1305", true },
		{ TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA256", false },
		{ TLS1_2_VERSION, "ECDHE-ECDSA-AES128-CCM8:@SECLEVEL=0", false },
		{ TLS1_2_VERSION, "AES128-GCM-SHA256", false },
		{ TLS1_1_VERSION, NULL, false },
		{ TLS1_VERSION, NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct client client;
		bool spoken = client_open(&client, cases[i].version, cases[i].ciphers, NULL);

		if (spoken != cases[i].spoken) {
			fail_msg("case %zu: %d", i, spoken);
		}
		if (spoken) {
			assert_has(client_ask(&client, GET("/none"), 0), "HTTP/1.1 204 ");
		}
		client_close(&client);
	}
}

static void test_alpn_is_http_1_1_or_nothing(void **state)
{
	struct client client;
	const unsigned char *chosen;
	unsigned size;

	(void)state;
	assert_true(client_open(&client, 0, NULL, "\x02h2\x08http/1.1"));
	SSL_get0_alpn_selected(client.ssl, &chosen, &size);
	assert_int_equal(size, 8);
	assert_memory_equal(chosen, "http/1.1", 8);
	client_close(&client);
	assert_false(client_open(&client, 0, NULL, "\x02h2"));
	client_close(&client);
}

static void test_large_replies_and_bodies_pass_through_tls(void **state)
{
	struct client client;
	struct buf request = { 0 };

	(void)state;
	assert_true(client_open(&client, 0, NULL, NULL));
	buf_append_text(&request, "POST /a HTTP/1.1\r\n" HOST "Content-Length: 200000\r\n\r\n");
	size_t head = request.size;
	for (int i = 0; i < 200000; i++) {
		buf_append_char(&request, (char)('a' + i % 19));
	}
	client_ask(&client, request.data, 200000);
	assert_memory_equal(strstr(reply, "\r\n\r\n") + 4, request.data + head, 200000);
	assert_has(client_ask(&client, GET("/later") GET("/later"), 320), "later");
	buf_fini(&request);
	client_close(&client);
}

static void test_renegotiation_is_refused(void **state)
{
	struct client client;

	(void)state;
	assert_true(client_open(&client, TLS1_2_VERSION, NULL, NULL));
	assert_has(client_ask(&client, GET("/none"), 0), "HTTP/1.1 204 ");
	SSL_renegotiate(client.ssl);
	assert_int_not_equal(SSL_do_handshake(client.ssl), 1);
	client_close(&client);
}

static void test_a_session_is_resumed_with_a_ticket(void **state)
{
	struct client client;
	struct client again;

	(void)state;
	assert_true(client_open(&client, TLS1_2_VERSION, NULL, NULL));
	assert_has(client_ask(&client, GET("/none"), 0), "HTTP/1.1 204 ");
	again.context = client.context;
	SSL_CTX_up_ref(again.context);
	again.fd = wire_connect(stage->fixture.port);
	again.ssl = SSL_new(again.context);
	SSL_set_fd(again.ssl, again.fd);
	SSL_set_session(again.ssl, SSL_get0_session(client.ssl));
	assert_int_equal(SSL_connect(again.ssl), 1);
	assert_true(SSL_session_reused(again.ssl));
	client_close(&client);
	client_close(&again);
}

static void test_a_reload_changes_new_connections_only(void **state)
{
	struct client before;
	struct client after;
	struct error err = { 0 };

	(void)state;
	assert_true(client_open(&before, 0, NULL, NULL));
	assert_int_equal(client_serial(&before), 1);
	certificate_write(CERTIFICATE, KEY, NAMES, 2);
	assert_true(tls_reload(tls, &err));
	assert_true(client_open(&after, 0, NULL, NULL));
	assert_int_equal(client_serial(&after), 2);
	assert_has(client_ask(&before, GET("/none"), 0), "HTTP/1.1 204 ");
	client_close(&before);
	client_close(&after);
}

static void test_a_reload_that_fails_keeps_the_certificate(void **state)
{
	struct client client;
	struct error err = { 0 };

	(void)state;
	certificate_write("other.pem", KEY, NAMES, 3); /* a key of another */
	assert_false(tls_reload(tls, &err));
	assert_int_equal(err.code, ERROR_CONFIG);
	assert_has(err.text, KEY);
	assert_true(client_open(&client, 0, NULL, NULL));
	assert_int_equal(client_serial(&client), 1);
	client_close(&client);
}

static void test_a_handshake_that_does_not_come_is_cut(void **state)
{
	int fd = wire_connect(stage->fixture.port);
	struct server_stats stats;

	(void)state;
	assert_true(wire_send(fd, "\x16\x03\x01"));
	assert_true(wire_is_closed(fd));
	server_stats(stage->fixture.server, &stats);
	assert_int_equal(stats.late_handshake, 1);
	close(fd);
}

static void test_plain_http_at_a_tls_port_is_cut(void **state)
{
	int fd = wire_connect(stage->fixture.port);
	struct server_stats stats;

	(void)state;
	assert_true(wire_send(fd, GET("/a")));
	assert_true(wire_is_closed(fd));
	server_stats(stage->fixture.server, &stats);
	assert_int_equal(stats.failed_tls, 1);
	assert_int_equal(stage->requests, 0);
	close(fd);
}

static void test_the_end_of_the_certificate_is_known(void **state)
{
	int64_t left_s = tls_expires_us(tls) / 1000000 - (int64_t)time(NULL);

	(void)state;
	assert_true(left_s > 23 * 3600 && left_s < 25 * 3600);
}

static void test_files_that_are_none_are_named(void **state)
{
	const struct tls_options missing = { "/no/such.pem", KEY };
	const struct tls_options swapped = { KEY, CERTIFICATE };
	struct error err = { 0 };

	(void)state;
	certificate_write(CERTIFICATE, KEY, NAMES, 1);
	assert_null(tls_new(&missing, &err));
	assert_int_equal(err.code, ERROR_CONFIG);
	assert_has(err.text, "/no/such.pem");
	assert_null(tls_new(&swapped, &err));
	assert_has(err.text, KEY);
}

#define TLS_TEST(name) cmocka_unit_test_setup_teardown(name, setup_tls, teardown_tls)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TLS_TEST(test_versions_and_ciphers_that_are_spoken),
		TLS_TEST(test_alpn_is_http_1_1_or_nothing),
		TLS_TEST(test_large_replies_and_bodies_pass_through_tls),
		TLS_TEST(test_renegotiation_is_refused),
		TLS_TEST(test_a_session_is_resumed_with_a_ticket),
		TLS_TEST(test_a_reload_changes_new_connections_only),
		TLS_TEST(test_a_reload_that_fails_keeps_the_certificate),
		cmocka_unit_test_setup_teardown(
			test_a_handshake_that_does_not_come_is_cut, setup_hasty, teardown_tls),
		TLS_TEST(test_plain_http_at_a_tls_port_is_cut),
		TLS_TEST(test_the_end_of_the_certificate_is_known),
		cmocka_unit_test(test_files_that_are_none_are_named),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
