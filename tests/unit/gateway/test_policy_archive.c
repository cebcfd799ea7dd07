/* Policies that decided once: found by every name they had, bounded, and never used when damaged.
 */
#include "gateway/policy_archive.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/error.h"
#include "base/file.h"
#include "config/config.h"
#include "gateway/policy_tree.h"
#include "policy/tar.h"

static const struct config_policy_archive plenty = { .revisions = 50, .bytes = 1 << 20 };

struct fixture {
	struct arena *arena;
	char root[64];
	const char *folder;
};

static int setup(void **state)
{
	static struct fixture it;

	it.arena = arena_new();
	snprintf(it.root, sizeof(it.root), "/tmp/scimward-test-XXXXXX");
	assert_non_null(mkdtemp(it.root));
	it.folder = policy_archive_folder(it.arena, arena_printf(it.arena, "%s/s.db", it.root));
	*state = &it;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *it = *state;

	policy_scratch_remove(it->root);
	arena_free(it->arena);
	return 0;
}

/* The i-th policy of a test: its plan is its number. */
static struct policy_kept policy(struct arena *arena, int number, const char *commit)
{
	CLEANUP(buf_fini) struct buf hex = { 0 };
	struct policy_kept it = { .source = "directory:/srv/policy",
		.serial = -1,
		.time_us = 1795000000000000 + number,
		.plan = arena_printf(arena, "{\"plan\": %d}", number),
		.data = "{}",
		.data_size = 2 };
	uint8_t digest[DIGEST_BYTES];

	it.plan_size = strlen(it.plan);
	digest_sha256_two(it.plan, it.plan_size, it.data, it.data_size, digest);
	encode_hex(&hex, digest, sizeof(digest));
	it.digest = arena_strdup(arena, hex.data);
	it.revision = arena_printf(arena, "%.16s%s%.12s", it.digest, commit != NULL ? " git:" : "",
		commit != NULL ? commit : "");
	it.commit = commit;
	return it;
}

static void add(struct fixture *it, const struct policy_kept *kept,
	const struct config_policy_archive *limits)
{
	struct error err = { 0 };

	if (!policy_archive_add(it->folder, kept, limits, &err)) {
		fail_msg("%s", err.text);
	}
}

static size_t count(struct fixture *it)
{
	const struct policy_archived *list;
	size_t count;

	assert_true(policy_archive_list(it->arena, it->folder, &list, &count, NULL));
	return count;
}

static bool has(struct fixture *it, const char *name)
{
	struct policy_kept kept;

	return policy_archive_find(it->arena, it->folder, name, &kept, NULL);
}

static void test_an_archive_that_was_never_written_is_empty(void **state)
{
	struct error err = { 0 };
	struct policy_kept kept;

	assert_int_equal(count(*state), 0);
	assert_false(policy_archive_find((*(struct fixture **)state)->arena,
		(*(struct fixture **)state)->folder, "0123456789abcdef", &kept, &err));
	assert_int_equal(err.code, ERROR_NOT_FOUND);
}

static void test_a_policy_is_found_by_each_of_its_names(void **state)
{
	struct fixture *it = *state;
	const struct tar_file files[] = { { "rules/a.rego", "package a\n", 10 },
		{ "b.rego", "", 0 } };
	struct policy_kept kept = policy(it->arena, 1, "4f2c90ab17e34f2c90ab17e34f2c90ab17e34f2c");
	const char *names[] = { kept.revision, kept.digest, "4f2c90ab17e3", "4f2c",
		arena_printf(it->arena, "%.5s", kept.digest) };

	kept.files = files;
	kept.file_count = 2;
	add(it, &kept, &plenty);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct policy_kept found;

		assert_true(policy_archive_find(it->arena, it->folder, names[i], &found, NULL));
		assert_string_equal(found.revision, kept.revision);
		assert_int_equal(found.plan_size, kept.plan_size);
		assert_memory_equal(found.plan, kept.plan, kept.plan_size);
		assert_int_equal(found.file_count, 2);
		assert_string_equal(found.files[0].name, "rules/a.rego");
		assert_memory_equal(found.files[0].bytes, "package a\n", 10);
		assert_int_equal(found.files[1].size, 0);
	}
}

static void test_one_content_keeps_the_names_it_had(void **state)
{
	struct fixture *it = *state;
	struct policy_kept first = policy(it->arena, 1, "aaaaaaaaaaaa0000");
	struct policy_kept second = policy(it->arena, 1, "bbbbbbbbbbbb0000");
	struct policy_kept found;

	add(it, &first, &plenty);
	add(it, &second, &plenty);
	add(it, &second, &plenty);

	assert_int_equal(count(it), 1);
	assert_true(policy_archive_find(it->arena, it->folder, "bbbb", &found, NULL));
	assert_string_equal(found.revision, second.revision);
	assert_int_equal(found.also_count, 1);
	assert_string_equal(found.also[0], first.revision);
	assert_true(has(it, "aaaaaaaaaaaa"));
	assert_true(has(it, "aaaaaaaaaaaa0000"));
}

