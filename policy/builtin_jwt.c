/*
 * io.jwt.*: tokens in compact form (RFC 7515, RFC 7519): three parts in base64url between dots.
 */
#include <strings.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/encode.h"
#include "policy/builtin_bytes.h"
#include "policy/builtin_json.h"
#include "policy/builtin_jws.h"

struct token {
	struct span header, payload, signature; /* encoded */
	struct span message;                    /* "header.payload", which is signed */
	const struct value *object;             /* the header, decoded */
};

/* ---- taking apart ---- */

static bool split(struct policy_context *context, struct span text, struct token *token)
{
	struct span dot = { ".", 1 };

	policy_charge_text(context, text.size);
	size_t first = span_find(text, 0, dot);
	size_t second = first == SIZE_MAX ? SIZE_MAX : span_find(text, first + 1, dot);
	if (second == SIZE_MAX || span_find(text, second + 1, dot) != SIZE_MAX) {
		builtin_error(context, "encoded JWT must have 3 sections");
		return false;
	}
	*token = (struct token){
		.header = { text.at, first },
		.payload = { text.at + first + 1, second - first - 1 },
		.signature = span_from(text, second + 1),
		.message = { text.at, second },
	};
	return true;
}

static bool decode_part(
	struct policy_context *context, struct span part, const char *what, struct span *bytes)
{
	if (!builtin_base64url_bytes(context, part, bytes)) {
		builtin_error(context, "JWT %s had invalid encoding", what);
		return false;
	}
	return true;
}

/* NULL: reported. */
static const struct value *read_object(
	struct policy_context *context, struct span json, const char *what)
{
	const struct value *object = builtin_json_read(context, json);

	if (object != NULL && !value_is(object, VALUE_OBJECT)) {
		return builtin_error(context, "JWT %s is no object", what);
	}
	return object;
}

static bool decode_header(struct policy_context *context, struct token *token)
{
	struct span json;

	if (!decode_part(context, token->header, "header", &json)) {
		return false;
	}
	token->object = read_object(context, json, "header");
	if (token->object != NULL && value_find(token->object, "enc") != NULL) {
		builtin_error(context, "JWT is a JWE object, which is not supported");
		return false;
	}
	return token->object != NULL;
}

/* False: reported; it is there and no string. */
static bool header_text(struct policy_context *context, const struct token *token, const char *name,
	struct span *text)
{
	const struct value *member = value_find(token->object, name);

	*text = (struct span){ "", 0 };
	if (member != NULL && !value_is(member, VALUE_STRING)) {
		builtin_error(context, "%s: must be a string", name);
		return false;
	}
	if (member != NULL) {
		*text = span_of(member);
	}
	return true;
}

struct header {
	struct span alg, kid, typ, cty;
};

/* What RFC 7515 says of the header's members. False: reported. */
static bool read_header(
	struct policy_context *context, const struct token *token, struct header *header)
{
	const struct value *crit = value_find(token->object, "crit");

	if (!header_text(context, token, "alg", &header->alg) ||
		!header_text(context, token, "kid", &header->kid) ||
		!header_text(context, token, "typ", &header->typ) ||
		!header_text(context, token, "cty", &header->cty)) {
		return false;
	}
	if (crit != NULL && (!value_is(crit, VALUE_ARRAY) || value_count(crit) == 0 ||
				    !value_is(value_at(crit, 0), VALUE_STRING))) {
		builtin_error(context, "crit: must be a nonempty list of strings");
		return false;
	}
	return true;
}

/* A member that must be understood, and is there, and is not: RFC 7515, section 4.1.11. */
static bool has_unknown_critical(struct policy_context *context, const struct token *token)
{
	static const char *const known[] = { "alg", "kid", "typ", "cty", "crit" };
	const struct value *crit = value_find(token->object, "crit");

	for (size_t i = 0; i < value_count(crit); i++) {
		const struct value *name = value_at(crit, i);
		bool is_known = false;
		if (!value_is(name, VALUE_STRING)) {
			break;
		}
		for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++) {
			is_known = is_known || span_is(span_of(name), known[k]);
		}
		if (!is_known && policy_lookup(context, token->object, name) != NULL) {
			return true;
		}
	}
	return false;
}

/* ---- io.jwt.decode ---- */

