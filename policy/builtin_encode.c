/*
 * base64, base64url, hex, and the hashes and message authentication codes of crypto.*
 */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>
#include "base/buf.h"
#include "base/encode.h"
#include "policy/builtin_bytes.h"

/* ---- encoding ---- */

typedef void encode_fn(struct buf *buf, const void *bytes, size_t size);

static const struct value *encode(
	struct policy_context *context, const struct value *const *args, encode_fn *fn)
{
	if (!builtin_is(context, args, 0, VALUE_STRING)) {
		return NULL;
	}
	struct span text = span_of(args[0]);
	struct buf *buf = policy_buf(context, 0);
	policy_charge_text(context, text.size * 4);
	policy_charge_bytes(context, text.size * 2 + 4);
	fn(buf, text.at, text.size);
	return policy_text_of_buf(context, buf);
}

const struct value *builtin_base64_encode(
	struct policy_context *context, const struct value *const *args)
{
	return encode(context, args, encode_base64);
}

static void encode_base64url_padded(struct buf *buf, const void *bytes, size_t size)
{
	encode_base64url(buf, bytes, size);
	for (size_t i = size % 3; i != 0 && i < 3; i++) {
		buf_append_char(buf, '=');
	}
}

const struct value *builtin_base64url_encode(
	struct policy_context *context, const struct value *const *args)
{
	return encode(context, args, encode_base64url_padded);
}

const struct value *builtin_base64url_encode_no_pad(
	struct policy_context *context, const struct value *const *args)
{
	return encode(context, args, encode_base64url);
}

const struct value *builtin_hex_encode(
	struct policy_context *context, const struct value *const *args)
{
	return encode(context, args, encode_hex);
}

/* ---- decoding ---- */

static const struct value *text_of_bytes(struct policy_context *context, const struct buf *bytes)
{
	return builtin_text_of_bytes(context, (struct span){ buf_text(bytes), bytes->size });
}

/* Go's decoder skips line breaks, and does not look at the bits that padding leaves over. */
static bool decode_base64_go(struct buf *buf, struct span text, bool url, bool padded)
{
	static const char standard[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t bits = 0;
	unsigned count = 0;
	size_t i = 0;

	for (; i < text.size && text.at[i] != '='; i++) {
		char c = text.at[i];
		if (c == '\r' || c == '\n') {
			continue;
		}
		if (url && (c == '-' || c == '_')) {
			c = c == '-' ? '+' : '/';
		} else if (url && (c == '+' || c == '/')) {
			return false;
		}
		const char *at = c != '\0' ? strchr(standard, c) : NULL;
		if (at == NULL) {
			return false;
		}
		bits = bits << 6 | (uint32_t)(at - standard);
		if (++count % 4 == 0) {
			const char bytes[3] = { (char)(bits >> 16), (char)(bits >> 8), (char)bits };
			buf_append(buf, bytes, 3);
		}
	}
	unsigned rest = count % 4;
	unsigned pads = 0;
	for (; i < text.size; i++) {
		if (text.at[i] == '=') {
			pads++;
		} else if (text.at[i] != '\r' && text.at[i] != '\n') {
			return false;
		}
	}
	if (rest == 1 || pads != (padded ? (4 - rest) % 4 : 0)) {
		return false;
	}
	const char bytes[2] = { (char)(bits >> (rest == 2 ? 4 : 10)), (char)(bits >> 2) };
	buf_append(buf, bytes, rest == 0 ? 0 : rest - 1);
	return true;
}

/* The decoded bytes in a buf; NULL: reported, or the text is none. */
static struct buf *decoded(struct policy_context *context, struct span text, bool url)
{
	struct buf *buf = policy_buf(context, 0);

	policy_charge_text(context, text.size * 8);
	policy_charge_bytes(context, text.size);
	return decode_base64_go(buf, text, url, true) ? buf : NULL;
}

const struct value *builtin_base64_decode(
	struct policy_context *context, const struct value *const *args)
{
	if (!builtin_is(context, args, 0, VALUE_STRING)) {
		return NULL;
	}
	const struct buf *bytes = decoded(context, span_of(args[0]), false);
	return bytes != NULL ? text_of_bytes(context, bytes)
			     : builtin_error(context, "illegal base64 data");
}

const struct value *builtin_base64_is_valid(
	struct policy_context *context, const struct value *const *args)
{
	return value_of_bool(value_is(args[0], VALUE_STRING) &&
			     decoded(context, span_of(args[0]), false) != NULL);
}

/* Padding may be left out; NULL: the text is none. */
static const struct buf *decoded_url(struct policy_context *context, struct span text)
{
	struct buf *padded = policy_buf(context, 1);

	builtin_append(context, padded, text.at, text.size);
	if (text.size == 0 || text.at[text.size - 1] != '=') {
		builtin_append(context, padded, "==", text.size % 4 == 2 ? 2 : text.size % 4 == 3);
	}
	return decoded(context, (struct span){ buf_text(padded), padded->size }, true);
}

const struct value *builtin_base64url_decode(
	struct policy_context *context, const struct value *const *args)
{
	if (!builtin_is(context, args, 0, VALUE_STRING)) {
		return NULL;
	}
	const struct buf *bytes = decoded_url(context, span_of(args[0]));
	return bytes != NULL ? text_of_bytes(context, bytes)
			     : builtin_error(context, "illegal base64url string");
}

static bool keep_bytes(struct policy_context *context, const struct buf *buf, struct span *bytes)
{
	if (buf == NULL) {
		return false;
	}
	char *copy = policy_alloc(context, buf->size + 1);
	memcpy(copy, buf_text(buf), buf->size);
	*bytes = (struct span){ copy, buf->size };
	return true;
}

bool builtin_base64url_bytes(struct policy_context *context, struct span text, struct span *bytes)
{
	return keep_bytes(context, decoded_url(context, text), bytes);
}

bool builtin_base64_bytes(struct policy_context *context, struct span text, struct span *bytes)
{
	return keep_bytes(context, decoded(context, text, false), bytes);
}

bool builtin_base64_any(struct policy_context *context, struct span text, struct span *bytes)
{
	struct buf *buf = policy_buf(context, 0);

	policy_charge_text(context, text.size * 10);
	policy_charge_bytes(context, text.size);
	bool standard =
		memchr(text.at, '+', text.size) != NULL || memchr(text.at, '/', text.size) != NULL;
	bool padded = text.size > 0 && text.at[text.size - 1] == '=';
	return decode_base64_go(buf, text, !standard, padded) && keep_bytes(context, buf, bytes);
}

const struct value *builtin_hex_decode(
	struct policy_context *context, const struct value *const *args)
{
	if (!builtin_is(context, args, 0, VALUE_STRING)) {
		return NULL;
	}
	struct span text = span_of(args[0]);
	struct buf *buf = policy_buf(context, 0);
	policy_charge_text(context, text.size * 4);
	policy_charge_bytes(context, text.size);
	if (!decode_hex(buf, text.at, text.size)) {
		return builtin_error(context, "encoding/hex: invalid or odd number of digits");
	}
	return text_of_bytes(context, buf);
}

/* ---- hashes ---- */

static const struct value *hex_of(
	struct policy_context *context, const unsigned char *bytes, unsigned size)
{
	struct buf *buf = policy_buf(context, 0);

	encode_hex(buf, bytes, size);
	return policy_text_of_buf(context, buf);
}

static const struct value *hash(
	struct policy_context *context, const struct value *const *args, const EVP_MD *algorithm)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned size = 0;

	if (!builtin_is(context, args, 0, VALUE_STRING)) {
		return NULL;
	}
	policy_charge_text(
		context, 4096 + value_size(args[0]) * 32); /* OpenSSL's set-up is most of it */
	if (EVP_Digest(value_text(args[0]), value_size(args[0]), digest, &size, algorithm, NULL) !=
		1) {
		return builtin_error(context, "the cryptographic library has no such hash");
	}
	return hex_of(context, digest, size);
}

