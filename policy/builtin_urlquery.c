/*
 * urlquery.*, and the percent-encoding that uri.parse needs too.
 */
#include <string.h>
#include "base/buf.h"
#include "policy/builtin_bytes.h"
#include "policy/builtin_uri.h"

#define PARAMETERS_LIMIT 10000

static bool is_plain(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_' || c == '.' || c == '~';
}

/* May it stand as it is in that part? (Go's table; RFC 3986 allows more.) */
static bool may_stand(unsigned char c, enum uri_part part)
{
	static const char *const extra[] = {
		[URI_QUERY] = "",
		[URI_PATH] = "$&+,/:;=@",
		[URI_FRAGMENT] = "$&+,/:;=?@!()*",
		[URI_HOST] = "!$&'()*+,;=:[]<>\"",
		[URI_ZONE] = "!$&'()*+,;=:[]<>\"",
		[URI_USER] = "$&+,;=",
	};

	return is_plain(c) || (c != '\0' && strchr(extra[part], c) != NULL);
}

void builtin_uri_escape(
	struct policy_context *context, struct buf *buf, struct span text, enum uri_part part)
{
	static const char digits[] = "0123456789ABCDEF";

	policy_charge_text(context, text.size * 8);
	policy_charge_bytes(context, buf->size + text.size * 3);
	for (size_t i = 0; i < text.size; i++) {
		unsigned char c = (unsigned char)text.at[i];
		if (may_stand(c, part)) {
			buf_append_char(buf, (char)c);
		} else if (c == ' ' && part == URI_QUERY) {
			buf_append_char(buf, '+');
		} else {
			const char escape[3] = { '%', digits[c >> 4], digits[c & 15] };
			buf_append(buf, escape, 3);
		}
	}
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* The byte of "%41"; -1: it is none, or may not be escaped in that part. */
static int escaped_byte(struct span text, enum uri_part part)
{
	int high = text.size > 2 ? hex_digit(text.at[1]) : -1;
	int low = text.size > 2 ? hex_digit(text.at[2]) : -1;
	int byte = high * 16 + low;

	if (high < 0 || low < 0) {
		return -1;
	}
	if (part == URI_HOST && high < 8 && byte != '%') {
		return -1;
	}
	if (part == URI_ZONE && byte != '%' && byte != ' ' &&
		!may_stand((unsigned char)byte, URI_HOST)) {
		return -1;
	}
	return byte;
}

bool builtin_uri_unescape(
	struct policy_context *context, struct buf *buf, struct span text, enum uri_part part)
{
	bool host = part == URI_HOST || part == URI_ZONE;

