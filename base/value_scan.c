#include "base/value_scan.h"

#include <stdarg.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/utf8.h"
#include "base/value_parts.h"

/* ---- errors ---- */

/* Line and column of a place, both from 1, columns in characters. */
static void locate(const struct scan *it, const char *place, size_t *line, size_t *column)
{
	*line = *column = 1;
	for (const char *p = it->text; p < place; p++) {
		if (*p == '\n') {
			++*line;
			*column = 1;
		} else if (((unsigned char)*p & 0xc0) != 0x80) {
			++*column;
		}
	}
}

/* What stands at a place, for messages. */
static const char *found_at(const struct scan *it, const char *place, char text[32])
{
	uint32_t point = 0;

	if (place >= it->end) {
		return "the end of the text";
	}
	if (utf8_read(place, (size_t)(it->end - place), &point) == 0) {
		snprintf(text, 32, "the byte 0x%02x", (unsigned)(unsigned char)*place);
	} else if (point > 0x20 && point < 0x7f) {
		snprintf(text, 32, point == '\'' ? "\"%c\"" : "'%c'", (char)point);
	} else {
		snprintf(text, 32, "U+%04X", (unsigned)point);
	}
	return text;
}

bool scan_fail(const struct scan *it, const char *place, enum error_code code, struct error *err,
	const char *format, ...)
{
	char text[ERROR_TEXT_BYTES];
	va_list arguments;
	size_t line;
	size_t column;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	locate(it, place, &line, &column);
	return error_set(err, code, "line %zu, column %zu: %s", line, column, text);
}

bool scan_expected(const struct scan *it, const char *place, const char *what, struct error *err)
{
	char found[32];

	return scan_fail(it, place, ERROR_SYNTAX, err, "expected %s, found %s", what,
		found_at(it, place, found));
}

/* ---- strings ---- */

/* As in value_print.c, but here bytes from 0x80 on need a look as well. */
static inline uint64_t special_bytes(uint64_t word)
{
	const uint64_t ones = 0x0101010101010101u;
	const uint64_t highs = 0x8080808080808080u;
	uint64_t control = (word - 0x20 * ones) & ~word;
	uint64_t quote = word ^ '"' * ones;
	uint64_t slash = word ^ '\\' * ones;

	/* Bits above the lowest one that is set may be wrong; the lowest never is. */
	return (control | ((quote - ones) & ~quote) | ((slash - ones) & ~slash) | word) & highs;
}

/* The first byte from p on that does not simply stand for itself, or end. */
static inline const char *skip_plain(const char *p, const char *end)
{
	while (end - p >= 8) {
		uint64_t special = special_bytes(hash_load_64(p));

		if (special != 0) {
			return p + __builtin_ctzll(special) / 8;
		}
		p += 8;
	}
	while (p < end && (unsigned char)*p >= 0x20 && (unsigned char)*p < 0x80 && *p != '"' &&
		*p != '\\') {
		p++;
	}
	return p;
}

/* The closing quote of the string whose text starts at `start`; checks all but escapes. */
static bool find_quote(const struct scan *it, const char *start, const char **quote,
	bool *has_escapes, struct error *err)
{
	const char *p = skip_plain(start, it->end);
	uint32_t point = 0;

	for (; p < it->end && *p != '"'; p = skip_plain(p, it->end)) {
		if (*p == '\\') {
			*has_escapes = true;
			p += it->end - p >= 2 ? 2 : 1;
			continue;
		}
		if ((unsigned char)*p < 0x20) {
			return scan_fail(it, p, ERROR_SYNTAX, err,
				"control character U+%04X in a string; write it as an escape "
				"(\\u%04x)",
				(unsigned)*p, (unsigned)*p);
		}
		size_t size = utf8_read(p, (size_t)(it->end - p), &point);

		if (size == 0) {
			return scan_fail(it, p, ERROR_SYNTAX, err, "invalid UTF-8: the byte 0x%02x",
				(unsigned)(unsigned char)*p);
		}
		p += size;
	}
	if (p >= it->end) {
		return scan_fail(
			it, start - 1, ERROR_SYNTAX, err, "the string that starts here has no end");
	}
	if (it->string_bytes != 0 && (size_t)(p - start) > it->string_bytes) {
		return scan_fail(it, start - 1, ERROR_TOO_LARGE, err,
			"the string that starts here has %zu bytes, more than the %zu allowed",
			(size_t)(p - start), it->string_bytes);
	}
	*quote = p;
	return true;
}

/* Four hexadecimal digits, or UINT32_MAX. */
static uint32_t read_hex(const char *p, const char *end)
{
	uint32_t value = 0;

	if (end - p < 4) {
		return UINT32_MAX;
	}
	for (int i = 0; i < 4; i++) {
		char c = p[i];
		uint32_t digit;

		if (c >= '0' && c <= '9') {
			digit = (uint32_t)(c - '0');
		} else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
			digit = (uint32_t)((c | 0x20) - 'a' + 10);
		} else {
			return UINT32_MAX;
		}
		value = value << 4 | digit;
	}
	return value;
}

