#include "journal/writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/buf.h"
#include "base/error.h"
#include "journal/batch.h"
#include "journal/key.h"
#include "tests/unit/journal/support/log.h"

static int setup(void **state)
{
	static struct log log;

	log_init(&log, 1);
	*state = &log;
	return log.key != NULL ? 0 : -1;
}

static int teardown(void **state)
{
	log_fini(*state);
	return 0;
}

static void open_log(struct log *log)
{
	if (!log_try_open(log)) {
		fail_msg("%s", log->err.text);
	}
}

static void publish(struct log *log)
{
	if (!log_try_publish(log)) {
		fail_msg("%s", log->err.text);
	}
}

static void assert_intact(struct log *log, uint64_t size)
{
	struct journal_verify_report report = log_verify(log, true);

	assert_string_equal(report.problem, "");
	assert_true(report.intact);
	assert_int_equal(report.checkpoint.size, size);
	assert_int_equal(report.entries, size);
}

static size_t size_of(struct log *log, const char *path)
{
	size_t size = 0;

	return disk_bytes(&log->disk, path, &size) != NULL ? size : 0;
}

/* ---- what is written ---- */

static void test_an_empty_log_has_a_checkpoint(void **state)
{
	struct log *log = *state;

	open_log(log);
	assert_int_equal(journal_writer_size(log->writer), 0);
	assert_intact(log, 0);
}

static void test_files_of_a_log_of_70000(void **state)
{
	struct log *log = *state;

	rows_grow(&log->rows, 70000);
	open_log(log);
	publish(log);

	assert_int_equal(size_of(log, "/j/log/tile/0/000"), 8192);
	assert_int_equal(size_of(log, "/j/log/tile/0/272"), 8192);
	assert_int_equal(size_of(log, "/j/log/tile/0/273.p/112"), 112 * 32);
	assert_int_equal(size_of(log, "/j/log/tile/1/000"), 8192);
	assert_int_equal(size_of(log, "/j/log/tile/1/001.p/17"), 17 * 32);
	assert_int_equal(size_of(log, "/j/log/tile/2/000.p/1"), 32);
	assert_true(size_of(log, "/j/log/tile/entries/273.p/112") > 112 * 60);
	assert_true(size_of(log, "/j/log/log.vkey") > 0);
	assert_int_equal(log_verify(log, false).entries, 70000);
	size_t size;
	uint8_t *full = disk_bytes(&log->disk, "/j/log/tile/1/000", &size);

	full[300] ^= 1;
	assert_string_equal(log_verify(log, false).problem,
		"tile/1/000: hash 9 is not the one that the tiles below give");
}

static void test_sizes_around_tiles(void **state)
{
	static const size_t sizes[] = { 1, 2, 255, 256, 257, 511, 512, 513, 768 };
	struct log *log = *state;

	open_log(log);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		rows_grow(&log->rows, sizes[i] - log->rows.count);
		publish(log);
		assert_intact(log, sizes[i]);
		open_log(log); /* and goes on from the disk */
	}
}

static void test_a_round_is_bounded(void **state)
{
	struct log *log = *state;
	bool more;

	rows_grow(&log->rows, JOURNAL_ROUND + 1);
	open_log(log);
	assert_true(journal_writer_publish(log->writer, &more, &log->err));
	assert_true(more);
	assert_int_equal(journal_writer_size(log->writer), JOURNAL_ROUND);
	assert_intact(log, JOURNAL_ROUND);
	assert_true(journal_writer_publish(log->writer, &more, &log->err));
	assert_false(more);
	assert_intact(log, JOURNAL_ROUND + 1);
}

static void test_partial_tiles_go_when_the_full_one_was_public_for_a_round(void **state)
{
	struct log *log = *state;

	rows_grow(&log->rows, 200);
	open_log(log);
	publish(log);
	assert_true(size_of(log, "/j/log/tile/0/000.p/200") > 0);
	rows_grow(&log->rows, 100);
	publish(log);
	assert_true(size_of(log, "/j/log/tile/0/000.p/200") > 0);
	rows_grow(&log->rows, 1);
	publish(log);

	assert_int_equal(size_of(log, "/j/log/tile/0/000.p/200"), 0);
	assert_int_equal(size_of(log, "/j/log/tile/entries/000.p/200"), 0);
	assert_true(
		size_of(log, "/j/log/tile/0/001.p/44") > 0); /* every checkpoint keeps its own */
	assert_true(size_of(log, "/j/log/tile/0/001.p/45") > 0);
	assert_intact(log, 301);
}

static void test_nothing_new_writes_nothing(void **state)
{
	struct log *log = *state;

	rows_grow(&log->rows, 300);
	open_log(log);
	publish(log);
	unsigned long done = log->disk.done;

	publish(log);
	assert_int_equal(log->disk.done, done);
}

/* ---- going on ---- */