	policy_charge_text(context, text.size * 8);
	policy_charge_bytes(context, buf->size + text.size);
	for (size_t i = 0; i < text.size; i++) {
		char c = text.at[i];
		if (c == '%') {
			int byte = escaped_byte(span_from(text, i), part);
			if (byte < 0) {
				return false;
			}
			buf_append_char(buf, (char)byte);
			i += 2;
		} else if (c == '+' && part == URI_QUERY) {
			buf_append_char(buf, ' ');
		} else if (host && (unsigned char)c < 0x80 && !may_stand((unsigned char)c, part)) {
			return false;
		} else {
			buf_append_char(buf, c);
		}
	}
	return true;
}

const struct value *builtin_text_of_bytes(struct policy_context *context, struct span bytes)
{
	if (utf8_is_valid(bytes.at, bytes.size)) {
		return builtin_span(context, bytes);
	}
	struct buf *clean = policy_buf(context, POLICY_BUFS - 1);
	policy_charge_text(context, bytes.size * 8);
	policy_charge_bytes(context, bytes.size * 3);
	for (size_t i = 0; i < bytes.size;) {
		uint32_t rune;
		size_t size = utf8_read(bytes.at + i, bytes.size - i, &rune);
		buf_append(clean, size > 0 ? bytes.at + i : "\xef\xbf\xbd", size > 0 ? size : 3);
		i += size > 0 ? size : 1;
	}
	return policy_text_of_buf(context, clean);
}

/* ---- builtins ---- */

const struct value *builtin_urlquery_encode(
	struct policy_context *context, const struct value *const *args)
{
	if (!builtin_is(context, args, 0, VALUE_STRING)) {
		return NULL;
	}
	struct buf *buf = policy_buf(context, 0);
	builtin_uri_escape(context, buf, span_of(args[0]), URI_QUERY);
	return policy_text_of_buf(context, buf);
}

/* NULL: reported. */
static const struct value *query_text(struct policy_context *context, struct span text)
{
	struct buf *buf = policy_buf(context, 0);

	if (!builtin_uri_unescape(context, buf, text, URI_QUERY)) {
		return builtin_error(context, "invalid URL escape");
	}
	return builtin_text_of_bytes(context, (struct span){ buf_text(buf), buf->size });
}

const struct value *builtin_urlquery_decode(
	struct policy_context *context, const struct value *const *args)
{
	return builtin_is(context, args, 0, VALUE_STRING) ? query_text(context, span_of(args[0]))
							  : NULL;
}

static const struct value *values_error(struct policy_context *context)
{
	return builtin_error(
		context, "operand 1 values must be string, array[string], or set[string]");
}

static void append_pair(struct policy_context *context, struct buf *buf, const struct value *key,
	const struct value *value)
{
	builtin_append(context, buf, "&", buf->size > 0);
	builtin_uri_escape(context, buf, span_of(key), URI_QUERY);
	builtin_append(context, buf, "=", 1);
	builtin_uri_escape(context, buf, span_of(value), URI_QUERY);
}

const struct value *builtin_urlquery_encode_object(
	struct policy_context *context, const struct value *const *args)
{
	if (!builtin_is(context, args, 0, VALUE_OBJECT)) {
		return NULL;
	}
	struct buf *buf = policy_buf(context, 0);
	for (size_t i = 0; i < value_count(args[0]); i++) {
		const struct value_member *member = value_member_at(args[0], i);
		if (!value_is(member->key, VALUE_STRING)) {
			return values_error(context);
		}
		if (value_is(member->value, VALUE_STRING)) {
			append_pair(context, buf, member->key, member->value);
			continue;
		}
		if (!value_is(member->value, VALUE_ARRAY) && !value_is(member->value, VALUE_SET)) {
			return values_error(context);
		}
		for (size_t k = 0; k < value_count(member->value); k++) {
			const struct value *item = value_at(member->value, k);
			if (!value_is(item, VALUE_STRING)) {
				return values_error(context);
			}
			append_pair(context, buf, member->key, item);
		}
	}
	return policy_text_of_buf(context, buf);
}

/* Adds value to the array that the object has for key. */
static const struct value *with_parameter(struct policy_context *context,
	const struct value *object, const struct value *key, const struct value *value)
{
	const struct value *old = policy_lookup(context, object, key);
	struct builtin_list list = { 0 };
	struct builtin_members members = { 0 };

	for (size_t i = 0; i < value_count(old != NULL ? old : value_null()); i++) {
		builtin_list_add(context, &list, value_at(old, i));
	}
	builtin_list_add(context, &list, value);
	for (size_t i = 0; i < value_count(object); i++) {
		const struct value_member *member = value_member_at(object, i);
		builtin_members_add(context, &members, member->key, member->value);
	}
	builtin_members_add(context, &members, key, builtin_list_array(context, &list));
	return builtin_members_object(context, &members);
}

const struct value *builtin_urlquery_decode_object(
	struct policy_context *context, const struct value *const *args)
{
	const struct value *object = policy_object(context, NULL, 0);
	size_t parameters = 0;

	if (!builtin_is(context, args, 0, VALUE_STRING)) {
		return NULL;
	}
	for (struct span rest = span_of(args[0]); rest.size > 0;) {
		const char *end = memchr(rest.at, '&', rest.size);
		struct span pair = { rest.at, end != NULL ? (size_t)(end - rest.at) : rest.size };
		rest = span_from(rest, end != NULL ? pair.size + 1 : pair.size);
		if (memchr(pair.at, ';', pair.size) != NULL) {
			return builtin_error(context, "invalid semicolon separator in query");
		}
		if (pair.size == 0) {
			continue;
		}
		if (++parameters > PARAMETERS_LIMIT) {
			return builtin_error(
				context, "number of URL query parameters exceeded limit");
		}
		const char *equal = memchr(pair.at, '=', pair.size);
		size_t size = equal != NULL ? (size_t)(equal - pair.at) : pair.size;
		const struct value *key = query_text(context, (struct span){ pair.at, size });
		const struct value *value =
			query_text(context, span_from(pair, equal != NULL ? size + 1 : size));
		if (key == NULL || value == NULL) {
			return NULL;
		}
		object = with_parameter(context, object, key, value);
	}
	return object;
}
