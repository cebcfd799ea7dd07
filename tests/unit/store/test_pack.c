#include "store/pack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/arena.h"
#include "base/buf.h"

static int set_up(void **state)
{
	*state = arena_new();
	return 0;
}

static int tear_down(void **state)
{
	arena_free(*state);
	return 0;
}

static void test_keys_come_back_as_they_were(void **state)
{
	struct arena *arena = *state;
	struct buf buf = { 0 };
	const struct store_key keys[] = {
		{ STORE_KEY_USER_NAME, true, 1, "alice@example.com", 17 },
		{ STORE_KEY_EXTERNAL_ID, true, store_scope_external(65535, STORE_USER), "x\0y", 3 },
		{ STORE_KEY_KINDS - 1, false, INT64_MAX >> 1, "v", 1 },
	};
	const struct store_key *found;
	size_t count;

	pack_keys(&buf, keys, 3);

	assert_true(unpack_keys(arena, buf.data, buf.size, &found, &count));
	assert_int_equal(count, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(found[i].kind, keys[i].kind);
		assert_int_equal(found[i].unique, keys[i].unique);
		assert_int_equal(found[i].scope, keys[i].scope);
		assert_int_equal(found[i].size, keys[i].size);
		assert_memory_equal(found[i].value, keys[i].value, keys[i].size + 1);
	}
	buf_fini(&buf);
}

static void test_damaged_keys_are_refused_at_every_length(void **state)
{
	struct arena *arena = *state;
	struct buf buf = { 0 };
	const struct store_key key = { STORE_KEY_USER_NAME, true, 300, "alice", 5 };
	const struct store_key *found;
	size_t count;

	pack_keys(&buf, &key, 1);

	for (size_t size = 1; size < buf.size; size++) {
		assert_false(unpack_keys(arena, buf.data, size, &found, &count));
	}
	memset(buf.data, 0xff, buf.size);
	assert_false(unpack_keys(arena, buf.data, buf.size, &found, &count));
	buf_fini(&buf);
}

static void test_more_keys_than_a_resource_may_have_are_refused(void **state)
{
	struct arena *arena = *state;
	struct buf buf = { 0 };
	const struct store_key key = { STORE_KEY_CUSTOM, false, 1, "v", 1 };
	const struct store_key *found;
	size_t count;

	for (int i = 0; i < STORE_KEYS + 1; i++) {
		pack_keys(&buf, &key, 1);
	}

	assert_false(unpack_keys(arena, buf.data, buf.size, &found, &count));
	buf_fini(&buf);
}

static void test_apps_come_back_as_they_were(void **state)
{
	struct arena *arena = *state;
	struct buf buf = { 0 };
	const int ids[] = { 1, 127, 128, 65535 };
	const struct store_apps apps = { .ids = ids, .count = 4 };
	struct store_apps found;

	pack_apps(&buf, &apps);

	assert_true(unpack_apps(arena, buf.data, buf.size, &found));
	assert_false(found.all);
	assert_int_equal(found.count, 4);
	assert_memory_equal(found.ids, ids, sizeof(ids));
	assert_true(store_apps_has(&found, 128));
	assert_false(store_apps_has(&found, 2));
	buf_fini(&buf);
}

static void test_a_rid_holds_tenant_type_and_number(void **state)
{
	int64_t rid = store_rid(65535, STORE_USER, ((int64_t)1 << STORE_RID_NUMBER_BITS) - 1);
	struct buf buf = { 0 };
	(void)state;

	pack_rid(&buf, rid);

	assert_true(rid > 0);
	assert_int_equal(store_rid_tenant(rid), 65535);
	assert_int_equal(store_rid_type(rid), STORE_USER);
	assert_int_equal(unpack_rid((const uint8_t *)buf.data), rid);
	buf_fini(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_keys_come_back_as_they_were, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_damaged_keys_are_refused_at_every_length, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_more_keys_than_a_resource_may_have_are_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_apps_come_back_as_they_were, set_up, tear_down),
		cmocka_unit_test(test_a_rid_holds_tenant_type_and_number),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