static void test_names_that_are_none_or_of_several_are_told(void **state)
{
	static const char *const wrong[] = { "", "41c", "xyz", "ABCD1234", "../../etc", "41c2/x" };
	struct fixture *it = *state;
	struct policy_kept first = policy(it->arena, 1, "cccccccc1111");
	struct policy_kept second = policy(it->arena, 2, "cccccccc2222");
	struct policy_kept kept;

	add(it, &first, &plenty);
	add(it, &second, &plenty);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct error err = { 0 };

		assert_false(policy_archive_find(it->arena, it->folder, wrong[i], &kept, &err));
		assert_int_equal(err.code, ERROR_REQUEST);
	}
	struct error err = { 0 };

	assert_false(policy_archive_find(it->arena, it->folder, "cccccccc", &kept, &err));
	assert_int_equal(err.code, ERROR_REQUEST);
	assert_non_null(strstr(err.text, "several"));
	assert_true(has(it, "cccccccc1"));
}

/* They are told apart by when they were written. */
static void set_age(struct fixture *it, const struct policy_kept *kept, int seconds)
{
	const char *path = arena_printf(it->arena, "%s/%s", it->folder, kept->digest);
	const struct timespec times[2] = { { .tv_sec = 1795000000 - seconds },
		{ .tv_sec = 1795000000 - seconds } };

	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void test_beyond_the_limits_the_oldest_go_first(void **state)
{
	const struct config_policy_archive three = { .revisions = 3, .bytes = 1 << 20 };
	struct fixture *it = *state;
	struct policy_kept kept[5];

	for (int i = 0; i < 5; i++) {
		kept[i] = policy(it->arena, i, NULL);
		add(it, &kept[i], i < 4 ? &plenty : &three);
		set_age(it, &kept[i], 100 - i);
		if (i == 3) { /* it took over again, so it is no longer the oldest */
			set_age(it, &kept[0], 0);
		}
	}

	assert_int_equal(count(it), 3);
	assert_true(has(it, kept[4].digest));
	assert_true(has(it, kept[0].digest));
	assert_true(has(it, kept[3].digest));
}

static void test_the_one_just_written_stays_even_alone_beyond_the_limits(void **state)
{
	const struct config_policy_archive tiny = { .revisions = 1, .bytes = 1 };
	struct fixture *it = *state;
	struct policy_kept first = policy(it->arena, 1, NULL);
	struct policy_kept second = policy(it->arena, 2, NULL);

	add(it, &first, &tiny);
	assert_true(has(it, first.digest));
	add(it, &second, &tiny);
	assert_true(has(it, second.digest));
	assert_false(has(it, first.digest));
}

static void test_a_damaged_one_is_named_and_not_used(void **state)
{
	struct fixture *it = *state;
	struct policy_kept kept = policy(it->arena, 1, "dddddddddddd");
	struct policy_kept good = policy(it->arena, 2, NULL);
	const char *path = arena_printf(it->arena, "%s/%s", it->folder, kept.digest);
	const struct policy_archived *list;
	struct policy_kept found;
	struct error err = { 0 };
	size_t count;

	add(it, &kept, &plenty);
	add(it, &good, &plenty);
	assert_true(file_replace(path, "scimward policy 1 x\n", 20, 0600, NULL));

	assert_false(policy_archive_find(it->arena, it->folder, kept.digest, &found, &err));
	assert_int_equal(err.code, ERROR_IO);
	assert_non_null(strstr(err.text, kept.digest));
	assert_true(policy_archive_list(it->arena, it->folder, &list, &count, NULL));
	assert_int_equal(count, 2);
	assert_null(list[0].damage);
	assert_non_null(strstr(list[1].damage, kept.digest));
	add(it, &kept, &plenty);
	assert_true(has(it, kept.digest));
}

/* Whoever writes a good file with another policy in it does not get it used under this name. */
static void test_another_policy_under_the_name_is_damage(void **state)
{
	struct fixture *it = *state;
	struct policy_kept kept = policy(it->arena, 1, NULL);
	struct policy_kept other = policy(it->arena, 2, NULL);
	const char *path = arena_printf(it->arena, "%s/%s", it->folder, kept.digest);

	add(it, &kept, &plenty);
	assert_true(policy_kept_write(path, &other, NULL));
	assert_false(has(it, kept.digest));
	other.digest = kept.digest;
	assert_true(policy_kept_write(path, &other, NULL));
	assert_false(has(it, kept.digest));
}

static void test_other_files_in_the_folder_are_left_alone(void **state)
{
	const struct config_policy_archive one = { .revisions = 1, .bytes = 1 << 20 };
	struct fixture *it = *state;
	struct policy_kept kept = policy(it->arena, 1, NULL);
	const char *path = arena_printf(it->arena, "%s/README", it->folder);

	add(it, &kept, &one);
	assert_true(file_replace(path, "mine", 4, 0600, NULL));
	add(it, &kept, &one);
	assert_true(file_exists(path));
	assert_int_equal(count(it), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_an_archive_that_was_never_written_is_empty, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_a_policy_is_found_by_each_of_its_names, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_one_content_keeps_the_names_it_had, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_names_that_are_none_or_of_several_are_told, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_beyond_the_limits_the_oldest_go_first, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_the_one_just_written_stays_even_alone_beyond_the_limits, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			test_a_damaged_one_is_named_and_not_used, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_another_policy_under_the_name_is_damage, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_other_files_in_the_folder_are_left_alone, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
