/*
 * Public keys and signatures of certificates and requests.
 */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>
#include "policy/builtin_x509.h"

/* ---- algorithms and public keys ---- */

struct algorithm {
	struct span id, parameters; /* parameters whole; empty: absent */
};

static bool read_algorithm(struct span in, struct algorithm *algorithm)
{
	struct span body;
	unsigned tag;

	algorithm->parameters = (struct span){ "", 0 };
	return der_read(&in, DER_OID, &algorithm->id) && der_oid_is_valid(algorithm->id) &&
	       (in.size == 0 || der_any(&in, &tag, &body, &algorithm->parameters));
}

/* Go's numbers; RSASSA-PSS by its hash, when all its options are the usual ones. */
static int signature_algorithm(const struct algorithm *algorithm)
{
	static const struct {
		const char *id;
		int number;
	} known[] = { { "1.2.840.113549.1.1.4", 2 }, { "1.2.840.113549.1.1.5", 3 },
		{ "1.3.14.3.2.29", 3 }, { "1.2.840.113549.1.1.11", 4 },
		{ "1.2.840.113549.1.1.12", 5 }, { "1.2.840.113549.1.1.13", 6 },
		{ "1.2.840.10040.4.3", 7 }, { "2.16.840.1.101.3.4.3.2", 8 },
		{ "1.2.840.10045.4.1", 9 }, { "1.2.840.10045.4.3.2", 10 },
		{ "1.2.840.10045.4.3.3", 11 }, { "1.2.840.10045.4.3.4", 12 },
		{ "1.3.101.112", 16 } };
	static const char pss[] = "\x60\x86\x48\x01\x65\x03\x04\x02"; /* SHA-2, then 1 to 3 */

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (der_is_oid(algorithm->id, known[i].id)) {
			return known[i].number == 16 && algorithm->parameters.size > 0
				       ? 0
				       : known[i].number;
		}
	}
	const char *found =
		der_is_oid(algorithm->id, "1.2.840.113549.1.1.10")
			? memmem(algorithm->parameters.at, algorithm->parameters.size, pss, 8)
			: NULL;
	if (found == NULL || found + 8 >= algorithm->parameters.at + algorithm->parameters.size) {
		return 0;
	}
	struct span rest =
		span_from(algorithm->parameters, (size_t)(found - algorithm->parameters.at) + 9);
	const char *again = memmem(rest.at, rest.size, pss, 8); /* of the mask: the same hash */
	static const char salts[4] = { 0, 32, 48, 64 };
	int hash = found[8];
	return again != NULL && hash >= 1 && hash <= 3 && again[8] == hash &&
			       rest.at[rest.size - 1] == salts[hash]
		       ? 12 + hash
		       : 0;
}

static const struct value *read_rsa(struct x509 *x509, struct span bits)
{
	struct value_builder builder = x509_builder(x509);
	struct span modulus;
	int64_t exponent;

	if (!der_read(&bits, DER_SEQUENCE, &bits) || !der_integer(&bits, &modulus) ||
		(modulus.at[0] & 0x80) != 0 || !der_int(&bits, &exponent) || exponent <= 0) {
		return x509_none(x509, "x509: invalid RSA public key");
	}
	value_add_int(&builder, "E", exponent);
	return x509_add(&builder, "N", der_number(x509->context, modulus))
		       ? value_finish_object(&builder)
		       : x509_none(x509, "x509: invalid RSA modulus");
}

/* OpenSSL looks whether the point is on the curve. */
static bool is_on_curve(struct x509 *x509, struct span info)
{
	const unsigned char *at = (const unsigned char *)info.at;

	policy_charge(x509->context, 5000);
	ERR_set_mark();
	EVP_PKEY *pkey = d2i_PUBKEY(NULL, &at, (long)info.size);
	ERR_pop_to_mark();
	bool good = pkey != NULL;
	EVP_PKEY_free(pkey);
	return good;
}

static const struct value *read_ec(
	struct x509 *x509, const struct algorithm *algorithm, struct span bits, struct span info)
{
	static const struct {
		const char *id;
		size_t bytes;
	} curves[] = { { "1.3.132.0.33", 28 }, { "1.2.840.10045.3.1.7", 32 },
		{ "1.3.132.0.34", 48 }, { "1.3.132.0.35", 66 } };
	struct value_builder builder = x509_builder(x509);
	struct span parameters = algorithm->parameters;
	struct span id;

