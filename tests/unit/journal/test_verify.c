#include "journal/verify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/value.h"
#include "journal/writer.h"
#include "tests/unit/journal/support/disk.h"
#include "tests/unit/journal/support/rows.h"

#define ENTRIES 600
#define UNPUBLISHED 5

static const char key_text[] = "PRIVATE+KEY+scimward.example.com/journal+d76d62a6+"
			       "AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";
static const char vkey[] =
	"scimward.example.com/journal+d76d62a6+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4";

static struct disk disk;
static struct journal_files files;
static struct rows rows;
static struct journal_key *key;
static struct journal_source source;

#define HAS_PAYLOAD(index) ((index) % 10 < 2)
#define PAYLOADS ((ENTRIES + UNPUBLISHED) / 10 * 2 + 2)

/* Entries as the gateway makes them, a fifth with a payload. */
static void add_entries(size_t count)
{
	struct journal_packer *packer = journal_packer_new();
	struct arena *arena = arena_new();

	for (size_t i = 0; i < count; i++) {
		struct journal_entry entry = JOURNAL_ENTRY_INIT;
		struct journal_packed packed;
		struct error err = { 0 };

		arena_reset(arena);
		entry.time_us = 1795492800000000 + (int64_t)rows.count;
		if (HAS_PAYLOAD(rows.count)) {
			entry.detail = value_printf(arena, "number %zu", rows.count);
		}
		assert_true(journal_pack(packer, arena, &entry, &packed, &err));
		rows_add(&rows, &packed);
	}
	arena_free(arena);
	journal_packer_free(packer);
}

static int setup(void **state)
{
	struct error err = { 0 };
	(void)state;

	disk_init(&disk, 1);
	files = disk_files(&disk);
	rows = (struct rows){ 0 };
	source = rows_source(&rows);
	add_entries(ENTRIES);
	key = journal_key_parse(key_text, strlen(key_text), &err);
	const struct journal_writer_options options = { "/j/log", "/j/signed", key, source,
		&files };
	struct journal_writer *writer = journal_writer_open(&options, &err);

	assert_non_null(writer);
	assert_true(journal_writer_publish(writer, NULL, &err));
	journal_writer_close(writer);
	add_entries(UNPUBLISHED);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	disk_fini(&disk);
	rows_fini(&rows);
	journal_key_free(key);
	return 0;
}

static struct journal_verify_options all(void)
{
	return (struct journal_verify_options){
		.directory = "/j/log",
		.vkey = vkey,
		.state_path = "/j/signed",
		.source = &source,
		.files = &files,
	};
}

static struct journal_verify_report verify(const struct journal_verify_options *options)
{
	struct journal_verify_report report;
	struct error err = { 0 };

	if (!journal_verify(options, &report, &err)) {
		fail_msg("%s", err.text);
	}
	return report;
}

static void assert_problem(const char *expected)
{
	struct journal_verify_options options = all();
	struct journal_verify_report report = verify(&options);

	assert_false(report.intact);
	assert_string_equal(report.problem, expected);
}

static void flip(const char *path, size_t offset)
{
	size_t size;
	uint8_t *bytes = disk_bytes(&disk, path, &size);

	assert_non_null(bytes);
	assert_true(offset < size);
	bytes[offset] ^= 1;
}

/* ---- tests ---- */

static void test_an_intact_log(void **state)
{
	struct journal_verify_options options = all();
	struct journal_verify_report report = verify(&options);
	(void)state;

	assert_string_equal(report.problem, "");
	assert_true(report.intact);
	assert_int_equal(report.checkpoint.size, ENTRIES);
	assert_int_equal(report.entries, ENTRIES);
	assert_int_equal(report.rows, ENTRIES + UNPUBLISHED);
	assert_int_equal(report.payloads, PAYLOADS);
	assert_int_equal(report.unpublished, UNPUBLISHED);
	assert_int_equal(report.erased, 0);
}

static void test_a_directory_alone(void **state)
{
	struct journal_verify_options options = { .directory = "/j/log", .files = &files };
	struct journal_verify_report report = verify(&options);
	(void)state;

	assert_true(report.intact);
	assert_int_equal(report.entries, ENTRIES);
	assert_int_equal(report.rows, 0);
}

