#include "journal/merkle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/digest.h"
#include "base/error.h"

/* ---- the definitions of RFC 6962, 2.1, word by word: what the real code is held against ---- */

#define LEAVES 600
static struct journal_hash leaves[LEAVES];

static void make_leaves(void)
{
	for (size_t i = 0; i < LEAVES; i++) {
		uint8_t entry[2] = { (uint8_t)(i >> 8), (uint8_t)i };

		digest_sha256_two("\0", 1, entry, sizeof(entry), leaves[i].bytes);
	}
}

static size_t largest_power_below(size_t n)
{
	size_t k = 1;

	while (k * 2 < n) {
		k *= 2;
	}
	return k;
}

static struct journal_hash mth(size_t start, size_t n);

static struct journal_hash compute_mth(size_t start, size_t n)
{
	struct journal_hash hash;
	uint8_t node[65] = { 1 };

	if (n == 0) {
		digest_sha256("", 0, hash.bytes);
		return hash;
	}
	if (n == 1) {
		return leaves[start];
	}
	size_t k = largest_power_below(n);
	struct journal_hash left = mth(start, k);
	struct journal_hash right = mth(start + k, n - k);

	memcpy(node + 1, left.bytes, 32);
	memcpy(node + 33, right.bytes, 32);
	digest_sha256(node, sizeof(node), hash.bytes);
	return hash;
}

/* Each once: they come again and again. */
static struct journal_hash mth(size_t start, size_t n)
{
	static struct journal_hash known[LEAVES + 1][LEAVES + 1];
	static bool is_known[LEAVES + 1][LEAVES + 1];

	if (!is_known[start][n]) {
		known[start][n] = compute_mth(start, n);
		is_known[start][n] = true;
	}
	return known[start][n];
}

static void path(size_t m, size_t start, size_t n, struct journal_proof *proof)
{
	if (n == 1) {
		return;
	}
	size_t k = largest_power_below(n);

	if (m < k) {
		path(m, start, k, proof);
		proof->hashes[proof->count++] = mth(start + k, n - k);
	} else {
		path(m - k, start + k, n - k, proof);
		proof->hashes[proof->count++] = mth(start, k);
	}
}

static void subproof(size_t m, size_t start, size_t n, bool b, struct journal_proof *proof)
{
	if (m == n) {
		if (!b) {
			proof->hashes[proof->count++] = mth(start, n);
		}
		return;
	}
	size_t k = largest_power_below(n);

	if (m <= k) {
		subproof(m, start, k, b, proof);
		proof->hashes[proof->count++] = mth(start + k, n - k);
	} else {
		subproof(m - k, start + k, n - k, false, proof);
		proof->hashes[proof->count++] = mth(start, k);
	}
}

/* Complete subtrees, each computed once. */
static struct journal_hash complete[10][LEAVES];

static void make_complete(void)
{
	for (unsigned height = 0; height < 10; height++) {
		for (size_t i = 0; (i + 1) << height <= LEAVES; i++) {
			complete[height][i] = mth(i << height, (size_t)1 << height);
		}
	}
}

static bool read_complete(
	void *user, unsigned height, uint64_t index, struct journal_hash *hash, struct error *err)
{
	(void)user;
	(void)err;
	assert_true(height < 10 && (index + 1) << height <= LEAVES);
	*hash = complete[height][index];
	return true;
}

static void assert_hash(const struct journal_hash *a, const struct journal_hash *b)
{
	assert_memory_equal(a->bytes, b->bytes, JOURNAL_HASH_BYTES);
}

static void assert_proof(const struct journal_proof *a, const struct journal_proof *b)
{
	assert_int_equal(a->count, b->count);
	assert_memory_equal(a->hashes, b->hashes, a->count * sizeof(a->hashes[0]));
}

/* All of a small range, some of a large one, its ends always. */
static size_t step_of(size_t size)
{
	return size <= 70 ? 1 : 37;
}

static int setup(void **state)
{
	(void)state;
	make_leaves();
	make_complete();
	return 0;
}

/* ---- tests ---- */

