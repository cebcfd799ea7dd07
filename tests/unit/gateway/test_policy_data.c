/* Data are held against what packages say of them, and the place of what does not fit is found. */
#include "gateway/policy_data.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/value.h"
#include "gateway/policy_tree.h"
#include "policy/tar.h"

static struct arena *arena;

static int set_up(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static const struct value *parse(const char *text)
{
	static const struct value_limits limits = {
		.bytes = 1 << 20, .depth = 64, .values = 10000
	};
	struct error err = { 0 };
	const struct value *value = value_parse(arena, text, strlen(text), &limits, &err);

	if (value == NULL) {
		fail_msg("%s: %s", text, err.text);
	}
	return value;
}

/* One package that says `schema` of data.<path>; path as JSON: "\"access\",\"rails\"". */
static const char *said(const char *path, const char *schema)
{
	struct buf names = { 0 };
	const char *text;

	for (const char *at = path; *at != '\0';) {
		size_t size = strcspn(at, "/");

		buf_printf(&names, ",{\"type\":\"string\",\"value\":\"%.*s\"}", (int)size, at);
		at += size + (at[size] == '/');
	}
	text = arena_printf(arena,
		"{\"annotations\":{\"schemas\":[{\"path\":[{\"type\":\"var\",\"value\":\"data\"}%s]"
		","
		"\"definition\":%s}]},\"location\":{\"file\":\"rules/x.rego\",\"row\":1}}",
		buf_text(&names), schema);
	buf_fini(&names);
	return text;
}

static const struct value *annotations(const char *first, const char *second)
{
	return parse(arena_printf(arena, "[{\"annotations\":{\"title\":\"x\"}},%s%s%s]", first,
		second != NULL ? "," : "", second != NULL ? second : ""));
}

/* What is wrong; "": nothing. The data stand in a file as well, as text. */
static const char *check(
	const struct value *says, const char *data, const char *file, const char *text)
{
	struct tar_file files[] = { { "rules/x.rego", "package x\n", 10 },
		{ file, text, strlen(text) } };
	struct policy_tree tree = { .files = files, .count = 2 };
	struct error err = { 0 };

	if (policy_data_check(arena, says, parse(data), &tree, &err)) {
		return "";
	}
	assert_int_equal(err.code, ERROR_POLICY);
	return arena_strdup(arena, err.text);
}

#define NUMBERS "{\"type\":\"object\",\"additionalProperties\":{\"type\":\"integer\"}}"

static void test_data_that_fit_and_data_that_are_not_there_are_fine(void **state)
{
	const struct value *says = annotations(said("access/rails", NUMBERS), NULL);
	(void)state;

	assert_string_equal(
		check(says, "{\"access\":{\"rails\":{\"max\":1}}}", "data.json", "{}"), "");
	assert_string_equal(check(says, "{\"access\":{}}", "data.json", "{}"), "");
	assert_string_equal(check(says, "{}", "data.json", "{}"), "");
	assert_string_equal(check(says, "{\"access\":7}", "data.json", "{}"), "");
}

static void test_the_first_problem_has_its_place_and_the_rest_are_counted(void **state)
{
	const struct value *says = annotations(said("access/rails", NUMBERS), NULL);
	(void)state;

	assert_string_equal(check(says, "{\"access\":{\"rails\":{\"max\":\"ten\",\"x\":[]}}}",
				    "access/data.yaml", "a: 1\nrails:\n  max: ten\n  x: []\n"),
		"access/data.yaml:3: data.access.rails.max: Invalid type. Expected: integer, "
		"given: "
		"string (rules/x.rego says what belongs there), and 1 more");
}

static void test_places_are_found_in_lists_in_json_and_behind_names_with_dots(void **state)
{
	static const char *const rows[][4] = {
		{ "{\"items\":{\"type\":\"string\"}}", "[\"a\",1]", "access/x/data.yml",
			"- a\n- 1\n" },
		{ NUMBERS, "{\"a.b\":{}}", "data.json",
			"{\"access\": {\n \"x\": {\n\n  \"a.b\": {}}}}" },
		{ NUMBERS, "[]", "access/data.yaml", "y: 1\n\nx: []\n" },
	};
	static const char *const places[] = {
		"access/x/data.yml:2: ", "data.json:4: ", "access/data.yaml:3: "
	};
	(void)state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *got = check(annotations(said("access/x", rows[i][0]), NULL),
			arena_printf(arena, "{\"access\":{\"x\":%s}}", rows[i][1]), rows[i][2],
			rows[i][3]);

		if (strncmp(got, places[i], strlen(places[i])) != 0) {
			fail_msg("%s, not %s", got, places[i]);
		}
	}
}

