/* A disk that is full or broken: the batch fails as a whole, nothing is half-done, it works again
 * later. */
#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>
#include "base/arena.h"
#include "io/loop.h"
#include "store/backup.h"
#include "tests/support/fault_vfs.h"
#include "tests/support/store_fixture.h"

static int set_up(void **state)
{
	static struct store_fixture fixture;

	fault_vfs_register();
	fault_vfs_reset();
	fixture_open(&fixture, FAULT_VFS, false);
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fault_counts counts;

	fault_vfs_fail(FAULT_NONE, 0);
	fixture_close(*state);
	fault_vfs_counts(&counts);
	assert_int_equal(counts.syncs_after_failure, 0); /* in every test of this file */
	return 0;
}

static struct store_commit make_create(struct store_fixture *f, struct store_write *write,
	struct store_entry *entry, struct store_key *key, const char *name)
{
	struct store_commit commit = fixture_commit(f);

	*key = fixture_key(f, STORE_USER, name);
	*entry = fixture_entry(f, name);
	*write = (struct store_write){ .action = STORE_CREATE,
		.type = STORE_USER,
		.active = true,
		.name = name,
		.doc = "{}",
		.doc_size = 2,
		.keys = key,
		.key_count = 1 };
	uuid_new(write->id);
	commit.write = write;
	commit.entry = entry;
	return commit;
}

static enum error_code try_create(struct store_fixture *f, const char *name)
{
	struct store_write write;
	struct store_entry entry;
	struct store_key key;
	struct store_commit commit = make_create(f, &write, &entry, &key, name);

	return fixture_run(f, &commit);
}

static int64_t journal_size(struct store_fixture *f)
{
	int64_t size;

	assert_true(store_journal_size(f->reader, &size, NULL));
	return size;
}

static int64_t count_users(struct store_fixture *f)
{
	struct store_population population;

	assert_true(store_population(f->reader, f->tenant, &population, NULL));
	return population.users;
}

static bool has_user(struct store_fixture *f, const char *name)
{
	const struct store_resource *found;
	struct store_key key = fixture_key(f, STORE_USER, name);

	assert_true(store_find_key(
		f->reader, f->arena, key.kind, key.scope, key.value, key.size, &found, NULL));
	return found != NULL;
}

/* Walks a fault through every write or fsync of a commit; after each, what was answered is what is
 * there. */
static void walk_fault(struct store_fixture *f, enum fault_kind kind, enum error_code expected)
{
	int64_t there = 0;
	int failures = 0;

	for (int skip = 0; skip < 60; skip++) {
		char name[16];
		snprintf(name, sizeof(name), "u%d", skip);
		fault_vfs_fail(kind, skip % 30 * (kind == FAULT_WRITE ? 2 : 1));
		enum error_code code = try_create(f, name);
		fault_vfs_fail(FAULT_NONE, 0);
		assert_true(code == ERROR_NONE || code == expected);
		failures += code != ERROR_NONE;
		there += code == ERROR_NONE;
		assert_int_equal(has_user(f, name), code == ERROR_NONE);
		assert_int_equal(journal_size(f), there);
		assert_int_equal(count_users(f), there);
	}
	assert_true(failures >= 2); /* the fault was met */
	assert_true(there >= 2);
	assert_int_equal(try_create(f, "last"), ERROR_NONE);
	assert_int_equal(journal_size(f), there + 1);
}

static void test_a_full_disk_refuses_the_batch_and_nothing_else(void **state)
{
	walk_fault(*state, FAULT_FULL, ERROR_STORE);
}

static void test_a_failed_write_refuses_the_batch_and_nothing_else(void **state)
{
	walk_fault(*state, FAULT_WRITE, ERROR_STORE);
}

static void test_a_failed_fsync_refuses_the_batch_and_is_never_repeated(void **state)
{
	walk_fault(*state, FAULT_SYNC, ERROR_STORE);
}

static void test_the_sentence_says_what_to_do(void **state)
{
	struct store_fixture *f = *state;
	struct store_commit commit = fixture_commit(f);
	struct store_entry entry = fixture_entry(f, "x");
	struct error err = { 0 };

	commit.entry = &entry;
	fault_vfs_fail(FAULT_FULL, 0);

	assert_false(store_commit_wait(f->store, &commit, &err));
	assert_non_null(strstr(err.text, "the disk is full; free some space"));
}

static void test_readers_go_on_while_the_disk_refuses_writes(void **state)
{
	struct store_fixture *f = *state;

	fixture_user(f, "alice", true);
	fault_vfs_fail(FAULT_FULL, 0);
	assert_int_equal(try_create(f, "bob"), ERROR_STORE);
	assert_int_equal(try_create(f, "carol"), ERROR_STORE);

	assert_true(has_user(f, "alice"));
	assert_int_equal(journal_size(f), 1);
}

