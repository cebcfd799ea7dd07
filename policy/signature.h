/*
 * signature: `.signatures.json` of a bundle, as `opa sign` and `opa build --signing-key` write it
 * (openpolicyagent.org/docs/management-bundles, "Signing").
 *
 *     {"signatures": ["<JWT>"]}      exactly one
 *     payload: {"files": [{"name": "data.json", "hash": "<hex>", "algorithm": "SHA-256"}],
 *               "scope": "…", "keyid": "…"}
 *
 * Every file of the bundle must be listed, and every listed file must be there, with the digest
 * that the list says: of the bytes, or of the parsed document where its form is of no meaning
 * (data.json, .manifest). The algorithm is the key's, never the token's choice: a public key is
 * never a secret. SHA-256, SHA-384, SHA-512 and SHA-512-256; weaker digests are refused.
 *
 * Pure: no clock. Any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct error;
struct policy_bundle;

struct policy_key {
	const char *id;
	const char *algorithm; /* RS256 … ES512, HS256 …, EdDSA */
	const char
		*text; /* a public key or certificate in PEM, a JSON Web Key; of HS: the secret */
	size_t size;
	const char *scope; /* that the token must name; NULL: it names none */
};

struct policy_signing {
	const struct policy_key *keys;
	size_t key_count;
};

/* RS, PS, ES, HS with 256, 384, 512, and EdDSA: what a key may be for. */
bool policy_signature_knows(const char *algorithm);

/*
 * The bundle is signed by one of the keys and holds what was signed. *key_id (may be NULL): by
 * which. The key is the one that the token names; a token without a name is held against the only
 * key there is. False: ERROR_POLICY with what does not fit and the file's name; ERROR_CONFIG for a
 * key that is none.
 */
bool policy_signature_verify(const struct policy_bundle *bundle,
	const struct policy_signing *signing, const char **key_id, struct error *err);
