#include "journal/merkle.h"

#include <assert.h>
#include <string.h>
#include "base/digest.h"
#include "base/error.h"
#include "base/memory.h"

static_assert(JOURNAL_HASH_BYTES == DIGEST_BYTES, "the tree is made of SHA-256");
static_assert(sizeof(struct journal_hash) == JOURNAL_HASH_BYTES, "tiles are arrays of hashes");

bool journal_hash_equals(const struct journal_hash *a, const struct journal_hash *b)
{
	return memcmp(a->bytes, b->bytes, JOURNAL_HASH_BYTES) == 0;
}

void journal_hash_empty(struct journal_hash *root)
{
	digest_sha256("", 0, root->bytes);
}

void journal_hash_leaf(const void *entry, size_t size, struct journal_hash *hash)
{
	digest_sha256_two("\x00", 1, entry, size, hash->bytes);
}

void journal_hash_node(const struct journal_hash *left, const struct journal_hash *right,
	struct journal_hash *hash)
{
	uint8_t both[1 + 2 * JOURNAL_HASH_BYTES];

	both[0] = 1;
	memcpy(both + 1, left->bytes, JOURNAL_HASH_BYTES);
	memcpy(both + 1 + JOURNAL_HASH_BYTES, right->bytes, JOURNAL_HASH_BYTES);
	digest_sha256(both, sizeof(both), hash->bytes);
}

/* The largest power of two that is smaller than count (>= 2): where RFC 6962 splits. */
static uint64_t split_of(uint64_t count)
{
	return (uint64_t)1 << (63 - __builtin_clzll(count - 1));
}

void journal_hash_root(const struct journal_hash *hashes, size_t count, struct journal_hash *root)
{
	struct journal_hash left;
	struct journal_hash right;

	assert(count > 0);
	if (count == 1) {
		*root = hashes[0];
		return;
	}
	size_t split = (size_t)split_of(count);

	journal_hash_root(hashes, split, &left);
	journal_hash_root(hashes + split, count - split, &right);
	journal_hash_node(&left, &right, root);
}

/* ---- frontier ---- */

struct journal_frontier {
	uint64_t size;
	struct journal_hash tiles[JOURNAL_TILE_LEVELS][JOURNAL_TILE_HASHES];
};

/* Hashes in the unfinished tile of `level`: the level's digit of size in base 256. */
static size_t digit(uint64_t size, unsigned level)
{
	return (size_t)(size >> (8 * level)) & 255;
}

struct journal_frontier *journal_frontier_new(void)
{
	return must_calloc(1, sizeof(struct journal_frontier));
}

void journal_frontier_free(struct journal_frontier *frontier)
{
	memory_free(frontier);
}

void journal_frontier_add(struct journal_frontier *frontier, const struct journal_hash *leaf,
	journal_tile_full_fn *fn, void *user)
{
	uint64_t size = frontier->size + 1;
	struct journal_hash hash = *leaf;

	assert(size != 0);
	for (unsigned level = 0; level < JOURNAL_TILE_LEVELS; level++) {
		struct journal_hash *tile = frontier->tiles[level];

		tile[digit(frontier->size, level)] = hash;
		if (digit(size, level) != 0) {
			break;
		}
		if (fn != NULL) {
			fn(user, level, (frontier->size >> (8 * level)) / JOURNAL_TILE_HASHES,
				tile);
		}
		journal_hash_root(tile, JOURNAL_TILE_HASHES, &hash);
	}
	frontier->size = size;
}

uint64_t journal_frontier_size(const struct journal_frontier *frontier)
{
	return frontier->size;
}

/* The tree is a row of complete subtrees, smaller ones to the right; they are joined from the
 * right. */
void journal_frontier_root(const struct journal_frontier *frontier, struct journal_hash *root)
{
	bool is_empty = true;

	for (unsigned level = 0; level < JOURNAL_TILE_LEVELS; level++) {
		size_t end = digit(frontier->size, level);

		while (end > 0) {
			size_t width = end & -end;
			struct journal_hash left;

			journal_hash_root(&frontier->tiles[level][end - width], width, &left);
			if (is_empty) {
				*root = left;
			} else {
				journal_hash_node(&left, root, root);
			}
			is_empty = false;
			end -= width;
		}
	}
	if (is_empty) {
		journal_hash_empty(root);
	}
}

const struct journal_hash *journal_frontier_tile(
	const struct journal_frontier *frontier, unsigned level, size_t *count)
{
	assert(level < JOURNAL_TILE_LEVELS);
	*count = digit(frontier->size, level);
	return frontier->tiles[level];
}

void journal_frontier_reset(struct journal_frontier *frontier, uint64_t size)
{
	memset(frontier, 0, sizeof(*frontier));
	frontier->size = size;
}

void journal_frontier_set(struct journal_frontier *frontier, unsigned level,
	const struct journal_hash *hashes, size_t count)
{
	assert(level < JOURNAL_TILE_LEVELS && count == digit(frontier->size, level));
	memcpy(frontier->tiles[level], hashes, count * sizeof(*hashes));
}

/* ---- making proofs ---- */

/* A run of leaves [start, end). */
struct range {
	uint64_t start;
	uint64_t end;
};

/*
 * Root of a run that starts where a complete subtree of at least its length may start (the RFC's
 * recursion makes no others): again complete subtrees, joined from the right.
 */
static bool range_root(journal_hash_read_fn *read, void *user, const struct range *range,
	struct journal_hash *root, struct error *err)
{
	uint64_t end = range->end;