static void test_known_hashes(void **state)
{
	static const uint8_t empty_leaf[32] = { 0x6e, 0x34, 0x0b, 0x9c, 0xff, 0xb3, 0x7a, 0x98,
		0x9c, 0xa5, 0x44, 0xe6, 0xbb, 0x78, 0x0a, 0x2c, 0x78, 0x90, 0x1d, 0x3f, 0xb3, 0x37,
		0x38, 0x76, 0x85, 0x11, 0xa3, 0x06, 0x17, 0xaf, 0xa0, 0x1d };
	static const uint8_t empty_tree[32] = { 0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14,
		0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b,
		0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55 };
	struct journal_hash hash;
	(void)state;

	journal_hash_leaf("", 0, &hash);
	assert_memory_equal(hash.bytes, empty_leaf, 32);

	journal_hash_empty(&hash);
	assert_memory_equal(hash.bytes, empty_tree, 32);
}

static void test_root_of_every_size_is_that_of_the_rfc(void **state)
{
	struct journal_frontier *frontier = journal_frontier_new();
	(void)state;

	for (size_t size = 0; size <= LEAVES; size++) {
		struct journal_hash expected = mth(0, size);
		struct journal_hash root;

		journal_frontier_root(frontier, &root);
		assert_hash(&root, &expected);
		if (size > 0) {
			journal_hash_root(leaves, size, &root);
			assert_hash(&root, &expected);
		}
		if (size < LEAVES) {
			journal_frontier_add(frontier, &leaves[size], NULL, NULL);
		}
		assert_int_equal(journal_frontier_size(frontier), size < LEAVES ? size + 1 : size);
	}
	journal_frontier_free(frontier);
}

struct tiles {
	size_t count;
};

static void on_tile(void *user, unsigned level, uint64_t index, const struct journal_hash *hashes)
{
	struct tiles *tiles = user;

	assert_int_equal(level, 0);
	assert_int_equal(index, tiles->count);
	assert_memory_equal(hashes, &leaves[index * 256], sizeof(struct journal_hash) * 256);
	tiles->count++;
}

static void test_full_tiles_are_told_once_in_order(void **state)
{
	struct journal_frontier *frontier = journal_frontier_new();
	struct tiles tiles = { 0 };
	(void)state;

	for (size_t i = 0; i < LEAVES; i++) {
		journal_frontier_add(frontier, &leaves[i], on_tile, &tiles);
		assert_int_equal(tiles.count, (i + 1) / 256);
	}
	journal_frontier_free(frontier);
}

static void test_frontier_goes_on_from_its_tiles(void **state)
{
	static const size_t sizes[] = { 0, 1, 255, 256, 257, 511, 512, 513, 599 };
	(void)state;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct journal_frontier *before = journal_frontier_new();
		struct journal_frontier *after = journal_frontier_new();
		struct journal_hash expected;
		struct journal_hash root;

		for (size_t n = 0; n < sizes[i]; n++) {
			journal_frontier_add(before, &leaves[n], NULL, NULL);
		}
		journal_frontier_reset(after, sizes[i]);
		for (unsigned level = 0; level < JOURNAL_TILE_LEVELS; level++) {
			size_t count;
			const struct journal_hash *tile =
				journal_frontier_tile(before, level, &count);

			journal_frontier_set(after, level, tile, count);
		}
		for (size_t n = sizes[i]; n < LEAVES; n++) {
			journal_frontier_add(after, &leaves[n], NULL, NULL);
		}

		journal_frontier_root(after, &root);
		expected = mth(0, LEAVES);
		assert_hash(&root, &expected);
		journal_frontier_free(before);
		journal_frontier_free(after);
	}
}

static void check_inclusion(size_t index, size_t size)
{
	struct journal_proof expected = { .count = 0 };
	struct journal_proof proof;
	struct journal_hash root = mth(0, size);
	struct error err = { 0 };

	path(index, 0, size, &expected);
	assert_true(journal_prove_inclusion(read_complete, NULL, index, size, &proof, &err));
	assert_proof(&proof, &expected);
	assert_true(journal_verify_inclusion(&proof, index, size, &leaves[index], &root));
	/* Everything else must be refused. */
	assert_false(journal_verify_inclusion(&proof, index, size * 4, &leaves[index], &root));
	assert_false(journal_verify_inclusion(
		&proof, index, size, &leaves[(index + 1) % LEAVES], &root));
	assert_false(journal_verify_inclusion(
		&proof, index, size, &leaves[index], &leaves[index == 1 ? 2 : 1]));
	if (proof.count > 0) {
		proof.hashes[index % proof.count].bytes[index % 32] ^= 1;
		assert_false(journal_verify_inclusion(&proof, index, size, &leaves[index], &root));
		proof.hashes[index % proof.count].bytes[index % 32] ^= 1;
		proof.count--;
		assert_false(journal_verify_inclusion(&proof, index, size, &leaves[index], &root));
		proof.count++;
	}
	proof.hashes[proof.count++] = root;
	assert_false(journal_verify_inclusion(&proof, index, size, &leaves[index], &root));
}

