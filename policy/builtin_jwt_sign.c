/*
 * io.jwt.encode_sign and encode_sign_raw.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/encode.h"
#include "policy/builtin_json.h"
#include "policy/builtin_jws.h"

/* Headers and payload as they go into the token. */
static const struct value *sign(struct policy_context *context, struct span headers,
	struct span payload, const struct key_set *keys)
{
	struct span signature;

	if (keys == NULL) {
		return NULL;
	}
	if (keys->count == 0) {
		return builtin_error(context, "no keys found in JWK set");
	}
	const struct value *header = builtin_json_read(context, headers);
	if (header == NULL) {
		return NULL;
	}
	const char *alg = value_find_text(header, "alg");
	const char *typ = value_find_text(header, "typ");
	const struct jws_algorithm *algorithm =
		alg != NULL ? jws_algorithm_of((struct span){ alg, strlen(alg) }) : NULL;
	if (algorithm == NULL) {
		return builtin_error(context, "unknown JWS algorithm");
	}
	if ((typ == NULL || strcmp(typ, "JWT") == 0) &&
		builtin_json_read(context, payload) == NULL) {
		return NULL;
	}
	struct buf *token = policy_buf(context, 1);
	policy_charge_text(context, (headers.size + payload.size) * 4);
	policy_charge_bytes(context, (headers.size + payload.size) * 2);
	encode_base64url(token, headers.at, headers.size);
	buf_append_char(token, '.');
	encode_base64url(token, payload.at, payload.size);
	struct span message = { buf_text(token), token->size };
	if (!jws_sign(context, &keys->keys[0], algorithm, message, &signature)) {
		return NULL;
	}
	buf_append_char(token, '.');
	encode_base64url(token, signature.at, signature.size);
	return policy_text_of_buf(context, token);
}

static struct span json_of(struct policy_context *context, const struct value *value)
{
	struct buf *buf = policy_buf(context, 0);

	builtin_json_write(context, buf, value, NULL);
	return span_of(policy_text_of_buf(context, buf));
}

const struct value *builtin_io_jwt_encode_sign(
	struct policy_context *context, const struct value *const *args)
{
	if (!builtin_is(context, args, 0, VALUE_OBJECT) ||
		!builtin_is(context, args, 1, VALUE_OBJECT) ||
		!builtin_is(context, args, 2, VALUE_OBJECT)) {
		return NULL;
	}
	return sign(context, json_of(context, args[0]), json_of(context, args[1]),
		key_set_of_value(context, args[2]));
}

const struct value *builtin_io_jwt_encode_sign_raw(
	struct policy_context *context, const struct value *const *args)
{
	if (!builtin_are_texts(context, args, 3)) {
		return NULL;
	}
	const struct value *jwk = builtin_json_read(context, span_of(args[2]));
	if (jwk == NULL) {
		return NULL;
	}
	return sign(context, span_of(args[0]), span_of(args[1]), key_set_of_value(context, jwk));
}