static struct span without_quotes(struct span text)
{
	while (text.size > 0 && (text.at[0] == '"' || text.at[0] == '\'')) {
		text = span_from(text, 1);
	}
	while (text.size > 0 && (text.at[text.size - 1] == '"' || text.at[text.size - 1] == '\'')) {
		text.size--;
	}
	return text;
}

const struct value *builtin_io_jwt_decode(
	struct policy_context *context, const struct value *const *args)
{
	struct token token;
	struct span text, payload, signature;
	struct span cty = { "JWT", 3 };

	if (!builtin_is(context, args, 0, VALUE_STRING)) {
		return NULL;
	}
	/* A token may hold a token: each is shorter than what it came in. */
	for (text = span_of(args[0]); span_is(cty, "JWT"); text = without_quotes(payload)) {
		if (!split(context, text, &token) || !decode_header(context, &token) ||
			!decode_part(context, token.payload, "payload", &payload) ||
			!header_text(context, &token, "cty", &cty)) {
			return NULL;
		}
	}
	const struct value *object = read_object(context, payload, "payload");
	if (object == NULL || !decode_part(context, token.signature, "signature", &signature)) {
		return NULL;
	}
	struct buf *hex = policy_buf(context, 0);
	policy_charge_text(context, signature.size * 2);
	encode_hex(hex, signature.at, signature.size);
	const struct value *const parts[] = { token.object, object,
		policy_text_of_buf(context, hex) };
	return policy_array(context, parts, 3);
}

/* ---- verifying with one key of several ---- */

static bool try_key(struct policy_context *context, const struct key *key,
	const struct jws_algorithm *algorithm, enum jws_rule rule, const struct token *token,
	struct span signature)
{
	/* io.jwt.verify_* want public keys, io.jwt.decode_verify takes the public half of one. */
	return (rule == JWS_STRICT || !key->private) &&
	       jws_verify(context, key, algorithm, rule, token->message, signature);
}

static bool same(struct span a, struct span b)
{
	return a.size == b.size && memcmp(a.at, b.at, a.size) == 0;
}

/* The key that the token names; if there is none, any whose algorithm is the token's. */
static bool verify(struct policy_context *context, const struct key_set *set,
	const struct jws_algorithm *algorithm, enum jws_rule rule, const struct token *token,
	const struct header *header, struct span signature)
{
	policy_charge(context, set->count);
	for (size_t i = 0; header->kid.size > 0 && i < set->count; i++) {
		if (same(set->keys[i].kid, header->kid)) {
			return try_key(context, &set->keys[i], algorithm, rule, token, signature);
		}
	}
	for (size_t i = 0; i < set->count; i++) {
		const struct key *key = &set->keys[i];
		if ((key->alg.size == 0 || same(key->alg, header->alg)) &&
			try_key(context, key, algorithm, rule, token, signature)) {
			return true;
		}
	}
	return false;
}

static const struct value *verify_public(
	struct policy_context *context, const struct value *const *args, const char *algorithm)
{
	struct token token;
	struct header header;
	struct span signature;

	if (!builtin_are_texts(context, args, 2) || !split(context, span_of(args[0]), &token) ||
		!decode_part(context, token.signature, "signature", &signature) ||
		!decode_header(context, &token) || !read_header(context, &token, &header)) {
		return NULL;
	}
	const struct key_set *set = key_set_of_text(context, span_of(args[1]));
	if (set == NULL) {
		return NULL;
	}
	struct span name = { algorithm, strlen(algorithm) };
	return value_of_bool(verify(
		context, set, jws_algorithm_of(name), JWS_LOOSE, &token, &header, signature));
}

static const struct value *verify_secret(
	struct policy_context *context, const struct value *const *args, const char *algorithm)
{
	struct token token;
	struct span signature;

	if (!builtin_are_texts(context, args, 2) || !split(context, span_of(args[0]), &token) ||
		!decode_part(context, token.signature, "signature", &signature)) {
		return NULL;
	}
	const struct key key = { .kind = KEY_SECRET, .secret = span_of(args[1]) };
	struct span name = { algorithm, strlen(algorithm) };
	policy_charge_text(context, key.secret.size * 32);
	return value_of_bool(jws_verify(
		context, &key, jws_algorithm_of(name), JWS_LOOSE, token.message, signature));
}