static void test_inclusion_proofs_of_all_sizes(void **state)
{
	(void)state;
	for (size_t size = 1; size <= LEAVES; size += size <= 70 ? 1 : 13) {
		for (size_t index = 0; index < size; index += step_of(size)) {
			check_inclusion(index, size);
		}
		check_inclusion(size - 1, size);
	}
}

static void check_consistency(size_t old_size, size_t size)
{
	struct journal_proof expected = { .count = 0 };
	struct journal_proof proof;
	struct journal_hash old_root = mth(0, old_size);
	struct journal_hash root = mth(0, size);
	struct error err = { 0 };

	if (old_size > 0) {
		subproof(old_size, 0, size, true, &expected);
	}
	assert_true(journal_prove_consistency(read_complete, NULL, old_size, size, &proof, &err));
	assert_proof(&proof, &expected);
	assert_true(journal_verify_consistency(&proof, old_size, size, &old_root, &root));
	if (old_size == size) {
		assert_false(
			journal_verify_consistency(&proof, old_size, size, &old_root, &leaves[2]));
		return;
	}
	assert_false(journal_verify_consistency(&proof, old_size, size, &leaves[2], &root));
	if (proof.count > 0) {
		assert_false(
			journal_verify_consistency(&proof, old_size, size * 4, &old_root, &root));
		size_t which = (old_size + size) % proof.count;

		assert_false(
			journal_verify_consistency(&proof, old_size, size, &old_root, &leaves[2]));
		proof.hashes[which].bytes[31] ^= 0x80;
		assert_false(journal_verify_consistency(&proof, old_size, size, &old_root, &root));
		proof.hashes[which].bytes[31] ^= 0x80;
		proof.count--;
		assert_false(journal_verify_consistency(&proof, old_size, size, &old_root, &root));
		proof.count++;
	}
	proof.hashes[proof.count++] = root;
	assert_false(journal_verify_consistency(&proof, old_size, size, &old_root, &root));
}

static void test_consistency_proofs_of_all_sizes(void **state)
{
	(void)state;
	for (size_t size = 0; size <= LEAVES; size += size <= 70 ? 1 : 13) {
		for (size_t old_size = 0; old_size < size; old_size += step_of(size)) {
			check_consistency(old_size, size);
		}
		check_consistency(size, size);
	}
}

static void test_a_tree_that_grew_differently_is_not_consistent(void **state)
{
	struct journal_proof proof;
	struct journal_hash old_root = mth(0, 300);
	struct journal_hash root;
	struct error err = { 0 };
	(void)state;

	assert_true(journal_prove_consistency(read_complete, NULL, 300, 500, &proof, &err));
	leaves[17].bytes[0] ^= 1; /* entry 17 is rewritten, the tree is built anew */
	journal_hash_root(leaves, 500, &root);
	leaves[17].bytes[0] ^= 1;

	assert_false(journal_verify_consistency(&proof, 300, 500, &old_root, &root));
}

static void test_proofs_beyond_the_log_are_refused(void **state)
{
	struct journal_proof proof;
	struct error err = { 0 };
	(void)state;

	assert_false(journal_prove_inclusion(read_complete, NULL, 5, 5, &proof, &err));
	assert_int_equal(err.code, ERROR_VALUE);
	err = (struct error){ 0 };
	assert_false(journal_prove_consistency(read_complete, NULL, 6, 5, &proof, &err));
	assert_int_equal(err.code, ERROR_VALUE);
	proof.count = 0;
	assert_false(journal_verify_inclusion(&proof, 0, 0, &leaves[0], &leaves[0]));
	assert_false(journal_verify_consistency(&proof, 6, 5, &leaves[0], &leaves[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_hashes),
		cmocka_unit_test(test_root_of_every_size_is_that_of_the_rfc),
		cmocka_unit_test(test_full_tiles_are_told_once_in_order),
		cmocka_unit_test(test_frontier_goes_on_from_its_tiles),
		cmocka_unit_test(test_inclusion_proofs_of_all_sizes),
		cmocka_unit_test(test_consistency_proofs_of_all_sizes),
		cmocka_unit_test(test_a_tree_that_grew_differently_is_not_consistent),
		cmocka_unit_test(test_proofs_beyond_the_log_are_refused),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
