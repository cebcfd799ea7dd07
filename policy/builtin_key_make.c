/*
 * OpenSSL's keys from the numbers of JSON Web Keys (RFC 7518, section 6), and from DER.
 */
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>
#include "base/memory.h"
#include "policy/builtin_key.h"

#define ED25519_BYTES 32
/* Go's: what is outside can be read, but verifies nothing. */
#define RSA_BITS_MIN 1024
#define RSA_EXPONENT_BITS_MAX 31

void key_set_free(void *object)
{
	struct key_set *set = object;

	if (set == NULL) {
		return;
	}
	for (size_t i = 0; i < set->count; i++) {
		EVP_PKEY_free(set->keys[i].pkey);
	}
	memory_free(set);
}

/* ---- of numbers ---- */

/* All that one key is made of; freed in one place. */
struct making {
	OSSL_PARAM_BLD *build;
	OSSL_PARAM *params;
	EVP_PKEY_CTX *context;
	BIGNUM *numbers[JWK_PARTS];
};

static void making_free(struct making *making)
{
	EVP_PKEY_CTX_free(making->context);
	OSSL_PARAM_free(making->params);
	OSSL_PARAM_BLD_free(making->build);
	for (size_t i = 0; i < JWK_PARTS; i++) {
		BN_clear_free(making->numbers[i]);
	}
}

static bool push_number(
	struct making *making, const struct jwk *jwk, enum jwk_part part, const char *name)
{
	const struct span bytes = jwk->parts[part];
	BIGNUM *number = BN_bin2bn((const unsigned char *)bytes.at, (int)bytes.size, NULL);

	making->numbers[part] = number;
	return number != NULL && OSSL_PARAM_BLD_push_BN(making->build, name, number) == 1;
}

static EVP_PKEY *finish(struct making *making, const char *type, bool private)
{
	EVP_PKEY *pkey = NULL;

	making->params = OSSL_PARAM_BLD_to_param(making->build);
	making->context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	if (making->params == NULL || making->context == NULL ||
		EVP_PKEY_fromdata_init(making->context) != 1 ||
		EVP_PKEY_fromdata(making->context, &pkey,
			private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, making->params) != 1) {
		return NULL;
	}
	return pkey;
}

/* The factors are worth their four numbers, or OpenSSL does without. */
static bool push_factors(struct making *making, const struct jwk *jwk)
{
	static const struct {
		enum jwk_part part;
		const char *name;
	} factors[] = {
		{ JWK_P, OSSL_PKEY_PARAM_RSA_FACTOR1 },
		{ JWK_Q, OSSL_PKEY_PARAM_RSA_FACTOR2 },
		{ JWK_DP, OSSL_PKEY_PARAM_RSA_EXPONENT1 },
		{ JWK_DQ, OSSL_PKEY_PARAM_RSA_EXPONENT2 },
		{ JWK_QI, OSSL_PKEY_PARAM_RSA_COEFFICIENT1 },
	};

	for (size_t i = 0; i < sizeof(factors) / sizeof(factors[0]); i++) {
		if (jwk->parts[factors[i].part].size == 0) {
			return true;
		}
	}
	for (size_t i = 0; i < sizeof(factors) / sizeof(factors[0]); i++) {
		if (!push_number(making, jwk, factors[i].part, factors[i].name)) {
			return false;
		}
	}
	return true;
}

static EVP_PKEY *make_rsa(const struct jwk *jwk, const char **problem)
{
	struct making making = { .build = OSSL_PARAM_BLD_new() };
	EVP_PKEY *pkey = NULL;

	*problem = "the RSA key is none";
	if (making.build != NULL && push_number(&making, jwk, JWK_N, OSSL_PKEY_PARAM_RSA_N) &&
		push_number(&making, jwk, JWK_E, OSSL_PKEY_PARAM_RSA_E) &&
		(!jwk->private || (push_number(&making, jwk, JWK_D, OSSL_PKEY_PARAM_RSA_D) &&
					  push_factors(&making, jwk)))) {
		const BIGNUM *exponent = making.numbers[JWK_E];
		if (BN_is_zero(making.numbers[JWK_N]) || !BN_is_odd(exponent) ||
			BN_num_bits(exponent) > 63) {
			*problem = "the RSA key's modulus or exponent is none";
		} else {
			pkey = finish(&making, "RSA", jwk->private);
		}
	}
	making_free(&making);
	return pkey;
}

/* OpenSSL refuses a point that is not on the curve. Tokens are verified with it, never signed. */
static EVP_PKEY *make_ec(const struct jwk *jwk, const char **problem)
{
	unsigned char point[1 + 2 * 66] = { POINT_CONVERSION_UNCOMPRESSED };
	const struct span x = jwk->parts[JWK_X];
	const struct span y = jwk->parts[JWK_Y];
	struct making making = { .build = OSSL_PARAM_BLD_new() };
	EVP_PKEY *pkey = NULL;

	*problem = "the point of the EC key is not on its curve";
	memcpy(point + 1, x.at, x.size);
	memcpy(point + 1 + x.size, y.at, y.size);
	if (making.build != NULL &&
		OSSL_PARAM_BLD_push_utf8_string(
			making.build, OSSL_PKEY_PARAM_GROUP_NAME, jwk->group, 0) == 1 &&
		OSSL_PARAM_BLD_push_octet_string(
			making.build, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + x.size + y.size) == 1) {
		pkey = finish(&making, "EC", false);
	}
	making_free(&making);
	return pkey;
}

