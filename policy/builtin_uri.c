#include "policy/builtin_uri.h"

#include <arpa/inet.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "policy/builtin_bytes.h"

/* A URI taken apart; the texts are as written but for scheme and host. */
struct uri {
	struct span scheme, host, path, query, fragment, opaque, user;
};

static bool has_control(struct span text)
{
	for (size_t i = 0; i < text.size; i++) {
		if ((unsigned char)text.at[i] < ' ' || text.at[i] == 0x7f) {
			return true;
		}
	}
	return false;
}

/* Cuts at the first such character and leaves it out; false: there is none. */
static bool cut(struct span *text, char at, struct span *rest)
{
	const char *found = memchr(text->at, at, text->size);

	if (found == NULL) {
		*rest = span_from(*text, text->size);
		return false;
	}
	size_t size = (size_t)(found - text->at);
	*rest = span_from(*text, size + 1);
	text->size = size;
	return true;
}

/* The bytes of the scheme; 0: there is none, SIZE_MAX: the text begins with a colon. */
static size_t scheme_size(struct span text)
{
	for (size_t i = 0; i < text.size; i++) {
		char c = text.at[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		bool other = (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
		if (c == ':') {
			return i == 0 ? SIZE_MAX : i;
		}
		if (!letter && !(other && i > 0)) {
			return 0;
		}
	}
	return 0;
}

static bool is_port(struct span text)
{
	for (size_t i = 1; i < text.size; i++) {
		if (text.at[i] < '0' || text.at[i] > '9') {
			return false;
		}
	}
	return text.size == 0 || text.at[0] == ':';
}

static struct span from_last(struct span text, char c)
{
	const char *at = memrchr(text.at, c, text.size);

	return at != NULL ? span_from(text, (size_t)(at - text.at)) : span_from(text, text.size);
}

static struct span kept(struct policy_context *context, const struct buf *buf)
{
	return (struct span){ arena_text(context->arena, buf_text(buf), buf->size), buf->size };
}

/* "[fe80::1%25en0]:80" */
static bool parse_ip_literal(struct policy_context *context, struct span host, struct span *result)
{
	struct span close = from_last(host, ']');
	struct buf *buf = policy_buf(context, 1);
	char address[64];
	uint8_t bytes[16];

	if (close.size == 0 || !is_port(span_from(close, 1))) {
		return false;
	}
	struct span name = { host.at + 1, (size_t)(close.at - host.at) - 1 };
	size_t zone = span_find(name, 0, (struct span){ "%25", 3 });
	buf_append_char(buf, '[');
	struct span before = { name.at, zone == SIZE_MAX ? name.size : zone };
	if (!builtin_uri_unescape(context, buf, before, URI_HOST) || buf->size > sizeof(address)) {
		return false;
	}
	memcpy(address, buf->data + 1, buf->size - 1);
	address[buf->size - 1] = '\0';
	if (inet_pton(AF_INET6, address, bytes) != 1 ||
		(zone != SIZE_MAX &&
			!builtin_uri_unescape(context, buf, span_from(name, zone), URI_ZONE))) {
		return false;
	}
	builtin_append(context, buf, close.at, close.size);
	*result = kept(context, buf);
	return true;
}

static bool parse_host(
	struct policy_context *context, struct span scheme, struct span host, struct span *result)
{
	const char *open = memrchr(host.at, '[', host.size);
	const char *colon = memchr(host.at, ':', host.size);
	struct buf *buf = policy_buf(context, 1);

	if (open != NULL) {
		return open == host.at && parse_ip_literal(context, host, result);
	}
	if (colon != NULL) {
		/* Lists of hosts, as databases have them: not in what browsers use. */
		bool strict = span_is(scheme, "http") || span_is(scheme, "https");
		struct span port =
			strict ? span_from(host, (size_t)(colon - host.at)) : from_last(host, ':');
		if (!is_port(port)) {
			return false;
		}
	}
	if (!builtin_uri_unescape(context, buf, host, URI_HOST)) {
		return false;
	}
	*result = kept(context, buf);
	return true;
}

static bool is_user_info(struct span text)
{
	for (size_t i = 0; i < text.size; i++) {
		char c = text.at[i];
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) &&
			(c == '\0' || strchr("-._:~!$&'()*+,;=%@", c) == NULL)) {
			return false;
		}
	}
	return true;
}

static bool parse_authority(
	struct policy_context *context, struct span scheme, struct span authority, struct uri *uri)
{
	struct span at = from_last(authority, '@');

