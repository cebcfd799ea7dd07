/*
 * Private keys → the members of Go's structs, or of a JSON Web Key.
 *
 * OpenSSL reads them. Its objects belong to the arena before anything is charged.
 */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/encode.h"
#include "policy/builtin_x509.h"

#define KEY_STEPS 20000 /* 200 us: reading checks an RSA key's factors */
#define KEY_BYTES_MAX 16384
#define NUMBER_BYTES 2048

static void free_key(void *pkey)
{
	EVP_PKEY_free(pkey);
}

EVP_PKEY *x509_read_key(struct x509 *x509, struct span label, struct span der)
{
	const unsigned char *at = (const unsigned char *)der.at;
	EVP_PKEY *pkey = NULL;

	if (der.size > KEY_BYTES_MAX) {
		x509_fail(x509, "x509: the private key is too large");
		return NULL;
	}
	policy_charge(x509->context, KEY_STEPS);
	policy_charge_bytes(x509->context, der.size * 8);
	ERR_set_mark(); /* the connections of this thread look at the same queue of errors */
	if (span_is(label, "RSA PRIVATE KEY")) {
		pkey = d2i_PrivateKey(EVP_PKEY_RSA, NULL, &at, (long)der.size);
	} else if (span_is(label, "EC PRIVATE KEY")) {
		pkey = d2i_PrivateKey(EVP_PKEY_EC, NULL, &at, (long)der.size);
	} else {
		PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)der.size);
		pkey = info != NULL ? EVP_PKCS82PKEY(info) : NULL;
		PKCS8_PRIV_KEY_INFO_free(info);
	}
	ERR_pop_to_mark();
	if (pkey == NULL) {
		x509_fail(x509, "x509: failed to parse private key");
		return NULL;
	}
	arena_defer(x509->context->arena, free_key, pkey);
	return pkey;
}

/* ---- numbers of a key ---- */

/* Big-endian, of `size` bytes or, for 0, as short as it is. False: the key has none. */
static bool number_bytes(
	struct x509 *x509, EVP_PKEY *pkey, const char *name, size_t size, struct span *bytes)
{
	unsigned char *copy = policy_alloc(x509->context, NUMBER_BYTES);
	BIGNUM *number = NULL;

	ERR_set_mark();
	bool found = EVP_PKEY_get_bn_param(pkey, name, &number) == 1;
	ERR_pop_to_mark();
	if (!found) {
		return false;
	}
	int count = BN_num_bytes(number);
	bool fits = count <= NUMBER_BYTES && size <= NUMBER_BYTES &&
		    (size == 0 || (size_t)count <= size);
	if (fits) {
		BN_bn2binpad(number, copy, size == 0 ? count : (int)size);
	}
	BN_clear_free(number);
	*bytes = (struct span){ (const char *)copy, size == 0 ? (size_t)count : size };
	return fits;
}

static const struct value *base64url(struct x509 *x509, struct span bytes)
{
	struct buf *buf = policy_buf(x509->context, 1);

	policy_charge_text(x509->context, bytes.size * 2);
	encode_base64url(buf, bytes.at, bytes.size);
	return policy_text_of_buf(x509->context, buf);
}

static bool add_number(struct x509 *x509, struct value_builder *builder, const char *member,
	EVP_PKEY *pkey, const char *name, size_t jwk_size, bool jwk)
{
	struct span bytes;
	const struct value *value = NULL;

	if (number_bytes(x509, pkey, name, jwk ? jwk_size : 0, &bytes)) {
		value = jwk ? base64url(x509, bytes) : der_number(x509->context, bytes);
	}
	return x509_add(builder, member, value) ||
	       x509_fail(x509, "x509: a number of the private key is missing or too large");
}

/* ---- RSA ---- */

