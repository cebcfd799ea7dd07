#include "journal/deflate.h"

#include <assert.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/memory.h"

/* ---- RFC 1951, 3.2.5: which symbol a length or distance has, and its extra bits ---- */

#define LENGTH_MIN 4 /* shorter matches are not looked for */
#define LENGTH_MAX 258
#define LAZY_BELOW 16
#define DISTANCE_MAX 32768
#define END_OF_BLOCK 256
#define FIRST_LENGTH 257

static const uint16_t length_bases[29] = { 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31,
	35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258 };
static const uint8_t length_extras[29] = { 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3,
	3, 4, 4, 4, 4, 5, 5, 5, 5, 0 };
static const uint16_t distance_bases[JOURNAL_DEFLATE_DISTANCES] = { 1, 2, 3, 4, 5, 7, 9, 13, 17, 25,
	33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193,
	12289, 16385, 24577 };
static const uint8_t distance_extras[JOURNAL_DEFLATE_DISTANCES] = { 0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4,
	4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13 };

/* ---- codes ---- */

/* Bits in the order in which they are written: lowest first. */
struct code {
	uint32_t bits;
	uint32_t count;
};

static uint32_t reverse(uint32_t bits, unsigned count)
{
	uint32_t result = 0;

	for (unsigned i = 0; i < count; i++) {
		result = result << 1 | ((bits >> i) & 1);
	}
	return result;
}