const struct value *builtin_crypto_md5(
	struct policy_context *context, const struct value *const *args)
{
	return hash(context, args, EVP_md5());
}

const struct value *builtin_crypto_sha1(
	struct policy_context *context, const struct value *const *args)
{
	return hash(context, args, EVP_sha1());
}

const struct value *builtin_crypto_sha256(
	struct policy_context *context, const struct value *const *args)
{
	return hash(context, args, EVP_sha256());
}

static const struct value *hmac(
	struct policy_context *context, const struct value *const *args, const EVP_MD *algorithm)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned size = 0;

	if (!builtin_are_texts(context, args, 2)) {
		return NULL;
	}
	policy_charge_text(context, 8192 + (value_size(args[0]) + value_size(args[1])) * 32);
	if (HMAC(algorithm, value_text(args[1]), (int)value_size(args[1]),
		    (const unsigned char *)value_text(args[0]), value_size(args[0]), digest,
		    &size) == NULL) {
		return builtin_error(context, "the cryptographic library has no such hash");
	}
	return hex_of(context, digest, size);
}

const struct value *builtin_crypto_hmac_md5(
	struct policy_context *context, const struct value *const *args)
{
	return hmac(context, args, EVP_md5());
}

const struct value *builtin_crypto_hmac_sha1(
	struct policy_context *context, const struct value *const *args)
{
	return hmac(context, args, EVP_sha1());
}

const struct value *builtin_crypto_hmac_sha256(
	struct policy_context *context, const struct value *const *args)
{
	return hmac(context, args, EVP_sha256());
}

const struct value *builtin_crypto_hmac_sha512(
	struct policy_context *context, const struct value *const *args)
{
	return hmac(context, args, EVP_sha512());
}

/* Without telling by its time where they differ. */
const struct value *builtin_crypto_hmac_equal(
	struct policy_context *context, const struct value *const *args)
{
	if (!builtin_two_texts(context, args)) {
		return NULL;
	}
	return value_of_bool(
		value_size(args[0]) == value_size(args[1]) &&
		CRYPTO_memcmp(value_text(args[0]), value_text(args[1]), value_size(args[0])) == 0);
}
