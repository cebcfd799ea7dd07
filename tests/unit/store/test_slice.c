/* Slices of lists, forward and backward: together they are the list, whatever their size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/arena.h"
#include "store/read.h"
#include "tests/support/store_fixture.h"

enum { PEOPLE = 23, DELETED = 7 };

static struct store_fixture f;
static int64_t rids[PEOPLE]; /* as they were made; 0: deleted */

static int set_up(void **state)
{
	(void)state;
	fixture_open(&f, NULL, true);
	for (int i = 0; i < PEOPLE; i++) {
		char name[16];

		snprintf(name, sizeof(name), "p%02d", i * 7 % PEOPLE);
		rids[i] = fixture_user(&f, name, true);
		fixture_group(&f, name);
	}
	assert_int_equal(fixture_delete(&f, rids[DELETED]), ERROR_NONE);
	rids[DELETED] = 0;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fixture_close(&f);
	return 0;
}

typedef bool slice_fn(struct store_slice *slice, struct store_place *place,
	const struct store_row **rows, size_t *count, bool *more, struct error *err);

static bool slice_keys(struct store_slice *slice, struct store_place *place,
	const struct store_row **rows, size_t *count, bool *more, struct error *err)
{
	struct store_key key = fixture_key(&f, STORE_USER, "");

	slice->kind = key.kind;
	slice->scope = key.scope;
	return store_slice_keys(f.reader, f.arena, slice, place, rows, count, more, err);
}

static bool slice_ids(struct store_slice *slice, struct store_place *place,
	const struct store_row **rows, size_t *count, bool *more, struct error *err)
{
	return store_slice_ids(f.reader, f.arena, slice, place, rows, count, more, err);
}

static bool slice_rows(struct store_slice *slice, struct store_place *place,
	const struct store_row **rows, size_t *count, bool *more, struct error *err)
{
	const struct store_resource *resources;
	bool ok = store_slice_rows(f.reader, f.arena, slice, place, &resources, count, more, err);
	struct store_row *list = arena_calloc(f.arena, *count + 1, sizeof(*list));

	for (size_t i = 0; ok && i < *count; i++) {
		list[i].rid = resources[i].rid;
	}
	*rows = list;
	return ok;
}

/* All slices of `limit` behind each other. */
static size_t walk(slice_fn *take, struct store_slice slice, int64_t *found)
{
	struct store_place place = { 0 };
	size_t all = 0;
	bool more = true;

	while (more) {
		const struct store_row *rows;
		struct error err = { 0 };
		size_t count;

		assert_true(take(&slice, &place, &rows, &count, &more, &err));
		assert_true(count <= slice.limit);
		for (size_t i = 0; i < count; i++) {
			assert_true(all < PEOPLE);
			found[all++] = rows[i].rid;
		}
	}
	return all;
}

static struct store_slice people(bool backward, size_t limit)
{
	return (struct store_slice){ .tenant = f.tenant,
		.type = STORE_USER,
		.backward = backward,
		.limit = limit,
		.bytes = SIZE_MAX };
}

static void check_walks(slice_fn *take, const int64_t *wanted, size_t count)
{
	for (size_t limit = 1; limit < PEOPLE + 2; limit++) {
		int64_t found[PEOPLE];

		assert_int_equal(walk(take, people(false, limit), found), count);
		assert_memory_equal(found, wanted, count * sizeof(*wanted));
		assert_int_equal(walk(take, people(true, limit), found), count);
		for (size_t i = 0; i < count; i++) {
			assert_int_equal(found[i], wanted[count - 1 - i]);
		}
		fixture_reset(&f);
	}
}

static size_t living(int64_t *wanted)
{
	size_t count = 0;

	for (int i = 0; i < PEOPLE; i++) {
		if (rids[i] != 0) {
			wanted[count++] = rids[i];
		}
	}
	return count;
}

static void test_rows_come_as_they_were_made(void **state)
{
	int64_t wanted[PEOPLE];

	(void)state;
	check_walks(slice_rows, wanted, living(wanted));
}