static void test_every_file_of_the_log_is_looked_at(void **state)
{
	static const struct {
		const char *path;
		const char *problem;
	} files_of_log[] = {
		{ "/j/log/checkpoint", "checkpoint is missing" },
		{ "/j/signed", "/j/signed is missing: it remembers what was signed" },
		{ "/j/log/tile/0/000", "tile/0/000 is missing" },
		{ "/j/log/tile/0/002.p/88", "tile/0/002.p/88 is missing" },
		{ "/j/log/tile/1/000.p/2", "tile/1/000.p/2 is missing" },
		{ "/j/log/tile/entries/001", "tile/entries/001 is missing" },
		{ "/j/log/tile/entries/002.p/88", "tile/entries/002.p/88 is missing" },
	};
	(void)state;

	for (size_t i = 0; i < sizeof(files_of_log) / sizeof(files_of_log[0]); i++) {
		disk_forget(&disk, files_of_log[i].path);
		assert_problem(files_of_log[i].problem);
		teardown(state);
		setup(state);
	}
}

/* Every byte of the small files, some of the large ones, one bit each. */
static void test_every_flipped_byte_is_found(void **state)
{
	static const char *const paths[] = { "/j/log/checkpoint", "/j/signed",
		"/j/log/tile/0/002.p/88", "/j/log/tile/1/000.p/2", "/j/log/tile/0/001" };
	struct journal_verify_options options = all();
	(void)state;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		size_t size;
		uint8_t *bytes = disk_bytes(&disk, paths[i], &size);
		size_t step = size > 300 ? size / 12 + 1 : 1;

		for (size_t offset = 0; offset < size; offset += step) {
			bytes[offset] ^= (uint8_t)(1 << (offset % 8));
			if (verify(&options).intact) {
				fail_msg("%s, byte %zu: not found", paths[i], offset);
			}
			bytes[offset] ^= (uint8_t)(1 << (offset % 8));
		}
	}
	assert_true(verify(&options).intact);
}

static void test_a_flipped_byte_in_a_bundle_is_the_bundles_fault(void **state)
{
	(void)state;
	flip("/j/log/tile/entries/001", 20);
	assert_problem(
		"tile/entries/001: entry 256 is not the one that tile/0/001 and the store have");
}

static void test_a_flipped_length_in_a_bundle_is_found(void **state)
{
	struct journal_verify_options options = all();
	(void)state;

	flip("/j/log/tile/entries/002.p/88", 1);
	assert_false(verify(&options).intact);
}

static void test_bytes_behind_a_bundle_are_found(void **state)
{
	struct error err = { 0 };
	struct buf longer = { 0 };
	size_t size;
	const uint8_t *bytes = disk_bytes(&disk, "/j/log/tile/entries/000", &size);
	(void)state;

	buf_append(&longer, bytes, size);
	buf_append(&longer, "\0\0", 2);
	assert_true(journal_files_replace(
		&files, "/j/log/tile/entries/000", longer.data, longer.size, 0644, &err));
	assert_problem("tile/entries/000: there are bytes behind its last entry");
	assert_true(journal_files_replace(
		&files, "/j/log/tile/entries/000", longer.data, size - 1, 0644, &err));
	assert_problem("tile/entries/000: it ends within entry 255");
	buf_fini(&longer);
}

static void test_a_flipped_byte_in_a_tile_is_the_tiles_fault(void **state)
{
	(void)state;
	flip("/j/log/tile/0/000", 3 * 32);
	assert_problem(
		"tile/0/000: the hash of entry 3 is not that of tile/entries/000 and the store");
}

static void test_a_flipped_byte_in_a_higher_tile(void **state)
{
	(void)state;
	flip("/j/log/tile/1/000.p/2", 40);
	assert_problem("tile/1/000.p/2: hash 1 is not the one that the tiles below give");
}

