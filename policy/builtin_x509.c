/*
 * crypto.x509.*, crypto.parse_private_keys: see builtin_x509.h.
 */
#include "policy/builtin_x509.h"

#include <openssl/evp.h>
#include "base/arena.h"
#include "policy/builtin_x509_verify.h"

#define BEGIN "-----BEGIN"

static const struct value *report(const struct x509 *x509)
{
	return builtin_error(x509->context, "%s", x509->problem);
}

/* ---- certificates ---- */

/* Adds all certificates of a DER text: their forms, and where each stands. */
static bool read_der(struct x509 *x509, struct span der, struct x509_chain *chain)
{
	while (der.size > 0) {
		struct span before = der;
		const struct value *form = x509_certificate(x509, &der);
		if (form == NULL) {
			return false;
		}
		builtin_list_add(x509->context, &chain->forms, form);
		if (chain->count < X509_CHAIN_MAX) {
			chain->der[chain->count++] =
				(struct span){ before.at, before.size - der.size };
		} else {
			chain->too_long = true;
		}
	}
	return true;
}

static bool read_certificates(struct x509 *x509, struct span text, struct x509_chain *chain)
{
	struct span bytes, label, der;

	if (!x509_unwrap(x509, text, BEGIN, &bytes)) {
		return false;
	}
	if (!span_starts(bytes, (struct span){ BEGIN, strlen(BEGIN) })) {
		return read_der(x509, bytes, chain);
	}
	while (x509_pem_next(x509, &bytes, &label, &der)) {
		if (!span_is(label, "CERTIFICATE")) {
			return x509_fail(x509, "PEM block type is not CERTIFICATE");
		}
		if (!read_der(x509, der, chain)) {
			return false;
		}
	}
	return true;
}

const struct value *builtin_crypto_x509_parse_certificates(
	struct policy_context *context, const struct value *const *args)
{
	struct x509 x509 = { .context = context };
	struct x509_chain chain = { .count = 0 };

	if (!builtin_is(context, args, 0, VALUE_STRING)) {
		return NULL;
	}
	return read_certificates(&x509, span_of(args[0]), &chain)
		       ? builtin_list_array(context, &chain.forms)
		       : report(&x509);
}

/* [verified, certificates from the leaf to the root] */
static const struct value *verify(
	struct x509 *x509, struct span text, const struct x509_options *options, bool uris)
{
	struct policy_context *context = x509->context;
	struct x509_chain chain = { .count = 0 };
	struct builtin_list verified = { 0 };

	bool good = read_certificates(x509, text, &chain) &&
		    x509_verify(x509, &chain, options, &verified);
	for (size_t i = 0; good && !uris && i < verified.count; i++) {
		const struct value *keys[] = { verified.items[i],
			value_of_set(context->arena,
				(const struct value *[]){ builtin_text(context, "URIStrings", 10) },
				1) };
		verified.items[i] = builtin_object_remove(context, keys);
	}
	const struct value *result[2] = { value_of_bool(good),
		good ? builtin_list_array(context, &verified) : policy_array(context, NULL, 0) };
	return policy_array(context, result, 2);
}

const struct value *builtin_crypto_x509_parse_and_verify_certificates(
	struct policy_context *context, const struct value *const *args)
{
	struct x509 x509 = { .context = context };
	struct x509_options options = { .time_us = context->time_us };

	return builtin_is(context, args, 0, VALUE_STRING)
		       ? verify(&x509, span_of(args[0]), &options, true)
		       : NULL;
}

const struct value *builtin_crypto_x509_parse_and_verify_certificates_with_options(
	struct policy_context *context, const struct value *const *args)
{
	struct x509 x509 = { .context = context };
	struct x509_options options = { .time_us = context->time_us };

	if (!builtin_is(context, args, 0, VALUE_STRING) ||
		!builtin_is(context, args, 1, VALUE_OBJECT)) {
		return NULL;
	}
	if (!x509_read_options(&x509, args[1], &options)) {
		return report(&x509);
	}
	return verify(&x509, span_of(args[0]), &options, false);
}

const struct value *builtin_crypto_x509_parse_certificate_request(
	struct policy_context *context, const struct value *const *args)
{
	struct x509 x509 = { .context = context };
	struct span bytes, label, der;

	if (!builtin_is(context, args, 0, VALUE_STRING)) {
		return NULL;
	}
	if (!x509_unwrap(&x509, span_of(args[0]), BEGIN " CERTIFICATE REQUEST-----", &bytes)) {
		return report(&x509);
	}
	struct span rest = bytes;
	if (x509_pem_next(&x509, &rest, &label, &der)) {
		if (!span_is(label, "CERTIFICATE REQUEST")) {
			return builtin_error(
				context, "invalid PEM-encoded certificate signing request");
		}
		bytes = der;
	}
	x509.request = true;
	const struct value *form = x509_request(&x509, bytes);
	return form != NULL ? form : report(&x509);
}

/* ---- keys ---- */

static bool is_key_label(struct span label)
{
	return span_is(label, "RSA PRIVATE KEY") || span_is(label, "PRIVATE KEY") ||
	       span_is(label, "EC PRIVATE KEY");
}

