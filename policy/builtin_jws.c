#include "policy/builtin_jws.h"

#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>

enum scheme { SCHEME_HMAC, SCHEME_PKCS1, SCHEME_PSS, SCHEME_ECDSA, SCHEME_EDDSA };

struct jws_algorithm {
	const char *name;
	enum scheme scheme;
	enum key_kind kind;
	const EVP_MD *(*digest)(void);
};

const struct jws_algorithm *jws_algorithm_of(struct span name)
{
	static const struct jws_algorithm list[] = {
		{ "ES256", SCHEME_ECDSA, KEY_EC, EVP_sha256 },
		{ "ES384", SCHEME_ECDSA, KEY_EC, EVP_sha384 },
		{ "ES512", SCHEME_ECDSA, KEY_EC, EVP_sha512 },
		{ "EdDSA", SCHEME_EDDSA, KEY_ED25519, NULL },
		{ "HS256", SCHEME_HMAC, KEY_SECRET, EVP_sha256 },
		{ "HS384", SCHEME_HMAC, KEY_SECRET, EVP_sha384 },
		{ "HS512", SCHEME_HMAC, KEY_SECRET, EVP_sha512 },
		{ "PS256", SCHEME_PSS, KEY_RSA, EVP_sha256 },
		{ "PS384", SCHEME_PSS, KEY_RSA, EVP_sha384 },
		{ "PS512", SCHEME_PSS, KEY_RSA, EVP_sha512 },
		{ "RS256", SCHEME_PKCS1, KEY_RSA, EVP_sha256 },
		{ "RS384", SCHEME_PKCS1, KEY_RSA, EVP_sha384 },
		{ "RS512", SCHEME_PKCS1, KEY_RSA, EVP_sha512 },
	};

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		if (span_is(name, list[i].name)) {
			return &list[i];
		}
	}
	return NULL;
}

/* ---- what it costs, measured with OpenSSL 3.0 ---- */

static uint64_t steps_of_curve(unsigned bits)
{
	switch (bits) {
	case 256:
		return 8000; /* 60 us; 224 bits 90, 384 bits 700, 521 bits 500 */
	case 224:
		return 12000;
	default:
		return 80000;
	}
}

static void charge(
	struct policy_context *context, const struct key *key, size_t message, bool signing)
{
	uint64_t bits = key->bits;

	policy_charge_text(context, message * 32);
	switch (key->kind) {
	case KEY_RSA: /* 2048 bits: 16 us to verify, 0.25 ms to sign; 4096 bits: 60 us, 4 ms */
		policy_charge(context,
			2000 + (signing ? bits * bits * bits / 170000 : bits * bits / 1000));
		break;
	case KEY_EC:
		policy_charge(context, steps_of_curve(key->bits));
		break;
	case KEY_ED25519:
		policy_charge(context, 12000); /* 0.1 ms */
		break;
	case KEY_SECRET:
	case KEY_OTHER:
		policy_charge(context, 500);
		break;
	}
}

/* ---- verifying ---- */

static bool verify_hmac(
	struct span secret, const EVP_MD *digest, struct span message, struct span signature)
{
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned size = 0;

	return HMAC(digest, secret.at, (int)secret.size, (const unsigned char *)message.at,
		       message.size, mac, &size) != NULL &&
	       size == signature.size && CRYPTO_memcmp(mac, signature.at, size) == 0;
}

static bool verify_with(EVP_MD_CTX *context, const struct key *key,
	const struct jws_algorithm *algorithm, enum jws_rule rule, struct span message,
	struct span signature)
{
	EVP_PKEY_CTX *options = NULL;
	const EVP_MD *digest = algorithm->digest != NULL ? algorithm->digest() : NULL;

	if (EVP_DigestVerifyInit(context, &options, digest, NULL, key->pkey) != 1) {
		return false;
	}
	if (algorithm->scheme == SCHEME_PSS &&
		(EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) != 1 ||
			EVP_PKEY_CTX_set_rsa_pss_saltlen(
				options, rule == JWS_STRICT ? RSA_PSS_SALTLEN_DIGEST
							    : RSA_PSS_SALTLEN_AUTO) != 1)) {
		return false;
	}
	return EVP_DigestVerify(context, (const unsigned char *)signature.at, signature.size,
		       (const unsigned char *)message.at, message.size) == 1;
}