static void test_a_changed_leaf_in_the_store_is_the_stores_fault(void **state)
{
	(void)state;
	/* A payload that fits its changed leaf: only the hash can tell. */
	rows.items[599].leaf_size = 0;
	memory_free(rows.items[599].payload);
	rows.items[599].payload = NULL;
	memory_free(rows.items[599].leaf);
	static const char other[] =
		"{\"kind\":\"system\",\"time\":\"2026-11-24T04:00:00.000000Z\"}";
	rows.items[599].leaf = memcpy(must_malloc(sizeof(other)), other, sizeof(other));
	rows.items[599].leaf_size = sizeof(other) - 1;
	assert_problem("store: the leaf of entry 599 is not the one that tile/entries/002.p/88 and "
		       "tile/0/002.p/88 have");
}

static void test_a_changed_payload_in_the_store(void **state)
{
	(void)state;
	rows.items[300].payload[5] ^= 1; /* in the salt */
	assert_problem("store: entry 300: its payload is not what its leaf commits to");
}

static void test_a_changed_payload_of_an_unpublished_entry(void **state)
{
	(void)state;
	rows.items[ENTRIES + 1].payload[40] ^= 1;
	struct journal_verify_options options = all();

	assert_false(verify(&options).intact);
}

static void test_exchanged_payloads(void **state)
{
	struct row first = rows.items[10];
	(void)state;

	rows.items[10].payload = rows.items[11].payload;
	rows.items[10].payload_size = rows.items[11].payload_size;
	rows.items[11].payload = first.payload;
	rows.items[11].payload_size = first.payload_size;
	struct journal_verify_options options = all();

	assert_false(verify(&options).intact);
}

static void test_an_erased_payload_is_counted_and_fine(void **state)
{
	struct journal_verify_options options = all();
	(void)state;

	memory_free(rows.items[11].payload);
	rows.items[11].payload = NULL;
	struct journal_verify_report report = verify(&options);

	assert_true(report.intact);
	assert_int_equal(report.erased, 1);
	assert_int_equal(report.payloads, PAYLOADS - 1);
}

static void test_missing_rows(void **state)
{
	size_t count = rows.count;
	(void)state;

	rows.count = ENTRIES - 1;
	assert_problem("store: it has 599 entries, but 600 were signed");
	rows.count = count;
}

/* Whoever can write the directory but has no key makes everything fit, except the signature. */
static void test_a_rewritten_log_does_not_fit_its_checkpoint(void **state)
{
	static const char forged[] = "{\"kind\":\"system\",\"operation\":\"forged\","
				     "\"time\":\"2026-11-24T04:00:00.000000Z\"}";
	struct journal_key *other;
	struct error err = { 0 };
	struct buf checkpoint = { 0 };
	size_t size;
	(void)state;

	buf_append(&checkpoint, disk_bytes(&disk, "/j/log/checkpoint", &size), 0);
	buf_append(&checkpoint, disk_bytes(&disk, "/j/log/checkpoint", &size), size);
	memory_free(rows.items[3].leaf);
	memory_free(rows.items[3].payload);
	rows.items[3] = (struct row){ memcpy(must_malloc(sizeof(forged)), forged, sizeof(forged)),
		sizeof(forged) - 1, NULL, 0 };
	while (rows.count > ENTRIES) {
		rows.count--;
		memory_free(rows.items[rows.count].leaf);
		memory_free(rows.items[rows.count].payload);
	}
	disk_fini(&disk);
	disk_init(&disk, 1);
	files = disk_files(&disk);
	other = journal_key_parse(key_text, strlen(key_text), &err);
	const struct journal_writer_options options = { "/j/log", "/j/signed", other, source,
		&files };
	struct journal_writer *writer = journal_writer_open(&options, &err);

	assert_true(journal_writer_publish(writer, NULL, &err));
	journal_writer_close(writer);
	journal_key_free(other);
	assert_true(journal_files_replace(
		&files, "/j/log/checkpoint", checkpoint.data, checkpoint.size, 0644, &err));
	assert_true(journal_files_replace(
		&files, "/j/signed", checkpoint.data, checkpoint.size, 0644, &err));
	buf_fini(&checkpoint);
	assert_problem("checkpoint: its root hash is not that of the 600 entries: they were all "
		       "replaced after it was signed");
}

static void test_another_key(void **state)
{
	struct journal_verify_options options = all();
	struct journal_verify_report report;
	(void)state;

	options.vkey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
	report = verify(&options);
	assert_false(report.intact);
	assert_string_equal(report.problem,
		"checkpoint: the checkpoint is not signed by the key of example.com/foo");
}

