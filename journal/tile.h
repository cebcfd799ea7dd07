/*
 * tile: paths and bytes of C2SP tlog-tiles v0.1.0.
 *
 *     tile/<L>/<N>             256 hashes of level L           tile/entries/<N>        256 entries
 *     tile/<L>/<N>.p/<W>       the first W (1..255) of them    tile/entries/<N>.p/<W>
 *
 * N stands in groups of three digits, all but the last with an x: 1234067 is x001/x234/067.
 * A bundle of entries is uint16_be(length) || entry, one behind the other.
 * Pure, reentrant.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "journal/merkle.h"

struct buf;
struct error;

#define JOURNAL_TILE_ENTRIES 64 /* as a level: the bundles */
#define JOURNAL_TILE_PATH_BYTES 64
#define JOURNAL_TILE_ENTRY_LIMIT 65535
/* No bundle is larger. */
#define JOURNAL_BUNDLE_LIMIT ((size_t)JOURNAL_TILE_HASHES * (JOURNAL_TILE_ENTRY_LIMIT + 2))

struct journal_tile {
	unsigned level; /* 0..63, or JOURNAL_TILE_ENTRIES */
	uint64_t index;
	unsigned width; /* 1..256; 256: full */
};

/* "tile/0/273.p/112": relative to the log's directory or URL. */
void journal_tile_path(const struct journal_tile *tile, char path[JOURNAL_TILE_PATH_BYTES]);
/* Strict inverse, for a request's path: false for anything that journal_tile_path() would not have
 * made. */
bool journal_tile_parse(const char *path, size_t size, struct journal_tile *tile);

/* Width of the right-most tile of `level` in a tree of `size` leaves: 0..255, 0: there is no
 * partial one. */
unsigned journal_tile_partial_width(unsigned level, uint64_t size);
/* Full tiles of `level` in a tree of `size` leaves. */
uint64_t journal_tile_full_count(unsigned level, uint64_t size);

void journal_bundle_append(struct buf *buf, const void *entry,
	size_t size); /* asserts size <= JOURNAL_TILE_ENTRY_LIMIT */
/* Takes the entry at *offset and moves behind it. False at the end, and when bytes are left that
 * are no entry. */
bool journal_bundle_next(const uint8_t *bundle, size_t size, size_t *offset, const uint8_t **entry,
	size_t *entry_size);

/*
 * Hashes of subtrees out of stored tiles, for proofs: a journal_hash_read_fn whose `user` is a
 * struct tile_reader. `load` brings one tile's bytes (width * 32) for a tree of `size` leaves; the
 * last tile is kept.
 */
typedef bool journal_tile_load_fn(
	void *user, const struct journal_tile *tile, struct buf *buf, struct error *err);
struct journal_tile_reader {
	journal_tile_load_fn *load;
	void *user;
	uint64_t size;
	struct journal_tile loaded; /* width 0: none */
	struct buf *buf;            /* the caller's */
};
bool journal_tile_read_hash(void *tile_reader, unsigned height, uint64_t index,
	struct journal_hash *hash, struct error *err);
