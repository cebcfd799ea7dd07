/* Archives are made here, byte by byte, so that each lie can be told. */
#include "policy/bundle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>
#include <cmocka.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "policy/engine.h"
#include "policy/tar.h"
#include "tests/unit/policy/archive.h"

static bool read_tar(
	struct arena *arena, const struct buf *tar, struct policy_files *files, struct error *err)
{
	struct buf gzip = { 0 };

	archive_pack(&gzip, tar);
	bool ok = policy_bundle_read(arena, gzip.data, gzip.size, NULL, files, err);
	buf_fini(&gzip);
	return ok;
}

static bool read_members(struct arena *arena, const struct member *members,
	struct policy_files *files, struct error *err)
{
	struct buf tar = { 0 };

	for (size_t i = 0; members[i].name != NULL; i++) {
		archive_add(&tar, members[i].name, members[i].type, members[i].text);
	}
	archive_add_end(&tar);
	bool ok = read_tar(arena, &tar, files, err);
	buf_fini(&tar);
	return ok;
}

/* ---- what is read ---- */

static void test_what_opa_builds_is_read(void **state)
{
	const struct member members[] = { { "/data.json", '0', "{\"a\":1}" },
		{ "/policy.rego", '0', "package p" }, { "/plan.json", '0', "{}" },
		{ "/.manifest", '0', "{\"revision\":\"r7\",\"roots\":[\"\"]}" }, { 0 } };
	struct arena *arena = arena_new();
	struct policy_files files;
	struct error err = { 0 };

	(void)state;
	assert_true(read_members(arena, members, &files, &err));

	assert_string_equal(files.plan, "{}");
	assert_int_equal(files.plan_size, 2);
	assert_string_equal(files.data, "{\"a\":1}");
	assert_string_equal(files.revision, "r7");
	arena_free(arena);
}

static void test_data_of_folders_are_put_together(void **state)
{
	const struct member members[] = { { "plan.json", '0', "{}" }, { "a", '5', "" },
		{ "a/data.json", '0', "{\"x\":1}" }, { "a/b/data.json", '0', "[2]" },
		{ "./data.json", '0', "{\"a\":{\"y\":3}}" }, { 0 } };
	struct arena *arena = arena_new();
	struct policy_files files;
	struct error err = { 0 };

	(void)state;
	assert_true(read_members(arena, members, &files, &err));

	assert_string_equal(files.data, "{\"a\":{\"b\":[2],\"x\":1,\"y\":3}}");
	assert_string_equal(files.revision, "");
	arena_free(arena);
}

static void test_a_bundle_may_have_no_data(void **state)
{
	const struct member members[] = { { "plan.json", '0', "{}" }, { 0 } };
	struct arena *arena = arena_new();
	struct policy_files files;
	struct error err = { 0 };

	(void)state;
	assert_true(read_members(arena, members, &files, &err));

	assert_null(files.data);
	arena_free(arena);
}

static void test_long_names_are_read(void **state)
{
	char name[200];
	char record[256];
	struct buf tar = { 0 };
	struct arena *arena = arena_new();
	struct policy_files files;
	struct error err = { 0 };

	(void)state;
	memset(name, 'n', sizeof(name));
	snprintf(name + 180, sizeof(name) - 180, "/data.json");
	archive_add(&tar, "plan.json", '0', "{}");
	snprintf(record, sizeof(record), "%zu path=%s\n", strlen(name) + 10, name);
	archive_add(&tar, "PaxHeaders/x", 'x', record);
	archive_add(&tar, "short", '0', "1");
	name[0] = 'm';
	archive_add(&tar, "././@LongLink", 'L', name);
	archive_add(&tar, "short", '0', "2");
	archive_add_end(&tar);

	assert_true(read_tar(arena, &tar, &files, &err));

	assert_non_null(strstr(files.data, "nnn\":1"));
	assert_non_null(strstr(files.data, "mnn"));
	buf_fini(&tar);
	arena_free(arena);
}

/* ---- what is refused ---- */