static const struct value *rsa_jwk(struct x509 *x509, EVP_PKEY *pkey)
{
	static const char *const parts[][2] = { { "n", OSSL_PKEY_PARAM_RSA_N },
		{ "e", OSSL_PKEY_PARAM_RSA_E }, { "d", OSSL_PKEY_PARAM_RSA_D },
		{ "p", OSSL_PKEY_PARAM_RSA_FACTOR1 }, { "q", OSSL_PKEY_PARAM_RSA_FACTOR2 },
		{ "dp", OSSL_PKEY_PARAM_RSA_EXPONENT1 }, { "dq", OSSL_PKEY_PARAM_RSA_EXPONENT2 },
		{ "qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1 } };
	struct value_builder builder = x509_builder(x509);

	value_add_text(&builder, "kty", "RSA");
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (!add_number(x509, &builder, parts[i][0], pkey, parts[i][1], 0, true)) {
			return NULL;
		}
	}
	return value_finish_object(&builder);
}

static const struct value *rsa_form(struct x509 *x509, EVP_PKEY *pkey)
{
	struct policy_context *context = x509->context;
	struct value_builder builder = x509_builder(x509);
	struct value_builder computed = x509_builder(x509);
	const struct value *primes[2];
	struct span bytes;

	if (!add_number(x509, &builder, "N", pkey, OSSL_PKEY_PARAM_RSA_N, 0, false) ||
		!add_number(x509, &builder, "E", pkey, OSSL_PKEY_PARAM_RSA_E, 0, false) ||
		!add_number(x509, &builder, "D", pkey, OSSL_PKEY_PARAM_RSA_D, 0, false) ||
		!add_number(x509, &computed, "Dp", pkey, OSSL_PKEY_PARAM_RSA_EXPONENT1, 0, false) ||
		!add_number(x509, &computed, "Dq", pkey, OSSL_PKEY_PARAM_RSA_EXPONENT2, 0, false) ||
		!add_number(x509, &computed, "Qinv", pkey, OSSL_PKEY_PARAM_RSA_COEFFICIENT1, 0,
			false)) {
		return NULL;
	}
	for (size_t i = 0; i < 2; i++) {
		const char *name =
			i == 0 ? OSSL_PKEY_PARAM_RSA_FACTOR1 : OSSL_PKEY_PARAM_RSA_FACTOR2;
		primes[i] = number_bytes(x509, pkey, name, 0, &bytes) ? der_number(context, bytes)
								      : NULL;
		if (primes[i] == NULL) {
			return x509_none(x509, "x509: a prime of the private key is too large");
		}
	}
	value_add(&computed, "CRTValues", policy_array(context, NULL, 0));
	value_add(&builder, "Precomputed", value_finish_object(&computed));
	value_add(&builder, "Primes", policy_array(context, primes, 2));
	return value_finish_object(&builder);
}

/* ---- curves ---- */

static const struct value *ec_form(struct x509 *x509, EVP_PKEY *pkey, bool jwk)
{
	static const struct {
		const char *group, *name;
		size_t bytes;
	} curves[] = { { "prime256v1", "P-256", 32 }, { "secp384r1", "P-384", 48 },
		{ "secp521r1", "P-521", 66 }, { "secp224r1", "", 28 } };
	struct value_builder builder = x509_builder(x509);
	char group[64];
	size_t size, i = 0;

	ERR_set_mark();
	bool named = EVP_PKEY_get_utf8_string_param(
			     pkey, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group), &size) == 1;
	ERR_pop_to_mark();
	if (!named) {
		return x509_none(x509, "x509: unknown elliptic curve");
	}
	while (i < 4 && strcmp(group, curves[i].group) != 0) {
		i++;
	}
	if (i == 4 || (jwk && i == 3)) {
		return x509_none(x509, "x509: unknown elliptic curve");
	}
	size_t bytes = curves[i].bytes;
	if (jwk) {
		value_add_text(&builder, "kty", "EC");
		value_add_text(&builder, "crv", curves[i].name);
	} else {
		value_add(&builder, "Curve", policy_object(x509->context, NULL, 0));
	}
	return add_number(x509, &builder, jwk ? "x" : "X", pkey, OSSL_PKEY_PARAM_EC_PUB_X, bytes,
		       jwk) &&
			       add_number(x509, &builder, jwk ? "y" : "Y", pkey,
				       OSSL_PKEY_PARAM_EC_PUB_Y, bytes, jwk) &&
			       add_number(x509, &builder, jwk ? "d" : "D", pkey,
				       OSSL_PKEY_PARAM_PRIV_KEY, bytes, jwk)
		       ? value_finish_object(&builder)
		       : NULL;
}

/* Go's form: seed and public key in one. */
static const struct value *ed25519_form(struct x509 *x509, EVP_PKEY *pkey, bool jwk)
{
	struct value_builder builder = x509_builder(x509);
	unsigned char bytes[64];
	size_t seed = 32;
	size_t public = 32;

	if (EVP_PKEY_get_raw_private_key(pkey, bytes, &seed) != 1 ||
		EVP_PKEY_get_raw_public_key(pkey, bytes + 32, &public) != 1) {
		return x509_none(x509, "x509: failed to parse private key");
	}
	struct span all = { (const char *)bytes, sizeof(bytes) };
	if (!jwk) {
		return x509_base64(x509, all);
	}
	value_add_text(&builder, "kty", "OKP");
	value_add_text(&builder, "crv", "Ed25519");
	value_add(&builder, "d", base64url(x509, (struct span){ all.at, 32 }));
	value_add(&builder, "x", base64url(x509, span_from(all, 32)));
	return value_finish_object(&builder);
}

const struct value *x509_key_form(struct x509 *x509, EVP_PKEY *pkey, bool jwk)
{
	switch (EVP_PKEY_get_base_id(pkey)) {
	case EVP_PKEY_RSA:
		return jwk ? rsa_jwk(x509, pkey) : rsa_form(x509, pkey);
	case EVP_PKEY_EC:
		return ec_form(x509, pkey, jwk);
	case EVP_PKEY_ED25519:
		return ed25519_form(x509, pkey, jwk);
	default:
		return x509_none(x509, "x509: a private key of a kind that is not known here");
	}
}
