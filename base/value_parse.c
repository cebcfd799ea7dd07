/*
 * RFC 8259, strictly, without recursion.
 *
 *     text ──▶ one value after another ──▶ pending: the members of all open containers
 *                                              │  a container closes
 *                                              ▼
 *                                     sorted, sealed, one member of the container around it
 *
 * `frames` has one row for each open container: where its members start in `pending`. So the
 * state between two values is a few numbers, and a large text can be read in slices. Both stacks
 * start inside the parser and move to the heap when they grow.
 *
 * Keys repeat: those seen last are kept in a small table, so that a thousand members of a group
 * share one "value" and one "display".
 */
#include <stdarg.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "base/value_parts.h"

#define FIRST_PENDING 64
#define FIRST_FRAMES 32
#define KNOWN_KEYS 64

struct frame {
	size_t start; /* of its members in pending */
	enum value_type type;
};

struct value_parser {
	struct arena *arena;
	const char *text;
	const char *at;
	const char *end;
	struct value_limits limits;
	size_t values_left;
	struct value_member *pending; /* .value NULL: the key's value comes next */
	size_t pending_count;
	size_t pending_capacity;
	struct frame *frames;
	size_t frame_count;
	size_t frame_capacity;
	const struct value *result;
	const struct value *known_keys[KNOWN_KEYS];
	struct value_member first_pending[FIRST_PENDING];
	struct frame first_frames[FIRST_FRAMES];
};

/* ---- memory ---- */

static void free_stacks(void *object)
{
	struct value_parser *it = object;

	if (it->pending != it->first_pending) {
		memory_free(it->pending);
		it->pending = it->first_pending;
	}
	if (it->frames != it->first_frames) {
		memory_free(it->frames);
		it->frames = it->first_frames;
	}
}

static void init(struct value_parser *it, struct arena *arena, const char *text, size_t size,
	const struct value_limits *limits)
{
	it->arena = arena;
	it->text = it->at = text;
	it->end = text + size;
	it->limits = *limits;
	it->values_left = limits->values;
	it->pending = it->first_pending;
	it->pending_count = 0;
	it->pending_capacity = FIRST_PENDING;
	it->frames = it->first_frames;
	it->frame_count = 0;
	it->frame_capacity = FIRST_FRAMES;
	it->result = NULL;
	memset(it->known_keys, 0, sizeof(it->known_keys));
}

/* A stack of twice the size on the heap. */
static void *grow(const void *first, void *stack, size_t bytes)
{
	if (stack != first) {
		return must_realloc(stack, 2 * bytes);
	}
	return memcpy(must_malloc(2 * bytes), stack, bytes);
}

static void push_pending(
	struct value_parser *it, const struct value *key, const struct value *value)
{
	if (it->pending_count == it->pending_capacity) {
		it->pending = grow(it->first_pending, it->pending,
			it->pending_capacity * sizeof(*it->pending));
		it->pending_capacity *= 2;
	}
	it->pending[it->pending_count++] = (struct value_member){ key, value };
}

/* ---- errors ---- */

/* Line and column of a place, both from 1, columns in characters. */
static void locate(const struct value_parser *it, const char *place, size_t *line, size_t *column)
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
static const char *found_at(const struct value_parser *it, const char *place, char text[32])
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

__attribute__((cold, format(printf, 5, 6))) static bool fail(const struct value_parser *it,
	const char *place, enum error_code code, struct error *err, const char *format, ...)
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

