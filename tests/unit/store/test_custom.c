/* Resource types and unique attributes of the configuration: rows like others, numbered by name. */
#include "store/commit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/arena.h"
#include "tests/support/store_fixture.h"

#define DEVICE STORE_CUSTOM
#define ROLE ((enum store_type)(STORE_CUSTOM + 1))
#define NOTHING ((enum store_type)(STORE_CUSTOM + 2))

enum { SERIAL = STORE_KEY_CUSTOM };

static int set_up(void **state)
{
	static struct store_fixture fixture;

	fixture_open(&fixture, NULL, true);
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	fixture_close(*state);
	return 0;
}

static struct store_key serial(struct store_fixture *f, const char *value)
{
	return (struct store_key){ SERIAL, true, f->tenant, value, strlen(value) };
}

/* keys NULL: none. */
static int64_t make(
	struct store_fixture *f, enum store_type type, const struct store_key *keys, size_t count)
{
	struct store_write write = { .action = STORE_CREATE,
		.type = type,
		.doc = "{}",
		.doc_size = 2,
		.keys = keys,
		.key_count = count };
	struct store_commit commit = fixture_commit(f);

	uuid_new(write.id);
	commit.write = &write;
	fixture_must(f, &commit);
	return commit.rid;
}

static int64_t count_of(struct store_fixture *f, enum store_type type)
{
	int64_t count = -1;

	assert_true(store_count(f->reader, f->tenant, type, &count, NULL));
	return count;
}

/* The rid that a serial number finds; 0: none. */
static int64_t find(struct store_fixture *f, const char *value)
{
	struct store_key key = serial(f, value);
	const struct store_resource *found;

	assert_true(store_find_key(
		f->reader, f->arena, key.kind, key.scope, key.value, key.size, &found, NULL));
	return found != NULL ? found->rid : 0;
}

static void test_types_are_counted_and_listed_apart(void **state)
{
	struct store_fixture *f = *state;
	struct store_population population;
	const struct store_resource *rows;
	size_t count;
	int64_t user = fixture_user(f, "ann", true);
	int64_t first = make(f, DEVICE, NULL, 0);
	int64_t second = make(f, DEVICE, NULL, 0);
	int64_t role = make(f, ROLE, NULL, 0);

	assert_int_equal(store_rid_type(first), DEVICE);
	assert_int_equal(store_rid_type(role), ROLE);
	assert_int_equal(second, first + 1);
	assert_int_equal(count_of(f, DEVICE), 2);
	assert_int_equal(count_of(f, ROLE), 1);
	assert_int_equal(count_of(f, STORE_USER), 1);
	assert_int_equal(count_of(f, NOTHING), 0);
	assert_true(store_list(f->reader, f->arena, f->tenant, DEVICE, 0, 10, &rows, &count, NULL));
	assert_int_equal(count, 2);
	assert_true(fixture_get(f, first)->active); /* only people can be inactive */
	assert_true(store_population(f->reader, f->tenant, &population, NULL));
	assert_int_equal(population.users, 1);
	assert_int_equal(population.groups, 0);
	assert_int_equal(fixture_get(f, user)->type, STORE_USER);
}

static void test_numbers_are_never_given_twice(void **state)
{
	struct store_fixture *f = *state;
	int64_t first = make(f, DEVICE, NULL, 0);

	assert_int_equal(fixture_delete(f, first), ERROR_NONE);
	assert_int_equal(count_of(f, DEVICE), 0);
	fixture_reopen(f);

	assert_int_equal(make(f, DEVICE, NULL, 0), first + 1);
	assert_int_equal(count_of(f, DEVICE), 1);
}

static void test_names_of_types_and_keys_have_numbers_of_their_own(void **state)
{
	struct store_fixture *f = *state;
	int device, role, key, again;

	assert_true(store_name_get(f->store, STORE_NAME_TYPE, "Device", &device, NULL));
	assert_true(store_name_get(f->store, STORE_NAME_TYPE, "Role", &role, NULL));
	assert_true(store_name_get(f->store, STORE_NAME_KEY, "urn:x:Device:serial", &key, NULL));
	assert_true(store_name_get(f->store, STORE_NAME_TYPE, "Device", &again, NULL));

	assert_int_equal(device, 1);
	assert_int_equal(role, 2);
	assert_int_equal(key, 1);
	assert_int_equal(again, device);
}

/* ---- new keys for what is there ---- */

static void test_resources_get_keys_without_a_new_version(void **state)
{
	struct store_fixture *f = *state;
	struct store_key old = serial(f, "old"), new = serial(f, "new");
	int64_t rid = make(f, DEVICE, &old, 1);
	struct store_rekey item = { .resource = fixture_get(f, rid), .keys = &new, .key_count = 1 };
	struct store_commit commit = fixture_commit(f);

	commit.rekeys = &item;
	commit.rekey_count = 1;
	fixture_must(f, &commit);

	assert_int_equal(item.holder, 0);
	assert_int_equal(find(f, "new"), rid);
	assert_int_equal(find(f, "old"), 0);
	assert_int_equal(fixture_get(f, rid)->version, 1);
	assert_int_equal(fixture_get(f, rid)->key_count, 1);
	assert_int_equal(fixture_delete(f, rid), ERROR_NONE);
	assert_int_equal(find(f, "new"), 0);
}

static void test_of_two_that_want_a_value_the_second_is_told_of_the_first(void **state)
{
	struct store_fixture *f = *state;
	struct store_key same = serial(f, "same"), other = serial(f, "other");
	int64_t rids[] = { make(f, DEVICE, NULL, 0), make(f, DEVICE, NULL, 0),
		make(f, DEVICE, NULL, 0) };
	struct store_rekey items[] = {
		{ .resource = fixture_get(f, rids[0]), .keys = &same, .key_count = 1 },
		{ .resource = fixture_get(f, rids[1]), .keys = &same, .key_count = 1 },
		{ .resource = fixture_get(f, rids[2]), .keys = &other, .key_count = 1 },
	};
	struct store_commit commit = fixture_commit(f);

	commit.rekeys = items;
	commit.rekey_count = 3;
	fixture_must(f, &commit);

	assert_int_equal(items[1].holder, rids[0]);
	assert_int_equal(items[1].key_kind, SERIAL);
	assert_int_equal(fixture_get(f, rids[1])->key_count, 0);
	assert_int_equal(find(f, "same"), rids[0]);
	assert_int_equal(find(f, "other"), rids[2]);
}

static void test_a_value_that_does_not_fit_is_told(void **state)
{
	struct store_fixture *f = *state;
	struct store_key empty = { SERIAL, true, f->tenant, "", 0 };
	int64_t rid = make(f, DEVICE, NULL, 0);
	struct store_rekey item = {
		.resource = fixture_get(f, rid), .keys = &empty, .key_count = 1
	};
	struct store_commit commit = fixture_commit(f);

	commit.rekeys = &item;
	commit.rekey_count = 1;
	fixture_must(f, &commit);

	assert_int_equal(item.holder, STORE_REKEY_UNFIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(test_types_are_counted_and_listed_apart),
		TEST(test_numbers_are_never_given_twice),
		TEST(test_names_of_types_and_keys_have_numbers_of_their_own),
		TEST(test_resources_get_keys_without_a_new_version),
		TEST(test_of_two_that_want_a_value_the_second_is_told_of_the_first),
		TEST(test_a_value_that_does_not_fit_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
