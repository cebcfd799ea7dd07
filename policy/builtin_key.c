#include "policy/builtin_key.h"

#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "policy/builtin_bytes.h"
#include "policy/builtin_json.h"

#define KEYS_MAX 1000
/* Key sets of providers hold three to ten keys; more than this is read each time. */
#define CACHED_BYTES (64 * 1024)
#define CACHED_KEYS 64
#define STEPS_PER_KEY 3000 /* 30 us: OpenSSL looks its algorithms up by name */

/* ---- JSON Web Keys ---- */

/* False: reported. A member that is not there leaves an empty span. */
static bool read_text(struct policy_context *context, const struct value *jwk, const char *name,
	struct span *text)
{
	const struct value *member = value_find(jwk, name);

	*text = (struct span){ "", 0 };
	if (member == NULL) {
		return true;
	}
	if (!value_is(member, VALUE_STRING)) {
		builtin_error(context, "JWK: %s is no string", name);
		return false;
	}
	*text = span_of(member);
	return true;
}

static bool read_part(struct policy_context *context, const struct value *jwk, const char *name,
	struct span *part)
{
	struct span text;

	if (!read_text(context, jwk, name, &text)) {
		return false;
	}
	*part = (struct span){ NULL, 0 };
	if (text.size > 0 && !builtin_base64_any(context, text, part)) {
		builtin_error(context, "JWK: %s is no base64", name);
		return false;
	}
	return true;
}

/* The algorithms that a key may be for, as the library that OPA uses knows them. */
static bool is_algorithm(struct span name, bool *of_tokens)
{
	static const char *const tokens[] = { "RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
		"ES256", "ES384", "ES512", "HS256", "HS384", "HS512", "EdDSA" };
	static const char *const others[] = { "A128CBC-HS256", "A128GCM", "A128GCMKW", "A128KW",
		"A192CBC-HS384", "A192GCM", "A192GCMKW", "A192KW", "A256CBC-HS512", "A256GCM",
		"A256GCMKW", "A256KW", "ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A192KW",
		"ECDH-ES+A256KW", "ES256K", "Ed25519", "PBES2-HS256+A128KW", "PBES2-HS384+A192KW",
		"PBES2-HS512+A256KW", "RSA-OAEP", "RSA-OAEP-256", "RSA-OAEP-384", "RSA-OAEP-512",
		"RSA1_5", "dir", "none" };

	for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
		if (span_is(name, tokens[i])) {
			*of_tokens = true;
			return true;
		}
	}
	*of_tokens = false;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (span_is(name, others[i])) {
			return true;
		}
	}
	return false;
}

static bool read_rsa(struct policy_context *context, const struct value *value, struct jwk *jwk)
{
	static const char *const names[] = { "n", "e", "d", "p", "q", "dp", "dq", "qi" };

	jwk->kind = KEY_RSA;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!read_part(context, value, names[i], &jwk->parts[JWK_N + i])) {
			return false;
		}
	}
	if (jwk->parts[JWK_N].size == 0 || jwk->parts[JWK_E].size == 0 ||
		(jwk->private && (jwk->parts[JWK_D].size == 0 || jwk->parts[JWK_P].size == 0 ||
					 jwk->parts[JWK_Q].size == 0))) {
		builtin_error(context, "JWK: the RSA key is not complete");
		return false;
	}
	return true;
}

static bool read_point(struct policy_context *context, const struct value *value, struct jwk *jwk)
{
	return read_part(context, value, "x", &jwk->parts[JWK_X]) &&
	       read_part(context, value, "y", &jwk->parts[JWK_Y]) &&
	       read_part(context, value, "d", &jwk->parts[JWK_D]);
}