static void test_a_restart_derives_identical_tiles(void **state)
{
	struct log *log = *state;
	struct buf before = { 0 };
	size_t size;

	rows_grow(&log->rows, 300);
	open_log(log);
	publish(log);
	uint8_t *bytes = disk_bytes(&log->disk, "/j/log/checkpoint", &size);

	buf_append(&before, bytes, size);
	disk_forget(&log->disk, "/j/log/tile/0/000");
	disk_forget(&log->disk, "/j/log/tile/0/001.p/44");
	disk_forget(&log->disk, "/j/log/tile/entries/001.p/44");
	disk_forget(&log->disk, "/j/log/checkpoint");
	open_log(log);

	bytes = disk_bytes(&log->disk, "/j/log/checkpoint", &size);
	assert_int_equal(size, before.size);
	assert_memory_equal(bytes, before.data, size);
	assert_intact(log, 300);
	buf_fini(&before);
}

static void test_a_lost_state_is_taken_from_the_checkpoint(void **state)
{
	struct log *log = *state;

	rows_grow(&log->rows, 300);
	open_log(log);
	publish(log);
	disk_forget(&log->disk, "/j/signed");
	rows_grow(&log->rows, 1);
	open_log(log);
	publish(log);
	assert_intact(log, 301);
}

static void test_an_older_checkpoint_is_brought_up_to_what_was_signed(void **state)
{
	struct log *log = *state;
	struct buf old = { 0 };
	size_t size;

	rows_grow(&log->rows, 300);
	open_log(log);
	publish(log);
	uint8_t *bytes = disk_bytes(&log->disk, "/j/log/checkpoint", &size);

	buf_append(&old, bytes, size);
	rows_grow(&log->rows, 5);
	publish(log);
	bytes = disk_bytes(&log->disk, "/j/log/checkpoint", &size);
	assert_int_equal(size, old.size);
	memcpy(bytes, old.data, size); /* as if the power had gone before it was replaced */
	open_log(log);

	assert_intact(log, 305);
	buf_fini(&old);
}

/* ---- what is refused ---- */

static void assert_refused(struct log *log, const char *part)
{
	assert_false(log_try_open(log));
	assert_int_equal(log->err.code, ERROR_CONFIG);
	if (strstr(log->err.text, part) == NULL) {
		fail_msg("'%s' lacks '%s'", log->err.text, part);
	}
}

static void test_a_store_behind_its_log_is_refused(void **state)
{
	struct log *log = *state;

	rows_grow(&log->rows, 300);
	open_log(log);
	publish(log);
	log->rows.count = 299;
	assert_refused(log, "the store has 299 entries, but 300 were signed");

	log->rows.count = 300;
	open_log(log);
	log->rows.count = 299;
	assert_false(log_try_publish(log));
	assert_int_equal(log->err.code, ERROR_CONFIG);
	log->rows.count = 300;
	publish(log); /* and goes on when it is back */
}

static void test_another_entry_in_the_tail_is_refused(void **state)
{
	struct log *log = *state;

	rows_grow(&log->rows, 300);
	open_log(log);
	publish(log);
	log->rows.items[256].leaf[20] ^= 1;
	assert_refused(log, "tile/0/001.p/44");
}

static void test_another_entry_before_the_tail_is_refused_when_tiles_are_missing(void **state)
{
	struct log *log = *state;

	rows_grow(&log->rows, 300);
	open_log(log);
	publish(log);
	disk_forget(&log->disk, "/j/log/tile/1/000.p/1");
	log->rows.items[7].leaf[20] ^= 1;
	assert_refused(log, "do not hash to the signed checkpoint");
	assert_int_equal(size_of(log, "/j/log/tile/1/000.p/1"), 0); /* nothing wrong was written */
}

static void test_a_damaged_tail_is_refused(void **state)
{
	static const char *const paths[] = { "/j/log/tile/0/001.p/44", "/j/log/tile/1/000.p/1",
		"/j/log/tile/entries/001.p/44" };
	struct log *log = *state;
	size_t size;

	rows_grow(&log->rows, 300);
	open_log(log);
	publish(log);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		uint8_t *bytes = disk_bytes(&log->disk, paths[i], &size);

		bytes[5] ^= 1;
		assert_refused(log, "changed after it was signed");
		bytes[5] ^= 1;
	}
	open_log(log);
}

static void test_a_file_that_exists_is_never_changed(void **state)
{
	struct log *log = *state;
	struct error err = { 0 };
	size_t size;

	rows_grow(&log->rows, 300);
	open_log(log);
	publish(log);
	rows_grow(&log->rows, 300);
	assert_true(journal_files_replace(
		&log->files, "/j/log/tile/0/001", "other bytes", 11, 0644, &err));

	assert_false(log_try_publish(log));
	assert_int_equal(log->err.code, ERROR_IO);
	assert_non_null(strstr(log->err.text, "/j/log/tile/0/001 differs"));
	assert_string_equal(
		(char *)disk_bytes(&log->disk, "/j/log/tile/0/001", &size), "other bytes");
	assert_int_equal(journal_writer_size(log->writer), 300);
	disk_forget(&log->disk, "/j/log/tile/0/001");
	publish(log);
	assert_intact(log, 600);
}

