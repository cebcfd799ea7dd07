#include "journal/tile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/buf.h"
#include "base/error.h"

static const struct {
	struct journal_tile tile;
	const char *path;
} paths[] = {
	{ { 0, 0, 256 }, "tile/0/000" },
	{ { 0, 273, 256 }, "tile/0/273" },
	{ { 0, 273, 112 }, "tile/0/273.p/112" },
	{ { 1, 1, 17 }, "tile/1/001.p/17" },
	{ { 2, 0, 1 }, "tile/2/000.p/1" },
	{ { 0, 1234067, 256 }, "tile/0/x001/x234/067" },
	{ { JOURNAL_TILE_ENTRIES, 1000, 255 }, "tile/entries/x001/000.p/255" },
	{ { JOURNAL_TILE_ENTRIES, 999, 256 }, "tile/entries/999" },
	{ { 63, UINT64_MAX, 256 }, "tile/63/x018/x446/x744/x073/x709/x551/615" },
};

static void test_paths_both_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		char path[JOURNAL_TILE_PATH_BYTES];
		struct journal_tile tile;

		journal_tile_path(&paths[i].tile, path);
		assert_string_equal(path, paths[i].path);

		assert_true(journal_tile_parse(path, strlen(path), &tile));
		assert_int_equal(tile.level, paths[i].tile.level);
		assert_true(tile.index == paths[i].tile.index);
		assert_int_equal(tile.width, paths[i].tile.width);
	}
}

static void test_other_paths_are_refused(void **state)
{
	static const char *const bad[] = { "", "tile", "tile/", "tile/0", "tile/0/", "tile/0/0",
		"tile/0/0000", "tile/00/000", "tile/64/000", "tile/-1/000", "tile/0/x000/001",
		"tile/0/x01/001", "tile/0/001/001", "tile/0/x001/", "tile/0/000.p/0",
		"tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p/", "tile/0/000.p",
		"tile/0/000/", "tile/0/000 ", "/tile/0/000", "tile/entries/../000", "tile/0/..",
		"tile/data/000", "tile/0/x018/x446/x744/x073/x709/x551/616",
		"tile/0/x001/x018/x446/x744/x073/x709/x551/615" };
	struct journal_tile tile;
	(void)state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (journal_tile_parse(bad[i], strlen(bad[i]), &tile)) {
			fail_msg("accepted: %s", bad[i]);
		}
	}
	assert_false(journal_tile_parse("tile/0/000\0", 11, &tile));
}

static void test_widths_of_a_log_of_70000(void **state)
{
	(void)state;
	assert_int_equal(journal_tile_full_count(0, 70000), 273);
	assert_int_equal(journal_tile_partial_width(0, 70000), 112);
	assert_int_equal(journal_tile_full_count(1, 70000), 1);
	assert_int_equal(journal_tile_partial_width(1, 70000), 17);
	assert_int_equal(journal_tile_full_count(2, 70000), 0);
	assert_int_equal(journal_tile_partial_width(2, 70000), 1);
	assert_int_equal(journal_tile_partial_width(3, 70000), 0);
	assert_int_equal(journal_tile_full_count(0, 256), 1);
	assert_int_equal(journal_tile_partial_width(0, 256), 0);
	assert_int_equal(journal_tile_partial_width(1, 256), 1);
	assert_int_equal(journal_tile_full_count(7, UINT64_MAX), 0);
	assert_int_equal(journal_tile_partial_width(7, UINT64_MAX), 255);
	assert_int_equal(journal_tile_partial_width(40, UINT64_MAX), 0);
}

static void test_a_bundle_gives_its_entries_back(void **state)
{
	struct buf buf = { 0 };
	const uint8_t *entry;
	size_t offset = 0;
	size_t size;
	static char large[JOURNAL_TILE_ENTRY_LIMIT];
	(void)state;

	journal_bundle_append(&buf, "one", 3);
	journal_bundle_append(&buf, "", 0);
	journal_bundle_append(&buf, large, sizeof(large));

	assert_memory_equal(buf.data, "\0\3one\0\0\xff\xff", 9);
	assert_true(journal_bundle_next((uint8_t *)buf.data, buf.size, &offset, &entry, &size));
	assert_int_equal(size, 3);
	assert_memory_equal(entry, "one", 3);
	assert_true(journal_bundle_next((uint8_t *)buf.data, buf.size, &offset, &entry, &size));
	assert_int_equal(size, 0);
	assert_true(journal_bundle_next((uint8_t *)buf.data, buf.size, &offset, &entry, &size));
	assert_int_equal(size, sizeof(large));
	assert_false(journal_bundle_next((uint8_t *)buf.data, buf.size, &offset, &entry, &size));
	assert_int_equal(offset, buf.size);
	buf_fini(&buf);
}

