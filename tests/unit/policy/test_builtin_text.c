/* Text: positions count characters. What each call gives is what OPA gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/policy/call.h"

static void test_case_is_mapped_character_by_character(void **state)
{
	static const struct call_case cases[] = {
		{ "lower", "[\"\\u00c4\\u1e9e\\u0130\\u03a3\"]", "\"\xc3\xa4\xc3\x9fi\xcf\x83\"" },
		{ "upper", "[\"\\u00df\\u00e4\\ufb01\"]", "\"\xc3\x9f\xc3\x84\xef\xac\x81\"" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_search_finds_texts_and_their_places(void **state)
{
	static const struct call_case cases[] = {
		{ "contains", "[\"abc\", \"bc\"]", "true" },
		{ "startswith", "[\"abc\", \"\"]", "true" },
		{ "endswith", "[\"abc\", \"bc\"]", "true" },
		{ "indexof", "[\"\\u00e9ab\", \"b\"]", "2" },
		{ "indexof", "[\"abc\", \"x\"]", "-1" },
		{ "indexof", "[\"abc\", \"\"]", "error: empty search character" },
		{ "indexof_n", "[\"a\\u00e9aa\", \"a\"]", "[0,2,3]" },
		{ "indexof_n", "[\"aaa\", \"aa\"]", "[0,1]" },
		{ "strings.count", "[\"aaaa\", \"aa\"]", "2" },
		{ "strings.count", "[\"a\\u00e9a\", \"\"]", "4" },
		{ "strings.any_prefix_match", "[\"abc\", {\"$set\": [\"x\", \"a\"]}]", "true" },
		{ "strings.any_prefix_match", "[[\"b\", \"c\"], \"c\"]", "true" },
		{ "strings.any_prefix_match", "[[], [\"a\"]]", "false" },
		{ "strings.any_suffix_match", "[\"a@example.com\", [\"@example.com\"]]", "true" },
		{ "strings.any_suffix_match", "[\"abc\", [1]]",
			"error: operand 2 must be array of strings but got array containing "
			"number" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_parts_are_cut_between_characters(void **state)
{
	static const struct call_case cases[] = {
		{ "substring", "[\"a\\u00e9bc\", 1, 2]",
			"\"\xc3\xa9"
			"b\"" },
		{ "substring", "[\"abc\", 1, -1]", "\"bc\"" },
		{ "substring", "[\"abc\", 9, 1]", "\"\"" },
		{ "substring", "[\"abc\", -1, 1]", "error: negative offset" },
		{ "substring", "[\"abc\", 1, 1.5]",
			"error: operand 3 must be integer number but got floating-point number" },
		{ "split", "[\"a,b,,c\", \",\"]", "[\"a\",\"b\",\"\",\"c\"]" },
		{ "split", "[\"a\\u00f1c\", \"\"]", "[\"a\",\"\xc3\xb1\",\"c\"]" },
		{ "split", "[\"\", \",\"]", "[\"\"]" },
		{ "split", "[\"\", \"\"]", "[]" },
		{ "strings.split_n", "[\"a,b,c\", \",\", 2]", "[\"a\",\"b\"]" },
		{ "strings.split_n", "[\"a,b,c\", \",\", -1]", "[\"c\"]" },
		{ "strings.split_n", "[\"abc\", \"\", 2]", "[\"a\",\"b\"]" },
		{ "concat", "[\",\", [\"a\", \"b\"]]", "\"a,b\"" },
		{ "concat", "[\",\", {\"$set\": [\"b\", \"a\"]}]", "\"a,b\"" },
		{ "concat", "[\"\", []]", "\"\"" },
		{ "concat", "[\",\", [\"a\", 1]]",
			"error: operand 2 must be array of strings but got array containing "
			"number" },
		{ "strings.reverse", "[\"a\\u00e9b\"]",
			"\"b\xc3\xa9"
			"a\"" },
	};

	(void)state;
	CALL_CHECK(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_case_is_mapped_character_by_character),
		cmocka_unit_test(test_search_finds_texts_and_their_places),
		cmocka_unit_test(test_parts_are_cut_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
