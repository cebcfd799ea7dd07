/*
 * Keys that sign and verify tokens: of a PEM block, of a JSON Web Key (RFC 7517), of a set of them.
 * What OPA refuses to read is refused: the text is then no key at all, not a set with fewer keys.
 */
#pragma once

#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>
#include "policy/builtin_args.h"

enum key_kind {
	KEY_OTHER, /* readable, but of no use for tokens: it verifies nothing */
	KEY_SECRET,
	KEY_RSA,
	KEY_EC,
	KEY_ED25519,
};

struct key {
	enum key_kind kind;
	bool private;       /* read from a JSON Web Key with its private part */
	unsigned bits;      /* of an RSA modulus or of a curve */
	struct span alg;    /* "": any */
	struct span kid;    /* "": none */
	struct span secret; /* of KEY_SECRET */
	EVP_PKEY *pkey;     /* of RSA, EC, Ed25519 */
};

/* One block of heap memory; of keys for algorithms that no token has, only an array's rest. */
struct key_set {
	size_t count;
	struct key keys[];
};

/*
 * The keys of a text, PEM or JSON. NULL: reported. Cached; stays valid until the next call of
 * this or another function that caches, or the end of the decision.
 */
const struct key_set *key_set_of_text(struct policy_context *context, struct span text);
/* Of a JSON Web Key or a set of them that is a value. NULL: reported. Until the decision's end. */
const struct key_set *key_set_of_value(struct policy_context *context, const struct value *jwk);

/* ---- how builtin_key.c has one made: builtin_key_make.c ---- */

enum jwk_part { JWK_N, JWK_E, JWK_D, JWK_P, JWK_Q, JWK_DP, JWK_DQ, JWK_QI, JWK_X, JWK_Y, JWK_K };
#define JWK_PARTS (JWK_K + 1)

/* A JSON Web Key as it was read; everything lives in the arena. */
struct jwk {
	enum key_kind kind;
	bool private;
	bool skipped;      /* of an algorithm that no token has */
	const char *group; /* OpenSSL's name of an EC curve */
	struct span alg, kid;
	struct span parts[JWK_PARTS]; /* { NULL, 0 }: not there */
};

/* Charges nothing, so that nothing is lost. NULL: *problem says what is wrong. */
struct key_set *key_set_make(const struct jwk *list, size_t count, const char **problem);
/* Of a certificate's or a public key's DER. */
struct key_set *key_set_of_der(struct span der, bool certificate, const char **problem);
void key_set_free(void *set);
