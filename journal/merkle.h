/*
 * merkle: the tree of RFC 6962, section 2.1, as C2SP tlog-tiles cuts it into tiles of 256 hashes.
 *
 *     leaf        SHA-256(0x00 || entry)
 *     node        SHA-256(0x01 || left || right)
 *     empty tree  SHA-256("")
 *
 * A *frontier* is the right edge of a growing tree: for each tile level the hashes of the tile that
 * is not full yet. It is all that is needed to add leaves and to know the root.
 *
 * Pure; no allocation after frontier_new. Nothing here can fail but verification.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JOURNAL_HASH_BYTES 32
#define JOURNAL_TILE_HASHES 256
#define JOURNAL_TILE_LEVELS 8  /* 256^8 = 2^64 leaves */
#define JOURNAL_PROOF_LIMIT 65 /* no proof is longer */

struct journal_hash {
	uint8_t bytes[JOURNAL_HASH_BYTES];
};

bool journal_hash_equals(const struct journal_hash *a, const struct journal_hash *b);
void journal_hash_empty(struct journal_hash *root);
void journal_hash_leaf(const void *entry, size_t size, struct journal_hash *hash);
void journal_hash_node(const struct journal_hash *left, const struct journal_hash *right,
	struct journal_hash *hash);
/* Root of `count` neighbouring hashes (>= 1), as RFC 6962 splits them. */
void journal_hash_root(const struct journal_hash *hashes, size_t count, struct journal_hash *root);

/* ---- frontier ---- */

struct journal_frontier;
struct journal_frontier *journal_frontier_new(void); /* empty tree; 64 KiB */
void journal_frontier_free(struct journal_frontier *frontier);

/* A tile of `level` became full: 256 hashes, valid during the call. Lower levels come first. */
typedef void journal_tile_full_fn(
	void *user, unsigned level, uint64_t index, const struct journal_hash *hashes);
void journal_frontier_add(struct journal_frontier *frontier, const struct journal_hash *leaf,
	journal_tile_full_fn *fn, void *user);

uint64_t journal_frontier_size(const struct journal_frontier *frontier);
void journal_frontier_root(const struct journal_frontier *frontier, struct journal_hash *root);
/* The hashes of the unfinished tile of `level`; *count 0..255 = floor(size / 256^level) mod 256. */
const struct journal_hash *journal_frontier_tile(
	const struct journal_frontier *frontier, unsigned level, size_t *count);
/*
 * Starts over at `size`; the caller then fills each level in with journal_frontier_set(), whose
 * `count` must be the one that `size` demands.
 */
void journal_frontier_reset(struct journal_frontier *frontier, uint64_t size);
void journal_frontier_set(struct journal_frontier *frontier, unsigned level,
	const struct journal_hash *hashes, size_t count);

/* ---- proofs (RFC 6962, sections 2.1.1 and 2.1.2; verification as in RFC 9162, 2.1.3.2
 * and 2.1.4.2) ---- */

struct journal_proof {
	struct journal_hash hashes[JOURNAL_PROOF_LIMIT];
	size_t count;
};

/* The root of the complete subtree of 2^height leaves that starts at leaf index << height. False:
 * *err is set. */
struct error;
typedef bool journal_hash_read_fn(
	void *user, unsigned height, uint64_t index, struct journal_hash *hash, struct error *err);

/* From the leaf's sibling up to the root's child. ERROR_VALUE when not index < size; else what
 * `read` says. */
bool journal_prove_inclusion(journal_hash_read_fn *read, void *user, uint64_t index, uint64_t size,
	struct journal_proof *proof, struct error *err);
/* That the tree of `size` leaves extends the one of `old_size`. Empty when 0 or equal. */
bool journal_prove_consistency(journal_hash_read_fn *read, void *user, uint64_t old_size,
	uint64_t size, struct journal_proof *proof, struct error *err);

/* Every hash of the proof counts: too many or too few is a failure, too. */
bool journal_verify_inclusion(const struct journal_proof *proof, uint64_t index, uint64_t size,
	const struct journal_hash *leaf, const struct journal_hash *root);
bool journal_verify_consistency(const struct journal_proof *proof, uint64_t old_size, uint64_t size,
	const struct journal_hash *old_root, const struct journal_hash *root);