/* Blocks of other kinds are skipped. NULL: none is left, or failed. */
static EVP_PKEY *next_key(struct x509 *x509, struct span *text)
{
	struct span label, der;

	while (x509_pem_next(x509, text, &label, &der)) {
		if (is_key_label(label)) {
			return x509_read_key(x509, label, der);
		}
	}
	return NULL;
}

const struct value *builtin_crypto_parse_private_keys(
	struct policy_context *context, const struct value *const *args)
{
	struct x509 x509 = { .context = context };
	struct builtin_list keys = { 0 };
	struct span text;
	EVP_PKEY *pkey;

	if (!builtin_is(context, args, 0, VALUE_STRING)) {
		return NULL;
	}
	if (value_size(args[0]) == 0) {
		return value_null();
	}
	if (!x509_unwrap(&x509, span_of(args[0]), BEGIN, &text)) {
		text = span_of(args[0]); /* blocks may follow other text */
		x509.problem = NULL;
	}
	while ((pkey = next_key(&x509, &text)) != NULL) {
		const struct value *form = x509_key_form(&x509, pkey, false);
		if (form == NULL) {
			break;
		}
		builtin_list_add(context, &keys, form);
	}
	return x509.problem == NULL ? builtin_list_array(context, &keys) : report(&x509);
}

const struct value *builtin_crypto_x509_parse_rsa_private_key(
	struct policy_context *context, const struct value *const *args)
{
	struct x509 x509 = { .context = context };
	struct span text;

	if (!builtin_is(context, args, 0, VALUE_STRING)) {
		return NULL;
	}
	if (value_size(args[0]) == 0) {
		return builtin_error(context, "input PEM data was empty");
	}
	if (!x509_unwrap(&x509, span_of(args[0]), BEGIN, &text)) {
		return report(&x509);
	}
	EVP_PKEY *pkey = next_key(&x509, &text);
	if (pkey == NULL) {
		return x509.problem == NULL ? value_null() : report(&x509);
	}
	const struct value *form = x509_key_form(&x509, pkey, true);
	return form != NULL ? form : report(&x509);
}

/* ---- pairs ---- */

/* A text of PEM, base64 of PEM, or base64 of DER; *der: of the first block that fits. */
static bool first_block(struct x509 *x509, struct span text, bool key, struct span *label,
	struct span *der, struct span *rest)
{
	if (!x509_unwrap(x509, text, BEGIN " ", rest)) {
		return false;
	}
	if (!span_starts(*rest, (struct span){ BEGIN, strlen(BEGIN) })) {
		*label = key ? (struct span){ "PRIVATE KEY", 11 }
			     : (struct span){ "CERTIFICATE", 11 };
		*der = *rest;
		*rest = span_from(*rest, rest->size);
		return true;
	}
	while (x509_pem_next(x509, rest, label, der)) {
		if (key ? is_key_label(*label) : span_is(*label, "CERTIFICATE")) {
			return true;
		}
	}
	return x509_fail(x509, "tls: failed to find a PEM block of the wanted type");
}

static bool read_pair(
	struct x509 *x509, struct value_builder *builder, struct span certificate, struct span key)
{
	struct builtin_list chain = { 0 };
	struct span label, der, key_der, rest, key_rest;

	if (!first_block(x509, certificate, false, &label, &der, &rest)) {
		return false;
	}
	struct span leaf = der;
	do {
		if (span_is(label, "CERTIFICATE")) {
			builtin_list_add(x509->context, &chain, x509_base64(x509, der));
		}
	} while (x509_pem_next(x509, &rest, &label, &der));
	struct span whole = leaf;
	const struct value *form = x509_certificate(x509, &whole);
	if (form == NULL || !first_block(x509, key, true, &label, &key_der, &key_rest)) {
		return false;
	}
	EVP_PKEY *pkey = x509_read_key(x509, label, key_der);
	if (pkey == NULL || !x509_is_key_of(x509, leaf, pkey)) {
		return x509_fail(x509, "tls: private key does not match public key");
	}
	const struct value *keys[] = { form,
		value_of_set(x509->context->arena,
			(const struct value *[]){ builtin_text(x509->context, "URIStrings", 10) },
			1) };
	value_add(builder, "Certificate", builtin_list_array(x509->context, &chain));
	value_add(builder, "Leaf", builtin_object_remove(x509->context, keys));
	return x509_add(builder, "PrivateKey", x509_key_form(x509, pkey, false));
}

const struct value *builtin_crypto_x509_parse_keypair(
	struct policy_context *context, const struct value *const *args)
{
	static const char *const unused[] = { "OCSPStaple", "SignedCertificateTimestamps",
		"SupportedSignatureAlgorithms" };
	struct x509 x509 = { .context = context };

	if (!builtin_are_texts(context, args, 2)) {
		return NULL;
	}
	struct value_builder builder = x509_builder(&x509);
	if (!read_pair(&x509, &builder, span_of(args[0]), span_of(args[1]))) {
		return report(&x509);
	}
	for (size_t i = 0; i < 3; i++) {
		value_add(&builder, unused[i], value_null());
	}
	return value_finish_object(&builder);
}