static void test_a_failed_read_is_told_and_over_with_the_fault(void **state)
{
	struct store_fixture *f = *state;
	const struct store_resource *found;
	struct error err = { 0 };
	int64_t rid = fixture_user(f, "alice", true);

	fixture_reopen(f); /* nothing is cached */
	fault_vfs_fail(FAULT_READ, 0);
	assert_false(store_find_rid(f->reader, f->arena, rid, &found, &err));
	assert_int_equal(err.code, ERROR_STORE);
	fault_vfs_fail(FAULT_NONE, 0);

	assert_true(store_find_rid(f->reader, f->arena, rid, &found, &err));
	assert_non_null(found);
}

static bool is_healthy(struct store_fixture *f)
{
	struct store_stats stats;

	store_stats(f->store, &stats);
	return stats.healthy;
}

static void test_the_store_becomes_well_without_traffic(void **state)
{
	struct store_fixture *f = *state;

	assert_true(is_healthy(f));
	fault_vfs_fail(FAULT_SYNC, 0);
	assert_int_equal(try_create(f, "alice"), ERROR_STORE);
	assert_false(is_healthy(f));
	fault_vfs_fail(FAULT_NONE, 0);
	/* Its probe comes each second; a minute is for machines that are busy with other things. */
	for (int i = 0; i < 6000 && !is_healthy(f); i++) {
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}

	assert_true(is_healthy(f));
}

/* ---- a batch ---- */

enum { MANY = 50 };

static struct batch_item {
	struct store_commit commit;
	struct store_write write;
	struct store_entry entry;
	struct store_key key;
	char name[16];
} items[MANY];

static struct loop *loop;
static int answered;

static void on_answer(void *user)
{
	(void)user;
	if (++answered == MANY) {
		loop_stop(loop);
	}
}

static void test_all_of_a_batch_are_told(void **state)
{
	struct store_fixture *f = *state;

	loop = loop_new();
	answered = 0;
	fault_vfs_fail(FAULT_SYNC, 0);
	for (int i = 0; i < MANY; i++) {
		snprintf(items[i].name, sizeof(items[i].name), "u%d", i);
		items[i].commit = make_create(
			f, &items[i].write, &items[i].entry, &items[i].key, items[i].name);
		store_commit(f->store, &items[i].commit, loop, on_answer, NULL);
	}
	loop_run(loop);
	fault_vfs_fail(FAULT_NONE, 0);

	for (int i = 0; i < MANY; i++) {
		assert_false(items[i].commit.ok);
		assert_int_equal(items[i].commit.err.code, ERROR_STORE);
		assert_int_equal(items[i].commit.index, -1);
	}
	assert_int_equal(journal_size(f), 0);
	loop_free(loop);
}

/* ---- checkpoints ---- */

/* One entry of that text: the WAL is well, so it is always stored. */
static void commit_text(struct store_fixture *f, const char *text, size_t size)
{
	struct store_commit commit = fixture_commit(f);
	struct store_entry entry = fixture_entry(f, "big");

	entry.leaf = text;
	entry.leaf_size = size;
	commit.entry = &entry;
	fixture_must(f, &commit);
}

static int fault_count(void)
{
	struct fault_counts counts;

	fault_vfs_counts(&counts);
	return (int)counts.failed;
}

static void test_a_checkpoint_that_fails_loses_nothing(void **state)
{
	enum { MOST = 20000 };
	struct store_fixture *f = *state;
	int entries = 0;
	static char text[60000];
	struct store_copy_info info;

	store_reader_close(f->reader);
	store_close(f->store);
	f->store = store_open(
		&(struct store_options){
			.path = f->path, .vfs = FAULT_VFS, .checkpoint_frames = 50 },
		NULL);
	f->reader = store_reader_open(f->store, NULL);
	memset(text, 'x', sizeof(text));
	fault_vfs_only("store.db");
	for (int round = 0; round < 3; round++) {
		static const enum fault_kind kinds[] = { FAULT_WRITE, FAULT_SYNC, FAULT_WRITE };
		int failed = fault_count();
		fault_vfs_fail(kinds[round], round);
		/* The checkpoint has its own thread: how many commits pass until it meets the fault
		 * is not ours to say. */
		do {
			commit_text(f, text, sizeof(text));
			entries++;
		} while (fault_count() == failed && entries < MOST);
		assert_true(fault_count() > failed);
		fault_vfs_fail(FAULT_NONE, 0);
		for (int i = 0; i < 10; i++) {
			commit_text(f, text, sizeof(text)); /* the checkpoint is made up for */
			entries++;
		}
	}
	fixture_reopen(f);

	assert_int_equal(journal_size(f), entries);
	fixture_shut(f);
	assert_true(store_backup_check(f->path, &info, NULL));
	assert_int_equal(info.entries, entries);
	fixture_reopen(f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_full_disk_refuses_the_batch_and_nothing_else),
		TEST(test_a_failed_write_refuses_the_batch_and_nothing_else),
		TEST(test_a_failed_fsync_refuses_the_batch_and_is_never_repeated),
		TEST(test_the_sentence_says_what_to_do),
		TEST(test_readers_go_on_while_the_disk_refuses_writes),
		TEST(test_a_failed_read_is_told_and_over_with_the_fault),
		TEST(test_the_store_becomes_well_without_traffic),
		TEST(test_all_of_a_batch_are_told),
		TEST(test_a_checkpoint_that_fails_loses_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