static unsigned bits_of(char digit)
{
	return (unsigned)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

/* RFC 1951, 3.2.2: codes from their lengths. */
static void make_codes(const char *lengths, size_t count, struct code *codes)
{
	uint32_t next[16] = { 0 };
	uint32_t counts[16] = { 0 };
	uint32_t code = 0;

	for (size_t i = 0; i < count; i++) {
		counts[bits_of(lengths[i])]++;
	}
	for (unsigned bits = 1; bits < 16; bits++) {
		code = (code + counts[bits - 1]) << 1;
		next[bits] = code;
	}
	assert(next[15] + counts[15] == 1u << 15); /* complete: no bits are wasted */
	for (size_t i = 0; i < count; i++) {
		unsigned bits = bits_of(lengths[i]);

		codes[i] = (struct code){ reverse(next[bits]++, bits), bits };
	}
}

/* A symbol and the extra bits behind it. */
static struct code with_extra(struct code symbol, uint32_t extra, unsigned extra_bits)
{
	return (struct code){ symbol.bits | extra << symbol.count, symbol.count + extra_bits };
}

/* ---- the writer ---- */

#define TABLE_BITS 13
#define TABLE_SIZE ((size_t)1 << TABLE_BITS)
#define KEEP_BYTES ((size_t)1 << 20)

struct journal_deflater {
	struct buf window; /* room for a leaf, dictionary, text: inflate's window, as it will be */
	size_t first;      /* where the window begins: at its leaf */
	size_t start;      /* of the text */
	uint16_t primed[TABLE_SIZE]; /* where four bytes were last seen: in the dictionary … */
	uint16_t table[TABLE_SIZE];  /* … and now. Modulo 2^16 */
	struct code literals[257];   /* and the end of the block */
	struct code lengths[LENGTH_MAX + 1];
	struct code distances[JOURNAL_DEFLATE_DISTANCES];
};

static uint32_t load32(const char *at)
{
	uint32_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

static uint64_t load64(const char *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

static size_t hash(uint32_t word)
{
	return (size_t)(word * 2654435761u >> (32 - TABLE_BITS));
}

static void see(uint16_t *table, const char *window, size_t from, size_t to)
{
	for (size_t at = from; at + LENGTH_MIN <= to; at++) {
		table[hash(load32(window + at))] = (uint16_t)at;
	}
}

static void make_tables(struct journal_deflater *it)
{
	struct code literals[JOURNAL_DEFLATE_LITERALS];
	unsigned symbol = 0;

	make_codes(journal_literal_bits_1, JOURNAL_DEFLATE_LITERALS, literals);
	make_codes(journal_distance_bits_1, JOURNAL_DEFLATE_DISTANCES, it->distances);
	memcpy(it->literals, literals, sizeof(it->literals));
	for (unsigned length = 3; length <= LENGTH_MAX; length++) {
		while (symbol < 28 && length >= length_bases[symbol + 1]) {
			symbol++;
		}
		it->lengths[length] = with_extra(literals[FIRST_LENGTH + symbol],
			length - length_bases[symbol], length_extras[symbol]);
	}
}

static void make_window(struct journal_deflater *it)
{
	static const char room[JOURNAL_DEFLATE_LEAF];

	buf_append(&it->window, room, sizeof(room));
	buf_append(&it->window, journal_dictionary_1, journal_dictionary_1_size);
	it->start = it->window.size;
}

struct journal_deflater *journal_deflater_new(void)
{
	struct journal_deflater *it = must_calloc(1, sizeof(*it));

	make_tables(it);
	make_window(it);
	see(it->primed, it->window.data, JOURNAL_DEFLATE_LEAF, it->start);
	return it;
}

void journal_deflater_free(struct journal_deflater *it)
{
	if (it == NULL) {
		return;
	}
	buf_fini(&it->window);
	memory_free(it);
}

struct buf *journal_deflate_start(struct journal_deflater *it)
{
	if (it->window.capacity > KEEP_BYTES) {
		buf_fini(&it->window);
		make_window(it);
	}
	it->window.size = it->start;
	return &it->window;
}

const char *journal_deflate_text(const struct journal_deflater *it, size_t *size)
{
	*size = it->window.size - it->start;
	return it->window.data + it->start;
}

/* Whole bytes are in place; `count` < 8 bits wait. At most 56 may be added at once. */
struct bits {
	char *at;
	uint64_t waiting;
	unsigned count;
};

static void add_bits(struct bits *bits, struct code code)
{
	bits->waiting |= (uint64_t)code.bits << bits->count;
	bits->count += code.count;
}

static void flush_bits(struct bits *bits)
{
	uint64_t word = htole64(bits->waiting);

	memcpy(bits->at, &word, sizeof(word));
	bits->at += bits->count / 8;
	bits->waiting >>= bits->count & ~7u;
	bits->count &= 7;
}

static unsigned distance_symbol(size_t distance)
{
	unsigned high;

	if (distance <= 4) {
		return (unsigned)distance - 1;
	}
	high = 31 - (unsigned)__builtin_clz((unsigned)distance - 1);
	return 2 * high + (((unsigned)distance - 1) >> (high - 1) & 1);
}

static void add_match(
	const struct journal_deflater *it, struct bits *bits, size_t length, size_t distance)
{
	unsigned symbol = distance_symbol(distance);

	add_bits(bits, it->lengths[length]);
	add_bits(bits,
		with_extra(it->distances[symbol], (uint32_t)(distance - distance_bases[symbol]),
			distance_extras[symbol]));
	flush_bits(bits);
}

static size_t same_bytes(const char *a, const char *b, size_t limit)
{
	size_t same = 0;

	for (; same + 8 <= limit; same += 8) {
		uint64_t difference = load64(a + same) ^ load64(b + same);

		if (difference != 0) {
			return same + (size_t)(__builtin_ctzll(htole64(difference)) / 8);
		}
	}
	while (same < limit && a[same] == b[same]) {
		same++;
	}
	return same;
}

/* A place where the same bytes stood before. */
struct match {
	size_t length; /* 0: none */
	size_t distance;
};

/* Holds the place that a table remembers against the text at `at`; a longer match replaces *best.
 */
static void try_place(
	const struct journal_deflater *it, uint16_t place, size_t at, struct match *best)
{
	const char *window = it->window.data;
	size_t distance = (uint16_t)(at - place);
	size_t limit = it->window.size - at;

	if (distance == 0 || distance > DISTANCE_MAX || distance > at - it->first ||
		load32(window + at - distance) != load32(window + at)) {
		return;
	}
	size_t length = same_bytes(
		window + at, window + at - distance, limit < LENGTH_MAX ? limit : LENGTH_MAX);

	if (length > best->length) {
		*best = (struct match){ length, distance };
	}
}

/* Newest first: of two as long the nearer one is cheaper. */
static struct match find(struct journal_deflater *it, size_t at)
{
	size_t slot = hash(load32(it->window.data + at));
	struct match best = { 0 };

	try_place(it, it->table[slot], at, &best);
	try_place(it, it->primed[slot], at, &best);
	it->table[slot] = (uint16_t)at;
	return best;
}

static void add_literals(struct journal_deflater *it, struct bits *bits, size_t from, size_t to)
{
	for (size_t at = from; at < to; at++) {
		add_bits(bits, it->literals[(uint8_t)it->window.data[at]]);
		flush_bits(bits);
	}
}

static void squeeze(struct journal_deflater *it, struct bits *bits)
{
	const char *window = it->window.data;
	size_t end = it->window.size;
	size_t at = it->start;
	size_t written = at; /* what stands before it is in the bits */

	while (at + LENGTH_MIN <= end) {
		struct match match = find(it, at);

		if (match.length == 0) {
			at++;
			continue;
		}
		if (match.length < LAZY_BELOW && at + 1 + LENGTH_MIN <= end) {
			struct match next = find(it, at + 1);

			if (next.length > match.length) {
				match = next;
				at++;
			}
		}
		/* The match may have begun earlier, where other bytes were looked up last. */
		while (at > written && match.length < LENGTH_MAX &&
			match.distance < at - it->first &&
			window[at - 1] == window[at - 1 - match.distance]) {
			at--;
			match.length++;
		}
		add_literals(it, bits, written, at);
		add_match(it, bits, match.length, match.distance);
		see(it->table, window, at + 1, at + 1 + LENGTH_MIN);
		at += match.length;
		written = at;
	}
	add_literals(it, bits, written, end);
	add_bits(bits, it->literals[END_OF_BLOCK]);
	bits->count += 7; /* up to a whole byte */
	flush_bits(bits);
}

void journal_deflate_finish(
	struct journal_deflater *it, const void *leaf, size_t leaf_size, struct buf *body)
{
	struct bits bits = { 0 };

	assert(leaf_size <= JOURNAL_DEFLATE_LEAF);
	it->first = JOURNAL_DEFLATE_LEAF - leaf_size;
	memcpy(it->window.data + it->first, leaf, leaf_size);
	memset(it->table, 0, sizeof(it->table));
	see(it->table, it->window.data, it->first, JOURNAL_DEFLATE_LEAF);
	/* No code is longer than 15 bits, and a match is never longer than its literals. */
	buf_reserve(body, (it->window.size - it->start) * 2 + 16);
	bits.at = body->data + body->size;
	squeeze(it, &bits);
	body->size = (size_t)(bits.at - body->data);
	body->data[body->size] = '\0';
}

/* ---- the reader ---- */

/*
 * The head of a dynamic block (RFC 1951, 3.2.7) with every code length written out in four bits,
 * behind three empty fixed blocks of ten bits each that bring it to whole bytes.
 */
#define HEAD_BITS                                                                                  \
	(3 * 10 + 17 + 19 * 3 + 4 * (JOURNAL_DEFLATE_LITERALS + JOURNAL_DEFLATE_DISTANCES))
static_assert(HEAD_BITS % 8 == 0, "the body begins with a byte");
#define HEAD_BYTES (HEAD_BITS / 8)

static void add_number(struct bits *bits, uint32_t number, unsigned count)
{
	add_bits(bits, (struct code){ number, count });
	flush_bits(bits);
}

static void add_lengths(struct bits *bits, const char *lengths, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		add_number(
			bits, reverse(bits_of(lengths[i]), 4), 4); /* the code of symbol n is n */
	}
}

static void make_head(char head[HEAD_BYTES + 8])
{
	/* The order of RFC 1951: 16, 17, 18 first. They have no code, all others one of four bits.
	 */
	struct bits bits = { head, 0, 0 };

	for (int i = 0; i < 3; i++) {
		add_number(&bits, 2, 10); /* not the last, fixed, end of block */
	}
	add_number(&bits, 1 | 2 << 1, 3); /* the last, dynamic */
	add_number(&bits, JOURNAL_DEFLATE_LITERALS - 257, 5);
	add_number(&bits, JOURNAL_DEFLATE_DISTANCES - 1, 5);
	add_number(&bits, 19 - 4, 4);
	for (int i = 0; i < 19; i++) {
		add_number(&bits, i < 3 ? 0 : 4, 3);
	}
	add_lengths(&bits, journal_literal_bits_1, JOURNAL_DEFLATE_LITERALS);
	add_lengths(&bits, journal_distance_bits_1, JOURNAL_DEFLATE_DISTANCES);
	assert(bits.at == head + HEAD_BYTES && bits.count == 0);
}

static void end_stream(z_stream *stream)
{
	inflateEnd(stream);
}

/* zlib calls that fail only when we use them wrongly, or memory ran out. */
static void must(bool ok)
{
	if (!ok) {
		abort();
	}
}

static void start_inflate(z_stream *stream, const void *leaf, size_t leaf_size)
{
	char head[HEAD_BYTES + 8];

	make_head(head);
	must(inflateInit2(stream, -15) == Z_OK);
	must(inflateSetDictionary(stream, leaf, (uInt)leaf_size) == Z_OK);
	must(inflateSetDictionary(stream, (const Bytef *)journal_dictionary_1,
		     (uInt)journal_dictionary_1_size) == Z_OK);
	stream->next_in = (Bytef *)head;
	stream->avail_in = HEAD_BYTES;
	must(inflate(stream, Z_NO_FLUSH) == Z_OK && stream->avail_in == 0);
}

bool journal_inflate(const void *body, size_t size, const void *leaf, size_t leaf_size,
	uint64_t text_size, struct buf *text)
{
	CLEANUP(end_stream) z_stream stream = { 0 };

	/* Before memory is taken: can so few bytes hold so many? */
	if (leaf_size > JOURNAL_DEFLATE_LEAF || size > UINT32_MAX ||
		text_size > (uint64_t)size * 1032 || text_size >= UINT32_MAX) {
		return false;
	}
	buf_reserve(text, (size_t)text_size + 1); /* one more: a longer text shows */
	stream.next_out = (Bytef *)text->data + text->size;
	stream.avail_out = (uInt)text_size + 1;
	start_inflate(&stream, leaf, leaf_size);
	stream.next_in = (Bytef *)(uintptr_t)body;
	stream.avail_in = (uInt)size;
	if (inflate(&stream, Z_FINISH) != Z_STREAM_END || stream.total_out != text_size ||
		stream.avail_in != 0) {
		text->data[text->size] = '\0';
		return false;
	}
	text->size += (size_t)text_size;
	text->data[text->size] = '\0';
	return true;
}
