#include "io/http_target.h"

#include <arpa/inet.h>
#include <string.h>
#include "base/utf8.h"

/* ---- forms of the target ---- */

/* Cuts text at the first of `c`; *rest is what stands behind it, or has data NULL. */
static void split_at(struct http_text *text, char c, struct http_text *rest)
{
	const char *at = text->size > 0 ? memchr(text->data, c, text->size) : NULL;

	*rest = (struct http_text){ NULL, 0 };
	if (at != NULL) {
		size_t size = (size_t)(at - text->data);
		*rest = (struct http_text){ at + 1, text->size - size - 1 };
		text->size = size;
	}
}

/* Behind "http://" or "https://", or false. */
static bool skip_scheme(struct http_text *text)
{
	static const char *const schemes[] = { "http://", "https://" };

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		size_t size = strlen(schemes[i]);
		struct http_text start = { text->data, size };
		if (text->size > size && http_text_is_folded(start, schemes[i])) {
			text->data += size;
			text->size -= size;
			return true;
		}
	}
	return false;
}

static struct http_text take_authority(struct http_text *text)
{
	struct http_text authority = { text->data, 0 };

	while (authority.size < text->size && text->data[authority.size] != '/' &&
		text->data[authority.size] != '?') {
		authority.size++;
	}
	text->data += authority.size;
	text->size -= authority.size;
	return authority;
}

bool http_target_split(struct http_text raw, bool asterisk, struct http_target *target)
{
	struct http_text fragment;

	*target = (struct http_target){ 0 };
	if (asterisk && http_text_is(raw, "*")) {
		target->path = raw;
		return true;
	}
	split_at(&raw, '#', &fragment);
	if (raw.size > 0 && raw.data[0] != '/') {
		if (!skip_scheme(&raw)) {
			return false;
		}
		target->authority = take_authority(&raw);
	}
	split_at(&raw, '?', &target->query);
	target->path = raw;
	if (raw.size == 0 && target->authority.data != NULL) {
		target->path = (struct http_text){ "/", 1 }; /* RFC 9110, 4.2.3 */
	}
	return target->path.size > 0;
}

/* ---- path ---- */

/* What must not be hidden behind an escape; NULL: nothing. */
static const char *refuse_decoded(char c)
{
	if ((unsigned char)c < 0x20 || c == 0x7f) {
		return "the path holds an encoded control character";
	}
	if (c == '/' || c == '\\' || c == ';') {
		return "the path holds an encoded separator";
	}
	if (c == '%') {
		return "the path is encoded twice";
	}
	if ((http_class(c) & HTTP_CLASS_UNRESERVED) != 0) {
		return "the path encodes a character that needs no encoding";
	}
	return NULL;
}

static const char *decode_escape(struct http_text raw, size_t at, char *c)
{
	int high = at + 2 < raw.size ? http_hex_digit(raw.data[at + 1]) : -1;
	int low = at + 2 < raw.size ? http_hex_digit(raw.data[at + 2]) : -1;

	if (high < 0 || low < 0) {
		return "the path has a '%' that is not followed by two hexadecimal digits";
	}
	*c = (char)(high << 4 | low);
	return refuse_decoded(*c);
}

/* *segment: raw on entry, decoded on return. *memory moves behind what was used of it. */
static const char *decode_segment(struct http_text *segment, char **memory)
{
	struct http_text raw = *segment;
	char *out = *memory;
	size_t size = 0;

	for (size_t i = 0; i < raw.size; i++) {
		char c = raw.data[i];
		if (c == '%') {
			const char *wrong = decode_escape(raw, i, &c);
			if (wrong != NULL) {
				return wrong;
			}
			i += 2;
		}
		out[size++] = c;
	}
	if (!utf8_is_valid(out, size)) {
		return "the path is not UTF-8";
	}
	*memory += size;
	*segment = (struct http_text){ out, size };
	return NULL;
}

static const char *check_segment(struct http_text *segment, char **memory)
{
	bool encoded = false;

	if (http_text_is(*segment, ".") || http_text_is(*segment, "..")) {
		return "the path holds '.' or '..'";
	}
	for (size_t i = 0; i < segment->size; i++) {
		if (segment->data[i] == '%') {
			encoded = true;
		} else if ((http_class(segment->data[i]) & HTTP_CLASS_PATH) == 0) {
			return "the path holds a character that must not stand there";
		}
	}
	return encoded ? decode_segment(segment, memory) : NULL;
}

const char *http_path_split(struct http_text path, char *memory, struct http_text *segments,
	size_t limit, size_t *count, bool *trailing_slash)
{
	*count = 0;
	*trailing_slash = false;
	if (path.size == 0 || path.data[0] != '/') {
		return "the path does not begin with '/'";
	}
	struct http_text rest = { path.data + 1, path.size - 1 };

	while (rest.size > 0) {
		struct http_text segment = rest;
		split_at(&segment, '/', &rest);
		if (segment.size == 0) {
			return "the path holds '//'";
		}
		if (*count == limit) {
			return "the path has too many segments";
		}
		const char *wrong = check_segment(&segment, &memory);
		if (wrong != NULL) {
			return wrong;
		}
		segments[(*count)++] = segment;
		*trailing_slash = rest.data != NULL;
	}
	return NULL;
}

/* ---- authority ---- */

static bool is_port(struct http_text text) /* empty is fine (RFC 3986, 3.2.3) */
{
	unsigned port = 0;

	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] < '0' || text.data[i] > '9') {
			return false;
		}
		port = port * 10 + (unsigned)(text.data[i] - '0');
		if (port > 65535) {
			return false;
		}
	}
	return true;
}

/* "[" IPv6 "]" [":" port] */
static bool is_ipv6_authority(struct http_text text)
{
	char address[INET6_ADDRSTRLEN];
	struct in6_addr parsed;
	struct http_text inside = { text.data + 1, text.size - 1 };
	struct http_text rest;

	split_at(&inside, ']', &rest);
	if (rest.data == NULL || inside.size >= sizeof(address)) {
		return false;
	}
	memcpy(address, inside.data, inside.size);
	address[inside.size] = '\0';
	if (strlen(address) != inside.size || inet_pton(AF_INET6, address, &parsed) != 1) {
		return false;
	}
	if (rest.size == 0) {
		return true;
	}
	return rest.data[0] == ':' && is_port((struct http_text){ rest.data + 1, rest.size - 1 });
}

bool http_authority_is_valid(struct http_text authority)
{
	if (authority.size > 0 && authority.data[0] == '[') {
		return is_ipv6_authority(authority);
	}
	struct http_text name = authority;
	struct http_text port;

	split_at(&name, ':', &port);
	for (size_t i = 0; i < name.size; i++) {
		/* reg-name of RFC 3986, 3.2.2, without escapes: letters, digits, "-", ".", "_",
		 * "~". */
		if ((http_class(name.data[i]) & HTTP_CLASS_UNRESERVED) == 0) {
			return false;
		}
	}
	return name.size > 0 && is_port(port);
}