/* As above, with a file that differs in one byte or in its length only. */
static void test_a_file_that_differs_a_little_is_never_changed(void **state)
{
	struct log *log = *state;
	struct error err = { 0 };
	struct buf right = { 0 };
	size_t size;

	rows_grow(&log->rows, 300);
	open_log(log);
	publish(log);
	buf_append(&right, disk_bytes(&log->disk, "/j/log/tile/0/001.p/44", &size), 44 * 32);
	buf_append_char(&right, 'x');
	rows_grow(&log->rows, 1);
	publish(log); /* 44 is no longer the newest: at the next start it is not looked at */
	for (int change = 0; change < 2; change++) {
		right.data[5] ^= (char)change;
		assert_true(journal_files_replace(&log->files, "/j/log/tile/0/001.p/44", right.data,
			44 * 32 + 1 - (size_t)change, 0644, &err));
		struct journal_batch *batch = journal_batch_new(&log->files, "/j/log");

		right.data[5] ^= (char)change;
		assert_false(
			journal_batch_add(batch, "tile/0/001.p/44", right.data, 44 * 32, &err));
		assert_int_equal(err.code, ERROR_IO);
		journal_batch_free(batch);
	}
	buf_fini(&right);
}

static void test_another_key_is_refused(void **state)
{
	static const char other[] = "PRIVATE+KEY+other.example/journal+b71b161b+"
				    "AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";
	struct log *log = *state;
	struct error err = { 0 };

	rows_grow(&log->rows, 3);
	open_log(log);
	publish(log);
	journal_key_free(log->key);
	log->key = journal_key_parse(other, strlen(other), &err);
	assert_non_null(log->key);
	assert_refused(log, "log.vkey is of another key");
}

static void test_a_forged_state_is_refused(void **state)
{
	struct log *log = *state;
	size_t size;

	rows_grow(&log->rows, 3);
	open_log(log);
	publish(log);
	uint8_t *bytes = disk_bytes(&log->disk, "/j/signed", &size);

	bytes[strlen("scimward.example.com/journal\n")] = '2';
	assert_refused(log, "/j/signed: the checkpoint is damaged");
}

/* ---- failures that pass ---- */

static void test_a_full_disk_passes(void **state)
{
	struct log *log = *state;

	rows_grow(&log->rows, 300);
	open_log(log);
	publish(log);
	rows_grow(&log->rows, 700);
	log->disk.is_full = true;
	assert_false(log_try_publish(log));
	assert_int_equal(log->err.code, ERROR_IO);
	assert_non_null(strstr(log->err.text, "No space left on device"));
	assert_int_equal(journal_writer_size(log->writer), 300);
	assert_false(log_try_publish(log));
	log->disk.is_full = false;
	publish(log);
	assert_intact(log, 1000);
}

static void test_an_unreadable_store_passes(void **state)
{
	struct log *log = *state;

	rows_grow(&log->rows, 300);
	open_log(log);
	log->rows.is_broken = true;
	assert_false(log_try_publish(log));
	assert_int_equal(log->err.code, ERROR_STORE);
	log->rows.is_broken = false;
	publish(log);
	assert_intact(log, 300);
}

/* The process dies at each operation of a round in turn, and is started again. */
static void test_a_kill_at_every_operation(void **state)
{
	struct log *log = *state;
	bool is_finished = false;

	for (long left = 0; !is_finished; left++) {
		log_fini(log);
		log_init(log, 1);
		rows_grow(&log->rows, 250);
		open_log(log);
		publish(log);
		rows_grow(&log->rows, 300);
		log->disk.left = left;
		is_finished = log_try_publish(log);
		disk_kill(&log->disk);
		open_log(log);
		publish(log);
		assert_intact(log, 550);
	}
}

int main(void)
{
#define WITH_LOG(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		WITH_LOG(test_an_empty_log_has_a_checkpoint),
		WITH_LOG(test_files_of_a_log_of_70000),
		WITH_LOG(test_sizes_around_tiles),
		WITH_LOG(test_a_round_is_bounded),
		WITH_LOG(test_partial_tiles_go_when_the_full_one_was_public_for_a_round),
		WITH_LOG(test_nothing_new_writes_nothing),
		WITH_LOG(test_a_restart_derives_identical_tiles),
		WITH_LOG(test_a_lost_state_is_taken_from_the_checkpoint),
		WITH_LOG(test_an_older_checkpoint_is_brought_up_to_what_was_signed),
		WITH_LOG(test_a_store_behind_its_log_is_refused),
		WITH_LOG(test_another_entry_in_the_tail_is_refused),
		WITH_LOG(test_another_entry_before_the_tail_is_refused_when_tiles_are_missing),
		WITH_LOG(test_a_damaged_tail_is_refused),
		WITH_LOG(test_a_file_that_exists_is_never_changed),
		WITH_LOG(test_a_file_that_differs_a_little_is_never_changed),
		WITH_LOG(test_another_key_is_refused),
		WITH_LOG(test_a_forged_state_is_refused),
		WITH_LOG(test_a_full_disk_passes),
		WITH_LOG(test_an_unreadable_store_passes),
		WITH_LOG(test_a_kill_at_every_operation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