static bool read_ec(struct policy_context *context, const struct value *value, struct jwk *jwk)
{
	static const struct {
		const char *name, *group;
		size_t bytes;
	} curves[] = { { "P-256", "prime256v1", 32 }, { "P-384", "secp384r1", 48 },
		{ "P-521", "secp521r1", 66 } };
	struct span name;

	jwk->kind = KEY_EC;
	if (!read_text(context, value, "crv", &name) || !read_point(context, value, jwk)) {
		return false;
	}
	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
		if (span_is(name, curves[i].name) && jwk->parts[JWK_X].size == curves[i].bytes &&
			jwk->parts[JWK_Y].size == curves[i].bytes &&
			(!jwk->private || jwk->parts[JWK_D].size == curves[i].bytes)) {
			jwk->group = curves[i].group;
			return true;
		}
	}
	builtin_error(context, "JWK: the EC key is of no curve we know, or not of its size");
	return false;
}

static bool read_okp(struct policy_context *context, const struct value *value, struct jwk *jwk)
{
	struct span name;

	if (!read_text(context, value, "crv", &name) || !read_point(context, value, jwk)) {
		return false;
	}
	if ((!span_is(name, "Ed25519") && !span_is(name, "X25519")) ||
		jwk->parts[JWK_X].size != 32 || (jwk->private && jwk->parts[JWK_D].size != 32)) {
		builtin_error(
			context, "JWK: the OKP key is of no curve we know, or not of its size");
		return false;
	}
	jwk->kind = span_is(name, "Ed25519") ? KEY_ED25519 : KEY_OTHER;
	return true;
}

static bool read_secret(struct policy_context *context, const struct value *value, struct jwk *jwk)
{
	jwk->kind = KEY_SECRET;
	jwk->private = false;
	if (!read_part(context, value, "k", &jwk->parts[JWK_K])) {
		return false;
	}
	if (jwk->parts[JWK_K].size == 0) {
		builtin_error(context, "JWK: k is missing");
		return false;
	}
	return true;
}

static bool read_jwk(struct policy_context *context, const struct value *value, struct jwk *jwk)
{
	static const struct {
		const char *name;
		bool (*read)(struct policy_context *, const struct value *, struct jwk *);
	} kinds[] = { { "RSA", read_rsa }, { "EC", read_ec }, { "OKP", read_okp },
		{ "oct", read_secret } };
	struct span kty;
	bool of_tokens = true;

	*jwk = (struct jwk){ .private = value_find(value, "d") != NULL };
	if (!value_is(value, VALUE_OBJECT) || !read_text(context, value, "kty", &kty) ||
		!read_text(context, value, "kid", &jwk->kid) ||
		!read_text(context, value, "alg", &jwk->alg)) {
		builtin_error(context, "JWK: a key is no object");
		return false;
	}
	if (value_find(value, "alg") != NULL && !is_algorithm(jwk->alg, &of_tokens)) {
		builtin_error(context, "JWK: alg is none that we know");
		return false;
	}
	jwk->skipped = !of_tokens;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (span_is(kty, kinds[i].name)) {
			return kinds[i].read(context, value, jwk);
		}
	}
	builtin_error(context, "JWK: kty is none that we know");
	return false;
}

/* The caller owns it. */
static struct key_set *set_of_value(struct policy_context *context, const struct value *value)
{
	const struct value *keys = value_find(value, "keys");
	const char *problem = "";

	if (keys != NULL && !value_is(keys, VALUE_ARRAY)) {
		builtin_error(context, "JWK: keys is no array");
		return NULL;
	}
	size_t count = keys != NULL ? value_count(keys) : 1;
	if (count > KEYS_MAX) {
		builtin_error(context, "JWK: more than %d keys", KEYS_MAX);
		return NULL;
	}
	struct jwk *list = policy_alloc_array(context, count, sizeof(*list));
	for (size_t i = 0; i < count; i++) {
		if (!read_jwk(context, keys != NULL ? value_at(keys, i) : value, &list[i])) {
			return NULL;
		}
	}
	policy_charge(context, count * STEPS_PER_KEY);
	struct key_set *set = key_set_make(list, count, &problem);
	if (set == NULL) {
		builtin_error(context, "JWK: %s", problem);
	}
	return set;
}

