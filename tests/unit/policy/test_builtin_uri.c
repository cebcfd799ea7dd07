/* URIs and query strings. What each call gives is what OPA gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/policy/call.h"

static void test_queries_are_escaped_and_taken_apart(void **state)
{
	static const struct call_case cases[] = {
		{ "urlquery.encode", "[\"a b&c=\\u00e9~\"]", "\"a+b%26c%3D%C3%A9~\"" },
		{ "urlquery.decode", "[\"a+b%26%C3%A9\"]", "\"a b&\xc3\xa9\"" },
		{ "urlquery.decode", "[\"%zz\"]", "error: invalid URL escape" },
		{ "urlquery.encode_object", "[{\"b\": \"1 2\", \"a\": [\"x\", \"y\"]}]",
			"\"a=x&a=y&b=1+2\"" },
		{ "urlquery.encode_object", "[{\"a\": 1}]",
			"error: operand 1 values must be string, array[string], or set[string]" },
		{ "urlquery.decode_object", "[\"a=1&b=2&a=3&c\"]",
			"{\"a\":[\"1\",\"3\"],\"b\":[\"2\"],\"c\":[\"\"]}" },
		{ "urlquery.decode_object", "[\"a=1;b=2\"]",
			"error: invalid semicolon separator in query" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_uris_are_taken_apart_or_refused(void **state)
{
	static const struct call_case cases[] = {
		{ "uri.parse", "[\"HTTPS://user@Example.com:8443/a%2Fb/c%20d?q=1&r#top\"]",
			"{\"fragment\":\"top\",\"hostname\":\"Example.com\",\"path\":\"/a/b/c "
			"d\",\"port\":\"8443\",\"raw_path\":\"/a%2Fb/"
			"c%20d\",\"raw_query\":\"q=1&r\",\"scheme\":\"https\"}" },
		{ "uri.parse", "[\"http://[::1]:80/x\"]",
			"{\"hostname\":\"::1\",\"path\":\"/x\",\"port\":\"80\",\"raw_path\":\"/"
			"x\",\"scheme\":\"http\"}" },
		{ "uri.parse", "[\"mailto:ann@example.com\"]", "{\"scheme\":\"mailto\"}" },
		{ "uri.parse", "[\"/only/path\"]",
			"{\"path\":\"/only/path\",\"raw_path\":\"/only/path\"}" },
		{ "uri.parse", "[\"http://a b/\"]", "error: parse \"http://a b/\": no URI" },
		{ "uri.parse", "[\"http://[::1\"]", "error: parse \"http://[::1\": no URI" },
		{ "uri.parse", "[\"a:b:c/d\"]", "{\"scheme\":\"a\"}" },
		{ "uri.parse", "[\"1a:b\"]", "error: parse \"1a:b\": no URI" },
		{ "uri.is_valid", "[\"https://example.com/%zz\"]", "false" },
		{ "uri.is_valid", "[\"https://example.com/\"]", "true" },
		{ "uri.is_valid", "[\"\"]", "false" },
	};

	(void)state;
	CALL_CHECK(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_queries_are_escaped_and_taken_apart),
		cmocka_unit_test(test_uris_are_taken_apart_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