/* The character behind \u at *p, of one escape or of two that are a pair; *p is moved on. */
static bool read_unicode(
	const struct scan *it, const char **p, const char *end, uint32_t *point, struct error *err)
{
	const char *start = *p - 2;
	uint32_t high = read_hex(*p, end);

	if (high == UINT32_MAX) {
		return scan_fail(it, start, ERROR_SYNTAX, err, "\\u needs four hexadecimal digits");
	}
	*p += 4;
	*point = high;
	if (high == 0 && !it->allow_nul) {
		return scan_fail(it, start, ERROR_SYNTAX, err, "U+0000 is not allowed in strings");
	}
	if (high < 0xd800 || high > 0xdfff) {
		return true;
	}
	uint32_t low = end - *p >= 2 && (*p)[0] == '\\' && (*p)[1] == 'u' ? read_hex(*p + 2, end)
									  : UINT32_MAX;

	if (high > 0xdbff || low < 0xdc00 || low > 0xdfff) {
		return scan_fail(it, start, ERROR_SYNTAX, err,
			"\\u%04x is half of a surrogate pair and the other half is missing",
			(unsigned)high);
	}
	*p += 6;
	*point = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
	return true;
}

/* The character of an escape of two characters, or 0. */
static char simple_escape(char c)
{
	switch (c) {
	case '"':
	case '\\':
	case '/':
		return c;
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	default:
		return 0;
	}
}

/* Fills string->text from what stands between the quotes; it never gets longer by that. */
static bool unescape(const struct scan *it, const char *p, const char *end,
	struct value_string *string, struct error *err)
{
	char *to = string->text;
	uint32_t point = 0;

	while (p < end) {
		if (*p != '\\') {
			*to++ = *p++;
			continue;
		}
		char simple = p + 1 < end ? simple_escape(p[1]) : 0;

		p += 2;
		if (simple != 0) {
			*to++ = simple;
		} else if (p <= end && p[-1] == 'u') {
			if (!read_unicode(it, &p, end, &point, err)) {
				return false;
			}
			to += utf8_write(point, to);
		} else {
			return scan_fail(it, p - 2, ERROR_SYNTAX, err,
				"unknown escape in a string; JSON has \\\" \\\\ \\/ \\b \\f \\n "
				"\\r \\t \\uXXXX");
		}
	}
	string->head.count = (uint32_t)(to - string->text);
	memset(to, 0, string->head.count < 8 ? 8 - string->head.count : 1);
	return true;
}

static bool read_escaped(const struct scan *it, const char *start, const char *quote,
	const struct value **result, struct error *err)
{
	struct value_string *string = string_alloc(it->arena, (size_t)(quote - start));

	if (!unescape(it, start, quote, string, err)) {
		return false;
	}
	*result = string_seal(string);
	return true;
}

/* it->at stands behind the opening quote and then behind the closing one. */
static bool read_string(struct scan *it, const struct value **result, struct error *err)
{
	const char *start = it->at;
	const char *quote;
	bool has_escapes = false;

	if (!find_quote(it, start, &quote, &has_escapes, err)) {
		return false;
	}
	it->at = quote + 1;
	if (has_escapes) {
		return read_escaped(it, start, quote, result, err);
	}
	*result = value_of_text_n(it->arena, start, (size_t)(quote - start));
	return true;
}

bool scan_key(struct scan *it, const struct value **key, struct error *err)
{
	const char *start = it->at;
	const char *quote;
	bool has_escapes = false;

	if (!find_quote(it, start, &quote, &has_escapes, err)) {
		return false;
	}
	it->at = quote + 1;
	if (has_escapes) {
		return read_escaped(it, start, quote, key, err);
	}
	size_t size = (size_t)(quote - start);
	uint64_t hash = hash_text(start, size);
	const struct value **known = &it->known_keys[hash % SCAN_KNOWN_KEYS];

	if (*known == NULL || (*known)->hash != hash || (*known)->count != size ||
		memcmp(value_text(*known), start, size) != 0) {
		struct value_string *string = string_alloc(it->arena, size);

		memcpy(string->text, start, size);
		string->head.hash = hash;
		*known = &string->head;
	}
	*key = *known;
	return true;
}

/* ---- the other scalars ---- */

static bool read_number(struct scan *it, const struct value **result, struct error *err)
{
	size_t used;

	switch (number_read(it->arena, it->at, (size_t)(it->end - it->at), &used, result)) {
	case NUMBER_OK:
		it->at += used;
		return true;
	case NUMBER_OUT_OF_RANGE:
		return scan_fail(it, it->at, ERROR_SYNTAX, err,
			"the number is out of range: at most 4096 digits, between 1e-4096 and "
			"1e4096");
	case NUMBER_MALFORMED:
		break;
	}
	if (it->at + used < it->end && it->at[used - 1] == '0' && it->at[used] >= '0' &&
		it->at[used] <= '9') {
		return scan_fail(
			it, it->at, ERROR_SYNTAX, err, "a number may not start with a zero");
	}
	return scan_expected(it, it->at + used, "a digit", err);
}

static bool read_word(struct scan *it, const char *word, size_t size, const struct value *value,
	const struct value **result, struct error *err)
{
	if ((size_t)(it->end - it->at) < size || memcmp(it->at, word, size) != 0) {
		return scan_expected(it, it->at, "a value", err);
	}
	it->at += size;
	*result = value;
	return true;
}

bool scan_scalar(struct scan *it, const struct value **result, struct error *err)
{
	switch (*it->at) {
	case '"':
		it->at++;
		return read_string(it, result, err);
	case 't':
		return read_word(it, "true", 4, value_of_bool(true), result, err);
	case 'f':
		return read_word(it, "false", 5, value_of_bool(false), result, err);
	case 'n':
		return read_word(it, "null", 4, value_null(), result, err);
	default:
		break;
	}
	if (*it->at == '-' || (*it->at >= '0' && *it->at <= '9')) {
		return read_number(it, result, err);
	}
	return scan_expected(it, it->at, "a value", err);
}
