/*
 * Signatures of tokens (RFC 7518, section 3; RFC 8037): RS, PS, ES, HS with SHA-2, and EdDSA.
 * A key serves the algorithms of its own kind alone: a public key is never a secret.
 */
#pragma once

#include "policy/builtin_key.h"

struct jws_algorithm;

/* NULL: no such algorithm ("none" is none). */
const struct jws_algorithm *jws_algorithm_of(struct span name);

/* How strictly a signature is read: OPA's io.jwt.verify_* take more than io.jwt.decode_verify. */
enum jws_rule {
	JWS_LOOSE,  /* a salt of any size; ES: the halves of what is there */
	JWS_STRICT, /* RFC 7518: a salt as long as the digest; ES: halves as long as the curve */
};

/* Charged by the work. False for a key of another kind. */
bool jws_verify(struct policy_context *context, const struct key *key,
	const struct jws_algorithm *algorithm, enum jws_rule rule, struct span message,
	struct span signature);

/*
 * Appends the signature to buf. False: reported. RS, HS and EdDSA alone: the others draw random
 * numbers, and a decision gives the same answer each time.
 */
bool jws_sign(struct policy_context *context, const struct key *key,
	const struct jws_algorithm *algorithm, struct span message, struct span *signature);