	if (at.size > 0) {
		struct span user = { authority.at, (size_t)(at.at - authority.at) };
		struct buf *buf = policy_buf(context, 1);
		if (!is_user_info(user) || !builtin_uri_unescape(context, buf, user, URI_USER)) {
			return false;
		}
		uri->user = user;
		authority = span_from(at, 1);
	}
	return parse_host(context, scheme, authority, &uri->host);
}

static struct span lower(struct policy_context *context, struct span text)
{
	char *copy = arena_text(context->arena, text.at, text.size);

	for (size_t i = 0; i < text.size; i++) {
		copy[i] = (char)(copy[i] >= 'A' && copy[i] <= 'Z' ? copy[i] + 32 : copy[i]);
	}
	return (struct span){ copy, text.size };
}

/* False: it is none. The path stays encoded. */
static bool parse_uri(struct policy_context *context, struct span text, struct uri *uri)
{
	struct span rest = text;

	cut(&rest, '#', &uri->fragment);
	if (has_control(rest)) {
		return false;
	}
	if (span_is(rest, "*")) {
		uri->path = rest;
		return true;
	}
	size_t scheme = scheme_size(rest);
	if (scheme == SIZE_MAX) {
		return false;
	}
	if (scheme > 0) {
		policy_charge_bytes(context, scheme + 16);
		uri->scheme = lower(context, (struct span){ rest.at, scheme });
		rest = span_from(rest, scheme + 1);
	}
	cut(&rest, '?', &uri->query);
	if (rest.size == 0 || rest.at[0] != '/') {
		struct span segment = rest;
		struct span ignored;
		if (scheme > 0) {
			uri->opaque = rest; /* mailto:… */
			return true;
		}
		cut(&segment, '/', &ignored);
		if (memchr(segment.at, ':', segment.size) != NULL) {
			return false;
		}
	}
	bool two = rest.size >= 2 && rest.at[0] == '/' && rest.at[1] == '/';
	bool three = two && rest.size >= 3 && rest.at[2] == '/';
	if (two && (scheme > 0 || !three)) {
		struct span authority = span_from(rest, 2);
		const char *slash = memchr(authority.at, '/', authority.size);
		size_t size = slash != NULL ? (size_t)(slash - authority.at) : authority.size;
		rest = span_from(authority, size);
		authority.size = size;
		if (!parse_authority(context, uri->scheme, authority, uri)) {
			return false;
		}
	}
	uri->path = rest;
	return true;
}

/* ---- builtins ---- */

static void add(struct policy_context *context, struct value_builder *builder, const char *name,
	struct span text)
{
	if (text.size > 0) {
		value_add(builder, name, builtin_text_of_bytes(context, text));
	}
}

/* Go keeps the path as written only where its own way to escape the decoded one differs. */
static bool add_path(
	struct policy_context *context, struct value_builder *builder, struct span path)
{
	struct buf *plain = policy_buf(context, 0);
	struct buf *again = policy_buf(context, 1);

	if (!builtin_uri_unescape(context, plain, path, URI_PATH)) {
		return false;
	}
	struct span decoded = { buf_text(plain), plain->size };
	builtin_uri_escape(context, again, decoded, URI_PATH);
	bool same = again->size == path.size && memcmp(buf_text(again), path.at, path.size) == 0;
	add(context, builder, "path", decoded);
	add(context, builder, "raw_path", same ? decoded : path);
	return true;
}

static void add_host(
	struct policy_context *context, struct value_builder *builder, struct span host)
{
	struct span colon = from_last(host, ':');

	if (colon.size > 0 && is_port(colon)) {
		add(context, builder, "port", span_from(colon, 1));
		host.size -= colon.size;
	}
	if (host.size > 1 && host.at[0] == '[' && host.at[host.size - 1] == ']') {
		host = (struct span){ host.at + 1, host.size - 2 };
	}
	add(context, builder, "hostname", host);
}

static bool add_fragment(
	struct policy_context *context, struct value_builder *builder, struct span fragment)
{
	struct buf *plain = policy_buf(context, 0);

	if (!builtin_uri_unescape(context, plain, fragment, URI_FRAGMENT)) {
		return false;
	}
	add(context, builder, "fragment", (struct span){ buf_text(plain), plain->size });
	return true;
}

/* NULL: it is none. */
static const struct value *uri_object(struct policy_context *context, struct span text)
{
	struct value_builder builder = { .arena = context->arena };
	const struct span none = { "", 0 };
	struct uri uri = { none, none, none, none, none, none, none };

	policy_charge_text(context, text.size * 16);
	policy_charge_bytes(context, 512 + text.size * 4);
	if (!parse_uri(context, text, &uri) || !add_path(context, &builder, uri.path) ||
		!add_fragment(context, &builder, uri.fragment)) {
		return NULL;
	}
	add(context, &builder, "scheme", uri.scheme);
	add_host(context, &builder, uri.host);
	add(context, &builder, "raw_query", uri.query);
	return value_finish_object(&builder);
}

