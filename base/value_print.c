#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/value_parts.h"

struct printer {
	struct buf *buf;
	char *at;        /* where the next byte goes; buf->size is set in the end */
	char *end;       /* of buf's room, one byte kept for the NUL */
	size_t end_size; /* buf->size may not pass it */
	struct value_charge *charge;
	bool failed;
	bool pretty;
	unsigned level;
};

static void open_printer(struct printer *it)
{
	buf_reserve(it->buf, 256);
	it->at = it->buf->data + it->buf->size;
	it->end = it->buf->data + it->buf->capacity - 1;
}

static void close_printer(struct printer *it)
{
	it->buf->size = (size_t)(it->at - it->buf->data);
	*it->at = '\0';
}

__attribute__((noinline)) static void grow(struct printer *it, size_t more)
{
	close_printer(it);
	buf_reserve(it->buf, more);
	it->at = it->buf->data + it->buf->size;
	it->end = it->buf->data + it->buf->capacity - 1;
}

static inline void make_room(struct printer *it, size_t more)
{
	if (__builtin_expect((size_t)(it->end - it->at) < more, 0)) {
		grow(it, more);
	}
}

static size_t printed(const struct printer *it)
{
	return (size_t)(it->at - it->buf->data);
}

static inline void put(struct printer *it, char c)
{
	make_room(it, 1);
	*it->at++ = c;
}

/* ---- strings ---- */

/* Bytes that do not stand for themselves have their bit 7 set; bytes from 0x80 on never do. */
static inline uint64_t special_bytes(uint64_t word)
{
	const uint64_t ones = 0x0101010101010101u;
	const uint64_t highs = 0x8080808080808080u;
	uint64_t ascii = ~word & highs;
	uint64_t low = word & ~highs; /* no byte borrows from its neighbour below */
	uint64_t control = ~((low | highs) - 0x20 * ones);
	uint64_t quote = ~(((low ^ '"' * ones) | highs) - ones);
	uint64_t slash = ~(((low ^ '\\' * ones) | highs) - ones);
	uint64_t del = ~(((low ^ 0x7f * ones) | highs) - ones);

	return (control | quote | slash | del) & ascii;
}

/* Room for 6 bytes is there. */
static char *put_escape(char *at, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	static const char shorts[] = { ['\b'] = 'b',
		['\t'] = 't',
		['\n'] = 'n',
		['\f'] = 'f',
		['\r'] = 'r',
		['"'] = '"',
		['\\'] = '\\' };

	*at++ = '\\';
	if (c < sizeof(shorts) && shorts[c] != 0) {
		*at++ = shorts[c];
		return at;
	}
	memcpy(at, "u00", 3);
	at[3] = hex[c >> 4];
	at[4] = hex[c & 15];
	return at + 5;
}

static bool is_special(unsigned char c)
{
	return c < 0x20 || c == '"' || c == '\\' || c == 0x7f;
}

/* The last bytes, or eight of which one needs an escape. Room for 6 bytes each is there. */
static char *put_bytes(char *at, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)text[i];

		if (is_special(c)) {
			at = put_escape(at, c);
		} else {
			*at++ = (char)c;
		}
	}
	return at;
}

/* Text between its quotes. */
static void put_text(struct printer *it, const char *text, size_t size)
{
	if (size > it->end_size || printed(it) > it->end_size - size) {
		it->failed = true; /* a part of it for value_preview() */
		size = printed(it) < it->end_size ? it->end_size - printed(it) : 0;
	}
	make_room(it, size + 2 + 48);
	*it->at++ = '"';
	for (; size >= 8; text += 8, size -= 8) {
		uint64_t word = hash_load_64(text);

		if (special_bytes(word) == 0) {
			memcpy(it->at, &word, 8);
			it->at += 8;
		} else {
			it->at = put_bytes(it->at, text, 8);
			make_room(it, size + 2 + 48); /* it may have taken 40 bytes more */
		}
	}
	it->at = put_bytes(it->at, text, size);
	*it->at++ = '"';
}

/* ---- the tree ---- */

static void print(struct printer *it, const struct value *value);

static void new_line(struct printer *it)
{
	if (!it->pretty) {
		return;
	}
	make_room(it, 1 + 2 * (size_t)it->level);
	*it->at++ = '\n';
	memset(it->at, ' ', 2 * (size_t)it->level);
	it->at += 2 * (size_t)it->level;
}

static void print_items(struct printer *it, const struct value *value)
{
	const struct value *const *items = value_items(value);

	put(it, '[');
	it->level++;
	for (size_t i = 0; i < value->count && !it->failed; i++) {
		if (i > 0) {
			put(it, ',');
		}
		new_line(it);
		print(it, items[i]);
	}
	it->level--;
	if (value->count > 0) {
		new_line(it);
	}
	put(it, ']');
}