static const struct {
	struct member members[4];
	const char *says;
} refusals[] = {
	{ { { "data.json", '0', "{}" } }, "has no plan.json" },
	{ { { "a/plan.json", '0', "{}" } }, "has no plan.json" },
	{ { { "plan.json", '0', "{}" }, { "../data.json", '0', "{}" } }, "leaves the archive" },
	{ { { "plan.json", '0', "{}" }, { "a/../data.json", '0', "{}" } }, "leaves the archive" },
	{ { { "plan.json", '0', "{}" }, { "a//data.json", '0', "{}" } }, "leaves the archive" },
	{ { { "plan.json", '0', "{}" }, { "a/./data.json", '0', "{}" } }, "leaves the archive" },
	{ { { "plan.json", '0', "{}" }, { "a\\data.json", '0', "{}" } }, "leaves the archive" },
	{ { { "plan.json", '0', "{}" }, { "/", '0', "{}" } }, "leaves the archive" },
	{ { { "plan.json", '0', "{}" }, { "/plan.json", '0', "{}" } }, "has plan.json twice" },
	{ { { "plan.json", '2', "" } }, "a link, device or unknown kind" },
	{ { { "plan.json", '1', "" } }, "a link, device or unknown kind" },
	{ { { "plan.json", '3', "" } }, "a link, device or unknown kind" },
	{ { { "plan.json", 'S', "" } }, "a link, device or unknown kind" },
	{ { { "plan.json", '0', "{}" }, { "data.yaml", '0', "a: 1" } }, "data must be JSON" },
	{ { { "plan.json", '0', "{}" }, { "a/data.yml", '0', "a: 1" } }, "data must be JSON" },
	{ { { "patch.json", '0', "{}" } }, "is a delta bundle" },
	{ { { "plan.json", '0', "{}" }, { ".manifest", '0', "{" } }, ".manifest: line 1" },
	{ { { "plan.json", '0', "{}" }, { "a/data.json", '0', "{" } }, "a/data.json: line 1" },
	{ { { "plan.json", '0', "{}" }, { "data.json", '0', "{\"a\":{\"x\":1}}" },
		  { "a/data.json", '0', "{\"x\":2}" } },
		"says something else about what another data.json holds" },
	{ { { "x", 'x', "7 path=\n" } }, "a malformed pax record" },
	{ { { "x", 'x', "99 path=a\n" } }, "a malformed pax record" },
	{ { { "x", 'x', "-1 path=a\n" } }, "a malformed pax record" },
	{ { { "x", 'x', "8 path a\n" } }, "a malformed pax record" },
	{ { { "x", 'x', "11 size=a\n" } }, "a malformed pax record" },
	{ { { "x", 'x', "9 size=a\n" } }, "a size that is no number" },
	{ { { "x", 'x', "16 size=9999999\n" }, { "plan.json", '0', "{}" } },
		"a file ends behind the archive" },
	{ { { "x", 'x', "21 GNU.sparse.major=1\n" } }, "a malformed pax record" },
	{ { { "x", 'x', "22 GNU.sparse.major=1\n" } }, "a sparse file" },
	{ { { "x", 'x', "18 path=../evil.x\n" }, { "plan.json", '0', "{}" } },
		"leaves the archive" },
};

static void test_a_hostile_archive_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		struct arena *arena = arena_new();
		struct policy_files files;
		struct error err = { 0 };

		bool ok = read_members(arena, refusals[i].members, &files, &err);

		print_message("# %zu %s\n", i, err.text);
		assert_false(ok);
		assert_non_null(strstr(err.text, refusals[i].says));
		arena_free(arena);
	}
}

static void test_a_wrong_checksum_is_refused(void **state)
{
	struct buf tar = { 0 };
	struct arena *arena = arena_new();
	struct policy_files files;
	struct error err = { 0 };

	(void)state;
	archive_add(&tar, "plan.json", '0', "{}");
	archive_add_end(&tar);
	tar.data[0] ^= 1;

	assert_false(read_tar(arena, &tar, &files, &err));

	assert_non_null(strstr(err.text, "the checksum of a header is wrong"));
	buf_fini(&tar);
	arena_free(arena);
}