const struct value *builtin_uri_parse(
	struct policy_context *context, const struct value *const *args)
{
	if (!builtin_is(context, args, 0, VALUE_STRING)) {
		return NULL;
	}
	struct span text = span_of(args[0]);
	const struct value *object = uri_object(context, text);
	return object != NULL ? object
			      : builtin_error(context, "parse \"%.*s\": no URI",
					(int)(text.size < 100 ? text.size : 100), text.at);
}

const struct value *builtin_uri_is_valid(
	struct policy_context *context, const struct value *const *args)
{
	return value_of_bool(value_is(args[0], VALUE_STRING) && value_size(args[0]) > 0 &&
			     uri_object(context, span_of(args[0])) != NULL);
}

/* ---- as Go's struct, for certificates ---- */

static void add_always(struct policy_context *context, struct value_builder *builder,
	const char *name, struct span text)
{
	value_add(builder, name, builtin_text_of_bytes(context, text));
}

/* A part decoded, and as it was written where that says more. False: it is not well encoded. */
static bool add_decoded(struct policy_context *context, struct value_builder *builder,
	struct span part, enum uri_part kind, const char *name, const char *raw)
{
	struct buf *plain = policy_buf(context, 0);
	struct buf *again = policy_buf(context, 1);

	if (!builtin_uri_unescape(context, plain, part, kind)) {
		return false;
	}
	struct span decoded = { buf_text(plain), plain->size };
	builtin_uri_escape(context, again, decoded, kind);
	bool same = again->size == part.size && memcmp(buf_text(again), part.at, part.size) == 0;
	add_always(context, builder, name, decoded);
	add_always(context, builder, raw, same ? (struct span){ "", 0 } : part);
	return true;
}

static const struct value *uri_text(struct policy_context *context, const struct uri *uri)
{
	struct buf *buf = policy_buf(context, 0);
	const struct {
		const char *before;
		struct span part;
		bool there;
	} parts[] = {
		{ "", uri->scheme, uri->scheme.size > 0 },
		{ ":", uri->opaque, uri->scheme.size > 0 },
		{ "//", uri->user, uri->user.size > 0 || uri->host.size > 0 },
		{ "@", { "", 0 }, uri->user.size > 0 },
		{ "", uri->host, true },
		{ "", uri->path, true },
		{ "?", uri->query, uri->query.size > 0 },
		{ "#", uri->fragment, uri->fragment.size > 0 },
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (parts[i].there) {
			builtin_append(context, buf, parts[i].before, strlen(parts[i].before));
			builtin_append(context, buf, parts[i].part.at, parts[i].part.size);
		}
	}
	return policy_text_of_buf(context, buf);
}

const struct value *builtin_uri_go(
	struct policy_context *context, struct span text, const struct value **written)
{
	struct value_builder builder = { .arena = context->arena };
	const struct span none = { "", 0 };
	struct uri uri = { none, none, none, none, none, none, none };

	policy_charge_text(context, text.size * 16);
	policy_charge_bytes(context, 2048 + text.size * 8);
	if (!parse_uri(context, text, &uri) ||
		!add_decoded(context, &builder, uri.path, URI_PATH, "Path", "RawPath") ||
		!add_decoded(
			context, &builder, uri.fragment, URI_FRAGMENT, "Fragment", "RawFragment")) {
		return NULL;
	}
	add_always(context, &builder, "Scheme", uri.scheme);
	add_always(context, &builder, "Opaque", uri.opaque);
	add_always(context, &builder, "Host", uri.host);
	add_always(context, &builder, "RawQuery", uri.query);
	value_add(&builder, "User",
		uri.user.size > 0 ? policy_object(context, NULL, 0) : value_null());
	value_add(&builder, "ForceQuery",
		value_of_bool(
			uri.query.size == 0 && text.size > 0 && text.at[text.size - 1] == '?'));
	value_add(&builder, "OmitHost",
		value_of_bool(uri.scheme.size > 0 && uri.opaque.size == 0 && uri.host.size == 0 &&
			      uri.path.size > 0 && uri.path.at[0] == '/' &&
			      !span_starts(span_from(text, uri.scheme.size + 1),
				      (struct span){ "//", 2 })));
	*written = uri_text(context, &uri);
	return value_finish_object(&builder);
}
