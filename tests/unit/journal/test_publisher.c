#include "journal/publisher.h"

#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>
#include "base/error.h"
#include "journal/key.h"
#include "journal/verify.h"
#include "tests/unit/journal/support/disk.h"
#include "tests/unit/journal/support/rows.h"

static const char key_text[] = "PRIVATE+KEY+scimward.example.com/journal+d76d62a6+"
			       "AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

/* Rows that another thread may add to. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct rows rows;
static struct journal_source inner;

static struct disk disk;
static struct journal_files files;
static struct journal_key *key;
static struct journal_publisher *publisher;
static sem_t published;
static sem_t failed;
static sem_t entries;
static _Atomic uint64_t last_published;

static bool locked_size(void *user, uint64_t *size, struct error *err)
{
	(void)user;
	pthread_mutex_lock(&mutex);
	bool ok = inner.size(inner.user, size, err);

	pthread_mutex_unlock(&mutex);
	return ok;
}

static bool locked_rows(void *user, uint64_t from, uint64_t count, bool payloads,
	journal_row_fn *fn, void *fn_user, struct error *err)
{
	(void)user;
	pthread_mutex_lock(&mutex);
	bool ok = inner.rows(inner.user, from, count, payloads, fn, fn_user, err);

	pthread_mutex_unlock(&mutex);
	return ok;
}

static void on_published(void *user, uint64_t size)
{
	(void)user;
	atomic_store(&last_published, size);
	sem_post(&published);
}

static void on_failed(void *user, const struct error *err)
{
	(void)user;
	(void)err;
	sem_post(&failed);
}

static void on_entries(void *user, uint64_t size)
{
	(void)user;
	(void)size;
	sem_post(&entries);
}

/* Far longer than anything here takes, and an end when it never comes. */
static void await(sem_t *semaphore)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 30;
	assert_int_equal(sem_timedwait(semaphore, &until), 0);
}

static void grow(size_t count)
{
	pthread_mutex_lock(&mutex);
	rows_grow(&rows, count);
	pthread_mutex_unlock(&mutex);
}

static void set_broken(bool is_broken)
{
	pthread_mutex_lock(&mutex);
	rows.is_broken = is_broken;
	pthread_mutex_unlock(&mutex);
}

static int setup(void **state)
{
	struct error err = { 0 };
	(void)state;

	disk_init(&disk, 1);
	files = disk_files(&disk);
	rows = (struct rows){ 0 };
	inner = rows_source(&rows);
	key = journal_key_parse(key_text, strlen(key_text), &err);
	sem_init(&published, 0, 0);
	sem_init(&failed, 0, 0);
	sem_init(&entries, 0, 0);
	atomic_store(&last_published, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	rows_fini(&rows);
	disk_fini(&disk);
	journal_key_free(key);
	sem_destroy(&published);
	sem_destroy(&failed);
	sem_destroy(&entries);
	return 0;
}

static void start(void)
{
	const struct journal_publisher_options options = {
		.writer = { "/j/log", "/j/signed", key, { locked_size, locked_rows, NULL },
			&files },
		.interval_ms = 1,
		.on_entries = on_entries,
		.on_published = on_published,
		.on_failed = on_failed,
	};
	struct error err = { 0 };

	publisher = journal_publisher_start(&options, &err);
	if (publisher == NULL) {
		fail_msg("%s", err.text);
	}
}

static void assert_intact(uint64_t size)
{
	const struct journal_verify_options options = {
		.directory = "/j/log", .state_path = "/j/signed", .source = &inner, .files = &files
	};
	struct journal_verify_report report;
	struct error err = { 0 };

	assert_true(journal_verify(&options, &report, &err));
	assert_string_equal(report.problem, "");
	assert_int_equal(report.checkpoint.size, size);
}

/* ---- tests ---- */

static void test_what_a_crash_left_is_published_at_start(void **state)
{
	(void)state;
	rows_grow(&rows, 300);
	start();
	await(&published);
	assert_int_equal(atomic_load(&last_published), 300);
	journal_publisher_stop(publisher);
	assert_intact(300);
}

static void test_news_are_published_and_told(void **state)
{
	struct journal_publisher_status status;
	(void)state;

	start();
	for (uint64_t round = 1; round <= 5; round++) {
		grow(100);
		journal_publisher_notify(publisher);
		await(&entries);
		await(&published);
		assert_int_equal(atomic_load(&last_published), round * 100);
	}
	journal_publisher_status(publisher, &status);
	assert_int_equal(status.published, 500);
	assert_int_equal(status.seen, 500);
	assert_int_equal(status.checkpoints, 5);
	assert_true(status.published_at_us > 0);
	assert_false(status.failing);
	journal_publisher_stop(publisher);
	assert_intact(500);
}

static void test_stop_publishes_what_is_there(void **state)
{
	(void)state;
	start();
	grow(3 * JOURNAL_ROUND + 7); /* without a notice */
	journal_publisher_stop(publisher);
	assert_intact(3 * JOURNAL_ROUND + 7);
}

static void test_a_failure_is_told_once_and_passes(void **state)
{
	struct journal_publisher_status status;
	(void)state;

	start();
	grow(1);
	journal_publisher_notify(publisher);
	await(&published);
	set_broken(true);
	journal_publisher_notify(publisher);
	await(&failed);
	journal_publisher_status(publisher, &status);
	assert_true(status.failing);
	assert_int_equal(status.published, 1);
	grow(1);
	set_broken(false);
	await(&published); /* by the retry after a second, not by a notice */
	assert_int_equal(atomic_load(&last_published), 2);
	journal_publisher_status(publisher, &status);
	assert_false(status.failing);
	assert_int_equal(sem_trywait(&failed), -1);
	journal_publisher_stop(publisher);
	assert_intact(2);
}

static void *notify_often(void *user)
{
	(void)user;
	for (int i = 0; i < 2000; i++) {
		grow(1);
		journal_publisher_notify(publisher);
	}
	return NULL;
}

static void test_notices_from_many_threads_lose_nothing(void **state)
{
	pthread_t threads[4];
	(void)state;

	start();
	for (int i = 0; i < 4; i++) {
		assert_int_equal(pthread_create(&threads[i], NULL, notify_often, NULL), 0);
	}
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
	}
	while (atomic_load(&last_published) < 8000) {
		await(&published);
	}
	journal_publisher_stop(publisher);
	assert_intact(8000);
}

static void test_a_store_behind_its_log_does_not_start(void **state)
{
	const struct journal_publisher_options options = {
		.writer = { "/j/log", "/j/signed", key, { locked_size, locked_rows, NULL },
			&files },
	};
	struct error err = { 0 };
	(void)state;

	rows_grow(&rows, 10);
	start();
	journal_publisher_stop(publisher);
	rows.count = 9;
	assert_null(journal_publisher_start(&options, &err));
	assert_int_equal(err.code, ERROR_CONFIG);
	rows.count = 10;
}

static void test_stopping_nothing_is_fine(void **state)
{
	(void)state;
	journal_publisher_stop(NULL);
}

int main(void)
{
#define WITH_LOG(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		WITH_LOG(test_what_a_crash_left_is_published_at_start),
		WITH_LOG(test_news_are_published_and_told),
		WITH_LOG(test_stop_publishes_what_is_there),
		WITH_LOG(test_a_failure_is_told_once_and_passes),
		WITH_LOG(test_notices_from_many_threads_lose_nothing),
		WITH_LOG(test_a_store_behind_its_log_does_not_start),
		cmocka_unit_test(test_stopping_nothing_is_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