static void test_a_cut_bundle_ends_before_its_end(void **state)
{
	struct buf buf = { 0 };
	(void)state;

	journal_bundle_append(&buf, "one", 3);
	for (size_t size = 1; size < buf.size; size++) {
		const uint8_t *entry;
		size_t entry_size;
		size_t offset = 0;

		assert_false(journal_bundle_next(
			(uint8_t *)buf.data, size, &offset, &entry, &entry_size));
		assert_int_equal(offset, 0);
	}
	buf_fini(&buf);
}

/* ---- hashes of subtrees, from tiles of a log of 70,000 leaves ---- */

#define LEAVES 70000
static struct journal_hash leaves[LEAVES];
static struct journal_hash level1[LEAVES / 256];
static struct journal_hash level2[1];

static bool load(void *user, const struct journal_tile *tile, struct buf *buf, struct error *err)
{
	static const struct journal_hash *const levels[] = { leaves, level1, level2 };
	const size_t *forbidden = user;

	if (*forbidden == tile->index) {
		return error_set(err, ERROR_IO, "there is no such file");
	}
	assert_true(tile->level < 3);
	buf_append(buf, &levels[tile->level][tile->index * 256],
		tile->width * sizeof(struct journal_hash));
	return true;
}

static int setup(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEAVES; i++) {
		journal_hash_leaf(&i, sizeof(i), &leaves[i]);
	}
	for (size_t i = 0; i < LEAVES / 256; i++) {
		journal_hash_root(&leaves[i * 256], 256, &level1[i]);
	}
	journal_hash_root(level1, 256, level2);
	return 0;
}

static void test_proofs_from_tiles_verify(void **state)
{
	static const uint64_t indexes[] = { 0, 255, 256, 65535, 65536, 69888, 69999 };
	size_t forbidden = SIZE_MAX;
	struct buf buf = { 0 };
	struct journal_tile_reader reader = { load, &forbidden, LEAVES, { 0 }, &buf };
	struct journal_hash root;
	struct journal_hash old_root;
	struct journal_proof proof;
	struct error err = { 0 };
	(void)state;

	journal_hash_root(leaves, LEAVES, &root);
	for (size_t i = 0; i < sizeof(indexes) / sizeof(indexes[0]); i++) {
		assert_true(journal_prove_inclusion(
			journal_tile_read_hash, &reader, indexes[i], LEAVES, &proof, &err));
		assert_true(journal_verify_inclusion(
			&proof, indexes[i], LEAVES, &leaves[indexes[i]], &root));
		if (indexes[i] == 0) {
			continue;
		}
		journal_hash_root(leaves, indexes[i], &old_root);
		assert_true(journal_prove_consistency(
			journal_tile_read_hash, &reader, indexes[i], LEAVES, &proof, &err));
		assert_true(
			journal_verify_consistency(&proof, indexes[i], LEAVES, &old_root, &root));
	}
	buf_fini(&buf);
}

static void test_a_missing_tile_is_named(void **state)
{
	size_t forbidden = 273;
	struct buf buf = { 0 };
	struct journal_tile_reader reader = { load, &forbidden, LEAVES, { 0 }, &buf };
	struct journal_proof proof;
	struct error err = { 0 };
	(void)state;

	assert_false(journal_prove_inclusion(
		journal_tile_read_hash, &reader, 69999, LEAVES, &proof, &err));
	assert_string_equal(err.text, "tile/0/273.p/112: there is no such file");
	buf_fini(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths_both_ways),
		cmocka_unit_test(test_other_paths_are_refused),
		cmocka_unit_test(test_widths_of_a_log_of_70000),
		cmocka_unit_test(test_a_bundle_gives_its_entries_back),
		cmocka_unit_test(test_a_cut_bundle_ends_before_its_end),
		cmocka_unit_test(test_proofs_from_tiles_verify),
		cmocka_unit_test(test_a_missing_tile_is_named),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
