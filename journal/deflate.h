/*
 * deflate: payloads made small, in a few microseconds.
 *
 * What comes out is the body of one raw deflate block (RFC 1951), so zlib reads it. Two things that
 * zlib would find out or write down for each text are known beforehand, because payloads are alike:
 * a dictionary of their words, and the Huffman codes (whose table alone would be a sixth of a
 * payload). Against zlib's deflate with the same dictionary: a third of the time and a sixth
 * smaller.
 *
 *     what inflate sees:  dictionary = leaf || journal_dictionary_1
 *                         stream     = head (built from the code lengths, not stored) || body
 * (stored)
 *
 * The leaf, too, is a dictionary: it holds the ids, names and times of its payload. So a body opens
 * with its leaf only.
 *
 * The head of the block is filled up to whole bytes by empty blocks before it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

#define JOURNAL_DEFLATE_LEAF 1024 /* no leaf may be longer */

/* State of one thread: 60 KiB, and what the largest text so far needed, up to a megabyte. */
struct journal_deflater;
struct journal_deflater *journal_deflater_new(void);
void journal_deflater_free(struct journal_deflater *deflater); /* NULL is fine */

/*
 * One text: start gives the buf to append it to (and nothing else may be done with it), text tells
 * where it stands then, finish appends the body to `body`. The text is gone with the next start.
 */
struct buf *journal_deflate_start(struct journal_deflater *deflater);
const char *journal_deflate_text(const struct journal_deflater *deflater, size_t *size);
void journal_deflate_finish(
	struct journal_deflater *deflater, const void *leaf, size_t leaf_size, struct buf *body);

/*
 * The text again, appended: exactly text_size bytes. False: damaged, of another leaf, or of another
 * size; buf is as before. Memory is bounded by the body's size times 1032, and by text_size.
 */
bool journal_inflate(const void *body, size_t size, const void *leaf, size_t leaf_size,
	uint64_t text_size, struct buf *text);

/*
 * dictionary.c. Code lengths of literals and lengths, and of distances: one hexadecimal digit each,
 * 1 to f; each set is a complete code.
 */
#define JOURNAL_DEFLATE_LITERALS 286
#define JOURNAL_DEFLATE_DISTANCES 30
extern const char journal_dictionary_1[];
extern const size_t journal_dictionary_1_size;
extern const char journal_literal_bits_1[];
extern const char journal_distance_bits_1[];
