#include "tests/differential/json_documents.h"

#include <stdbool.h>
#include <string.h>
#include "base/buf.h"
#include "base/cleanup.h"

/* What real clients send, and texts that stress one thing. */
static const char *const seeds[] = {
	"{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"],\"externalId\":\"00u1\","
	"\"userName\":\"bjensen@example.com\",\"name\":{\"familyName\":\"Jensen\",\"givenName\":"
	"\"Barbara\"},\"active\":true,\"emails\":[{\"value\":\"bjensen@example.com\",\"type\":"
	"\"work\","
	"\"primary\":true},{\"value\":\"babs@jensen.org\",\"type\":\"home\"}]}",
	"{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:PatchOp\"],\"Operations\":[{\"op\":"
	"\"Replace\",\"path\":\"active\",\"value\":\"False\"},{\"op\":\"Add\",\"path\":\"emails["
	"type eq "
	"\\\"work\\\"].value\",\"value\":\"x@y.z\"}]}",
	"{\"displayName\":\"Tour "
	"Guides\",\"members\":[{\"value\":\"2819c223-7f76-453a\",\"display\":"
	"\"Babs\"},{\"value\":\"902c246b-6245-4190\",\"display\":\"Mandy\"}],\"meta\":null}",
	"[0,-1,2.5,1e3,1E-3,-0,0.1e+1,9223372036854775807,-9223372036854775808,"
	"18446744073709551616]",
	"[\"\",\"\\u00e4\\u20ac\\ud83d\\ude00\",\"\\\"\\\\\\/"
	"\\b\\f\\n\\r\\t\",\"gr\xc3\xbc\xc3\x9f\",\"\xf0\x9f\x98\x80\"]",
	" {\n\t\"a\" : [ ] ,\r\n \"b\" : { } , \"c\":[[[[{\"d\":[{}]}]]]] } \n",
	"{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"g\":7,\"h\":8,\"i\":9,\"j\":10,\"k\":"
	"11,\"l\":12,"
	"\"m\":13,\"n\":14,\"o\":15,\"p\":16,\"q\":17,\"r\":18,\"s\":19}",
	"[null,true,false,\"null\",[],{},\"\",0]",
};
#define SEEDS (sizeof(seeds) / sizeof(seeds[0]))

/* What mutations put in. */
static const char *const tokens[] = { "{", "}", "[", "]", ",", ":", "\"", "\\", "\"\"", "null",
	"true", "false", "-", "0", "-0", "1.0", "01", "1e5", "1e400", "-1e-400", "1e5000", "0e9999",
	".5", "1.", "+1", "NaN", "Infinity", "-Infinity", "0x1", "\\u0000", "\\u0041", "\\ud800",
	"\\udc00", "\\ud83d\\ude00", "\\u12", "\\x41", "\\/", "\n", "\t", "\x01", "\x7f", " ",
	"\xc3\xa4", "\xc3", "\xa4", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc0\xaf", "\xef\xbb\xbf",
	"\xef\xbf\xbf", "\xc2\xa0", "//", "/**/", "\"a\":1,", ",\"a\":2", "\"\\u0061\":3,", "[[",
	"]]", "{}", "[]", "9223372036854775808", "123456789012345678901234567890", "1.5", "1.50",
	"'a'" };
#define TOKENS (sizeof(tokens) / sizeof(tokens[0]))