static EVP_PKEY *make_ed25519(const struct jwk *jwk, const char **problem)
{
	const struct span x = jwk->parts[JWK_X];
	const struct span d = jwk->parts[JWK_D];
	unsigned char public[ED25519_BYTES];
	size_t size = sizeof(public);

	*problem = "the Ed25519 key is none";
	if (!jwk->private) {
		return EVP_PKEY_new_raw_public_key(
			EVP_PKEY_ED25519, NULL, (const unsigned char *)x.at, x.size);
	}
	EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key(
		EVP_PKEY_ED25519, NULL, (const unsigned char *)d.at, d.size);
	if (pkey != NULL && (EVP_PKEY_get_raw_public_key(pkey, public, &size) != 1 ||
				    size != x.size || memcmp(public, x.at, size) != 0)) {
		*problem = "the halves of the Ed25519 key do not fit";
		EVP_PKEY_free(pkey);
		return NULL;
	}
	return pkey;
}

static bool make_key(struct key *key, const struct jwk *jwk, const char **problem)
{
	switch (jwk->kind) {
	case KEY_RSA:
		key->pkey = make_rsa(jwk, problem);
		break;
	case KEY_EC:
		key->pkey = make_ec(jwk, problem);
		break;
	case KEY_ED25519:
		key->pkey = make_ed25519(jwk, problem);
		break;
	case KEY_SECRET:
	case KEY_OTHER:
		return true;
	}
	return key->pkey != NULL;
}

/* Go's RSA verifies nothing with a key that small, or with such an exponent. */
static void judge_rsa(struct key *key)
{
	BIGNUM *exponent = NULL;

	if (key->bits < RSA_BITS_MIN ||
		EVP_PKEY_get_bn_param(key->pkey, OSSL_PKEY_PARAM_RSA_E, &exponent) != 1 ||
		BN_num_bits(exponent) > RSA_EXPONENT_BITS_MAX || !BN_is_odd(exponent) ||
		BN_is_one(exponent)) {
		key->kind = KEY_OTHER;
	}
	BN_free(exponent);
}

/* ---- sets ---- */

static struct span keep(char **at, struct span text)
{
	struct span kept = { *at, text.size };

	memcpy(*at, text.size > 0 ? text.at : "", text.size);
	*at += text.size;
	return kept;
}

struct key_set *key_set_make(const struct jwk *list, size_t count, const char **problem)
{
	size_t bytes = sizeof(struct key_set) + count * sizeof(struct key);
	size_t texts = 0;

	for (size_t i = 0; i < count; i++) {
		texts += list[i].alg.size + list[i].kid.size + list[i].parts[JWK_K].size;
	}
	struct key_set *set = must_malloc(bytes + texts);
	char *at = (char *)set + bytes;
	set->count = 0;
	ERR_set_mark();
	for (size_t i = 0; i < count; i++) {
		struct key *key = &set->keys[set->count];
		*key = (struct key){ .kind = list[i].kind, .private = list[i].private };
		if (!make_key(key, &list[i], problem)) {
			key_set_free(set);
			set = NULL;
			break;
		}
		if (list[i].skipped) {
			EVP_PKEY_free(key->pkey);
			continue;
		}
		key->alg = keep(&at, list[i].alg);
		key->kid = keep(&at, list[i].kid);
		key->secret = keep(&at, list[i].parts[JWK_K]);
		key->bits = key->pkey != NULL ? (unsigned)EVP_PKEY_get_bits(key->pkey) : 0;
		if (key->kind == KEY_RSA) {
			judge_rsa(key);
		}
		set->count++;
	}
	ERR_pop_to_mark();
	return set;
}

/* ---- of DER ---- */

/* False: Go does not read such a key. */
static bool classify(struct key *key, bool certificate)
{
	char group[32] = "";

	key->bits = (unsigned)EVP_PKEY_get_bits(key->pkey);
	switch (EVP_PKEY_get_base_id(key->pkey)) {
	case EVP_PKEY_RSA:
		key->kind = KEY_RSA;
		judge_rsa(key);
		return true;
	case EVP_PKEY_EC:
		key->kind = KEY_EC;
		return EVP_PKEY_get_group_name(key->pkey, group, sizeof(group), NULL) == 1 &&
		       (strcmp(group, SN_secp224r1) == 0 ||
			       strcmp(group, SN_X9_62_prime256v1) == 0 ||
			       strcmp(group, SN_secp384r1) == 0 ||
			       strcmp(group, SN_secp521r1) == 0);
	case EVP_PKEY_ED25519:
		key->kind = KEY_ED25519;
		return true;
	case EVP_PKEY_DSA:
	case EVP_PKEY_X25519:
		return true;
	default:
		return certificate; /* as a certificate of a kind of key that Go does not know */
	}
}

static EVP_PKEY *read_der(struct span der, bool certificate)
{
	const unsigned char *at = (const unsigned char *)der.at;
	const unsigned char *end = at + der.size;

	if (!certificate) {
		EVP_PKEY *pkey = d2i_PUBKEY(NULL, &at, (long)der.size);
		if (pkey != NULL && at != end) {
			EVP_PKEY_free(pkey);
			return NULL;
		}
		return pkey;
	}
	X509 *x509 = d2i_X509(NULL, &at, (long)der.size);
	EVP_PKEY *pkey = x509 != NULL && at == end ? X509_get_pubkey(x509) : NULL;
	X509_free(x509);
	return pkey;
}

struct key_set *key_set_of_der(struct span der, bool certificate, const char **problem)
{
	struct key_set *set = must_calloc(1, sizeof(*set) + sizeof(struct key));
	struct key *key = &set->keys[0];

	ERR_set_mark();
	set->count = 1;
	key->pkey = read_der(der, certificate);
	if (key->pkey == NULL || !classify(key, certificate)) {
		*problem = certificate ? "failed to parse a PEM certificate"
				       : "failed to parse a PEM public key";
		key_set_free(set);
		set = NULL;
	}
	ERR_pop_to_mark();
	return set;
}
