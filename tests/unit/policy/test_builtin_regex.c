/* RE2's language with Go's results. What each call gives is what OPA gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/policy/call.h"

static void test_patterns_match_as_in_go_and_what_re2_lacks_is_refused(void **state)
{
	static const struct call_case cases[] = {
		{ "regex.match", "[\"^a+b?$\", \"aaab\"]", "true" },
		{ "regex.match", "[\"^admin$\", \"admin\\n\"]", "false" },
		{ "regex.match", "[\"(?m)^b$\", \"a\\nb\\nc\"]", "true" },
		{ "regex.match", "[\"(?i)STRASSE\", \"stra\\u017f\\u017fe\"]", "true" },
		{ "regex.match", "[\"(?i)k\", \"\\u212a\"]", "true" },
		{ "regex.match", "[\"\\\\bfoo\\\\b\", \"a foo!\"]", "true" },
		{ "regex.match", "[\"^\\\\p{Lu}\\\\p{Greek}$\", \"A\\u03b1\"]", "true" },
		{ "regex.match", "[\"[^\\\\d\\\\s]\", \" 1\"]", "false" },
		{ "regex.match", "[\"^.$\", \"\\n\"]", "false" },
		{ "regex.match", "[\"(?s)^.$\", \"\\n\"]", "true" },
		{ "regex.match", "[\"^[[:alpha:]_]+$\", \"ab_\"]", "true" },
		{ "regex.match", "[\"a{2,3}\", \"a\"]", "false" },
		{ "regex.match", "[\"a{,2}\", \"a{,2}\"]", "true" },
		{ "regex.match", "[\"\\\\Qa.b\\\\E\", \"axb\"]", "false" },
		{ "regex.match", "[\"x*\", \"\"]", "true" },
		{ "regex.match", "[\"(?=a)\", \"a\"]",
			"error: error parsing regexp: invalid or unsupported Perl syntax: `(?=`" },
		{ "regex.match", "[\"(?<=a)b\", \"ab\"]",
			"error: error parsing regexp: invalid named capture: `(?<=a)b`" },
		{ "regex.match", "[\"(a)\\\\1\", \"aa\"]",
			"error: error parsing regexp: invalid escape sequence: `\\1`" },
		{ "regex.match", "[\"a++\", \"a\"]",
			"error: error parsing regexp: invalid nested repetition operator: `++`" },
		{ "regex.match", "[\"(?>a)\", \"a\"]",
			"error: error parsing regexp: invalid or unsupported Perl syntax: `(?>`" },
		{ "regex.match", "[\"a**\", \"a\"]",
			"error: error parsing regexp: invalid nested repetition operator: `**`" },
		{ "regex.match", "[\"[a\", \"a\"]",
			"error: error parsing regexp: missing closing ]: `[a`" },
		{ "regex.match", "[\"(a\", \"a\"]",
			"error: error parsing regexp: missing closing ): `(a`" },
		{ "regex.match", "[\"a)\", \"a\"]",
			"error: error parsing regexp: unexpected ): `a)`" },
		{ "regex.match", "[\"*a\", \"a\"]",
			"error: error parsing regexp: missing argument to repetition operator: "
			"`*`" },
		{ "regex.match", "[\"a{1001}\", \"a\"]",
			"error: error parsing regexp: invalid repeat count: `{1001}`" },
		{ "regex.match", "[\"(a{100}){100}\", \"a\"]",
			"error: error parsing regexp: invalid repeat count: `{100}`" },
		{ "regex.match", "[\"\\\\Z\", \"a\"]",
			"error: error parsing regexp: invalid escape sequence: `\\Z`" },
		{ "regex.match", "[\"\\\\h\", \"a\"]",
			"error: error parsing regexp: invalid escape sequence: `\\h`" },
		{ "regex.match", "[\"[b-a]\", \"a\"]",
			"error: error parsing regexp: invalid character class range: `b-a`" },
		{ "regex.match", "[\"[[:foo:]]\", \"a\"]",
			"error: error parsing regexp: invalid character class range: `[:foo:]`" },
		{ "regex.match", "[\"\\\\pX\", \"a\"]",
			"error: error parsing regexp: invalid character class range: `\\pX`" },
		{ "regex.match", "[1, \"a\"]", "error: operand 1 must be string but got number" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_a_pattern_may_be_asked_whether_it_is_one(void **state)
{
	static const struct call_case cases[] = {
		{ "regex.is_valid", "[\"a|b\"]", "true" },
		{ "regex.is_valid", "[\"(?!a)\"]", "false" },
		{ "regex.is_valid", "[1]", "false" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_all_matches_are_found(void **state)
{
	static const struct call_case cases[] = {
		{ "regex.find_n", "[\"a.\", \"abacad\", 2]", "[\"ab\",\"ac\"]" },
		{ "regex.find_n", "[\"a.\", \"abacad\", -1]", "[\"ab\",\"ac\",\"ad\"]" },
		{ "regex.find_n", "[\"x*\", \"axb\", -1]", "[\"\",\"x\",\"\"]" },
		{ "regex.find_n", "[\"\", \"\\u00e9a\", -1]", "[\"\",\"\",\"\"]" },
		{ "regex.find_all_string_submatch_n", "[\"(a)(b)?\", \"abaa\", -1]",
			"[[\"ab\",\"a\",\"b\"],[\"a\",\"a\",\"\"],[\"a\",\"a\",\"\"]]" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_texts_are_split_at_matches(void **state)
{
	static const struct call_case cases[] = {
		{ "regex.split", "[\"[,;]\", \"a,b;c,\"]", "[\"a\",\"b\",\"c\",\"\"]" },
		{ "regex.split", "[\"\", \"abc\"]", "[\"a\",\"b\",\"c\"]" },
		{ "regex.split", "[\",\", \"\"]", "[\"\"]" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_replacements_may_name_groups(void **state)
{
	static const struct call_case cases[] = {
		{ "regex.replace", "[\"foo bar\", \"(\\\\w+) (\\\\w+)\", \"$2 ${1}!\"]",
			"\"bar foo!\"" },
		{ "regex.replace", "[\"aaa\", \"a\", \"$$\"]", "\"$$$\"" },
		{ "regex.replace", "[\"ab\", \"(?P<x>a)b\", \"<$x><$y>\"]", "\"<a><>\"" },
		{ "regex.replace", "[\"abc\", \"^\", \"-\"]", "\"-abc\"" },
		{ "regex.replace", "[\"abc\", \"x*\", \"-\"]", "\"-a-b-c-\"" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_a_template_has_expressions_between_delimiters(void **state)
{
	static const struct call_case cases[] = {
		{ "regex.template_match", "[\"urn:foo:<.*>\", \"urn:foo:bar:baz\", \"<\", \">\"]",
			"true" },
		{ "regex.template_match", "[\"urn:foo:{.*}\", \"urn:foo:bar:baz\", \"<\", \">\"]",
			"false" },
		{ "regex.template_match", "[\"a.b<[0-9]{2}>\", \"a.b42\", \"<\", \">\"]", "true" },
		{ "regex.template_match", "[\"a.b<[0-9]{2}>\", \"axb42\", \"<\", \">\"]", "false" },
		{ "regex.template_match", "[\"<a|b>c\", \"bc\", \"<\", \">\"]", "true" },
		{ "regex.template_match", "[\"<)(>\", \"\", \"<\", \">\"]",
			"error: error parsing regexp: unexpected ): `^)($`" },
		{ "regex.template_match", "[\"a<b\", \"a\", \"<\", \">\"]",
			"error: unbalanced braces in the template" },
		{ "regex.template_match", "[\"a\", \"a\", \"<<\", \">\"]",
			"error: a delimiter has to be exactly one character of one byte" },
	};

	(void)state;
	CALL_CHECK(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_patterns_match_as_in_go_and_what_re2_lacks_is_refused),
		cmocka_unit_test(test_a_pattern_may_be_asked_whether_it_is_one),
		cmocka_unit_test(test_all_matches_are_found),
		cmocka_unit_test(test_texts_are_split_at_matches),
		cmocka_unit_test(test_replacements_may_name_groups),
		cmocka_unit_test(test_a_template_has_expressions_between_delimiters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
