/* The last good policy on disk: what was written comes back, and nothing else does. */
#include "gateway/policy_kept.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"

static char folder[64];
static char path[96];

static int setup(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/scimward-test-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/last-good", folder);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static const struct policy_kept whole = {
	.source = "git:/srv/policy#main",
	.revision = "0123456789abcdef git:4f2c90ab17e3",
	.digest = "0123456789abcdef",
	.commit = "4f2c90ab17e3",
	.serial = 17,
	.time_us = 1795000000000000,
	.plan = "{\"plans\":\0{}}",
	.plan_size = 13,
	.data = "{\"a\":1}\n",
	.data_size = 8,
};

static void test_what_was_kept_comes_back(void **state)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	struct policy_kept kept;
	struct error err = { 0 };

	(void)state;
	assert_true(policy_kept_write(path, &whole, &err));
	assert_true(policy_kept_read(arena, path, &kept, &err));

	assert_string_equal(kept.source, whole.source);
	assert_string_equal(kept.revision, whole.revision);
	assert_string_equal(kept.digest, whole.digest);
	assert_string_equal(kept.commit, whole.commit);
	assert_int_equal(kept.serial, 17);
	assert_int_equal(kept.time_us, whole.time_us);
	assert_int_equal(kept.plan_size, whole.plan_size);
	assert_memory_equal(kept.plan, whole.plan, whole.plan_size);
	assert_int_equal(kept.data_size, whole.data_size);
	assert_memory_equal(kept.data, whole.data, whole.data_size);
}

static void test_what_is_absent_stays_absent(void **state)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	struct policy_kept without = whole;
	struct policy_kept kept;

	(void)state;
	without.commit = NULL;
	without.data = NULL;
	without.data_size = 0;
	without.serial = -1;
	assert_true(policy_kept_write(path, &without, NULL));
	assert_true(policy_kept_read(arena, path, &kept, NULL));

	assert_null(kept.commit);
	assert_null(kept.data);
	assert_int_equal(kept.serial, -1);
	without.data = "";
	assert_true(policy_kept_write(path, &without, NULL));
	assert_true(policy_kept_read(arena, path, &kept, NULL));
	assert_non_null(kept.data);
}

static void test_none_is_told_from_damage(void **state)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	struct policy_kept kept;
	struct error err = { 0 };

	(void)state;
	assert_false(policy_kept_read(arena, path, &kept, &err));
	assert_int_equal(err.code, ERROR_NOT_FOUND);
}

/* Each byte matters, and so does the size. */
static void test_damage_is_noticed_wherever_it_is(void **state)
{
	CLEANUP(buf_fini) struct buf file = { 0 };
	struct policy_kept kept;

	(void)state;
	assert_true(policy_kept_write(path, &whole, NULL));
	assert_true(file_read(path, 65536, &file, NULL));
	for (size_t i = 0; i < file.size; i++) {
		CLEANUP(arena_cleanup) struct arena *arena = arena_new();
		struct error err = { 0 };

		file.data[i] ^= 1;
		assert_true(file_replace(path, file.data, file.size, 0600, NULL));
		assert_false(policy_kept_read(arena, path, &kept, &err));
		assert_int_equal(err.code, ERROR_IO);
		file.data[i] ^= 1;
	}
	for (size_t size = 0; size < file.size; size += 7) {
		CLEANUP(arena_cleanup) struct arena *arena = arena_new();

		assert_true(file_replace(path, file.data, size, 0600, NULL));
		assert_false(policy_kept_read(arena, path, &kept, NULL));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_what_was_kept_comes_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_is_absent_stays_absent, setup, teardown),
		cmocka_unit_test_setup_teardown(test_none_is_told_from_damage, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_damage_is_noticed_wherever_it_is, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
