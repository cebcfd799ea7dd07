/* Batches: who goes first, who fails alone, who is told where. */
#include "store/committer.h"

#include <semaphore.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/arena.h"
#include "io/loop.h"
#include "store/queue.h"
#include "tests/support/store_fixture.h"

enum { MANY = 200 };

struct item {
	struct store_commit commit;
	struct store_entry entry;
	struct store_write write;
	struct loop *answered_in;
	char leaf[32];
};

static struct store_fixture f;
static struct loop *loop;
static struct item items[MANY];
static atomic_int answers;
static int expected;

static int set_up(void **state)
{
	(void)state;
	fixture_open(&f, NULL, true);
	loop = loop_new();
	memset(items, 0, sizeof(items));
	atomic_store(&answers, 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fixture_close(&f);
	loop_free(loop);
	return 0;
}

static void on_answer(void *user)
{
	struct item *item = user;

	item->answered_in = loop_is_mine(loop) ? loop : NULL;
	if (atomic_fetch_add(&answers, 1) + 1 == expected) {
		loop_stop(loop);
	}
}

static void fill(int i)
{
	snprintf(items[i].leaf, sizeof(items[i].leaf), "%d", i);
	items[i].commit = fixture_commit(&f);
	items[i].entry = fixture_entry(&f, items[i].leaf);
	items[i].commit.entry = &items[i].entry;
}

static void fill_create(int i)
{
	items[i].write = (struct store_write){
		.action = STORE_CREATE, .type = STORE_USER, .doc = "{}", .doc_size = 2
	};
	uuid_new(items[i].write.id);
	items[i].commit.write = &items[i].write;
}

static void submit_all(int count)
{
	expected = count;
	for (int i = 0; i < count; i++) {
		store_commit(f.store, &items[i].commit, loop, on_answer, &items[i]);
	}
	loop_run(loop);
}

/* Holds the committer in a watch, so that what comes meanwhile is one batch. */
static atomic_bool is_gate_shut;
static sem_t reached;
static sem_t opened;

static void on_gate(void *user)
{
	(void)user;
	if (atomic_exchange(&is_gate_shut, false)) {
		sem_post(&reached);
		sem_wait(&opened);
	}
}

/* Its own entry has index 0. */
static struct store_watch *shut_gate(void)
{
	struct store_commit commit = fixture_commit(&f);
	struct store_entry entry = fixture_entry(&f, "gate");

	commit.entry = &entry;
	sem_init(&reached, 0, 0);
	sem_init(&opened, 0, 0);
	atomic_store(&is_gate_shut, true);
	struct store_watch *watch = store_watch(f.store, STORE_NEWS_ENTRIES, NULL, on_gate, NULL);
	fixture_must(&f, &commit);
	sem_wait(&reached);
	return watch;
}

static void open_gate(struct store_watch *watch)
{
	sem_post(&opened);
	store_unwatch(f.store, watch);
}

static void test_everybody_is_answered_once_in_his_loop_with_his_own_index(void **state)
{
	bool seen[MANY] = { false };
	(void)state;

	for (int i = 0; i < MANY; i++) {
		fill(i);
	}
	submit_all(MANY);

	for (int i = 0; i < MANY; i++) {
		const struct store_entry *entry;
		assert_true(items[i].commit.ok);
		assert_ptr_equal(items[i].answered_in, loop);
		assert_in_range(items[i].commit.index, 0, MANY - 1);
		assert_false(seen[items[i].commit.index]);
		seen[items[i].commit.index] = true;
		assert_true(
			store_find_entry(f.reader, f.arena, items[i].commit.index, &entry, NULL));
		assert_memory_equal(entry->leaf, items[i].leaf, entry->leaf_size);
	}
}

static void test_many_operations_share_a_transaction(void **state)
{
	struct store_stats before;
	struct store_stats after;
	(void)state;

	struct store_watch *watch = shut_gate();
	store_stats(f.store, &before);
	expected = MANY;
	for (int i = 0; i < MANY; i++) {
		fill(i);
		store_commit(f.store, &items[i].commit, loop, on_answer, &items[i]);
	}
	open_gate(watch);
	loop_run(loop);

	store_stats(f.store, &after);
	assert_int_equal(after.operations - before.operations, MANY);
	assert_int_equal(after.commits - before.commits, 1);
	assert_true(after.commit_us > before.commit_us);
}

static void test_deactivations_go_first_in_a_batch(void **state)
{
	(void)state;

	struct store_watch *watch = shut_gate();
	expected = 10;
	for (int i = 0; i < 10; i++) {
		fill(i);
		items[i].commit.urgent = i >= 8;
		store_commit(f.store, &items[i].commit, loop, on_answer, &items[i]);
	}
	open_gate(watch);
	loop_run(loop);

	assert_int_equal(items[8].commit.index, 1); /* 0 is the gate's */
	assert_int_equal(items[9].commit.index, 2);
	assert_int_equal(items[0].commit.index, 3);
	assert_int_equal(items[7].commit.index, 10);
}

static void test_a_refused_operation_leaves_the_rest_of_its_batch_alone(void **state)
{
	struct store_expect wrong = { 4711, 1 };
	(void)state;

	struct store_watch *watch = shut_gate();
	expected = 10;
	for (int i = 0; i < 10; i++) {
		fill(i);
		items[i].commit.expect = &wrong;
		items[i].commit.expect_count = i == 4;
		store_commit(f.store, &items[i].commit, loop, on_answer, &items[i]);
	}
	open_gate(watch);
	loop_run(loop);

	for (int i = 0; i < 10; i++) {
		assert_int_equal(items[i].commit.ok, i != 4);
	}
	assert_int_equal(items[4].commit.err.code, ERROR_CONFLICT);
	assert_int_equal(items[9].commit.index, 9); /* no gap */
}

/* A constraint that no check foresaw: here a trigger that somebody put into the database. */
static void test_an_operation_that_breaks_the_transaction_fails_alone(void **state)
{
	sqlite3 *db;
	(void)state;

	assert_int_equal(sqlite3_open(f.path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db,
				 "CREATE TRIGGER t BEFORE INSERT ON payload WHEN NEW.idx = 3 AND"
				 " (SELECT kind FROM entry WHERE idx = 3) = 99"
				 " BEGIN SELECT raise(ABORT, 'no'); END",
				 NULL, NULL, NULL),
		SQLITE_OK);
	sqlite3_close(db);
	struct store_watch *watch = shut_gate();
	expected = 5;
	for (int i = 0; i < 5; i++) {
		fill(i);
		fill_create(i);
		items[i].entry.kind = i == 2 ? 99 : 1;
		store_commit(f.store, &items[i].commit, loop, on_answer, &items[i]);
	}
	open_gate(watch);
	loop_run(loop);

	for (int i = 0; i < 5; i++) {
		assert_int_equal(items[i].commit.ok, i != 2);
	}
	assert_int_equal(items[2].commit.err.code, ERROR_INTERNAL);
	assert_int_equal(items[3].commit.index, 3); /* no gap, nothing half-done */
	int64_t size;
	assert_true(store_journal_size(f.reader, &size, NULL));
	assert_int_equal(size, 5);
	/* What the broken transaction had counted in memory is forgotten. */
	struct store_population population;
	assert_true(store_population(f.reader, f.tenant, &population, NULL));
	assert_int_equal(population.users, 4);
}

static void test_a_full_queue_turns_away_with_an_answer(void **state)
{
	struct store_stats stats;
	int rejected = 0;
	(void)state;

	store_reader_close(f.reader);
	store_close(f.store);
	f.store = store_open(&(struct store_options){ .path = f.path, .queue_limit = 5 }, NULL);
	f.reader = store_reader_open(f.store, NULL);
	struct store_watch *watch = shut_gate();
	expected = 8;
	for (int i = 0; i < 8; i++) {
		fill(i);
		store_commit(f.store, &items[i].commit, loop, on_answer, &items[i]);
	}
	store_stats(f.store, &stats);
	assert_int_equal(stats.queued, 5);
	open_gate(watch);
	loop_run(loop);

	for (int i = 0; i < 8; i++) {
		rejected += !items[i].commit.ok && items[i].commit.err.code == ERROR_STORE;
	}
	assert_int_equal(rejected, 3);
	store_stats(f.store, &stats);
	assert_int_equal(stats.rejected, 3);
	assert_int_equal(stats.queued, 0);
}

static void test_closing_answers_what_is_queued(void **state)
{
	(void)state;

	expected = MANY;
	for (int i = 0; i < MANY; i++) {
		fill(i);
		store_commit(f.store, &items[i].commit, loop, on_answer, &items[i]);
	}
	fixture_reopen(&f);
	loop_run(loop);

	int64_t size;
	assert_true(store_journal_size(f.reader, &size, NULL));
	assert_int_equal(size, MANY);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_everybody_is_answered_once_in_his_loop_with_his_own_index),
		TEST(test_many_operations_share_a_transaction),
		TEST(test_deactivations_go_first_in_a_batch),
		TEST(test_a_refused_operation_leaves_the_rest_of_its_batch_alone),
		TEST(test_an_operation_that_breaks_the_transaction_fails_alone),
		TEST(test_a_full_queue_turns_away_with_an_answer),
		TEST(test_closing_answers_what_is_queued),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
