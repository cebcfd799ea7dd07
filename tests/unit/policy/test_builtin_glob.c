/* Globs as OPA matches them. What each call gives is what OPA gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/policy/call.h"

static void test_stars_stop_at_separators(void **state)
{
	static const struct call_case cases[] = {
		{ "glob.match", "[\"*.example.com\", [\".\"], \"a.example.com\"]", "true" },
		{ "glob.match", "[\"*.example.com\", [], \"a.b.example.com\"]", "false" },
		{ "glob.match", "[\"**.example.com\", [\".\"], \"a.b.example.com\"]", "true" },
		{ "glob.match", "[\"*\", null, \"a.b/c\"]", "true" },
		{ "glob.match", "[\"a?c\", [\"b\"], \"abc\"]", "false" },
		{ "glob.match", "[\"{cat,[fr]at}\", [], \"rat\"]", "true" },
		{ "glob.match", "[\"[!a-c]at\", [], \"dat\"]", "true" },
		{ "glob.match", "[\"\\\\*\", [], \"*\"]", "true" },
		{ "glob.match", "[\"{a,b\", [], \"a\"]",
			"error: glob: syntax error at 4: unclosed `{`" },
		{ "glob.match", "[\"a\", [\"ab\"], \"a\"]",
			"error: operand 2 must be array of runes but got array containing string" },
		{ "glob.match", "[\"a\", \"b\", \"a\"]",
			"error: operand 2 must be one of {null, array} but got string" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_meta_characters_are_quoted(void **state)
{
	static const struct call_case cases[] = {
		{ "glob.quote_meta", "[\"*.example.com{}\"]", "\"\\\\*.example.com\\\\{\\\\}\"" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_two_patterns_are_asked_for_a_text_in_common(void **state)
{
	static const struct call_case cases[] = {
		{ "regex.globs_match", "[\"a.*b\", \"a[a-z]+\"]", "true" },
		{ "regex.globs_match", "[\"a*\", \"a+\"]", "true" },
		{ "regex.globs_match", "[\"[a-c]+d\", \"[d-f]*d\"]", "false" },
		{ "regex.globs_match", "[\"[a-c]+\", \"[d-f]+\"]", "false" },
		{ "regex.globs_match", "[\"\\\\*\", \"\\\\.\"]", "false" },
		{ "regex.globs_match", "[\"\\\\*\", \"[*]\"]", "true" },
		{ "regex.globs_match", "[\"[]\", \".\"]", "true" },
		{ "regex.globs_match", "[\"[a-\", \"a\"]",
			"error: glob, byte 3: range character '-' must be followed by a "
			"character" },
		{ "regex.globs_match", "[\"[c-a]\", \"a\"]",
			"error: glob, byte 4: range is out of order" },
		{ "regex.globs_match", "[\"+\", \"a\"]",
			"error: glob, byte 1: ']', '+' or '*' with nothing before it" },
		{ "regex.globs_match", "[\"a\\\\\", \"a\"]",
			"error: input ends with a \\ (escape) character" },
		{ "regex.globs_match", "[\"\", \"\"]", "true" },
	};

	(void)state;
	CALL_CHECK(cases);
}

/* The walk tries both ways at each star: 2^n of them. */
static void test_a_walk_of_many_ways_ends_at_the_budget(void **state)
{
	static const char args[] = "[\"a*.*a*.*a*.*a*.*a*.*a*.*a*.*a*.*b+\", "
				   "\".*a*.*a*.*a*.*a*.*a*.*a*.*a*.*a*c+\"]";

	(void)state;
	assert_string_equal(call_builtin("regex.globs_match", args),
		"budget: the policy needs more than 1000000 steps");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stars_stop_at_separators),
		cmocka_unit_test(test_meta_characters_are_quoted),
		cmocka_unit_test(test_two_patterns_are_asked_for_a_text_in_common),
		cmocka_unit_test(test_a_walk_of_many_ways_ends_at_the_budget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
