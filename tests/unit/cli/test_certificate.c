#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/error.h"
#include "cli/certificate.h"

#define NOW_US INT64_C(1795500000000000)

static char folder[64];
static char certificate_path[96];
static char key_path[96];

static int make_folder(void **state)
{
	struct error err = { 0 };

	(void)state;
	snprintf(folder, sizeof(folder), "%s", "/tmp/scimward-test-XXXXXX");
	if (mkdtemp(folder) == NULL) {
		return -1;
	}
	snprintf(certificate_path, sizeof(certificate_path), "%s/cert.pem", folder);
	snprintf(key_path, sizeof(key_path), "%s/key.pem", folder);
	return certificate_make(certificate_path, key_path, NOW_US, &err) ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(certificate_path);
	unlink(key_path);
	return rmdir(folder);
}

static X509 *read_certificate(void)
{
	FILE *file = fopen(certificate_path, "re");
	X509 *certificate = PEM_read_X509(file, NULL, NULL, NULL);

	fclose(file);
	assert_non_null(certificate);
	return certificate;
}

static void test_certificate_is_for_this_machine(void **state)
{
	X509 *certificate = read_certificate();

	(void)state;
	assert_int_equal(X509_check_host(certificate, "localhost", 0, 0, NULL), 1);
	assert_int_equal(X509_check_ip_asc(certificate, "127.0.0.1", 0), 1);
	assert_int_equal(X509_check_ip_asc(certificate, "::1", 0), 1);
	assert_int_equal(X509_check_host(certificate, "example.com", 0, 0, NULL), 0);
	X509_free(certificate);
}

static void test_certificate_and_key_belong_together_and_verify(void **state)
{
	X509 *certificate = read_certificate();
	FILE *file = fopen(key_path, "re");
	EVP_PKEY *key = PEM_read_PrivateKey(file, NULL, NULL, NULL);

	(void)state;
	fclose(file);
	assert_int_equal(X509_check_private_key(certificate, key), 1);
	assert_int_equal(X509_verify(certificate, key), 1);
	assert_int_equal(EVP_PKEY_get_bits(key), 256);
	EVP_PKEY_free(key);
	X509_free(certificate);
}

static void test_certificate_lives_a_year_from_now(void **state)
{
	X509 *certificate = read_certificate();
	time_t now = NOW_US / 1000000;
	time_t end = now + 365L * 24 * 3600;
	time_t late = end + 1;

	(void)state;
	assert_true(X509_cmp_time(X509_get0_notBefore(certificate), &now) < 0);
	assert_true(X509_cmp_time(X509_get0_notAfter(certificate), &now) > 0);
	assert_true(X509_cmp_time(X509_get0_notAfter(certificate), &late) < 0);
	X509_free(certificate);
}

static void test_key_is_for_its_owner_only(void **state)
{
	struct stat status;

	(void)state;
	assert_int_equal(stat(key_path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
}

static void test_a_folder_that_is_not_there_is_an_error(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_false(certificate_make("/nonexistent/c.pem", "/nonexistent/k.pem", NOW_US, &err));
	assert_int_equal(err.code, ERROR_IO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_certificate_is_for_this_machine),
		cmocka_unit_test(test_certificate_and_key_belong_together_and_verify),
		cmocka_unit_test(test_certificate_lives_a_year_from_now),
		cmocka_unit_test(test_key_is_for_its_owner_only),
		cmocka_unit_test(test_a_folder_that_is_not_there_is_an_error),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