/* splitmix64: the state may be any number. */
static uint64_t next(uint64_t *state)
{
	uint64_t x = *state += 0x9e3779b97f4a7c15u;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

static size_t below(uint64_t *state, size_t limit)
{
	return limit == 0 ? 0 : next(state) % limit;
}

/* ---- growing ---- */

static void grow(uint64_t *state, struct buf *out, int depth);

static void grow_space(uint64_t *state, struct buf *out)
{
	if (below(state, 6) == 0) {
		buf_append_char(out, " \t\r\n"[below(state, 4)]);
	}
}

static void grow_digits(uint64_t *state, struct buf *out, size_t most)
{
	for (size_t i = 1 + below(state, most); i > 0; i--) {
		buf_append_char(out, (char)('0' + below(state, 10)));
	}
}

static void grow_number(uint64_t *state, struct buf *out)
{
	if (below(state, 3) == 0) {
		buf_append_char(out, '-');
	}
	if (below(state, 4) == 0) {
		buf_append_char(out, '0');
	} else {
		buf_append_char(out, (char)('1' + below(state, 9)));
		grow_digits(state, out, below(state, 8) == 0 ? 40 : 6);
	}
	if (below(state, 3) == 0) {
		buf_append_char(out, '.');
		grow_digits(state, out, below(state, 8) == 0 ? 40 : 4);
	}
	if (below(state, 4) == 0) {
		buf_append_char(out, "eE"[below(state, 2)]);
		buf_append_text(out, (const char *const[]){ "", "+", "-" }[below(state, 3)]);
		grow_digits(state, out, 3);
	}
}

static void grow_string(uint64_t *state, struct buf *out)
{
	static const char *const pieces[] = { "a", "B", "value", "\xc3\xa4", "\xe2\x82\xac",
		"\xf0\x9f\x98\x80", "\\n", "\\\"", "\\\\", "\\/", "\\u0041", "\\u00e4",
		"\\ud83d\\ude00", " ", "0", "longer text of many words" };

	buf_append_char(out, '"');
	for (size_t i = below(state, 6); i > 0; i--) {
		buf_append_text(out, pieces[below(state, sizeof(pieces) / sizeof(pieces[0]))]);
	}
	buf_append_char(out, '"');
}

static void grow_members(uint64_t *state, struct buf *out, int depth, bool keys)
{
	size_t count = below(state, below(state, 8) == 0 ? 30 : 5);

	buf_append_char(out, keys ? '{' : '[');
	for (size_t i = 0; i < count; i++) {
		buf_append_text(out, i > 0 ? "," : "");
		grow_space(state, out);
		if (keys && below(state, 20) == 0) {
			grow_string(state, out);
		} else if (keys) {
			buf_printf(out, "\"k%zu\"", i);
		}
		buf_append_text(out, keys ? ":" : "");
		grow(state, out, depth - 1);
	}
	grow_space(state, out);
	buf_append_char(out, keys ? '}' : ']');
}

static void grow(uint64_t *state, struct buf *out, int depth)
{
	grow_space(state, out);
	switch (below(state, depth > 0 ? 8 : 5)) {
	case 0:
		buf_append_text(
			out, (const char *const[]){ "null", "true", "false" }[below(state, 3)]);
		break;
	case 1:
	case 2:
		grow_number(state, out);
		break;
	case 3:
	case 4:
		grow_string(state, out);
		break;
	case 5:
		grow_members(state, out, depth, false);
		break;
	default:
		grow_members(state, out, depth, true);
		break;
	}
	grow_space(state, out);
}

/* ---- mutating ---- */

/* Replaces `cut` bytes at `at` by others. */
static void splice(struct buf *text, size_t at, size_t cut, const char *bytes, size_t size)
{
	CLEANUP(buf_fini) struct buf tail = { 0 };

	buf_append(&tail, text->data + at + cut, text->size - at - cut);
	text->size = at;
	buf_append(text, bytes, size);
	buf_append(text, buf_text(&tail), tail.size);
}

static void mutate(uint64_t *state, struct buf *text)
{
	size_t at = below(state, text->size + 1);
	size_t rest = text->size - at;
	size_t some = 1 + below(state, 8);
	CLEANUP(buf_fini) struct buf other = { 0 };

	if (some > rest) {
		some = rest;
	}
	switch (below(state, 8)) {
	case 0: /* a bit */
		if (rest > 0) {
			text->data[at] = (char)(text->data[at] ^ 1 << below(state, 8));
		}
		break;
	case 1: /* a byte */
		if (rest > 0) {
			text->data[at] = (char)below(state, 256);
		}
		break;
	case 2:
		splice(text, at, some, "", 0);
		break;
	case 3: /* a range once more */
		buf_append(&other, text->data + at, some);
		splice(text, below(state, text->size + 1), 0, buf_text(&other), other.size);
		break;
	case 4: /* cut off, or the tail of another */
		buf_append_text(&other, below(state, 2) == 0 ? "" : seeds[below(state, SEEDS)]);
		some = below(state, other.size + 1);
		splice(text, at, rest, buf_text(&other) + some, other.size - some);
		break;
	default: {
		const char *token = tokens[below(state, TOKENS)];

		splice(text, at, below(state, 3) == 0 ? some : 0, token, strlen(token));
		break;
	}
	}
}

void json_document(uint64_t seed, uint64_t index, struct buf *document)
{
	uint64_t state = seed * 0x2545f4914f6cdd1du + index;
	size_t mutations = below(&state, 3) == 0 ? 0 : 1 + below(&state, 4);

	buf_clear(document);
	buf_append_text(document, "");
	if (below(&state, 2) == 0) {
		buf_append_text(document, seeds[below(&state, SEEDS)]);
	} else {
		grow(&state, document, 5);
	}
	for (; mutations > 0; mutations--) {
		mutate(&state, document);
	}
}