__attribute__((cold)) static bool expected(
	const struct value_parser *it, const char *place, const char *what, struct error *err)
{
	char found[32];

	return fail(it, place, ERROR_SYNTAX, err, "expected %s, found %s", what,
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
static bool find_quote(const struct value_parser *it, const char *start, const char **quote,
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
			return fail(it, p, ERROR_SYNTAX, err,
				"control character U+%04X in a string; write it as an escape "
				"(\\u%04x)",
				(unsigned)*p, (unsigned)*p);
		}
		size_t size = utf8_read(p, (size_t)(it->end - p), &point);

		if (size == 0) {
			return fail(it, p, ERROR_SYNTAX, err, "invalid UTF-8: the byte 0x%02x",
				(unsigned)(unsigned char)*p);
		}
		p += size;
	}
	if (p >= it->end) {
		return fail(
			it, start - 1, ERROR_SYNTAX, err, "the string that starts here has no end");
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
static bool read_unicode(const struct value_parser *it, const char **p, const char *end,
	uint32_t *point, struct error *err)
{
	const char *start = *p - 2;
	uint32_t high = read_hex(*p, end);

	if (high == UINT32_MAX) {
		return fail(it, start, ERROR_SYNTAX, err, "\\u needs four hexadecimal digits");
	}
	*p += 4;
	*point = high;
	if (high == 0 && !it->limits.allow_nul) {
		return fail(it, start, ERROR_SYNTAX, err, "U+0000 is not allowed in strings");
	}
	if (high < 0xd800 || high > 0xdfff) {
		return true;
	}
	uint32_t low = end - *p >= 2 && (*p)[0] == '\\' && (*p)[1] == 'u' ? read_hex(*p + 2, end)
									  : UINT32_MAX;

	if (high > 0xdbff || low < 0xdc00 || low > 0xdfff) {
		return fail(it, start, ERROR_SYNTAX, err,
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
static bool unescape(const struct value_parser *it, const char *p, const char *end,
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
			return fail(it, p - 2, ERROR_SYNTAX, err,
				"unknown escape in a string; JSON has \\\" \\\\ \\/ \\b \\f \\n "
				"\\r \\t \\uXXXX");
		}
	}
	string->head.count = (uint32_t)(to - string->text);
	memset(to, 0, string->head.count < 8 ? 8 - string->head.count : 1);
	return true;
}

static bool read_escaped(const struct value_parser *it, const char *start, const char *quote,
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
static bool read_string(struct value_parser *it, const struct value **result, struct error *err)
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

static bool read_key_text(struct value_parser *it, const struct value **key, struct error *err)
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
	const struct value **known = &it->known_keys[hash % KNOWN_KEYS];

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

static bool read_number(struct value_parser *it, const struct value **result, struct error *err)
{
	size_t used;

	switch (number_read(it->arena, it->at, (size_t)(it->end - it->at), &used, result)) {
	case NUMBER_OK:
		it->at += used;
		return true;
	case NUMBER_OUT_OF_RANGE:
		return fail(it, it->at, ERROR_SYNTAX, err,
			"the number is out of range: at most 4096 digits, between 1e-4096 and "
			"1e4096");
	case NUMBER_MALFORMED:
		break;
	}
	if (it->at + used < it->end && it->at[used - 1] == '0' && it->at[used] >= '0' &&
		it->at[used] <= '9') {
		return fail(it, it->at, ERROR_SYNTAX, err, "a number may not start with a zero");
	}
	return expected(it, it->at + used, "a digit", err);
}

static bool read_word(struct value_parser *it, const char *word, size_t size,
	const struct value *value, const struct value **result, struct error *err)
{
	if ((size_t)(it->end - it->at) < size || memcmp(it->at, word, size) != 0) {
		return expected(it, it->at, "a value", err);
	}
	it->at += size;
	*result = value;
	return true;
}

static bool read_scalar(struct value_parser *it, const struct value **result, struct error *err)
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
	return expected(it, it->at, "a value", err);
}

/* ---- containers ---- */

static inline void skip_space(struct value_parser *it)
{
	while (it->at < it->end &&
		(*it->at == ' ' || *it->at == '\n' || *it->at == '\r' || *it->at == '\t')) {
		it->at++;
	}
}

static bool is_at(const struct value_parser *it, char c)
{
	return it->at < it->end && *it->at == c;
}

/* A key and its colon; the value comes next. */
static bool read_key(struct value_parser *it, const char *what, struct error *err)
{
	const struct value *key;

	if (!is_at(it, '"')) {
		return expected(it, it->at, what, err);
	}
	it->at++;
	if (!read_key_text(it, &key, err)) {
		return false;
	}
	skip_space(it);
	if (!is_at(it, ':')) {
		return expected(it, it->at, "':' after the key", err);
	}
	it->at++;
	push_pending(it, key, NULL);
	return true;
}

static bool check_members(const struct value_parser *it, size_t count, struct error *err)
{
	if (it->limits.members != 0 && count > it->limits.members) {
		return fail(it, it->at, ERROR_TOO_LARGE, err,
			"the object has more than the %zu members allowed", it->limits.members);
	}
	return true;
}

static bool open_container(struct value_parser *it, enum value_type type, struct error *err)
{
	if (it->frame_count >= it->limits.depth || it->frame_count >= VALUE_DEPTH_MAX) {
		return fail(it, it->at, ERROR_TOO_LARGE, err,
			"more than the %zu levels of nesting allowed", it->frame_count);
	}
	if (it->frame_count == it->frame_capacity) {
		it->frames = grow(
			it->first_frames, it->frames, it->frame_capacity * sizeof(*it->frames));
		it->frame_capacity *= 2;
	}
	it->frames[it->frame_count++] = (struct frame){ it->pending_count, type };
	it->at++;
	skip_space(it);
	return true;
}

static bool check_keys(const struct value_parser *it, const struct value_entry *entries,
	size_t count, const struct value *twice, struct error *err)
{
	const struct value *one;
	const struct value *other;

	if (twice != NULL) {
		return fail(it, it->at, ERROR_SYNTAX, err,
			"the object that ends here has the key \"%.100s\" twice",
			value_text(twice));
	}
	if (it->limits.folded_keys && entries_have_folded_twins(entries, count, &one, &other)) {
		return fail(it, it->at, ERROR_SYNTAX, err,
			"the object that ends here has the keys \"%.100s\" and \"%.100s\", which "
			"differ in case only",
			value_text(one), value_text(other));
	}
	return true;
}

static const struct value *close_object(struct value_parser *it, size_t start, struct error *err)
{
	size_t count = it->pending_count - start;
	struct value_entry few[32];
	struct value_entry *entries = count <= 32 ? few : must_malloc(count * sizeof(*entries));
	const struct value *object = NULL;
	const struct value *twice = NULL;

	for (size_t i = 0; i < count; i++) {
		entries[i].member = it->pending[start + i];
		entries[i].rank = entry_rank(entries[i].member.key);
	}
	entries_sort(entries, count, &twice, NULL);
	if (check_keys(it, entries, count, twice, err)) {
		struct value_object *result = object_alloc(it->arena, count);

		for (size_t i = 0; i < count; i++) {
			result->members[i] = entries[i].member;
		}
		object = object_seal(it->arena, result);
	}
	if (entries != few) {
		memory_free(entries);
	}
	return object;
}

static const struct value *close_array(struct value_parser *it, size_t start)
{
	size_t count = it->pending_count - start;
	struct value_array *array = array_alloc(it->arena, count);

	for (size_t i = 0; i < count; i++) {
		array->items[i] = it->pending[start + i].value;
	}
	return array_seal(array);
}

/* it->at stands at the closing bracket. */
static bool close_container(struct value_parser *it, const struct value **result, struct error *err)
{
	const struct frame *frame = &it->frames[it->frame_count - 1];

	*result = frame->type == VALUE_OBJECT ? close_object(it, frame->start, err)
					      : close_array(it, frame->start);
	if (*result == NULL) {
		return false;
	}
	it->at++;
	it->pending_count = frame->start;
	it->frame_count--;
	return true;
}

/* ---- the loop ---- */

/* Puts a value into the container around it. */
static void put(struct value_parser *it, enum value_type type, const struct value *value)
{
	if (type == VALUE_OBJECT) {
		it->pending[it->pending_count - 1].value = value;
	} else {
		push_pending(it, NULL, value);
	}
}

/*
 * What stands behind a complete value: closes containers until one goes on, where it leaves
 * it->at before the next value. Sets it->result when the outermost value is complete.
 */
static bool go_on(struct value_parser *it, const struct value *value, struct error *err)
{
	while (it->frame_count > 0) {
		const struct frame *frame = &it->frames[it->frame_count - 1];
		bool in_object = frame->type == VALUE_OBJECT;

		put(it, frame->type, value);
		skip_space(it);
		if (is_at(it, ',')) {
			it->at++;
			skip_space(it);
			return !in_object ||
			       (check_members(it, it->pending_count - frame->start + 1, err) &&
				       read_key(it, "a key in quotes after ','", err));
		}
		if (!is_at(it, in_object ? '}' : ']')) {
			return expected(it, it->at, in_object ? "',' or '}'" : "',' or ']'", err);
		}
		if (!close_container(it, &value, err)) {
			return false;
		}
	}
	skip_space(it);
	if (it->at < it->end) {
		return expected(it, it->at, "nothing more after the value", err);
	}
	it->result = value;
	return true;
}

/* Opens a container; an empty one is complete at once and goes to *value. */
static bool read_container(struct value_parser *it, enum value_type type,
	const struct value **value, struct error *err)
{
	if (!open_container(it, type, err)) {
		return false;
	}
	if (is_at(it, type == VALUE_OBJECT ? '}' : ']')) {
		return close_container(it, value, err);
	}
	return type == VALUE_ARRAY || read_key(it, "a key in quotes or '}'", err);
}

/* One value, or the start of one; then what follows it up to the next value. */
static bool step(struct value_parser *it, struct error *err)
{
	const struct value *value = NULL;
	bool ok;

	skip_space(it);
	if (it->at >= it->end) {
		return expected(it, it->at, "a value", err);
	}
	if (it->values_left == 0) {
		return fail(it, it->at, ERROR_TOO_LARGE, err, "more than the %zu values allowed",
			it->limits.values);
	}
	it->values_left--;
	if (*it->at == '{') {
		ok = read_container(it, VALUE_OBJECT, &value, err);
	} else if (*it->at == '[') {
		ok = read_container(it, VALUE_ARRAY, &value, err);
	} else {
		ok = read_scalar(it, &value, err);
	}
	return ok && (value == NULL || go_on(it, value, err));
}

static bool check_start(const struct value_parser *it, struct error *err)
{
	size_t size = (size_t)(it->end - it->text);

	if (size > it->limits.bytes) {
		return error_set(err, ERROR_TOO_LARGE,
			"the text has %zu bytes, more than the %zu allowed", size,
			it->limits.bytes);
	}
	if (size >= 3 && memcmp(it->text, "\xef\xbb\xbf", 3) == 0) {
		return fail(it, it->text, ERROR_SYNTAX, err,
			"the text starts with a byte order mark; JSON has none");
	}
	return true;
}

const struct value *value_parse(struct arena *arena, const char *text, size_t size,
	const struct value_limits *limits, struct error *err)
{
	struct value_parser parser;

	init(&parser, arena, text, size, limits);
	if (check_start(&parser, err)) {
		while (parser.result == NULL && step(&parser, err)) {
		}
	}
	free_stacks(&parser);
	return parser.result;
}

struct value_parser *value_parser_new(
	struct arena *arena, const char *text, size_t size, const struct value_limits *limits)
{
	struct value_parser *it = arena_alloc(arena, sizeof(*it));

	init(it, arena, text, size, limits);
	arena_defer(arena, free_stacks, it);
	return it;
}

enum value_parse_result value_parser_run(
	struct value_parser *parser, size_t bytes, const struct value **result, struct error *err)
{
	size_t left = (size_t)(parser->end - parser->at);
	const char *stop = parser->at + (bytes < left ? bytes : left);
	bool ok = parser->at != parser->text || check_start(parser, err);

	while (ok && parser->result == NULL) {
		ok = step(parser, err);
		if (ok && parser->result == NULL && parser->at > stop) {
			return VALUE_PARSE_MORE;
		}
	}
	free_stacks(parser);
	if (!ok) {
		return VALUE_PARSE_FAILED;
	}
	*result = parser->result;
	return VALUE_PARSE_DONE;
}
