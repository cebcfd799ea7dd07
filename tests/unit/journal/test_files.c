/* The POSIX table, batches and a log's folder, on a real file system. */
#include "journal/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/buf.h"
#include "base/error.h"
#include "base/memory.h"
#include "journal/batch.h"
#include "journal/folder.h"
#include "journal/writer.h"
#include "tests/unit/journal/support/log.h"

static const struct journal_files *const posix = &JOURNAL_FILES_POSIX;
static char folder[] = "/tmp/scimward-test-files-XXXXXX";

static int setup(void **state)
{
	(void)state;
	memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
	return mkdtemp(folder) != NULL ? 0 : -1;
}

static int teardown(void **state)
{
	char command[sizeof(folder) + 16];
	(void)state;

	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

static char *at(const char *name)
{
	return journal_files_join(folder, name);
}

static void assert_content(const char *name, const char *expected)
{
	struct buf text = { 0 };
	struct error err = { 0 };
	char *path = at(name);
	bool found;

	assert_true(journal_files_read(posix, path, 1000, &text, &found, &err));
	assert_int_equal(found, expected != NULL);
	assert_string_equal(buf_text(&text), expected != NULL ? expected : "");
	buf_fini(&text);
	memory_free(path);
}

static void count_name(void *user, const char *name)
{
	size_t *count = user;
	(void)name;

	(*count)++;
}

static size_t count_names(const char *path)
{
	size_t count = 0;

	assert_int_equal(posix->list(posix->user, path, count_name, &count), 0);
	return count;
}

/* ---- files ---- */

static void test_replace_leaves_the_new_file_only(void **state)
{
	struct error err = { 0 };
	struct stat status;
	char *path = at("file");
	(void)state;

	assert_true(journal_files_replace(posix, path, "one", 3, 0600, &err));
	assert_content("file", "one");
	assert_true(journal_files_replace(posix, path, "two", 3, 0600, &err));
	assert_content("file", "two");

	assert_int_equal(count_names(folder), 1);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	memory_free(path);
}

static void test_replace_in_a_missing_folder_names_the_file(void **state)
{
	struct error err = { 0 };
	char *path = at("missing/file");
	(void)state;

	assert_false(journal_files_replace(posix, path, "one", 3, 0600, &err));
	assert_int_equal(err.code, ERROR_IO);
	assert_non_null(strstr(err.text, "missing/file: No such file or directory"));
	memory_free(path);
}

static void test_reading_is_bounded(void **state)
{
	struct error err = { 0 };
	struct buf text = { 0 };
	char *path = at("file");
	bool found;
	(void)state;

	assert_true(journal_files_replace(posix, path, "12345", 5, 0600, &err));
	assert_true(journal_files_read(posix, path, 5, &text, &found, &err));
	assert_false(journal_files_read(posix, path, 4, &text, &found, &err));
	assert_int_equal(err.code, ERROR_IO);
	buf_fini(&text);
	memory_free(path);
}

static void test_folders_are_made_with_those_above(void **state)
{
	struct error err = { 0 };
	char *path = at("a/b/c");
	char *blocked = at("file/b");
	char *file = at("file");
	(void)state;

	assert_true(journal_files_make_folders(posix, path, &err));
	assert_true(journal_files_make_folders(posix, path, &err));
	assert_int_equal(count_names(path), 0);
	assert_true(journal_files_replace(posix, file, "", 0, 0600, &err));
	assert_false(journal_files_make_folders(posix, blocked, &err));
	assert_int_equal(err.code, ERROR_IO);
	memory_free(path);
	memory_free(blocked);
	memory_free(file);
}

static void test_folder_of_a_path(void **state)
{
	static const struct {
		const char *path;
		const char *folder;
	} cases[] = { { "a/b", "a" }, { "a", "." }, { "/a", "/" }, { "/a/b/c", "/a/b" } };
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *result = journal_files_folder(cases[i].path);

		assert_string_equal(result, cases[i].folder);
		memory_free(result);
	}
}

/* ---- batches ---- */

static void test_a_batch_is_invisible_before_its_commit(void **state)
{
	struct journal_batch *batch = journal_batch_new(posix, folder);
	struct error err = { 0 };
	(void)state;

	assert_true(journal_batch_add(batch, "a/one", "1", 1, &err));
	assert_true(journal_batch_add(batch, "b/c/two", "2", 1, &err));
	assert_content("a/one", NULL);
	assert_true(journal_batch_commit(batch, &err));
	assert_content("a/one", "1");
	assert_content("b/c/two", "2");
	journal_batch_free(batch);
}

static void test_a_dropped_batch_leaves_no_files(void **state)
{
	struct journal_batch *batch = journal_batch_new(posix, folder);
	struct error err = { 0 };
	char *path = at("a");
	(void)state;

	assert_true(journal_batch_add(batch, "a/one", "1", 1, &err));
	journal_batch_drop(batch);
	assert_int_equal(count_names(path), 0);
	assert_true(journal_batch_commit(batch, &err)); /* nothing */
	assert_int_equal(count_names(path), 0);
	assert_true(journal_batch_add(batch, "a/one", "1", 1, &err));
	journal_batch_free(batch);
	assert_int_equal(count_names(path), 0);
	memory_free(path);
}

