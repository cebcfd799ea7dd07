#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "config/report.h"
#include "config/yaml.h"

/* Parses and expects one problem with this text at this place. */
static void expect_problem(
	const char *text, size_t size, const char *message, size_t line, size_t column)
{
	struct arena *arena = arena_new();
	struct config_report report = { 0 };

	assert_null(yaml_parse(arena, text, size, &report));
	assert_true(report.count > 0);
	if (strstr(report.problems[0].message, message) == NULL) {
		fail_msg("'%s' lacks '%s'", report.problems[0].message, message);
	}
	assert_int_equal(report.problems[0].line, line);
	assert_int_equal(report.problems[0].column, column);
	config_report_fini(&report);
	arena_free(arena);
}

static void test_tree_has_the_kinds_texts_and_places_of_the_file(void **state)
{
	static const char text[] = "a: 1\nb:\n  - x\n  - 'y z'\n";
	struct arena *arena = arena_new();
	struct config_report report = { 0 };

	(void)state;
	struct yaml_node *root = yaml_parse(arena, text, strlen(text), &report);

	assert_non_null(root);
	assert_int_equal(report.count, 0);
	assert_int_equal(root->kind, YAML_MAPPING);
	assert_int_equal(root->count, 2);
	assert_string_equal(root->members[0].name->text, "a");
	assert_string_equal(root->members[0].value->text, "1");
	struct yaml_node *list = root->members[1].value;
	assert_int_equal(list->kind, YAML_LIST);
	assert_int_equal(list->count, 2);
	assert_true(list->items[0]->plain);
	assert_false(list->items[1]->plain);
	assert_string_equal(list->items[1]->text, "y z");
	assert_int_equal(list->items[0]->place.line, 3);
	assert_int_equal(list->items[0]->place.column, 5);
	assert_int_equal(list->items[0]->place.width, 1);
	assert_memory_equal(text + list->items[0]->place.start, "x", 1);
	arena_free(arena);
}

static void test_nothing_tilde_and_null_are_no_value(void **state)
{
	static const char text[] = "a:\nb: ~\nc: null\nd: ''\ne: 'null'\n";
	struct arena *arena = arena_new();
	struct config_report report = { 0 };

	(void)state;
	struct yaml_node *root = yaml_parse(arena, text, strlen(text), &report);

	assert_non_null(root);
	assert_true(yaml_is_null(root->members[0].value));
	assert_true(yaml_is_null(root->members[1].value));
	assert_true(yaml_is_null(root->members[2].value));
	assert_false(yaml_is_null(root->members[3].value));
	assert_false(yaml_is_null(root->members[4].value));
	arena_free(arena);
}

static void test_empty_text_is_an_empty_mapping(void **state)
{
	static const char *const texts[] = { "", "# only a comment\n", "---\n", "~\n" };
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct config_report report = { 0 };
		struct yaml_node *root = yaml_parse(arena, texts[i], strlen(texts[i]), &report);
		assert_non_null(root);
		assert_int_equal(root->kind, YAML_MAPPING);
		assert_int_equal(root->count, 0);
	}
	arena_free(arena);
}

static void test_what_can_make_a_small_text_large_is_refused(void **state)
{
	static const struct {
		const char *text;
		const char *message;
		size_t line;
		size_t column;
	} cases[] = {
		{ "a: &x 1\n", "anchors", 1, 7 },
		{ "a: *x\n", "aliases", 1, 5 },
		{ "a: !!str 1\n", "tags", 1, 10 },
		{ "<<: {a: 1}\n", "merge keys", 1, 1 },
		{ "a: 1\n---\nb: 2\n", "second document", 2, 1 },
		{ "? [a]\n: 1\n", "plain name", 1, 3 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		expect_problem(cases[i].text, strlen(cases[i].text), cases[i].message,
			cases[i].line, cases[i].column);
	}
}

static void test_duplicate_keys_are_all_reported(void **state)
{
	static const char text[] = "a: 1\na: 2\nb: {c: 1, c: 2}\n";
	struct arena *arena = arena_new();
	struct config_report report = { 0 };

	(void)state;
	assert_null(yaml_parse(arena, text, strlen(text), &report));

	assert_int_equal(report.count, 2);
	assert_int_equal(report.problems[0].line, 2);
	assert_int_equal(report.problems[1].line, 3);
	assert_int_equal(report.problems[1].column, 11);
	config_report_fini(&report);
	arena_free(arena);
}

static void test_depth_is_limited(void **state)
{
	char text[64];

	(void)state;
	memset(text, '[', 17);
	memset(text + 17, ']', 17);

	expect_problem(text, 34, "16 levels", 1, 17);
}

static void test_count_of_values_is_limited(void **state)
{
	struct buf buf = { 0 };

	(void)state;
	buf_append_char(&buf, '[');
	for (int i = 0; i < YAML_NODES_MAX; i++) {
		buf_append_text(&buf, "1,");
	}
	buf_append_char(&buf, ']');

	expect_problem(buf_text(&buf), buf.size, "20,000 values", 1, 40000);
	buf_fini(&buf);
}

static void test_bytes_that_are_no_text_are_refused(void **state)
{
	(void)state;
	expect_problem("a: \xff\n", 5, "UTF-8", 0, 0);
	expect_problem("a: \0\n", 5, "NUL", 0, 0);
}

static void test_escaped_nul_is_refused(void **state)
{
	static const char text[] = "a: \"x\\0y\"\n";

	(void)state;
	expect_problem(text, strlen(text), "NUL", 1, 5);
}

static void test_syntax_error_has_its_place(void **state)
{
	(void)state;
	expect_problem("a: 1\nb: \"x\n", 11, "without closing quote", 2, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tree_has_the_kinds_texts_and_places_of_the_file),
		cmocka_unit_test(test_nothing_tilde_and_null_are_no_value),
		cmocka_unit_test(test_empty_text_is_an_empty_mapping),
		cmocka_unit_test(test_what_can_make_a_small_text_large_is_refused),
		cmocka_unit_test(test_duplicate_keys_are_all_reported),
		cmocka_unit_test(test_depth_is_limited),
		cmocka_unit_test(test_count_of_values_is_limited),
		cmocka_unit_test(test_bytes_that_are_no_text_are_refused),
		cmocka_unit_test(test_escaped_nul_is_refused),
		cmocka_unit_test(test_syntax_error_has_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
