/* What was expected × what came. */
#include "gateway/scenario_match.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "base/arena.h"
#include "base/value.h"

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

static const struct value *json(const char *text)
{
	static const struct value_limits limits = { .bytes = 4096, .depth = 32, .values = 1000 };
	const struct value *value = value_parse(arena, text, strlen(text), &limits, NULL);

	assert_non_null(value);
	return value;
}

static const struct {
	const char *expected;
	const char *got;
	bool matches;
} rows[] = {
	{ "{}", "{\"a\":1}", true },
	{ "{\"a\":1}", "{\"a\":1,\"b\":2}", true },
	{ "{\"a\":1}", "{\"a\":2}", false },
	{ "{\"a\":1}", "{}", false },
	{ "{\"a\":null}", "{}", true },
	{ "{\"a\":null}", "{\"a\":1}", false },
	{ "{\"a\":{\"b\":1}}", "{\"a\":{\"b\":1,\"c\":2}}", true },
	{ "{\"a\":{\"b\":1}}", "{\"a\":7}", false },
	{ "1", "1.0", true },
	{ "\"a\"", "\"A\"", false },
	{ "[]", "[]", true },
	{ "[]", "[1]", false },
	{ "[1]", "[]", false },
	{ "[1,2]", "[2,1]", true },
	{ "[1,1]", "[1,2]", false },
	{ "[{\"a\":1}]", "[{\"a\":1,\"b\":2}]", true },
	/* The first expected item would fit both that came; the second only one of them. */
	{ "[{},{\"a\":1}]", "[{\"a\":1},{\"a\":2}]", true },
	{ "[{\"a\":1},{\"a\":1}]", "[{\"a\":1},{\"a\":2}]", false },
	{ "[1]", "{\"a\":1}", false },
	{ "{}", "[]", false },
};

static void test_what_came_is_at_least_what_was_expected(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (scenario_matches(json(rows[i].expected), json(rows[i].got)) !=
			rows[i].matches) {
			fail_msg("%s and %s", rows[i].expected, rows[i].got);
		}
	}
	assert_false(scenario_matches(json("1"), NULL));
	assert_true(scenario_matches(json("null"), NULL));
}

static void test_every_member_that_differs_is_named_by_its_path(void **state)
{
	struct scenario_differences differences = { .arena = arena };
	(void)state;

	scenario_match(&differences, "resource", 7,
		json("{\"name\":{\"givenName\":\"A\",\"familyName\":\"B\"},\"title\":null,"
		     "\"active\":true}"),
		json("{\"name\":{\"givenName\":\"X\",\"familyName\":\"B\"},\"title\":\"T\","
		     "\"active\":true}"));

	assert_int_equal(differences.count, 2);
	assert_string_equal(differences.items[0].what, "resource.name.givenName");
	assert_string_equal(differences.items[0].expected, "\"A\"");
	assert_string_equal(differences.items[0].got, "\"X\"");
	assert_int_equal(differences.items[0].line, 7);
	assert_string_equal(differences.items[1].what, "resource.title");
	assert_string_equal(differences.items[1].expected, "nothing");
}

static void test_texts_are_the_same_in_any_order(void **state)
{
	(void)state;
	assert_true(scenario_same_texts(json("[\"a\",\"b\"]"), json("[\"b\",\"a\",\"a\"]")));
	assert_false(scenario_same_texts(json("[\"a\"]"), json("[\"a\",\"b\"]")));
	assert_false(scenario_same_texts(json("[\"a\",\"b\"]"), json("[\"a\"]")));
	assert_true(scenario_same_texts(json("[]"), json("[]")));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_what_came_is_at_least_what_was_expected),
		TEST(test_every_member_that_differs_is_named_by_its_path),
		TEST(test_texts_are_the_same_in_any_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
