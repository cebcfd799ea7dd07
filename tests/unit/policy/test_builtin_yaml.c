/* yaml.unmarshal, yaml.is_valid and yaml.marshal. What OPA answers is compared by tests/policy;
 * here is what must not be lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "tests/unit/policy/call.h"

static void test_scalars_are_what_the_core_schema_says(void **state)
{
	static const struct call_case cases[] = {
		{ "yaml.unmarshal", "[\"[1, 0x1F, 017, 0o17, 0b11, 1_000, +5, -0]\"]",
			"[1,31,15,15,3,1000,5,0]" },
		{ "yaml.unmarshal", "[\"[1.5, .5, 1e3, 08]\"]", "[1.5,0.5,1000,8]" },
		{ "yaml.unmarshal", "[\"[yes, on, true, True, ~, null, '']\"]",
			"[\"yes\",\"on\",true,true,null,null,\"\"]" },
		{ "yaml.unmarshal", "[\"[2024-01-02, 12:30, '1', !!str 1, !!int '1']\"]",
			"[\"2024-01-02\",\"12:30\",\"1\",\"1\",1]" },
		{ "yaml.unmarshal", "[\"\"]", "null" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_texts_are_folded_and_chomped(void **state)
{
	static const struct call_case cases[] = {
		{ "yaml.unmarshal", "[\"a: |\\n  x\\n   y\\n\\nb: >-\\n  x\\n  y\\n\"]",
			"{\"a\":\"x\\n y\\n\",\"b\":\"x y\"}" },
		{ "yaml.unmarshal", "[\"a: x\\n  y\\n\\n  z # c\\n\"]", "{\"a\":\"x y\\nz\"}" },
		{ "yaml.unmarshal", "[\"\\\"a\\\\x41\\\\n\\\\\\n  b\\\"\"]", "\"aA\\nb\"" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_keys_merges_and_aliases_become_objects(void **state)
{
	static const struct call_case cases[] = {
		{ "yaml.unmarshal", "[\"{1: a, true: b, 1.5: c, d}\"]",
			"{\"1\":\"a\",\"1.5\":\"c\",\"d\":null,\"true\":\"b\"}" },
		{ "yaml.unmarshal", "[\"a: 1\\na: 2\\n\"]", "{\"a\":2}" },
		{ "yaml.unmarshal", "[\"b: &b {x: 1, y: 1}\\nc: {<<: *b, y: 2}\\n\"]",
			"{\"b\":{\"x\":1,\"y\":1},\"c\":{\"x\":1,\"y\":2}}" },
		{ "yaml.unmarshal", "[\"- &a [x]\\n- *a\\n\"]", "[[\"x\"],[\"x\"]]" },
		{ "yaml.unmarshal", "[\"first\\n--- second\\n\"]", "\"first\"" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_what_is_no_yaml_is_an_error(void **state)
{
	static const struct call_case cases[] = {
		{ "yaml.unmarshal", "[\"a: b: c\"]",
			"error: yaml: mapping values are not allowed in this context" },
		{ "yaml.unmarshal", "[\"[a\"]",
			"error: yaml: did not find expected ',' or the end" },
		{ "yaml.unmarshal", "[\"a: *b\"]", "error: yaml: unknown anchor referenced" },
		{ "yaml.unmarshal", "[\"&a [*a]\"]",
			"error: yaml: an anchor's value contains itself" },
		{ "yaml.unmarshal", "[\"null: a\"]", "error: yaml: null is no key in JSON" },
		{ "yaml.unmarshal", "[\"a: .inf\"]", "error: yaml: JSON has no such number" },
		{ "yaml.is_valid", "[\"a: b: c\"]", "false" },
		{ "yaml.is_valid", "[\"a\\n--- [\"]", "false" },
		{ "yaml.is_valid", "[\"a: [b, {c: d}]\"]", "true" },
		{ "yaml.is_valid", "[7]", "false" },
	};

	(void)state;
	CALL_CHECK(cases);
}

/* It may be valid, and then it is something that OPA reads: nobody may say "no" to that. */
static void test_what_is_not_read_here_is_an_error_and_never_an_answer(void **state)
{
	static const struct call_case cases[] = {
		{ "yaml.is_valid", "[\"!!timestamp 2024-01-02\"]",
			"error: yaml: a tag that is not read here" },
		{ "yaml.is_valid", "[\"!a%41 x\"]", "error: yaml: a tag with escaped characters" },
		{ "yaml.is_valid", "[\"\\ufeffa: b\"]", "error: yaml: a byte order mark" },
		{ "yaml.is_valid", "[\"!!binary /w==\"]",
			"error: yaml: a !!binary value that is no text" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_values_are_written_in_blocks_with_quotes_where_they_are_needed(void **state)
{
	static const struct call_case cases[] = {
		{ "yaml.marshal", "[{\"a\": [1, {\"b\": null}], \"c\": {}, \"d\": []}]",
			"\"a:\\n  - 1\\n  - b: null\\nc: {}\\nd: []\\n\"" },
		{ "yaml.marshal", "[[\"yes\", \"1\", \"a: b\", \"\", \"1:30\", \"x\"]]",
			"\"- \\\"yes\\\"\\n- \\\"1\\\"\\n- 'a: b'\\n- \\\"\\\"\\n- "
			"\\\"1:30\\\"\\n- "
			"x\\n\"" },
		{ "yaml.marshal", "[{\"k10\": \"a\\nb\\n\", \"k9\": \" c\"}]",
			"\"k9: ' c'\\nk10: |\\n  a\\n  b\\n\"" },
		{ "yaml.marshal", "[1.5]", "\"1.5\\n\"" },
		{ "yaml.marshal", "[\"\\u007f\"]",
			"error: yaml: control characters are not allowed" },
	};

	(void)state;
	CALL_CHECK(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scalars_are_what_the_core_schema_says),
		cmocka_unit_test(test_texts_are_folded_and_chomped),
		cmocka_unit_test(test_keys_merges_and_aliases_become_objects),
		cmocka_unit_test(test_what_is_no_yaml_is_an_error),
		cmocka_unit_test(test_what_is_not_read_here_is_an_error_and_never_an_answer),
		cmocka_unit_test(
			test_values_are_written_in_blocks_with_quotes_where_they_are_needed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
