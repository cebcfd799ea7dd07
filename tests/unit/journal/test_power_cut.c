/*
 * The power goes at any moment, the machine comes back with what its disk still had: is there a log
 * that anybody would believe, nothing that was public is contradicted, and can the writer go on?
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/error.h"
#include "journal/checkpoint.h"
#include "tests/unit/journal/support/log.h"

struct public_view {
	struct log *log;
	uint64_t seen; /* the largest checkpoint that anybody could have read */
};

static void on_rename(void *user, const char *path)
{
	struct public_view *view = user;
	struct journal_checkpoint checkpoint;
	struct error err = { 0 };
	size_t size;

	if (strcmp(path, "/j/log/checkpoint") != 0) {
		return;
	}
	const uint8_t *bytes = disk_bytes(&view->log->disk, path, &size);

	if (journal_checkpoint_open((const char *)bytes, size, journal_key_verifier(view->log->key),
		    &checkpoint, &err) &&
		checkpoint.size > view->seen) {
		view->seen = checkpoint.size;
	}
}

static bool survives_cut(struct log *log, const struct public_view *view)
{
	size_t size;

	if (disk_bytes(&log->disk, "/j/log/checkpoint", &size) != NULL &&
		!log_verify(log, false).intact) {
		return false;
	}
	if (!log_try_open(log) || journal_writer_size(log->writer) < view->seen ||
		!log_try_publish(log)) {
		return false;
	}
	struct journal_verify_report report = log_verify(log, true);

	return report.intact && report.checkpoint.size == log->rows.count;
}

static uint32_t next(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* Grows and publishes until the power goes, sooner or later. */
static void run_until_cut(struct log *log, uint32_t *seed)
{
	log->disk.left = (long)(next(seed) % 90);
	for (int round = 0; round < 4; round++) {
		rows_grow(&log->rows, next(seed) % 90);
		if ((log->writer == NULL && !log_try_open(log)) || !log_try_publish(log)) {
			break;
		}
	}
	log_close(log);
	disk_cut(&log->disk);
}

/* A new machine, cut ten times, or until it is lost. */
static bool cut_machine(uint32_t seed, bool no_sync, bool no_sync_folder)
{
	struct log log;
	struct public_view view = { &log, 0 };
	bool is_fine = true;

	log_init(&log, seed);
	log.disk.no_sync = no_sync;
	log.disk.no_sync_folder = no_sync_folder;
	log.disk.on_rename = on_rename;
	log.disk.on_rename_user = &view;
	for (int i = 0; i < 10 && is_fine; i++) {
		run_until_cut(&log, &seed);
		is_fine = survives_cut(&log, &view);
		log_close(&log);
	}
	log_fini(&log);
	return is_fine;
}

/* Of 20 machines. */
static int lost_machines(bool no_sync, bool no_sync_folder)
{
	int lost = 0;

	for (uint32_t machine = 0; machine < 20; machine++) {
		lost += !cut_machine(20261124 + machine * 7919, no_sync, no_sync_folder);
	}
	return lost;
}

static void test_200_power_cuts_lose_nothing(void **state)
{
	(void)state;
	assert_int_equal(lost_machines(false, false), 0);
}

/* The power goes at each operation of a round in turn, and all that was not synced is lost. */
static void test_a_cut_at_every_operation_takes_nothing_back(void **state)
{
	struct public_view view;
	struct log log;
	bool is_finished = false;
	(void)state;

	for (long left = 0; !is_finished; left++) {
		view = (struct public_view){ &log, 0 };
		log_init(&log, 1);
		log.disk.loses_all = true;
		log.disk.on_rename = on_rename;
		log.disk.on_rename_user = &view;
		rows_grow(&log.rows, 250);
		assert_true(log_try_open(&log) && log_try_publish(&log));
		rows_grow(&log.rows, 300);
		log.disk.left = left;
		is_finished = log_try_publish(&log);
		log_close(&log);
		disk_cut(&log.disk);
		if (!survives_cut(&log, &view)) {
			fail_msg("operation %ld: %s", left, log.err.text);
		}
		log_fini(&log);
	}
}

/* The same must fail on a disk that does not sync, or it proves nothing. */
static void test_without_sync_of_files_machines_are_lost(void **state)
{
	(void)state;
	assert_true(lost_machines(true, false) >= 15);
}

static void test_without_sync_of_folders_machines_are_lost(void **state)
{
	(void)state;
	assert_true(lost_machines(false, true) >= 15);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_200_power_cuts_lose_nothing),
		cmocka_unit_test(test_a_cut_at_every_operation_takes_nothing_back),
		cmocka_unit_test(test_without_sync_of_files_machines_are_lost),
		cmocka_unit_test(test_without_sync_of_folders_machines_are_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