/* Appends JSON text as Go's encoding/json escapes it, which names for instance "&" by its number.
 */
static void append_escaped(struct buf *buf, const struct buf *json)
{
	for (size_t i = 0; i < json->size; i++) {
		const char *at = json->data + i;
		bool separator = json->size - i >= 3 && memcmp(at, "\xe2\x80", 2) == 0 &&
				 (at[2] == '\xa8' || at[2] == '\xa9');
		if (separator) {
			buf_printf(buf, "\\u202%c", at[2] == '\xa8' ? '8' : '9');
			i += 2;
		} else if (*at == '<' || *at == '>' || *at == '&') {
			buf_printf(buf, "\\u%04x", (unsigned)*at);
		} else {
			buf_append_char(buf, *at);
		}
	}
}

/* A key that is no string stands as its JSON text, as OPA writes it. */
static void print_key(struct printer *it, const struct value *key)
{
	if (key->type == VALUE_STRING) {
		if (charge_pay(it->charge, 1 + key->count / 64)) {
			put_text(it, value_text(key), key->count);
		} else {
			it->failed = true;
		}
		return;
	}
	CLEANUP(buf_fini) struct buf json = { 0 };
	CLEANUP(buf_fini) struct buf text = { 0 };

	if (!value_print_charged(&json, key, it->end_size, it->charge)) {
		it->failed = true;
	}
	append_escaped(&text, &json);
	put_text(it, buf_text(&text), text.size);
}

static void print_object(struct printer *it, const struct value *object)
{
	const struct value_member *members = value_members(object);

	put(it, '{');
	it->level++;
	for (size_t i = 0; i < object->count && !it->failed; i++) {
		if (i > 0) {
			put(it, ',');
		}
		new_line(it);
		print_key(it, members[i].key);
		put(it, ':');
		if (it->pretty) {
			put(it, ' ');
		}
		print(it, members[i].value);
	}
	it->level--;
	if (object->count > 0) {
		new_line(it);
	}
	put(it, '}');
}

static void put_word(struct printer *it, const char *word, size_t size)
{
	make_room(it, size);
	memcpy(it->at, word, size);
	it->at += size;
}

static void print_number(struct printer *it, const struct value *number)
{
	make_room(it, number_text_room(number));
	it->at += number_write(number, it->at);
}

static void print(struct printer *it, const struct value *value)
{
	if (printed(it) > it->end_size ||
		!charge_pay(
			it->charge, 1 + (value->type == VALUE_STRING ? value->count / 64 : 0))) {
		it->failed = true;
		return;
	}
	switch (value_type(value)) {
	case VALUE_NULL:
		put_word(it, "null", 4);
		break;
	case VALUE_BOOL:
		put_word(it, value->form ? "true" : "false", value->form ? 4 : 5);
		break;
	case VALUE_NUMBER:
		print_number(it, value);
		break;
	case VALUE_STRING:
		put_text(it, value_text(value), value->count);
		break;
	case VALUE_ARRAY:
	case VALUE_SET:
		print_items(it, value);
		break;
	case VALUE_OBJECT:
		print_object(it, value);
		break;
	}
}

static bool print_whole(struct printer *it, const struct value *value)
{
	open_printer(it);
	print(it, value);
	close_printer(it);
	return !it->failed && printed(it) <= it->end_size;
}

bool value_print_charged(
	struct buf *buf, const struct value *value, size_t limit_bytes, struct value_charge *charge)
{
	struct value_charge endless = { .left = UINT64_MAX };
	struct printer it = {
		.buf = buf, .end_size = limit_bytes, .charge = charge != NULL ? charge : &endless
	};

	return print_whole(&it, value);
}

void value_print(struct buf *buf, const struct value *value)
{
	value_print_charged(buf, value, SIZE_MAX, NULL);
}

void value_print_pretty(struct buf *buf, const struct value *value)
{
	struct value_charge endless = { .left = UINT64_MAX };
	struct printer it = {
		.buf = buf, .end_size = SIZE_MAX, .charge = &endless, .pretty = true
	};

	print_whole(&it, value);
}

const char *value_preview(struct arena *arena, const struct value *value, size_t bytes)
{
	CLEANUP(buf_fini) struct buf text = { 0 };

	if (value_print_charged(&text, value, bytes, NULL)) {
		return arena_text(arena, text.data, text.size);
	}
	size_t size = text.size < bytes ? text.size : bytes;

	while (size > 0 && ((unsigned char)text.data[size] & 0xc0) == 0x80) {
		size--;
	}
	return arena_printf(arena, "%.*s…", (int)size, text.data);
}
