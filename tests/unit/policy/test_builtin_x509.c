/* crypto.x509.*, crypto.parse_private_keys. Whole forms are compared with OPA by tests/policy. */
#include <openssl/err.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "tests/unit/policy/call.h"

/* Made for this test, valid until 2106; the keys are used nowhere else. */
#define ROOT                                                                                       \
	"-----BEGIN CERTIFICATE-----\\n"                                                           \
	"MIIBdTCCARugAwIBAgIUe0GICyumz6F6JUOTm8vfnbQhgP0wCgYIKoZIzj0EAwIw\\n"                      \
	"DzENMAsGA1UEAwwEcm9vdDAgFw0yNjExMjQxMTM0MzRaGA8yMTA5MDExMzExMzQz\\n"                      \
	"NFowDzENMAsGA1UEAwwEcm9vdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABCP0\\n"                      \
	"P31o5q9GAJnFUJW2GpAd25uH/gELUHjkkyplwEk/pg4ykQbUkQ6GqdwmAbMUsYH4\\n"                      \
	"j3q0QudnzrZrq5Fne7KjUzBRMB0GA1UdDgQWBBS2UngiLX0wvruKxaN3BFOHcKIW\\n"                      \
	"GzAfBgNVHSMEGDAWgBS2UngiLX0wvruKxaN3BFOHcKIWGzAPBgNVHRMBAf8EBTAD\\n"                      \
	"AQH/MAoGCCqGSM49BAMCA0gAMEUCIDk7ySGCbNvvR12/nRnSOT44NxhHjnvKD8kF\\n"                      \
	"sP5tIM+NAiEA7O6GgcRTx07OhJ8X6YLKDDoHBRREmSGmtkJyYqxpccI=\\n"                              \
	"-----END CERTIFICATE-----\\n"

#define LEAF                                                                                       \
	"-----BEGIN CERTIFICATE-----\\n"                                                           \
	"MIIBijCCATCgAwIBAgIBBzAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARyb290MCAX\\n"                      \
	"DTI2MTEyNDExMzQzNFoYDzIxMDYwNDE5MTEzNDM0WjAPMQ0wCwYDVQQDDARsZWFm\\n"                      \
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE6R6Xg0pncMQUn3bxs8HodYpHin+9\\n"                      \
	"/ttxuL+GisooeEw9/QpXtipSwz9ICQRr8fnbC0FWFgv78ABX5Tvc9l/NTaN7MHkw\\n"                      \
	"IgYDVR0RBBswGYIJYS5leGFtcGxlhgxzcGlmZmU6Ly9hL2IwEwYDVR0lBAwwCgYI\\n"                      \
	"KwYBBQUHAwEwHQYDVR0OBBYEFF/UUkjfnHTlwQ4WfVbBTUY77z76MB8GA1UdIwQY\\n"                      \
	"MBaAFLZSeCItfTC+u4rFo3cEU4dwohYbMAoGCCqGSM49BAMCA0gAMEUCIQD8/3BI\\n"                      \
	"/FMbVk5++gpUw5cu4wuMDJgnWB2CGmHRmpjiMAIgLRMY9EnH2x4huaxcXvWdndIg\\n"                      \
	"2t0NElWWvRo5RyUGuoo=\\n"                                                                  \
	"-----END CERTIFICATE-----\\n"

#define KEY                                                                                        \
	"-----BEGIN EC PRIVATE KEY-----\\n"                                                        \
	"MHcCAQEEIIcsWHyxF4c43z8WH3EUb79VgUA65tqiL9LogHoUwGy1oAoGCCqGSM49\\n"                      \
	"AwEHoUQDQgAE6R6Xg0pncMQUn3bxs8HodYpHin+9/ttxuL+GisooeEw9/QpXtipS\\n"                      \
	"wz9ICQRr8fnbC0FWFgv78ABX5Tvc9l/NTQ==\\n"                                                  \
	"-----END EC PRIVATE KEY-----\\n"

#define REQUEST                                                                                    \
	"-----BEGIN CERTIFICATE REQUEST-----\\n"                                                   \
	"MIHJMHECAQAwDzENMAsGA1UEAwwEbGVhZjBZMBMGByqGSM49AgEGCCqGSM49AwEH\\n"                      \
	"A0IABOkel4NKZ3DEFJ928bPB6HWKR4p/vf7bcbi/horKKHhMPf0KV7YqUsM/SAkE\\n"                      \
	"a/H52wtBVhYL+/AAV+U73PZfzU2gADAKBggqhkjOPQQDAgNIADBFAiEA3eda5rEV\\n"                      \
	"/F7csjHddohURxkUG1y85P6CC/cQakwZeVcCIAZKIe+Dqaa6mI9FQ0A1SynLCjdS\\n"                      \
	"xgeKYxes8asVe87b\\n"                                                                      \
	"-----END CERTIFICATE REQUEST-----\\n"

#define IN_2027 "\"CurrentTime\": 1800000000000000000"

static void contains(const char *builtin, const char *args, const char *part)
{
	const char *got = call_builtin(builtin, args);

	if (strstr(got, part) == NULL) {
		fail_msg("%s: no %s in %.3000s", builtin, part, got);
	}
}

