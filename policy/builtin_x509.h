/*
 * x509: certificates, requests and private keys (RFC 5280, 2986, 7468), in the form in which OPA
 * shows them: the members of Go's structs, bytes as base64, what is absent as null.
 *
 * Certificates are read with an own reader of DER, charged like all else; OpenSSL is asked for
 * signatures, chains and keys.
 */
#pragma once

#include "policy/builtin_der.h"

struct evp_pkey_st;

/* What is read, and what was wrong with it: a failure is not always an error of the builtin. */
struct x509 {
	struct policy_context *context;
	const char *problem; /* static text; NULL: nothing */
	bool request;        /* names in requests may have values of any type, which show as null */
};

/* Returns false. */
bool x509_fail(struct x509 *x509, const char *problem);
/* The same as NULL. */
static inline const struct value *x509_none(struct x509 *x509, const char *problem)
{
	x509_fail(x509, problem);
	return NULL;
}

/* ---- values (builtin_x509_cert.c) ---- */

const struct value *x509_base64(struct x509 *x509, struct span bytes);
/* An array, or null for none. */
const struct value *x509_list(struct x509 *x509, const struct builtin_list *list);
/* The first certificate of *der, which moves behind it. NULL: failed. */
const struct value *x509_certificate(struct x509 *x509, struct span *der);
/* builtin_x509_request.c */
const struct value *x509_request(struct x509 *x509, struct span der);

/* ---- what certificates and requests share ---- */

/* A builder whose members are paid for here. */
struct value_builder x509_builder(struct x509 *x509);
/* False: value is NULL. */
bool x509_add(struct value_builder *builder, const char *name, const struct value *value);
/* A name and its bytes, from the front of *in. */
bool x509_add_name(struct x509 *x509, struct value_builder *builder, const char *member,
	const char *raw, struct span *in);
/* The key, its algorithm and its bytes, from the front of *in (builtin_x509_public.c). */
bool x509_add_public_key(struct x509 *x509, struct value_builder *builder, struct span *in);
/* Behind the signed part: algorithm and bits. inner: the algorithm as the signed part has it;
 * NULL: it has none. */
bool x509_add_signature(
	struct x509 *x509, struct value_builder *builder, struct span in, const struct span *inner);

/* ---- extensions (builtin_x509_ext.c) ---- */

struct x509_extension {
	struct span id, body;
	bool critical;
};
bool x509_read_extension(struct x509 *x509, struct span *in, struct x509_extension *extension);
/* {"Id": […], "Critical": …, "Value": "…"} */
const struct value *x509_extension_form(struct x509 *x509, const struct x509_extension *extension);
/* All that extensions say, each member null, false or zero when there is none. `in`: the
 * contents of the sequence of them, which may be empty. */
bool x509_add_extensions(struct x509 *x509, struct value_builder *builder, struct span in);

/* ---- names in them (builtin_x509_names.c) ---- */

enum { X509_NAME_EMAIL = 1, X509_NAME_DNS = 2, X509_NAME_URI = 6, X509_NAME_IP = 7 }; /* tags */

/* DNSNames, EmailAddresses, IPAddresses, URIs. body NULL: none. empty not NULL: for a certificate,
 * with URIStrings; was there none? */
bool x509_add_names(
	struct x509 *x509, struct value_builder *builder, const struct span *body, bool *empty);
/* Subtrees of name constraints, by kind: DNS, IP, email, URI. */
bool x509_read_subtrees(
	struct x509 *x509, struct span in, struct builtin_list lists[4], bool *unhandled);

/* ---- private keys (builtin_x509_key.c) ---- */

/* The members of Go's structs, or of a JSON Web Key (RFC 7518). NULL: failed. */
const struct value *x509_key_form(struct x509 *x509, struct evp_pkey_st *pkey, bool jwk);
/* Of DER: PKCS #1, #8 or SEC 1 by its label. In the arena's care. NULL: failed. */
struct evp_pkey_st *x509_read_key(struct x509 *x509, struct span label, struct span der);

/* ---- armour (builtin_x509_pem.c) ---- */

/* The next block of *text, which moves behind it. False: there is none any more. */
bool x509_pem_next(struct x509 *x509, struct span *text, struct span *label, struct span *der);
/* Text as it is when it begins with "-----BEGIN", else what its base64 says. False: failed. */
bool x509_unwrap(struct x509 *x509, struct span text, const char *begin, struct span *bytes);
