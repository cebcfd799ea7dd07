/*
 * Self-signed certificates for tests: a name, a key on P-256, valid for a day.
 */
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

static inline void certificate_add(X509 *certificate, int nid, const char *value)
{
	X509V3_CTX context;

	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);

	assert(extension != NULL);
	X509_add_ext(certificate, extension, -1);
	X509_EXTENSION_free(extension);
}

/* names: "DNS:localhost,IP:127.0.0.1". serial tells certificates apart. */
static inline void certificate_write(
	const char *certificate_file, const char *key_file, const char *names, long serial)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = X509_new();
	X509_NAME *name = X509_get_subject_name(certificate);

	X509_set_version(certificate, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial);
	X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
	X509_gmtime_adj(X509_getm_notAfter(certificate), 24 * 3600);
	X509_NAME_add_entry_by_txt(
		name, "CN", MBSTRING_ASC, (const unsigned char *)"test", -1, -1, 0);
	X509_set_issuer_name(certificate, name);
	X509_set_pubkey(certificate, key);
	certificate_add(certificate, NID_subject_alt_name, names);
	certificate_add(certificate, NID_basic_constraints, "critical,CA:TRUE");
	assert(X509_sign(certificate, key, EVP_sha256()) > 0);

	FILE *file = fopen(certificate_file, "we");
	assert(file != NULL && PEM_write_X509(file, certificate) == 1);
	fclose(file);
	file = fopen(key_file, "we");
	assert(file != NULL && PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1);
	fclose(file);
	X509_free(certificate);
	EVP_PKEY_free(key);
}
