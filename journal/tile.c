#include "journal/tile.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include "base/buf.h"
#include "base/error.h"

void journal_tile_path(const struct journal_tile *tile, char path[JOURNAL_TILE_PATH_BYTES])
{
	char level[16];
	char width[16] = "";
	char name[40] = ""; /* 7 groups, 33 characters */
	char *end = name + sizeof(name) - 1;
	uint64_t rest = tile->index / 1000;

	assert(tile->level <= JOURNAL_TILE_ENTRIES);
	assert(tile->width >= 1 && tile->width <= JOURNAL_TILE_HASHES);
	*end = '\0';
	end -= 3;
	snprintf(level, sizeof(level), "%03u", (unsigned)(tile->index % 1000));
	memcpy(end, level, 3);
	for (; rest > 0; rest /= 1000) {
		snprintf(level, sizeof(level), "x%03u/", (unsigned)(rest % 1000));
		end -= 5;
		memcpy(end, level, 5);
	}
	if (tile->width < JOURNAL_TILE_HASHES) {
		snprintf(width, sizeof(width), ".p/%u", tile->width);
	}
	snprintf(level, sizeof(level), "%u", tile->level);
	snprintf(path, JOURNAL_TILE_PATH_BYTES, "tile/%s/%s%s",
		tile->level == JOURNAL_TILE_ENTRIES ? "entries" : level, end, width);
}

/* A decimal number of at most `digits` digits. Moves *at; false: there is none. */
static bool take_number(const char **at, const char *end, int digits, uint64_t *number)
{
	const char *start = *at;

	*number = 0;
	while (*at < end && **at >= '0' && **at <= '9' && *at - start < digits) {
		*number = *number * 10 + (uint64_t)(**at - '0');
		(*at)++;
	}
	return *at > start;
}

static bool take_text(const char **at, const char *end, const char *text)
{
	size_t size = strlen(text);

	if ((size_t)(end - *at) < size || memcmp(*at, text, size) != 0) {
		return false;
	}
	*at += size;
	return true;
}

static bool take_index(const char **at, const char *end, uint64_t *index)
{
	*index = 0;
	for (int groups = 0; groups < 7;
		groups++) { /* 7: up to 10^21, tile_parse() finds an overflow */
		bool is_last = !take_text(at, end, "x");
		const char *start = *at;
		uint64_t group;

		if (!take_number(at, end, 3, &group) || *at - start != 3) {
			return false;
		}
		*index = *index * 1000 + group;
		if (is_last) {
			return true;
		}
		if (!take_text(at, end, "/")) {
			return false;
		}
	}
	return false;
}

bool journal_tile_parse(const char *path, size_t size, struct journal_tile *tile)
{
	const char *at = path;
	const char *end = path + size;
	char again[JOURNAL_TILE_PATH_BYTES];
	uint64_t number;

	if (!take_text(&at, end, "tile/")) {
		return false;
	}
	tile->level = JOURNAL_TILE_ENTRIES;
	if (!take_text(&at, end, "entries")) {
		if (!take_number(&at, end, 2, &number) || number >= JOURNAL_TILE_ENTRIES) {
			return false;
		}
		tile->level = (unsigned)number;
	}
	if (!take_text(&at, end, "/") || !take_index(&at, end, &tile->index)) {
		return false;
	}
	tile->width = JOURNAL_TILE_HASHES;
	if (take_text(&at, end, ".p/")) {
		if (!take_number(&at, end, 3, &number) || number < 1 || number > 255) {
			return false;
		}
		tile->width = (unsigned)number;
	}
	if (at != end) {
		return false;
	}
	/* Leading zeroes, needless groups and overflows all show here. */
	journal_tile_path(tile, again);
	return strlen(again) == size && memcmp(again, path, size) == 0;
}

unsigned journal_tile_partial_width(unsigned level, uint64_t size)
{
	return level < JOURNAL_TILE_LEVELS ? (unsigned)(size >> (8 * level)) & 255 : 0;
}

uint64_t journal_tile_full_count(unsigned level, uint64_t size)
{
	return level + 1 < JOURNAL_TILE_LEVELS ? size >> (8 * (level + 1)) : 0;
}

void journal_bundle_append(struct buf *buf, const void *entry, size_t size)
{
	char length[2] = { (char)(size >> 8), (char)size };

	assert(size <= JOURNAL_TILE_ENTRY_LIMIT);
	buf_append(buf, length, sizeof(length));
	buf_append(buf, entry, size);
}

bool journal_bundle_next(const uint8_t *bundle, size_t size, size_t *offset, const uint8_t **entry,
	size_t *entry_size)
{
	size_t left = size - *offset;

	if (left < 2) {
		return false;
	}
	size_t length = (size_t)bundle[*offset] << 8 | bundle[*offset + 1];

	if (left - 2 < length) {
		return false;
	}
	*entry = bundle + *offset + 2;
	*entry_size = length;
	*offset += 2 + length;
	return true;
}

/* ---- hashes of subtrees ---- */

static bool load_tile(
	struct journal_tile_reader *reader, unsigned level, uint64_t index, struct error *err)
{
	struct journal_tile tile = { level, index, JOURNAL_TILE_HASHES };
	char path[JOURNAL_TILE_PATH_BYTES];

	if (reader->loaded.width != 0 && reader->loaded.level == level &&
		reader->loaded.index == index) {
		return true;
	}
	if (index >= journal_tile_full_count(level, reader->size)) {
		tile.width = journal_tile_partial_width(level, reader->size);
	}
	assert(tile.width > 0); /* proofs ask for complete subtrees of the tree only */
	reader->loaded.width = 0;
	buf_clear(reader->buf);
	journal_tile_path(&tile, path);
	if (!reader->load(reader->user, &tile, reader->buf, err)) {
		return error_wrap(err, "%s", path);
	}
	if (reader->buf->size != tile.width * JOURNAL_HASH_BYTES) {
		return error_set(err, ERROR_IO,
			"%s has %zu bytes instead of %u: run `journal verify`", path,
			reader->buf->size, tile.width * JOURNAL_HASH_BYTES);
	}
	reader->loaded = tile;
	return true;
}

bool journal_tile_read_hash(void *tile_reader, unsigned height, uint64_t index,
	struct journal_hash *hash, struct error *err)
{
	struct journal_tile_reader *reader = tile_reader;
	unsigned level = height / 8;
	uint64_t first = index << (height % 8);
	size_t count = (size_t)1 << (height % 8);
	struct journal_hash hashes[128];

	if (!load_tile(reader, level, first / JOURNAL_TILE_HASHES, err)) {
		return false;
	}
	size_t place = (size_t)(first % JOURNAL_TILE_HASHES);

	assert(place + count <= reader->loaded.width);
	memcpy(hashes, reader->buf->data + place * JOURNAL_HASH_BYTES, count * JOURNAL_HASH_BYTES);
	journal_hash_root(hashes, count, hash);
	return true;
}