static void test_a_place_that_no_file_tells_is_none(void **state)
{
	const struct value *says = annotations(said("access/x", NUMBERS), NULL);
	const char *const texts[] = { "y: 1\n", "[]", "{", "x: &a [*a]\n" };
	(void)state;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const char *got =
			check(says, "{\"access\":{\"x\":{\"m\":[]}}}", "other/data.yaml", texts[i]);
		assert_ptr_equal(strstr(got, "data: data.access.x.m: "), got);
		got = check(
			says, "{\"access\":{\"x\":{\"m\":[]}}}", "access/x/data.yaml", texts[i]);
		assert_non_null(strstr(got, "data.access.x.m: "));
	}
}

static void test_references_within_a_schema_are_its_own(void **state)
{
	const struct value *says = annotations(
		said("x", "{\"properties\":{\"a\":{\"$ref\":\"#/definitions/n\"}},\"definitions\":{"
			  "\"n\":{\"type\":\"integer\"}}}"),
		NULL);
	(void)state;

	assert_string_equal(check(says, "{\"x\":{\"a\":1}}", "data.json", "{}"), "");
	assert_non_null(
		strstr(check(says, "{\"x\":{\"a\":\"b\"}}", "data.json", "{}"), "data.x.a"));
}

static void test_a_schema_that_is_none_is_told(void **state)
{
	const struct value *says = annotations(said("x", "{\"type\":\"nonsense\"}"), NULL);
	(void)state;

	assert_non_null(strstr(check(says, "{\"x\":1}", "data.json", "{}"),
		"rules/x.rego: the schema of data.x: "));
}

static void test_all_that_is_said_is_one_schema(void **state)
{
	struct buf text = { 0 };
	const struct value *says = annotations(said("access/a", "{\"type\":\"array\"}"),
		arena_printf(
			arena, "%s,%s", said("access/b", "{}"), said("access/a", "{\"x\":1}")));
	(void)state;

	value_print(&text, policy_data_schema(arena, says));

	assert_string_equal(buf_text(&text), "{\"$schema\":\"http://json-schema.org/draft-07/"
					     "schema#\",\"properties\":{\"access\":{"
					     "\"properties\":{\"a\":{\"allOf\":[{\"type\":"
					     "\"array\"},{\"x\":1}]},\"b\":{}},\"type\":"
					     "\"object\"}},\"type\":\"object\"}");
	buf_fini(&text);
}

static void test_without_a_word_of_data_nothing_is_asked(void **state)
{
	struct tar_file files[] = { { "a.rego", "package a\n", 10 },
		{ "scenarios/a.yaml", "schemas: []", 11 }, { "b.rego", "# schemas:\n", 11 } };
	struct policy_tree tree = { .files = files, .count = 2 };
	(void)state;

	assert_false(policy_data_has_schemas(&tree));
	tree.count = 3;
	assert_true(policy_data_has_schemas(&tree));
	assert_string_equal(check(NULL, "{\"x\":1}", "data.json", "{}"), "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_data_that_fit_and_data_that_are_not_there_are_fine),
		TEST(test_the_first_problem_has_its_place_and_the_rest_are_counted),
		TEST(test_places_are_found_in_lists_in_json_and_behind_names_with_dots),
		TEST(test_a_place_that_no_file_tells_is_none),
		TEST(test_references_within_a_schema_are_its_own),
		TEST(test_a_schema_that_is_none_is_told),
		TEST(test_all_that_is_said_is_one_schema),
		TEST(test_without_a_word_of_data_nothing_is_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