static void test_a_certificate_shows_what_it_says(void **state)
{
	static const char *const parts[] = { "\"CommonName\":\"leaf\"", "\"SerialNumber\":7,",
		"\"DNSNames\":[\"a.example\"]", "\"URIStrings\":[\"spiffe://a/b\"]",
		"\"ExtKeyUsage\":[1]", "\"PublicKeyAlgorithm\":3", "\"SignatureAlgorithm\":10",
		"\"IsCA\":false", "\"Version\":3", "\"KeyUsage\":0" };

	(void)state;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		contains("crypto.x509.parse_certificates", "[\"" LEAF "\"]", parts[i]);
	}
	contains("crypto.x509.parse_certificate_request", "[\"" REQUEST "\"]",
		"\"CommonName\":\"leaf\"");
}

static void test_a_chain_is_verified_from_its_first_certificate(void **state)
{
	static const struct {
		const char *args;
		bool good;
	} cases[] = {
		{ "[\"" ROOT LEAF "\", {" IN_2027 "}]", true },
		{ "[\"" ROOT LEAF "\", {" IN_2027 ", \"DNSName\": \"a.example\"}]", true },
		{ "[\"" ROOT LEAF "\", {" IN_2027 ", \"DNSName\": \"b.example\"}]", false },
		{ "[\"" ROOT LEAF "\", {" IN_2027 ", \"KeyUsages\": [\"KeyUsageClientAuth\"]}]",
			false },
		{ "[\"" ROOT LEAF "\", {" IN_2027 ", \"KeyUsages\": [\"KeyUsageAny\"]}]", true },
		{ "[\"" ROOT LEAF "\", {\"CurrentTime\": 1}]", false },
		{ "[\"" LEAF ROOT "\", {" IN_2027 "}]", false },
		{ "[\"" ROOT "\", {" IN_2027 "}]", false },
		{ "[\"" ROOT "x\", {" IN_2027 "}]", false },
		{ "[\"no certificate\", {" IN_2027 "}]", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		contains("crypto.x509.parse_and_verify_certificates_with_options", cases[i].args,
			cases[i].good ? "[true,[{" : "[false,[]]");
	}
}

static void test_a_key_shows_its_numbers(void **state)
{
	(void)state;
	contains("crypto.x509.parse_rsa_private_key", "[\"" KEY "\"]", "\"kty\":\"EC\"");
	contains("crypto.parse_private_keys", "[\"" KEY "\"]", "[{\"Curve\":{},\"D\":");
	contains("crypto.x509.parse_keypair", "[\"" LEAF "\", \"" KEY "\"]", "\"Leaf\":{");
	contains("crypto.x509.parse_keypair", "[\"" ROOT "\", \"" KEY "\"]",
		"error: tls: private key does not match public key");
}

static void test_what_is_no_certificate_is_an_error(void **state)
{
	static const struct call_case cases[] = {
		{ "crypto.x509.parse_certificates", "[\"foo bar\"]", "error: illegal base64 data" },
		{ "crypto.x509.parse_certificates", "[\"YmFk\"]",
			"error: x509: malformed certificate" },
		{ "crypto.x509.parse_certificates", "[\"\"]", "[]" },
		{ "crypto.x509.parse_certificates",
			"[\"-----BEGIN X-----\\nAAAA\\n-----END X-----\"]",
			"error: PEM block type is not CERTIFICATE" },
		{ "crypto.parse_private_keys", "[\"\"]", "null" },
		{ "crypto.parse_private_keys", "[\"nope\"]", "[]" },
		{ "crypto.x509.parse_rsa_private_key", "[\"\"]",
			"error: input PEM data was empty" },
	};

	(void)state;
	CALL_CHECK(cases);
}

/* The TLS connections of a thread ask the same queue whether something went wrong. */
static void test_no_error_stays_in_the_queue_of_openssl(void **state)
{
	static const char *const builtins[] = { "crypto.x509.parse_certificates",
		"crypto.x509.parse_certificate_request", "crypto.parse_private_keys",
		"crypto.x509.parse_rsa_private_key" };

	(void)state;
	ERR_clear_error();
	for (size_t i = 0; i < sizeof(builtins) / sizeof(builtins[0]); i++) {
		call_builtin(builtins[i], "[\"" KEY "\"]");
		call_builtin(builtins[i],
			"[\"-----BEGIN PRIVATE KEY-----\\nMAAA\\n-----END PRIVATE KEY-----\"]");
		assert_int_equal(ERR_peek_error(), 0);
	}
	call_builtin("crypto.x509.parse_keypair", "[\"" ROOT "\", \"" KEY "\"]");
	call_builtin("crypto.x509.parse_and_verify_certificates", "[\"" LEAF ROOT "\"]");
	assert_int_equal(ERR_peek_error(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_certificate_shows_what_it_says),
		cmocka_unit_test(test_a_chain_is_verified_from_its_first_certificate),
		cmocka_unit_test(test_a_key_shows_its_numbers),
		cmocka_unit_test(test_what_is_no_certificate_is_an_error),
		cmocka_unit_test(test_no_error_stays_in_the_queue_of_openssl),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
