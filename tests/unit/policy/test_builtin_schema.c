/* json.match_schema and json.verify_schema. What OPA answers is compared by tests/policy; here is
 * what must not be lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "tests/unit/policy/call.h"

static void test_a_document_that_fits_has_no_errors(void **state)
{
	static const struct call_case cases[] = {
		{ "json.match_schema",
			"[{\"a\": 1}, {\"properties\": {\"a\": {\"type\": \"integer\"}}}]",
			"[true,[]]" },
		{ "json.match_schema", "[\"{\\\"a\\\": 1}\", \"{\\\"required\\\": [\\\"a\\\"]}\"]",
			"[true,[]]" },
		{ "json.match_schema", "[[1.5, 3], {\"items\": {\"multipleOf\": 0.1}}]",
			"[true,[]]" },
		{ "json.match_schema",
			"[{\"a\": {\"a\": {}}}, {\"properties\": {\"a\": {\"$ref\": \"#\"}}}]",
			"[true,[]]" },
		{ "json.match_schema",
			"[[\"a@b.c\"], {\"items\": {\"$ref\": \"#/definitions/m\"}, "
			"\"definitions\": {\"m\": {\"format\": \"email\"}}}]",
			"[true,[]]" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_an_error_names_place_kind_and_reason(void **state)
{
	static const struct call_case cases[] = {
		{ "json.match_schema",
			"[{\"a\": [1, \"x\"]}, {\"properties\": {\"a\": {\"items\": {\"type\": "
			"\"number\"}}}}]",
			"[false,[{\"desc\":\"Invalid type. Expected: number, given: string\","
			"\"error\":\"a.1: Invalid type. Expected: number, given: string\","
			"\"field\":\"a.1\",\"type\":\"invalid_type\"}]]" },
		{ "json.match_schema", "[{}, {\"required\": [\"id\"]}]",
			"[false,[{\"desc\":\"id is required\",\"error\":\"(Root): id is "
			"required\",\"field\":\"(Root)\",\"type\":\"required\"}]]" },
		{ "json.match_schema", "[[12], {\"items\": {\"exclusiveMaximum\": 12}}]",
			"[false,[{\"desc\":\"Must be less than 12\",\"error\":\"0: Must be less "
			"than 12\",\"field\":\"0\",\"type\":\"number_lt\"}]]" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_a_schema_that_is_none_is_refused(void **state)
{
	static const struct call_case cases[] = {
		{ "json.verify_schema", "[{\"type\": \"boolean\"}]", "[true,null]" },
		{ "json.verify_schema", "[{\"pattern\": \"(\"}]",
			"[false,\"jsonschema: pattern must be a valid regex\"]" },
		{ "json.verify_schema", "[{\"minLength\": 3, \"maxLength\": 2}]",
			"[false,\"jsonschema: minLength cannot be greater than maxLength\"]" },
		{ "json.verify_schema", "[7]",
			"[false,\"jsonschema: wrong type, expected string or object\"]" },
		{ "json.match_schema", "[{}, {\"type\": 3}]",
			"error: Invalid type. Expected: type, given: string/array of strings" },
	};

	(void)state;
	CALL_CHECK(cases);
}

/* Nothing is fetched, so nothing can be asked of the network by a schema from an input. */
static void test_a_reference_out_of_the_schema_is_refused(void **state)
{
	const char *got = call_builtin(
		"json.match_schema", "[{}, {\"$ref\": \"http://example.com/schema.json\"}]");

	(void)state;
	assert_non_null(strstr(got, "names nothing in this schema"));
}

static void test_a_schema_that_refers_to_itself_for_ever_is_stopped(void **state)
{
	const char *got =
		call_builtin("json.match_schema", "[{}, {\"allOf\": [{\"$ref\": \"#\"}]}]");

	(void)state;
	assert_int_equal(strncmp(got, "budget:", 7), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_document_that_fits_has_no_errors),
		cmocka_unit_test(test_an_error_names_place_kind_and_reason),
		cmocka_unit_test(test_a_schema_that_is_none_is_refused),
		cmocka_unit_test(test_a_reference_out_of_the_schema_is_refused),
		cmocka_unit_test(test_a_schema_that_refers_to_itself_for_ever_is_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