static void test_a_cut_archive_is_refused(void **state)
{
	struct buf tar = { 0 };
	struct arena *arena = arena_new();

	(void)state;
	archive_add(&tar, "plan.json", '0', "{}");
	archive_add_end(&tar);
	for (size_t size = 0; size < 1536; size += 100) {
		struct policy_files files;
		struct error err = { 0 };
		struct buf cut = { .data = tar.data, .size = size };

		assert_false(read_tar(arena, &cut, &files, &err));
		assert_int_equal(err.code, ERROR_SYNTAX);
	}
	buf_fini(&tar);
	arena_free(arena);
}

static void test_what_is_no_gzip_is_refused(void **state)
{
	struct buf tar = { 0 };
	struct buf gzip = { 0 };
	struct arena *arena = arena_new();
	struct policy_files files;
	struct error err = { 0 };

	(void)state;
	archive_add(&tar, "plan.json", '0', "{}");
	archive_add_end(&tar);
	archive_pack(&gzip, &tar);

	assert_false(policy_bundle_read(arena, tar.data, tar.size, NULL, &files, &err));
	assert_false(policy_bundle_read(arena, "", 0, NULL, &files, &err));
	for (size_t size = 0; size < gzip.size; size++) {
		assert_false(policy_bundle_read(arena, gzip.data, size, NULL, &files, &err));
	}
	assert_true(policy_bundle_read(arena, gzip.data, gzip.size, NULL, &files, &err));

	buf_append_text(&gzip, "garbage behind");
	assert_false(policy_bundle_read(arena, gzip.data, gzip.size, NULL, &files, &err));
	buf_fini(&gzip);
	buf_fini(&tar);
	arena_free(arena);
}

static void test_a_bomb_is_refused(void **state)
{
	const struct policy_bundle_limits limits = { .unpacked_bytes = 1u << 20, .files = 10 };
	struct buf tar = { 0 };
	struct buf gzip = { 0 };
	struct arena *arena = arena_new();
	struct policy_files files;
	struct error err = { 0 };

	(void)state;
	for (int i = 0; i < 4096; i++) {
		archive_add_end(&tar);
	}
	archive_pack(&gzip, &tar);

	assert_false(policy_bundle_read(arena, gzip.data, gzip.size, &limits, &files, &err));

	assert_int_equal(err.code, ERROR_TOO_LARGE);
	buf_fini(&gzip);
	buf_fini(&tar);
	arena_free(arena);
}

static void test_files_are_limited(void **state)
{
	struct buf tar = { 0 };
	struct arena *arena = arena_new();
	const struct tar_file *files = NULL;
	size_t count = 0;
	struct error err = { 0 };

	(void)state;
	archive_add(&tar, "a", '0', "1");
	archive_add(&tar, "b", '0', "2");
	archive_add_end(&tar);

	assert_true(policy_tar_read(arena, tar.data, tar.size, 2, &files, &count, &err));
	assert_int_equal(count, 2);
	assert_false(policy_tar_read(arena, tar.data, tar.size, 1, &files, &count, &err));
	assert_int_equal(err.code, ERROR_TOO_LARGE);
	buf_fini(&tar);
	arena_free(arena);
}

/* Sizes that are negative, too large, or in the base-256 form of GNU tar. */
static void test_a_malformed_size_is_refused(void **state)
{
	const char *const sizes[] = { "", "-1", "8", "77777777777", "\x80zzz", "12x" };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct buf tar = { 0 };
		struct arena *arena = arena_new();
		struct policy_files files;
		struct error err = { 0 };

		archive_add_header(&tar, "plan.json", '0', sizes[i]);
		archive_add_end(&tar);

		assert_false(read_tar(arena, &tar, &files, &err));
		buf_fini(&tar);
		arena_free(arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_opa_builds_is_read),
		cmocka_unit_test(test_data_of_folders_are_put_together),
		cmocka_unit_test(test_a_bundle_may_have_no_data),
		cmocka_unit_test(test_long_names_are_read),
		cmocka_unit_test(test_a_hostile_archive_is_refused),
		cmocka_unit_test(test_a_wrong_checksum_is_refused),
		cmocka_unit_test(test_a_cut_archive_is_refused),
		cmocka_unit_test(test_what_is_no_gzip_is_refused),
		cmocka_unit_test(test_a_bomb_is_refused),
		cmocka_unit_test(test_files_are_limited),
		cmocka_unit_test(test_a_malformed_size_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
