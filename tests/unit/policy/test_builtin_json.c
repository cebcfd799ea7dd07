/* JSON, paths and patches. What each call gives is what OPA gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/policy/call.h"

static void test_texts_are_written_as_go_writes_them(void **state)
{
	static const struct call_case cases[] = {
		{ "json.marshal",
			"[{\"b\": [1, 1.5, null, true], \"a\": \"<\\u2028\\\"\\\\\\u0001>\"}]",
			"\"{\\\"a\\\":\\\"\\\\u003c\\\\u2028\\\\\\\"\\\\\\\\\\\\u0001\\\\u003e\\\","
			"\\\"b\\\":[1,1.5,null,true]}\"" },
		{ "json.marshal", "[{\"$set\": [2, 1]}]", "\"[1,2]\"" },
		{ "json.marshal_with_options", "[{\"a\": [1, {}]}, {\"pretty\": true}]",
			"\"{\\n\\t\\\"a\\\": [\\n\\t\\t1,\\n\\t\\t{}\\n\\t]\\n}\"" },
		{ "json.marshal_with_options",
			"[{\"a\": [1, []]}, {\"indent\": \"  \", \"prefix\": \">\"}]",
			"\">{\\n>  \\\"a\\\": [\\n>    1,\\n>    []\\n>  ]\\n>}\"" },
		{ "json.marshal_with_options", "[[1], {\"pretty\": false, \"indent\": \" \"}]",
			"\"[1]\"" },
		{ "json.marshal_with_options", "[[1], {\"tabs\": 1}]",
			"error: operand 2 object contained unknown key tabs" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_texts_are_read_strictly(void **state)
{
	static const struct call_case cases[] = {
		{ "json.unmarshal", "[\"{\\\"a\\\": [1, 1e2, \\\"\\\\u00e9\\\"]}\"]",
			"{\"a\":[1,100,\"\xc3\xa9\"]}" },
		{ "json.unmarshal", "[\"{\\\"a\\\":1,\\\"b\\\":2,\\\"a\\\":3}\"]",
			"{\"a\":3,\"b\":2}" },
		{ "json.unmarshal", "[\"[1,\"]",
			"error: line 1, column 4: expected a value, found the end of the text" },
		{ "json.unmarshal", "[1]", "error: operand 1 must be string but got number" },
		{ "json.is_valid", "[\"[1]\"]", "true" },
		{ "json.is_valid", "[\"[1\"]", "false" },
		{ "json.is_valid", "[[1]]", "false" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_paths_choose_parts(void **state)
{
	static const struct call_case cases[] = {
		{ "json.filter",
			"[{\"a\": {\"b\": 1, \"c\": 2}, \"d\": [5, 6]}, [\"a/b\", \"d/1\"]]",
			"{\"a\":{\"b\":1},\"d\":[6]}" },
		{ "json.filter", "[{\"a\": 1}, []]", "{}" },
		{ "json.filter", "[{\"a/b\": 1, \"c\": 2}, [\"a~1b\"]]", "{\"a/b\":1}" },
		{ "json.remove",
			"[{\"a\": {\"b\": 1, \"c\": 2}, \"d\": [5, 6]}, [\"a/b\", \"d/0\"]]",
			"{\"a\":{\"c\":2},\"d\":[6]}" },
		{ "json.remove", "[{\"a\": {\"b\": 1}}, {\"$set\": [\"a\"]}]", "{}" },
		{ "json.remove", "[{\"a\": 1}, [[\"a\"]]]", "{}" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_patches_are_applied_or_refused(void **state)
{
	static const struct call_case cases[] = {
		{ "json.patch",
			"[{\"a\": {\"b\": 1}}, [{\"op\": \"add\", \"path\": \"/a/c\", \"value\": "
			"2}]]",
			"{\"a\":{\"b\":1,\"c\":2}}" },
		{ "json.patch",
			"[[1, 2], [{\"op\": \"add\", \"path\": \"/1\", \"value\": 9}, {\"op\": "
			"\"add\", \"path\": \"-\", \"value\": 3}]]",
			"[1,9,2,3]" },
		{ "json.patch", "[[1, 2], [{\"op\": \"remove\", \"path\": \"/0\"}]]", "[2]" },
		{ "json.patch",
			"[{\"a\": 1}, [{\"op\": \"replace\", \"path\": \"/a\", \"value\": [1]}, "
			"{\"op\": \"add\", \"path\": \"/a/0\", \"value\": 0}]]",
			"{\"a\":[0,1]}" },
		{ "json.patch",
			"[{\"a\": 1}, [{\"op\": \"move\", \"from\": \"/a\", \"path\": \"/b\"}]]",
			"{\"b\":1}" },
		{ "json.patch",
			"[{\"a\": [1]}, [{\"op\": \"copy\", \"from\": \"/a\", \"path\": \"/b\"}]]",
			"{\"a\":[1],\"b\":[1]}" },
		{ "json.patch",
			"[{\"a\": 1}, [{\"op\": \"test\", \"path\": \"/a\", \"value\": 1}]]",
			"{\"a\":1}" },
		{ "json.patch",
			"[{\"a\": 1}, [{\"op\": \"test\", \"path\": \"/a\", \"value\": 2}]]",
			"error: value from EditTree != patch value" },
		{ "json.patch", "[{\"a\": 1}, [{\"op\": \"remove\", \"path\": \"/x\"}]]",
			"error: cannot delete a key that does not exist" },
		{ "json.patch", "[{\"$set\": [1, 2]}, [{\"op\": \"remove\", \"path\": [1]}]]",
			"{\"$set\":[2]}" },
		{ "json.patch", "[[1], [{\"op\": \"add\", \"path\": \"/5\", \"value\": 1}]]",
			"error: index for array out of bounds" },
		{ "json.patch", "[[1], [{\"op\": \"add\", \"path\": \"/01\", \"value\": 1}]]",
			"error: leading zeros are not allowed in JSON paths" },
		{ "json.patch", "[{\"a\": 1}, [{\"op\": \"add\", \"path\": \"\", \"value\": 7}]]",
			"7" },
		{ "json.patch", "[{}, [{\"op\": \"dance\", \"path\": \"/a\"}]]",
			"error: unrecognized op" },
		{ "json.patch", "[{}, [{\"path\": \"/a\"}]]",
			"error: missing required attribute 'op', a string" },
		{ "json.patch", "[{}, [1]]",
			"error: must be an array of JSON-Patch objects, but at least one element "
			"is not an object" },
	};

	(void)state;
	CALL_CHECK(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts_are_written_as_go_writes_them),
		cmocka_unit_test(test_texts_are_read_strictly),
		cmocka_unit_test(test_paths_choose_parts),
		cmocka_unit_test(test_patches_are_applied_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
