#include "policy/manifest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/arena.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/value.h"

static const struct value *parse(struct arena *arena, const char *text)
{
	static const struct value_limits limits = { .bytes = 65536, .depth = 32, .values = 1000 };
	const struct value *value = value_parse(arena, text, strlen(text), &limits, NULL);

	assert_non_null(value);
	return value;
}

static void test_what_a_manifest_says_is_read(void **state)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	struct manifest manifest;
	struct error err = { 0 };

	(void)state;
	assert_true(manifest_read(arena,
		parse(arena, "{\"revision\":\"r7\",\"roots\":[\"/a/b/\",\"c\"],\"rego_version\":1,"
			     "\"metadata\":{\"serial\":17,\"by\":\"ci\"},\"wasm\":[]}"),
		&manifest, &err));

	assert_string_equal(manifest.revision, "r7");
	assert_int_equal(manifest.root_count, 2);
	assert_string_equal(manifest.roots[0], "a/b");
	assert_string_equal(manifest.roots[1], "c");
	assert_int_equal(manifest.serial, 17);
	assert_false(manifest_covers_all(&manifest));
}

static void test_an_empty_manifest_covers_everything(void **state)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	struct manifest manifest;
	struct error err = { 0 };

	(void)state;
	assert_true(manifest_read(arena, parse(arena, "{}"), &manifest, &err));

	assert_string_equal(manifest.revision, "");
	assert_int_equal(manifest.serial, -1);
	assert_true(manifest_covers_all(&manifest));
}

static void test_a_wrong_manifest_is_refused(void **state)
{
	static const struct {
		const char *text;
		const char *says;
	} rows[] = {
		{ "[]", "must be an object" },
		{ "{\"revision\":7}", "revision must be a text" },
		{ "{\"roots\":\"a\"}", "roots must be an array" },
		{ "{\"roots\":[]}", "roots is empty" },
		{ "{\"roots\":[1]}", "a root is no path" },
		{ "{\"roots\":[\"a\",\"b\",\"a\"]}", "\"a\" and \"a\" overlap" },
		{ "{\"roots\":[\"a/b\",\"a\"]}", "\"a/b\" and \"a\" overlap" },
		{ "{\"roots\":[\"a\",\"a/b/c\"]}", "overlap" },
		{ "{\"roots\":[\"\",\"a\"]}", "overlap" },
		{ "{\"metadata\":{\"serial\":\"7\"}}", "serial must be a whole number" },
		{ "{\"metadata\":{\"serial\":-1}}", "serial must be a whole number" },
		{ "{\"metadata\":{\"serial\":1.5}}", "serial must be a whole number" },
		{ "{\"metadata\":{\"serial\":99999999999999999999}}", "serial must be a whole" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(arena_cleanup) struct arena *arena = arena_new();
		struct manifest manifest;
		struct error err = { 0 };

		assert_false(manifest_read(arena, parse(arena, rows[i].text), &manifest, &err));

		print_message("# %s\n", err.text);
		assert_int_equal(err.code, ERROR_POLICY);
		assert_non_null(strstr(err.text, rows[i].says));
	}
}

static void test_roots_that_only_begin_alike_do_not_overlap(void **state)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	struct manifest manifest;

	(void)state;
	assert_true(manifest_read(
		arena, parse(arena, "{\"roots\":[\"a\",\"ab\",\"a-b/c\"]}"), &manifest, NULL));
}

static void test_data_outside_the_roots_are_refused(void **state)
{
	static const struct {
		const char *data;
		const char *says; /* NULL: within */
	} rows[] = {
		{ "{}", NULL },
		{ "{\"a\":{\"b\":{\"x\":1}},\"c\":7}", NULL },
		{ "{\"a\":{}}", NULL },
		{ "{\"a\":{\"x\":1}}", "data at a/x" },
		{ "{\"a\":1}", "data at a " },
		{ "{\"d\":1}", "data at d " },
		{ "{\"ab\":{}}", "data at ab " },
		{ "{\"a/b\":1}", "data at a/b " },
		{ "{\"\":{\"c\":1}}", "outside the roots" },
		{ "{\"c\\u0000\":1}", "outside the roots" },
		{ "[]", "data at the top" },
	};
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	struct manifest manifest;

	(void)state;
	assert_true(
		manifest_read(arena, parse(arena, "{\"roots\":[\"a/b\",\"c\"]}"), &manifest, NULL));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static const struct value_limits limits = {
			.bytes = 65536, .depth = 32, .values = 1000, .allow_nul = true
		};
		const struct value *data =
			value_parse(arena, rows[i].data, strlen(rows[i].data), &limits, NULL);
		struct error err = { 0 };
		bool ok = manifest_covers_data(arena, &manifest, data, &err);

		print_message("# %s: %s\n", rows[i].data, err.text);
		assert_int_equal(ok, rows[i].says == NULL);
		assert_true(ok || strstr(err.text, rows[i].says) != NULL);
	}
}

static void test_rules_outside_the_roots_are_refused(void **state)
{
	static const struct {
		const char *path;
		const char *says;
	} rows[] = {
		{ "[\"g0\",\"scimward\",\"decision\"]", NULL },
		{ "[\"g0\",\"scimward\"]", NULL },
		{ "[\"g0\",\"system\",\"log\"]", "rules at system/log" },
		{ "[\"g0\",\"scimward/x\"]", "no path" },
		{ "[\"g0\"]", "no path" },
		{ "[\"g0\",1]", "no path" },
		{ "null", "no path" },
	};
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	struct manifest manifest;

	(void)state;
	assert_true(
		manifest_read(arena, parse(arena, "{\"roots\":[\"scimward\"]}"), &manifest, NULL));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *plan = arena_printf(
			arena, "{\"funcs\":{\"funcs\":[{\"path\":%s}]}}", rows[i].path);
		struct error err = { 0 };
		bool ok = manifest_covers_plan(arena, &manifest, parse(arena, plan), &err);

		print_message("# %s: %s\n", rows[i].path, err.text);
		assert_int_equal(ok, rows[i].says == NULL);
		assert_true(ok || strstr(err.text, rows[i].says) != NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_a_manifest_says_is_read),
		cmocka_unit_test(test_an_empty_manifest_covers_everything),
		cmocka_unit_test(test_a_wrong_manifest_is_refused),
		cmocka_unit_test(test_roots_that_only_begin_alike_do_not_overlap),
		cmocka_unit_test(test_data_outside_the_roots_are_refused),
		cmocka_unit_test(test_rules_outside_the_roots_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