static void test_a_slice_of_many_bytes_ends_earlier(void **state)
{
	int64_t wanted[PEOPLE];
	int64_t found[PEOPLE];
	size_t count = living(wanted);
	struct store_slice slice = people(false, PEOPLE);

	(void)state;
	slice.bytes = 1;
	struct store_place place = { 0 };
	const struct store_row *rows;
	size_t one;
	bool more;
	assert_true(slice_rows(&slice, &place, &rows, &one, &more, NULL));
	assert_int_equal(one, 1);
	assert_true(more);
	assert_int_equal(walk(slice_rows, slice, found), count);
	assert_memory_equal(found, wanted, count * sizeof(*wanted));
}

static void test_keys_come_in_order_of_their_bytes(void **state)
{
	int64_t wanted[PEOPLE];
	size_t count = 0;

	(void)state;
	for (int name = 0; name < PEOPLE; name++) {
		for (int i = 0; i < PEOPLE; i++) {
			if (i * 7 % PEOPLE == name && rids[i] != 0) {
				wanted[count++] = rids[i];
			}
		}
	}
	assert_int_equal(count, PEOPLE - 1);
	check_walks(slice_keys, wanted, count);
}

static void test_a_range_of_keys_has_its_low_end_and_not_its_high_one(void **state)
{
	(void)state;
	for (int backward = 0; backward < 2; backward++) {
		struct store_slice slice = people(backward != 0, 3);
		int64_t found[PEOPLE];

		slice.low = "p10";
		slice.low_size = 3;
		slice.high = "p15";
		slice.high_size = 3;
		assert_int_equal(walk(slice_keys, slice, found), 5);
		assert_string_equal(fixture_get(&f, found[0])->name, backward != 0 ? "p14" : "p10");
	}
}

/* Ids of the fixture are of no time: in order of their bytes they are all there, and only people.
 */
static void test_ids_come_in_order_and_are_of_one_type(void **state)
{
	int64_t wanted[PEOPLE];
	size_t count = 0;
	const struct store_row *rows;
	bool more;
	struct store_place place = { 0 };
	struct store_slice slice = people(false, 1000);

	(void)state;
	assert_true(slice_ids(&slice, &place, &rows, &count, &more, NULL));
	assert_int_equal(count, PEOPLE - 1);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(store_rid_type(rows[i].rid), STORE_USER);
		assert_int_equal(rows[i].key_size, UUID_BYTES);
		assert_true(i == 0 || memcmp(rows[i - 1].key, rows[i].key, UUID_BYTES) < 0);
		wanted[i] = rows[i].rid;
	}
	check_walks(slice_ids, wanted, count);
}

static void test_what_a_value_finds_is_sliced_both_ways(void **state)
{
	struct store_key key = fixture_key(&f, STORE_USER, "p07");

	(void)state;
	for (int backward = 0; backward < 2; backward++) {
		struct store_slice slice = people(backward != 0, 5);
		struct store_place place = { 0 };
		const struct store_row *rows;
		size_t count;
		bool more;

		assert_true(store_slice_found(
			f.reader, f.arena, &slice, &key, &place, &rows, &count, &more, NULL));
		assert_int_equal(count, 1);
		assert_false(more);
		assert_int_equal(place.rid, rows[0].rid);
		assert_true(store_slice_found(
			f.reader, f.arena, &slice, &key, &place, &rows, &count, &more, NULL));
		assert_int_equal(count, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_come_as_they_were_made),
		cmocka_unit_test(test_a_slice_of_many_bytes_ends_earlier),
		cmocka_unit_test(test_keys_come_in_order_of_their_bytes),
		cmocka_unit_test(test_a_range_of_keys_has_its_low_end_and_not_its_high_one),
		cmocka_unit_test(test_ids_come_in_order_and_are_of_one_type),
		cmocka_unit_test(test_what_a_value_finds_is_sliced_both_ways),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