	while (end > range->start) {
		uint64_t width = (end - range->start) & -(end - range->start);
		unsigned height = (unsigned)__builtin_ctzll(width);
		struct journal_hash left;

		if (!read(user, height, (end - width) >> height, &left, err)) {
			return false;
		}
		if (end == range->end) {
			*root = left;
		} else {
			journal_hash_node(&left, root, root);
		}
		end -= width;
	}
	return true;
}

/* The walk goes from the root down, the proof from the leaf up. */
static bool prove_ranges(journal_hash_read_fn *read, void *user, const struct range *ranges,
	size_t count, struct journal_proof *proof, struct error *err)
{
	proof->count = 0;
	while (count > 0) {
		count--;
		if (!range_root(read, user, &ranges[count], &proof->hashes[proof->count], err)) {
			return false;
		}
		proof->count++;
	}
	return true;
}

bool journal_prove_inclusion(journal_hash_read_fn *read, void *user, uint64_t index, uint64_t size,
	struct journal_proof *proof, struct error *err)
{
	struct range ranges[JOURNAL_PROOF_LIMIT];
	struct range tree = { 0, size };
	size_t count = 0;

	if (index >= size) {
		return error_set(err, ERROR_VALUE,
			"entry %llu is not in a log of %llu entries: choose an index below its "
			"size",
			(unsigned long long)index, (unsigned long long)size);
	}
	while (tree.end - tree.start > 1) {
		uint64_t middle = tree.start + split_of(tree.end - tree.start);

		if (index < middle) {
			ranges[count++] = (struct range){ middle, tree.end };
			tree.end = middle;
		} else {
			ranges[count++] = (struct range){ tree.start, middle };
			tree.start = middle;
		}
	}
	return prove_ranges(read, user, ranges, count, proof, err);
}

bool journal_prove_consistency(journal_hash_read_fn *read, void *user, uint64_t old_size,
	uint64_t size, struct journal_proof *proof, struct error *err)
{
	struct range ranges[JOURNAL_PROOF_LIMIT];
	struct range tree = { 0, size };
	size_t count = 0;

	proof->count = 0;
	if (old_size > size) {
		return error_set(err, ERROR_VALUE,
			"a log of %llu entries cannot extend one of %llu", (unsigned long long)size,
			(unsigned long long)old_size);
	}
	if (old_size == 0) {
		return true;
	}
	while (old_size < tree.end) {
		uint64_t middle = tree.start + split_of(tree.end - tree.start);

		if (old_size <= middle) {
			ranges[count++] = (struct range){ middle, tree.end };
			tree.end = middle;
		} else {
			ranges[count++] = (struct range){ tree.start, middle };
			tree.start = middle;
		}
	}
	if (tree.start > 0) { /* else the old root itself, which the verifier has */
		ranges[count++] = tree;
	}
	return prove_ranges(read, user, ranges, count, proof, err);
}

/* ---- verifying proofs ---- */

/* RFC 9162, 2.1.3.2; names fn and sn are the RFC's. */
bool journal_verify_inclusion(const struct journal_proof *proof, uint64_t index, uint64_t size,
	const struct journal_hash *leaf, const struct journal_hash *root)
{
	uint64_t fn = index;
	uint64_t sn = size - 1;
	struct journal_hash hash = *leaf;

	if (index >= size || proof->count > JOURNAL_PROOF_LIMIT) {
		return false;
	}
	for (size_t i = 0; i < proof->count; i++) {
		if (sn == 0) {
			return false;
		}
		if ((fn & 1) != 0 || fn == sn) {
			journal_hash_node(&proof->hashes[i], &hash, &hash);
			while ((fn & 1) == 0 && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			journal_hash_node(&hash, &proof->hashes[i], &hash);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && journal_hash_equals(&hash, root);
}

/* RFC 9162, 2.1.4.2, from its step 3 on: `first` is the hash that both trees are built from. */
static bool verify_path(const struct journal_proof *proof, size_t from, struct journal_hash first,
	uint64_t fn, uint64_t sn, const struct journal_hash *old_root,
	const struct journal_hash *root)
{
	struct journal_hash fr = first;
	struct journal_hash sr = first;

	while ((fn & 1) != 0) {
		fn >>= 1;
		sn >>= 1;
	}
	for (size_t i = from; i < proof->count; i++) {
		const struct journal_hash *hash = &proof->hashes[i];

		if (sn == 0) {
			return false;
		}
		if ((fn & 1) != 0 || fn == sn) {
			journal_hash_node(hash, &fr, &fr);
			journal_hash_node(hash, &sr, &sr);
			while ((fn & 1) == 0 && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			journal_hash_node(&sr, hash, &sr);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && journal_hash_equals(&fr, old_root) && journal_hash_equals(&sr, root);
}

bool journal_verify_consistency(const struct journal_proof *proof, uint64_t old_size, uint64_t size,
	const struct journal_hash *old_root, const struct journal_hash *root)
{
	struct journal_hash empty;

	if (old_size > size || proof->count > JOURNAL_PROOF_LIMIT) {
		return false;
	}
	if (old_size == size) {
		return proof->count == 0 && journal_hash_equals(old_root, root);
	}
	if (old_size == 0) {
		journal_hash_empty(&empty);
		return proof->count == 0 && journal_hash_equals(old_root, &empty);
	}
	if (proof->count == 0) {
		return false;
	}
	if ((old_size & (old_size - 1)) ==
		0) { /* a complete tree: its root is where the path starts */
		return verify_path(proof, 0, *old_root, old_size - 1, size - 1, old_root, root);
	}
	return verify_path(proof, 1, proof->hashes[0], old_size - 1, size - 1, old_root, root);
}