#define VERIFY(lower, how, name)                                                                   \
	const struct value *builtin_io_jwt_verify_##lower(                                         \
		struct policy_context *context, const struct value *const *args)                   \
	{                                                                                          \
		return how(context, args, name);                                                   \
	}
VERIFY(eddsa, verify_public, "EdDSA")
VERIFY(es256, verify_public, "ES256")
VERIFY(es384, verify_public, "ES384")
VERIFY(es512, verify_public, "ES512")
VERIFY(hs256, verify_secret, "HS256")
VERIFY(hs384, verify_secret, "HS384")
VERIFY(hs512, verify_secret, "HS512")
VERIFY(ps256, verify_public, "PS256")
VERIFY(ps384, verify_public, "PS384")
VERIFY(ps512, verify_public, "PS512")
VERIFY(rs256, verify_public, "RS256")
VERIFY(rs384, verify_public, "RS384")
VERIFY(rs512, verify_public, "RS512")
#undef VERIFY

/* ---- io.jwt.decode_verify ---- */

struct constraints {
	const struct key_set *keys;
	struct span secret, alg, iss, aud;
	double time_ns;
};

static bool read_time(
	struct policy_context *context, const struct value *value, struct constraints *constraints)
{
	if (!value_is(value, VALUE_NUMBER)) {
		builtin_error(context, "token time constraint: must be a number");
		return false;
	}
	constraints->time_ns = value_double(value);
	if (!(constraints->time_ns >= 0 && constraints->time_ns < 1e300)) {
		builtin_error(context, "token time constraint: must not be negative");
		return false;
	}
	return true;
}

static bool read_constraint(struct policy_context *context, const struct value_member *member,
	struct constraints *constraints, struct span *cert)
{
	const struct {
		const char *name;
		struct span *text;
	} texts[] = { { "alg", &constraints->alg }, { "aud", &constraints->aud }, { "cert", cert },
		{ "iss", &constraints->iss }, { "secret", &constraints->secret } };

	if (!value_is(member->key, VALUE_STRING)) {
		builtin_error(context, "a token validation constraint is no string");
		return false;
	}
	struct span name = span_of(member->key);
	if (span_is(name, "time")) {
		return read_time(context, member->value, constraints);
	}
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (!span_is(name, texts[i].name)) {
			continue;
		}
		if (!value_is(member->value, VALUE_STRING)) {
			builtin_error(context, "%s constraint: must be a string", texts[i].name);
			return false;
		}
		*texts[i].text = span_of(member->value);
		return true;
	}
	builtin_error(context, "unknown token validation constraint: %.*s",
		(int)(name.size < 100 ? name.size : 100), name.at);
	return false;
}

static bool read_constraints(
	struct policy_context *context, const struct value *object, struct constraints *constraints)
{
	struct span cert = { NULL, 0 };

	*constraints = (struct constraints){ .time_ns = (double)context->time_us * 1000.0 };
	for (size_t i = 0; i < value_count(object); i++) {
		if (!read_constraint(context, value_member_at(object, i), constraints, &cert)) {
			return false;
		}
	}
	if (cert.at != NULL) {
		constraints->keys = key_set_of_text(context, cert);
		if (constraints->keys == NULL) {
			return false;
		}
	}
	if ((constraints->keys != NULL) == (constraints->secret.size > 0)) {
		builtin_error(context, constraints->keys != NULL ? "duplicate key constraints"
								 : "no key constraint");
		return false;
	}
	return true;
}

static bool verify_signature(struct policy_context *context, const struct constraints *constraints,
	const struct token *token, const struct header *header, struct span signature)
{
	const struct jws_algorithm *algorithm = jws_algorithm_of(header->alg);
	const struct key key = { .kind = KEY_SECRET, .secret = constraints->secret };

	if (algorithm == NULL) {
		return false;
	}
	if (constraints->keys != NULL) {
		return verify(context, constraints->keys, algorithm, JWS_STRICT, token, header,
			signature);
	}
	policy_charge_text(context, key.secret.size * 32);
	return jws_verify(context, &key, algorithm, JWS_STRICT, token->message, signature);
}

enum outcome { OUTCOME_ERROR, OUTCOME_UNVERIFIED, OUTCOME_VERIFIED };