static void test_a_check_that_cannot_be_made_is_a_failure(void **state)
{
	struct journal_verify_options options = all();
	struct journal_verify_report report;
	struct error err = { 0 };
	(void)state;

	rows.is_broken = true;
	assert_false(journal_verify(&options, &report, &err));
	assert_int_equal(err.code, ERROR_STORE);
	rows.is_broken = false;
	err = (struct error){ 0 };
	options.vkey = "nonsense";
	assert_false(journal_verify(&options, &report, &err));
	assert_int_equal(err.code, ERROR_CONFIG);
}

static void test_a_full_tile_serves_for_a_partial_one(void **state)
{
	struct journal_verify_options options = {
		.directory = "/j/log", .vkey = vkey, .files = &files
	};
	struct buf checkpoint = { 0 };
	struct error err = { 0 };
	size_t size;
	(void)state;

	buf_append(&checkpoint, disk_bytes(&disk, "/j/log/checkpoint", &size), 0);
	buf_append(&checkpoint, disk_bytes(&disk, "/j/log/checkpoint", &size), size);
	for (int round = 0; round < 2; round++) { /* the second sweeps */
		const struct journal_writer_options writer_options = { "/j/log", "/j/signed", key,
			source, &files };

		add_entries(256);
		struct journal_writer *writer = journal_writer_open(&writer_options, &err);

		assert_true(journal_writer_publish(writer, NULL, &err));
		add_entries(1);
		assert_true(journal_writer_publish(writer, NULL, &err));
		journal_writer_close(writer);
	}
	assert_null(disk_bytes(&disk, "/j/log/tile/0/002.p/88", &size));
	assert_true(journal_files_replace(&files, "/j/log/checkpoint", checkpoint.data,
		checkpoint.size, 0644, &err)); /* a reader that is behind */
	buf_fini(&checkpoint);

	assert_true(verify(&options).intact);
}

static bool count_calls(void *user, uint64_t done, uint64_t total)
{
	unsigned *calls = user;

	assert_true(done <= total);
	(*calls)++;
	return *calls < 2;
}

static void test_progress_is_told_and_may_stop(void **state)
{
	struct journal_verify_options options = all();
	struct journal_verify_report report;
	struct error err = { 0 };
	unsigned calls = 0;
	(void)state;

	rows_grow(&rows, 8192);
	options.on_progress = count_calls;
	options.user = &calls;
	assert_false(journal_verify(&options, &report, &err));
	assert_int_equal(err.code, ERROR_TIMEOUT);
	assert_int_equal(calls, 2);
}

int main(void)
{
#define WITH_LOG(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		WITH_LOG(test_an_intact_log),
		WITH_LOG(test_a_directory_alone),
		WITH_LOG(test_every_file_of_the_log_is_looked_at),
		WITH_LOG(test_every_flipped_byte_is_found),
		WITH_LOG(test_a_flipped_byte_in_a_bundle_is_the_bundles_fault),
		WITH_LOG(test_a_flipped_length_in_a_bundle_is_found),
		WITH_LOG(test_bytes_behind_a_bundle_are_found),
		WITH_LOG(test_a_flipped_byte_in_a_tile_is_the_tiles_fault),
		WITH_LOG(test_a_flipped_byte_in_a_higher_tile),
		WITH_LOG(test_a_changed_leaf_in_the_store_is_the_stores_fault),
		WITH_LOG(test_a_changed_payload_in_the_store),
		WITH_LOG(test_a_changed_payload_of_an_unpublished_entry),
		WITH_LOG(test_exchanged_payloads),
		WITH_LOG(test_an_erased_payload_is_counted_and_fine),
		WITH_LOG(test_missing_rows),
		WITH_LOG(test_a_rewritten_log_does_not_fit_its_checkpoint),
		WITH_LOG(test_another_key),
		WITH_LOG(test_a_check_that_cannot_be_made_is_a_failure),
		WITH_LOG(test_a_full_tile_serves_for_a_partial_one),
		WITH_LOG(test_progress_is_told_and_may_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
