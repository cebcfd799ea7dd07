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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stars_stop_at_separators),
		cmocka_unit_test(test_meta_characters_are_quoted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