/* From the outermost token to the innermost; each must be signed. */
static enum outcome open_token(struct policy_context *context, struct span text,
	const struct constraints *constraints, struct token *token, struct span *payload)
{
	struct header header;
	struct span signature;

	for (;; text = *payload) {
		if (!split(context, text, token) || !decode_header(context, token) ||
			!read_header(context, token, &header)) {
			return OUTCOME_ERROR;
		}
		if (header.alg.size == 0 || has_unknown_critical(context, token) ||
			(constraints->alg.size > 0 && !same(constraints->alg, header.alg))) {
			return OUTCOME_UNVERIFIED;
		}
		if (!decode_part(context, token->signature, "signature", &signature)) {
			return OUTCOME_ERROR;
		}
		if (!verify_signature(context, constraints, token, &header, signature)) {
			return OUTCOME_UNVERIFIED;
		}
		if (!decode_part(context, token->payload, "payload", payload)) {
			return OUTCOME_ERROR;
		}
		if (header.cty.size != 3 || strncasecmp(header.cty.at, "JWT", 3) != 0) {
			return OUTCOME_VERIFIED;
		}
	}
}

static bool is_audience(const struct value *aud, struct span wanted)
{
	if (value_is(aud, VALUE_STRING)) {
		return same(span_of(aud), wanted);
	}
	for (size_t i = 0; value_is(aud, VALUE_ARRAY) && i < value_count(aud); i++) {
		const struct value *item = value_at(aud, i);
		if (value_is(item, VALUE_STRING) && same(span_of(item), wanted)) {
			return true;
		}
	}
	return false;
}

static enum outcome check_claims(struct policy_context *context, const struct value *payload,
	const struct constraints *constraints)
{
	const struct value *iss = value_find(payload, "iss");
	const struct value *aud = value_find(payload, "aud");
	const struct value *exp = value_find(payload, "exp");
	const struct value *nbf = value_find(payload, "nbf");

	if (constraints->iss.size > 0 && iss != NULL && !value_is(iss, VALUE_STRING)) {
		builtin_error(context, "iss value must be a string");
		return OUTCOME_ERROR;
	}
	if (constraints->iss.size > 0 && (iss == NULL || !same(span_of(iss), constraints->iss))) {
		return OUTCOME_UNVERIFIED;
	}
	policy_charge(context, value_count(aud));
	if (aud != NULL ? !is_audience(aud, constraints->aud) : constraints->aud.size > 0) {
		return OUTCOME_UNVERIFIED;
	}
	const struct value *now =
		value_of_double(context->arena, constraints->time_ns / 1000000000.0);
	if (exp != NULL && !value_is(exp, VALUE_NUMBER)) {
		builtin_error(context, "exp value must be a number");
		return OUTCOME_ERROR;
	}
	if (exp != NULL && policy_compare(context, now, exp) >= 0) {
		return OUTCOME_UNVERIFIED;
	}
	if (nbf != NULL && !value_is(nbf, VALUE_NUMBER)) {
		builtin_error(context, "nbf value must be a number");
		return OUTCOME_ERROR;
	}
	return nbf != NULL && policy_compare(context, now, nbf) < 0 ? OUTCOME_UNVERIFIED
								    : OUTCOME_VERIFIED;
}

const struct value *builtin_io_jwt_decode_verify(
	struct policy_context *context, const struct value *const *args)
{
	struct constraints constraints;
	struct token token;
	struct span json = { "", 0 };

	if (!builtin_is(context, args, 0, VALUE_STRING) ||
		!builtin_is(context, args, 1, VALUE_OBJECT) ||
		!read_constraints(context, args[1], &constraints)) {
		return NULL;
	}
	const struct value *payload = NULL;
	enum outcome outcome = open_token(context, span_of(args[0]), &constraints, &token, &json);
	if (outcome == OUTCOME_VERIFIED) {
		payload = read_object(context, json, "payload");
		outcome = payload == NULL ? OUTCOME_ERROR
					  : check_claims(context, payload, &constraints);
	}
	if (outcome == OUTCOME_ERROR) {
		return NULL;
	}
	const struct value *nothing = policy_object(context, NULL, 0);
	bool verified = outcome == OUTCOME_VERIFIED;
	const struct value *const parts[] = { value_of_bool(verified),
		verified ? token.object : nothing, verified ? payload : nothing };
	return policy_array(context, parts, 3);
}