static void test_a_batch_of_more_files_than_may_be_open(void **state)
{
	struct journal_batch *batch = journal_batch_new(posix, folder);
	struct error err = { 0 };
	char name[32];
	char *path = at("many");
	(void)state;

	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "many/%03d", i);
		assert_true(journal_batch_add(batch, name, name, strlen(name), &err));
	}
	assert_true(journal_batch_commit(batch, &err));
	assert_int_equal(count_names(path), 200);
	assert_content("many/199", "many/199");
	journal_batch_free(batch);
	memory_free(path);
}

static void test_the_same_file_again_is_fine_and_another_is_not(void **state)
{
	struct journal_batch *batch = journal_batch_new(posix, folder);
	struct error err = { 0 };
	(void)state;

	assert_true(journal_batch_add(batch, "a/one", "1", 1, &err));
	assert_true(journal_batch_commit(batch, &err));
	assert_true(journal_batch_add(batch, "a/one", "1", 1, &err));
	assert_true(journal_batch_commit(batch, &err));
	assert_false(journal_batch_add(batch, "a/one", "2", 1, &err));
	assert_int_equal(err.code, ERROR_IO);
	assert_non_null(strstr(err.text, "a/one differs"));
	assert_content("a/one", "1");
	journal_batch_free(batch);
}

/* ---- a log in real files ---- */

static void test_proofs_from_the_files_of_a_log(void **state)
{
	struct rows rows = { 0 };
	struct error err = { 0 };
	struct buf tile = { 0 };
	char *directory = at("log");
	char *state_path = at("signed");
	char *key_path = at("key");
	const struct journal_folder log = { posix, directory };
	struct journal_tile_reader reader = { journal_folder_load, (void *)(uintptr_t)&log, 700,
		{ 0 }, &tile };
	struct journal_hash leaf;
	struct journal_hash root;
	struct journal_proof proof;
	(void)state;

	rows_grow(&rows, 700);
	assert_true(journal_key_generate(key_path, "a.example/journal", &err));
	struct journal_key *key = journal_key_load(key_path, &err);
	struct journal_writer *writer =
		journal_writer_open(&(struct journal_writer_options){ directory, state_path, key,
					    rows_source(&rows), NULL },
			&err);

	assert_non_null(writer);
	assert_true(journal_writer_publish(writer, NULL, &err));
	struct journal_frontier *frontier = journal_frontier_new();

	for (size_t i = 0; i < 700; i++) {
		journal_hash_leaf(rows.items[i].leaf, rows.items[i].leaf_size, &leaf);
		journal_frontier_add(frontier, &leaf, NULL, NULL);
	}
	journal_frontier_root(frontier, &root);
	for (size_t i = 0; i < 700; i += 233) {
		journal_hash_leaf(rows.items[i].leaf, rows.items[i].leaf_size, &leaf);
		assert_true(journal_prove_inclusion(
			journal_tile_read_hash, &reader, i, 700, &proof, &err));
		assert_true(journal_verify_inclusion(&proof, i, 700, &leaf, &root));
	}
	/* The partial tile goes, the full one serves. */
	rows_grow(&rows, 100);
	assert_true(journal_writer_publish(writer, NULL, &err));
	rows_grow(&rows, 1);
	assert_true(journal_writer_publish(writer, NULL, &err));
	reader.loaded.width = 0;
	journal_hash_leaf(rows.items[699].leaf, rows.items[699].leaf_size, &leaf);
	assert_true(
		journal_prove_inclusion(journal_tile_read_hash, &reader, 699, 700, &proof, &err));
	assert_true(journal_verify_inclusion(&proof, 699, 700, &leaf, &root));

	journal_writer_close(writer);
	journal_frontier_free(frontier);
	journal_key_free(key);
	rows_fini(&rows);
	buf_fini(&tile);
	memory_free(directory);
	memory_free(state_path);
	memory_free(key_path);
}

static void test_a_missing_tile_is_named(void **state)
{
	const struct journal_folder log = { posix, folder };
	struct buf tile = { 0 };
	struct journal_tile_reader reader = { journal_folder_load, (void *)(uintptr_t)&log, 700,
		{ 0 }, &tile };
	struct journal_proof proof;
	struct error err = { 0 };
	(void)state;

	assert_false(
		journal_prove_inclusion(journal_tile_read_hash, &reader, 0, 700, &proof, &err));
	assert_int_equal(err.code, ERROR_IO);
	assert_non_null(strstr(err.text, "it is missing"));
	buf_fini(&tile);
}

int main(void)
{
#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(test_replace_leaves_the_new_file_only),
		WITH_FOLDER(test_replace_in_a_missing_folder_names_the_file),
		WITH_FOLDER(test_reading_is_bounded),
		WITH_FOLDER(test_folders_are_made_with_those_above),
		cmocka_unit_test(test_folder_of_a_path),
		WITH_FOLDER(test_a_batch_is_invisible_before_its_commit),
		WITH_FOLDER(test_a_dropped_batch_leaves_no_files),
		WITH_FOLDER(test_a_batch_of_more_files_than_may_be_open),
		WITH_FOLDER(test_the_same_file_again_is_fine_and_another_is_not),
		WITH_FOLDER(test_proofs_from_the_files_of_a_log),
		WITH_FOLDER(test_a_missing_tile_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
