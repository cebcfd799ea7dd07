#include "cli/certificate.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include "base/cleanup.h"
#include "base/encode.h"
#include "base/error.h"
#include "base/file.h"

#define YEAR_SECONDS (365L * 24 * 3600)
#define BACKDATE_SECONDS 300L /* clocks that are a little behind */

static void free_key(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

static void free_certificate(X509 **certificate)
{
	X509_free(*certificate);
}

static void free_bio(BIO **bio)
{
	BIO_free_all(*bio);
}

static bool openssl_failed(struct error *err)
{
	char text[160];

	ERR_error_string_n(ERR_get_error(), text, sizeof(text));
	return error_set(err, ERROR_INTERNAL, "the certificate could not be made: %s", text);
}

static bool add_extension(X509 *certificate, int id, const char *value)
{
	X509V3_CTX context;

	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, id, value);
	if (extension == NULL) {
		return false;
	}
	bool ok = X509_add_ext(certificate, extension, -1) == 1;
	X509_EXTENSION_free(extension);
	return ok;
}

static bool set_serial(X509 *certificate)
{
	uint8_t bytes[16];
	BIGNUM *number;

	random_bytes(bytes, sizeof(bytes));
	bytes[0] = (uint8_t)((bytes[0] & 0x7f) | 0x40); /* positive, and always 16 bytes long */
	number = BN_bin2bn(bytes, sizeof(bytes), NULL);
	bool ok = number != NULL &&
		  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;
	BN_free(number);
	return ok;
}

/* Subject, issuer and names are the same for all: only the key and the serial number differ. */
static bool fill(X509 *certificate, EVP_PKEY *key, time_t now)
{
	X509_NAME *name = X509_get_subject_name(certificate);

	return X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate) &&
	       X509_time_adj_ex(X509_getm_notBefore(certificate), 0, -BACKDATE_SECONDS, &now) !=
		       NULL &&
	       X509_time_adj_ex(X509_getm_notAfter(certificate), 0, YEAR_SECONDS, &now) != NULL &&
	       X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
		       (const unsigned char *)"scimward on localhost", -1, -1, 0) == 1 &&
	       X509_set_issuer_name(certificate, name) == 1 &&
	       X509_set_pubkey(certificate, key) == 1 &&
	       add_extension(
		       certificate, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:::1") &&
	       /* Clients take it as its own authority: `curl --cacert tls/cert.pem`. */
	       add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
	       add_extension(certificate, NID_key_usage, "critical,digitalSignature,keyCertSign") &&
	       add_extension(certificate, NID_ext_key_usage, "serverAuth") &&
	       add_extension(certificate, NID_subject_key_identifier, "hash") &&
	       X509_sign(certificate, key, EVP_sha256()) > 0;
}

static bool write_bio(BIO *bio, const char *path, unsigned mode, struct error *err)
{
	char *bytes = NULL;
	long size = BIO_get_mem_data(bio, &bytes);

	return file_replace(path, bytes, size > 0 ? (size_t)size : 0, mode, err);
}

bool certificate_make(
	const char *certificate_path, const char *key_path, int64_t now_us, struct error *err)
{
	CLEANUP(free_key) EVP_PKEY *key = EVP_EC_gen("P-256");
	CLEANUP(free_certificate) X509 *certificate = X509_new();
	CLEANUP(free_bio) BIO *certificate_pem = BIO_new(BIO_s_mem());
	CLEANUP(free_bio) BIO *key_pem = BIO_new(BIO_s_secmem());

	if (key == NULL || certificate == NULL || certificate_pem == NULL || key_pem == NULL ||
		!fill(certificate, key, (time_t)(now_us / 1000000)) ||
		PEM_write_bio_X509(certificate_pem, certificate) != 1 ||
		PEM_write_bio_PKCS8PrivateKey(key_pem, key, NULL, NULL, 0, NULL, NULL) != 1) {
		return openssl_failed(err);
	}
	return write_bio(key_pem, key_path, 0600, err) &&
	       write_bio(certificate_pem, certificate_path, 0644, err);
}
