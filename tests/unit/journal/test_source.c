#include "journal/source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/error.h"
#include "store/commit.h"
#include "store/read.h"
#include "store/store.h"

#define ENTRIES 600 /* more than is read at once */

static char folder[] = "/tmp/scimward-test-source-XXXXXX";
static struct store *store;
static struct store_reader *reader;
static struct journal_source source;

static void add_entries(size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		char leaf[32];
		struct store_entry entry = { .at_us = 1, .leaf = leaf };
		struct store_commit commit = { .entry = &entry };
		struct error err = { 0 };

		entry.leaf_size = (size_t)snprintf(leaf, sizeof(leaf), "leaf %zu", i);
		if (i % 2 == 0) {
			entry.payload = "payload";
			entry.payload_size = 7;
		}
		if (!store_commit_wait(store, &commit, &err)) {
			fail_msg("%s", err.text);
		}
		assert_int_equal(commit.index, i);
	}
}

static int setup(void **state)
{
	char path[sizeof(folder) + 16];
	struct error err = { 0 };
	(void)state;

	if (mkdtemp(folder) == NULL) {
		return -1;
	}
	snprintf(path, sizeof(path), "%s/db", folder);
	/* Nothing here is about durability. */
	store = store_open(&(struct store_options){ .path = path, .unsafe_no_sync = true }, &err);
	if (store == NULL) {
		return -1;
	}
	reader = store_reader_open(store, &err);
	source = journal_source_of_store(reader);
	add_entries(0, ENTRIES);
	return reader != NULL ? 0 : -1;
}

static int teardown(void **state)
{
	char command[sizeof(folder) + 16];
	(void)state;

	store_reader_close(reader);
	store_close(store);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

struct seen {
	uint64_t next;
	uint64_t count;
	uint64_t payloads;
	uint64_t stop_after;
	bool fail;
};

static bool on_row(void *user, const struct journal_row *row, struct error *err)
{
	struct seen *seen = user;
	char leaf[32];
	int size = snprintf(leaf, sizeof(leaf), "leaf %llu", (unsigned long long)seen->next);

	assert_int_equal(row->index, seen->next);
	assert_int_equal(row->leaf_size, size);
	assert_memory_equal(row->leaf, leaf, (size_t)size);
	if (row->payload != NULL) {
		assert_int_equal(row->payload_size, 7);
		assert_memory_equal(row->payload, "payload", 7);
	}
	seen->next++;
	seen->count++;
	seen->payloads += row->payload != NULL;
	if (seen->count == seen->stop_after) {
		return seen->fail ? error_set(err, ERROR_IO, "no more") : false;
	}
	return true;
}

static struct seen read_rows(uint64_t from, uint64_t count, bool payloads)
{
	struct seen seen = { .next = from };
	struct error err = { 0 };

	if (!source.rows(source.user, from, count, payloads, on_row, &seen, &err)) {
		fail_msg("%s", err.text);
	}
	return seen;
}

static void test_size_grows_with_the_store(void **state)
{
	struct error err = { 0 };
	uint64_t size;
	(void)state;

	assert_true(source.size(source.user, &size, &err));
	assert_int_equal(size, ENTRIES);
}

static void test_rows_in_order_over_all_slices(void **state)
{
	struct seen seen = read_rows(0, ENTRIES, true);
	(void)state;

	assert_int_equal(seen.count, ENTRIES);
	assert_int_equal(seen.payloads, ENTRIES / 2);
}

static void test_a_range(void **state)
{
	(void)state;
	assert_int_equal(read_rows(250, 300, false).count, 300);
	assert_int_equal(read_rows(250, 300, false).payloads, 0);
	assert_int_equal(read_rows(599, 1, true).count, 1);
	assert_int_equal(read_rows(7, 0, true).count, 0);
}

static void test_beyond_the_end_there_are_fewer(void **state)
{
	(void)state;
	assert_int_equal(read_rows(590, 100, false).count, 10);
	assert_int_equal(read_rows(600, 100, false).count, 0);
}

static void test_enough_is_no_failure(void **state)
{
	struct seen seen = { .stop_after = 300 };
	struct error err = { 0 };
	(void)state;

	assert_true(source.rows(source.user, 0, ENTRIES, false, on_row, &seen, &err));
	assert_int_equal(seen.count, 300);
	assert_int_equal(err.code, ERROR_NONE);
}

static void test_a_failure_ends_it(void **state)
{
	struct seen seen = { .stop_after = 300, .fail = true };
	struct error err = { 0 };
	(void)state;

	assert_false(source.rows(source.user, 0, ENTRIES, false, on_row, &seen, &err));
	assert_int_equal(seen.count, 300);
	assert_string_equal(err.text, "no more");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_size_grows_with_the_store),
		cmocka_unit_test(test_rows_in_order_over_all_slices),
		cmocka_unit_test(test_a_range),
		cmocka_unit_test(test_beyond_the_end_there_are_fewer),
		cmocka_unit_test(test_enough_is_no_failure),
		cmocka_unit_test(test_a_failure_ends_it),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
