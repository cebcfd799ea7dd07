/*
 * Chains of certificates: is the last one, through those between, vouched for by the first?
 */
#pragma once

#include "policy/builtin_x509.h"

#define X509_CHAIN_MAX 32 /* more are read, but not verified */

struct x509_chain {
	struct span der[X509_CHAIN_MAX];
	size_t count;
	struct builtin_list forms; /* as x509_certificate() makes them */
	bool too_long;
};

struct x509_options {
	int64_t time_us;
	struct span name; /* a host's name or address that the leaf must have; empty: any */
	uint32_t usages;  /* extended key usages, a bit for each of Go's numbers; 0: a server's */
};

/* False: an option is unknown or of another type. */
bool x509_read_options(struct x509 *x509, const struct value *object, struct x509_options *options);
/* *verified: the forms from the leaf to the root. False: not verified. */
bool x509_verify(struct x509 *x509, const struct x509_chain *chain,
	const struct x509_options *options, struct builtin_list *verified);
/* Is this the private key of that certificate? */
bool x509_is_key_of(struct x509 *x509, struct span der, struct evp_pkey_st *pkey);