/* Tokens hold the two numbers one behind the other, OpenSSL wants them in DER. 0: they are none. */
static size_t der_of_halves(
	const struct key *key, enum jws_rule rule, struct span signature, unsigned char **der)
{
	size_t half = signature.size / 2;
	const unsigned char *at = (const unsigned char *)signature.at;

	if ((rule == JWS_STRICT && signature.size != 2 * ((key->bits + 7) / 8)) ||
		signature.size > 512) {
		return 0;
	}
	ECDSA_SIG *pair = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(at, (int)half, NULL);
	BIGNUM *s = BN_bin2bn(at + half, (int)(signature.size - half), NULL);
	if (pair == NULL || r == NULL || s == NULL || ECDSA_SIG_set0(pair, r, s) != 1) {
		BN_free(r);
		BN_free(s);
		ECDSA_SIG_free(pair);
		return 0;
	}
	int size = i2d_ECDSA_SIG(pair, der);
	ECDSA_SIG_free(pair);
	return size > 0 ? (size_t)size : 0;
}

bool jws_verify(struct policy_context *context, const struct key *key,
	const struct jws_algorithm *algorithm, enum jws_rule rule, struct span message,
	struct span signature)
{
	unsigned char *der = NULL;

	if (key->kind != algorithm->kind) {
		return false;
	}
	charge(context, key, message.size, false);
	if (algorithm->scheme == SCHEME_HMAC) {
		return verify_hmac(key->secret, algorithm->digest(), message, signature);
	}
	/* Nothing is charged from here on: what OpenSSL gives must be given back. */
	ERR_set_mark();
	if (algorithm->scheme == SCHEME_ECDSA) {
		signature.size = der_of_halves(key, rule, signature, &der);
		signature.at = (const char *)der;
	}
	EVP_MD_CTX *state = EVP_MD_CTX_new();
	bool verified = state != NULL && signature.size > 0 &&
			verify_with(state, key, algorithm, rule, message, signature);
	EVP_MD_CTX_free(state);
	OPENSSL_free(der);
	ERR_pop_to_mark();
	policy_charge_clock(context);
	return verified;
}

/* ---- signing ---- */

static size_t sign_with(const struct key *key, const struct jws_algorithm *algorithm,
	struct span message, unsigned char *signature, size_t room)
{
	const EVP_MD *digest = algorithm->digest != NULL ? algorithm->digest() : NULL;
	size_t size = room;

	if (algorithm->scheme == SCHEME_HMAC) {
		unsigned mac = 0;
		return HMAC(digest, key->secret.at, (int)key->secret.size,
			       (const unsigned char *)message.at, message.size, signature,
			       &mac) != NULL
			       ? mac
			       : 0;
	}
	ERR_set_mark();
	EVP_MD_CTX *state = EVP_MD_CTX_new();
	if (state == NULL || EVP_DigestSignInit(state, NULL, digest, NULL, key->pkey) != 1 ||
		EVP_DigestSign(state, signature, &size, (const unsigned char *)message.at,
			message.size) != 1) {
		size = 0;
	}
	EVP_MD_CTX_free(state);
	ERR_pop_to_mark();
	return size;
}

bool jws_sign(struct policy_context *context, const struct key *key,
	const struct jws_algorithm *algorithm, struct span message, struct span *signature)
{
	if (algorithm->scheme == SCHEME_PSS || algorithm->scheme == SCHEME_ECDSA) {
		builtin_error(context,
			"%s draws random numbers, and a decision gives the same answer each time",
			algorithm->name);
		return false;
	}
	if (key->kind != algorithm->kind || (key->kind != KEY_SECRET && !key->private)) {
		builtin_error(context, "the key is none to sign %s with", algorithm->name);
		return false;
	}
	size_t room = EVP_MAX_MD_SIZE + key->bits / 8 + 64;
	unsigned char *bytes = policy_alloc(context, room);
	charge(context, key, message.size, true);
	size_t size = sign_with(key, algorithm, message, bytes, room);
	policy_charge_clock(context);
	if (size == 0) {
		builtin_error(context, "the key does not sign");
		return false;
	}
	*signature = (struct span){ (const char *)bytes, size };
	return true;
}