	if (!der_read(&parameters, DER_OID, &id)) {
		return x509_none(x509, "x509: invalid ECDSA parameters");
	}
	for (size_t i = 0; i < 4; i++) {
		size_t bytes = curves[i].bytes;
		if (!der_is_oid(id, curves[i].id) || bits.size != 1 + 2 * bytes ||
			bits.at[0] != 4 || !is_on_curve(x509, info)) {
			continue;
		}
		struct span x = { bits.at + 1, bytes };
		struct span y = { bits.at + 1 + bytes, bytes };
		value_add(&builder, "Curve", policy_object(x509->context, NULL, 0));
		value_add(&builder, "X", der_number(x509->context, x));
		value_add(&builder, "Y", der_number(x509->context, y));
		return value_finish_object(&builder);
	}
	return x509_none(x509, "x509: unsupported elliptic curve");
}

static const struct value *read_dsa(
	struct x509 *x509, const struct algorithm *algorithm, struct span bits)
{
	static const char *const names[] = { "P", "Q", "G" };
	struct value_builder builder = x509_builder(x509);
	struct span parameters = algorithm->parameters;
	struct span number;
	bool good = der_read(&parameters, DER_SEQUENCE, &parameters);

	for (size_t i = 0; good && i < 3; i++) {
		good = der_integer(&parameters, &number) && (number.at[0] & 0x80) == 0 &&
		       x509_add(&builder, names[i], der_number(x509->context, number));
	}
	good = good && der_integer(&bits, &number) && (number.at[0] & 0x80) == 0 &&
	       x509_add(&builder, "Y", der_number(x509->context, number));
	return good ? value_finish_object(&builder)
		    : x509_none(x509, "x509: invalid DSA parameters");
}

/* info: the whole SubjectPublicKeyInfo. Adds both members. */
static bool add_key(struct x509 *x509, struct value_builder *builder, struct span info)
{
	static const char *const ids[] = { "", "1.2.840.113549.1.1.1", "1.2.840.10040.4.1",
		"1.2.840.10045.2.1", "1.3.101.112" };
	struct algorithm algorithm;
	struct span in = info;
	struct span body, bits;
	const struct value *key = value_null();
	unsigned unused;
	int kind = 4;

	if (!der_read(&in, DER_SEQUENCE, &in) || !der_read(&in, DER_SEQUENCE, &body) ||
		!read_algorithm(body, &algorithm) || !der_bits(&in, &bits, &unused) ||
		unused != 0) {
		return x509_fail(x509, "x509: malformed spki");
	}
	while (kind > 0 && !der_is_oid(algorithm.id, ids[kind])) {
		kind--;
	}
	if (kind == 1) {
		bool null = algorithm.parameters.size == 2 && algorithm.parameters.at[0] == 5;
		key = null ? read_rsa(x509, bits)
			   : x509_none(x509, "x509: RSA key missing NULL parameters");
	} else if (kind == 2) {
		key = read_dsa(x509, &algorithm, bits);
	} else if (kind == 3) {
		key = read_ec(x509, &algorithm, bits, info);
	} else if (kind == 4) {
		key = algorithm.parameters.size == 0 && bits.size == 32
			      ? x509_base64(x509, bits)
			      : x509_none(x509, "x509: wrong Ed25519 public key");
	}
	value_add_int(builder, "PublicKeyAlgorithm", kind);
	return x509_add(builder, "PublicKey", key);
}

bool x509_add_public_key(struct x509 *x509, struct value_builder *builder, struct span *in)
{
	struct span body, whole;

	if (!der_read_whole(in, DER_SEQUENCE, &body, &whole)) {
		return x509_fail(x509, "x509: malformed spki");
	}
	value_add(builder, "RawSubjectPublicKeyInfo", x509_base64(x509, whole));
	return add_key(x509, builder, whole);
}

bool x509_add_signature(
	struct x509 *x509, struct value_builder *builder, struct span in, const struct span *inner)
{
	struct algorithm algorithm;
	struct span body, bits;
	unsigned unused;

	if (!der_read(&in, DER_SEQUENCE, &body) || !read_algorithm(body, &algorithm)) {
		return x509_fail(x509, "x509: malformed algorithm identifier");
	}
	if (inner != NULL &&
		(inner->size != body.size || memcmp(inner->at, body.at, body.size) != 0)) {
		return x509_fail(x509, "x509: inner and outer signature algorithm identifiers "
				       "don't match");
	}
	if (!der_bits(&in, &bits, &unused) || unused != 0) {
		return x509_fail(x509, "x509: malformed signature");
	}
	value_add_int(builder, "SignatureAlgorithm", signature_algorithm(&algorithm));
	value_add(builder, "Signature", x509_base64(x509, bits));
	return true;
}