/* ---- PEM ---- */

/* The line at *at without its end and the blanks there; *at moves behind it. */
static struct span next_line(struct span text, size_t *at)
{
	size_t end = span_find(text, *at, (struct span){ "\n", 1 });
	size_t stop = end == SIZE_MAX ? text.size : end;
	struct span line = { text.at + *at, stop - *at };

	*at = end == SIZE_MAX ? text.size : end + 1;
	while (line.size > 0 && strchr(" \t\r", line.at[line.size - 1]) != NULL) {
		line.size--;
	}
	return line;
}

/* "-----BEGIN X-----" → X */
static bool read_mark(struct span line, const char *mark, struct span *label)
{
	size_t size = strlen(mark);

	if (!span_starts(line, (struct span){ mark, size }) ||
		!span_ends(line, (struct span){ "-----", 5 }) || line.size < size + 5) {
		return false;
	}
	*label = (struct span){ line.at + size, line.size - size - 5 };
	return true;
}

/*
 * The first block of a text, which must end it; lines before it are skipped, as Go does. Headers
 * of RFC 1421 are no base64 and so refused.
 */
static bool read_pem(
	struct policy_context *context, struct span text, struct span *label, struct span *der)
{
	struct buf *body = policy_buf(context, 2);
	struct span end;
	size_t at = 0;

	policy_charge_text(context, text.size * 2);
	while (at < text.size && !read_mark(next_line(text, &at), "-----BEGIN ", label)) {
	}
	while (at < text.size) {
		struct span line = next_line(text, &at);
		if (read_mark(line, "-----END ", &end)) {
			return at == text.size && end.size == label->size &&
			       memcmp(end.at, label->at, end.size) == 0 &&
			       builtin_base64_any(
				       context, (struct span){ buf_text(body), body->size }, der);
		}
		builtin_append(context, body, line.at, line.size);
	}
	return false;
}

static struct key_set *set_of_pem(struct policy_context *context, struct span text)
{
	struct span label = { "", 0 };
	struct span der;
	const char *problem = "";

	if (!read_pem(context, text, &label, &der)) {
		builtin_error(context, "the PEM text is not one whole block");
		return NULL;
	}
	bool certificate = span_is(label, "CERTIFICATE");
	if (!certificate && !span_is(label, "PUBLIC KEY")) {
		builtin_error(context, "failed to extract a Key from the PEM certificate");
		return NULL;
	}
	policy_charge(context, STEPS_PER_KEY * 2 + der.size);
	struct key_set *set = key_set_of_der(der, certificate, &problem);
	if (set == NULL) {
		builtin_error(context, "%s", problem);
	}
	return set;
}

/* ---- the door ---- */

static const struct key_set *keep_for_decision(struct policy_context *context, struct key_set *set)
{
	if (set != NULL) {
		arena_defer(context->arena, key_set_free, set);
	}
	return set;
}

const struct key_set *key_set_of_value(struct policy_context *context, const struct value *jwk)
{
	return keep_for_decision(context, set_of_value(context, jwk));
}

const struct key_set *key_set_of_text(struct policy_context *context, struct span text)
{
	static const char kind[] = "keys";
	struct key_set *set = policy_cache_find(context, kind, text.at, text.size);

	if (set != NULL) {
		return set;
	}
	if (memmem(text.at, text.size, "-----BEGIN ", 11) != NULL) {
		set = set_of_pem(context, text);
	} else {
		const struct value *value = builtin_json_read(context, text);
		set = value != NULL ? set_of_value(context, value) : NULL;
	}
	if (set == NULL || text.size > CACHED_BYTES || set->count > CACHED_KEYS) {
		return keep_for_decision(context, set);
	}
	policy_cache_add(context, kind, text.at, text.size, set, key_set_free);
	return set;
}
