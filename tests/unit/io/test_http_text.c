#include "io/http_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "base/arena.h"
#include "base/error.h"
#include "io/http_target.h"

static struct http_text text(const char *bytes)
{
	return (struct http_text){ bytes, strlen(bytes) };
}

static bool among(int c, const char *set)
{
	return c != 0 && strchr(set, c) != NULL;
}

static bool is_alnum(int c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static void test_classes_are_those_of_the_grammar(void **state)
{
	(void)state;
	for (int c = 0; c < 256; c++) {
		bool vchar = c > 0x20 && c < 0x7f;
		bool unreserved = is_alnum(c) || among(c, "-._~");
		unsigned expected =
			(is_alnum(c) || among(c, "!#$%&'*+-.^_`|~") ? HTTP_CLASS_TOKEN : 0u) |
			(vchar || c == ' ' || c == '\t' || c >= 0x80 ? HTTP_CLASS_VALUE : 0u) |
			(vchar ? HTTP_CLASS_TARGET : 0u) |
			(unreserved ? HTTP_CLASS_UNRESERVED : 0u) |
			(unreserved || among(c, "!$&'()*+,=:@") ? HTTP_CLASS_PATH : 0u);

		assert_int_equal(http_class((char)c), expected);
	}
}

static void test_list_hands_out_trimmed_elements(void **state)
{
	struct http_text rest = text(" a ,b,, \tc d\t");
	struct http_text element;

	(void)state;
	assert_true(http_list_next(&rest, &element) && http_text_is(element, "a"));
	assert_true(http_list_next(&rest, &element) && http_text_is(element, "b"));
	assert_true(http_list_next(&rest, &element) && http_text_is(element, ""));
	assert_true(http_list_next(&rest, &element) && http_text_is(element, "c d"));
	assert_false(http_list_next(&rest, &element));
}

static void test_media_type_ignores_case_and_parameters(void **state)
{
	(void)state;
	assert_true(http_media_type_is(text("application/scim+json"), "application/scim+json"));
	assert_true(
		http_media_type_is(text("Application/JSON ; charset=utf-8"), "application/json"));
	assert_false(http_media_type_is(text("application/jsonp"), "application/json"));
	assert_false(http_media_type_is(text("application/json+x"), "application/json"));
	assert_false(http_media_type_is(text(""), "application/json"));
}

static void test_query_is_decoded_pair_by_pair(void **state)
{
	struct arena *arena = arena_new();
	struct http_text cursor =
		text("filter=userName+eq%20%22a%26b%22&&count=&x&y=1=2&%C3%A4=%E2%82%AC");
	static const char *const expected[][2] = {
		{ "filter", "userName eq \"a&b\"" },
		{ "count", "" },
		{ "x", "" },
		{ "y", "1=2" },
		{ "\xc3\xa4", "\xe2\x82\xac" },
	};
	struct http_text name;
	struct http_text value;
	struct error err = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		assert_true(http_query_next(&cursor, arena, &name, &value, &err));
		assert_string_equal(name.data, expected[i][0]);
		assert_string_equal(value.data, expected[i][1]);
		assert_int_equal(value.size, strlen(expected[i][1]));
	}
	assert_false(http_query_next(&cursor, arena, &name, &value, &err));
	assert_int_equal(err.code, ERROR_NONE);
	arena_free(arena);
}

static void test_query_that_has_no_meaning_is_refused(void **state)
{
	static const char *const bad[] = { "a=%", "a=%4", "a=%zz", "a=%00", "a=%C3", "%ff=1",
		"a=%ED%A0%80", "a=%c0%80", "a=%-1" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct arena *arena = arena_new();
		struct http_text cursor = text(bad[i]);
		struct http_text name;
		struct http_text value;
		struct error err = { 0 };

		assert_false(http_query_next(&cursor, arena, &name, &value, &err));
		assert_int_equal(err.code, ERROR_REQUEST);
		arena_free(arena);
	}
}

static void test_an_empty_query_has_no_pairs(void **state)
{
	struct http_text cursors[] = { { NULL, 0 }, text(""), text("&&&") };
	struct error err = { 0 };
	struct http_text name;
	struct http_text value;

	(void)state;
	for (size_t i = 0; i < sizeof(cursors) / sizeof(cursors[0]); i++) {
		assert_false(http_query_next(&cursors[i], NULL, &name, &value, &err));
		assert_int_equal(err.code, ERROR_NONE);
	}
}

static void test_headers_that_could_split_a_reply_are_not_safe(void **state)
{
	(void)state;
	assert_true(http_value_is_safe("W/\"3\" \xc3\xa4\t", 9));
	assert_false(http_value_is_safe("a\r\nX: b", 7));
	assert_false(http_value_is_safe("a\nb", 3));
	assert_false(http_value_is_safe("a\rb", 3));
	assert_false(http_value_is_safe("a\0b", 3));
	assert_false(http_value_is_safe("a\x7f", 2));
	assert_true(http_name_is_safe("X-Thing_1"));
	assert_false(http_name_is_safe(""));
	assert_false(http_name_is_safe("A B"));
	assert_false(http_name_is_safe("A:"));
	assert_false(http_name_is_safe("A\r\n"));
}

static void test_authorities(void **state)
{
	static const struct {
		const char *text;
		bool valid;
	} cases[] = {
		{ "localhost", true },
		{ "localhost:8443", true },
		{ "a_b.example.com:", true },
		{ "192.0.2.1:1", true },
		{ "[::1]", true },
		{ "[2001:db8::1]:443", true },
		{ "", false },
		{ ":80", false },
		{ "a b", false },
		{ "a@b", false },
		{ "a/b", false },
		{ "a,b", false },
		{ "a:b", false },
		{ "a:80:81", false },
		{ "a:65536", false },
		{ "a:99999999999999999999", false },
		{ "a%20b", false },
		{ "[::1", false },
		{ "[::1]x", false },
		{ "[::1]:x", false },
		{ "[]", false },
		{ "[1.2.3.4]", false },
		{ "[fe80::1%25eth0]", false },
		{ "[1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb]", false },
		{ "a\xc3\xa4", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (http_authority_is_valid(text(cases[i].text)) != cases[i].valid) {
			fail_msg("'%s' is %svalid", cases[i].text, cases[i].valid ? "" : "not ");
		}
	}
}

static void test_paths_have_one_spelling(void **state)
{
	static const struct {
		const char *path;
		const char *segments; /* joined by "|"; NULL: refused */
	} cases[] = {
		{ "/", "" },
		{ "/scim/v2/Users", "scim|v2|Users" },
		{ "/scim/v2/Users/", "scim|v2|Users|" },
		{ "/Schemas/urn:ietf:params:scim:schemas:core:2.0:User",
			"Schemas|urn:ietf:params:scim:schemas:core:2.0:User" },
		{ "/Schemas/urn%3Aietf", "Schemas|urn:ietf" },
		{ "/a%20b/%c3%A4/c", "a b|\xc3\xa4|c" },
		{ "/a...b/.c/d.", "a...b|.c|d." },
		{ "/%E2%82%AC", "\xe2\x82\xac" },
		{ "", NULL },
		{ "a", NULL },
		{ "//", NULL },
		{ "//a", NULL },
		{ "/a//b", NULL },
		{ "/a//", NULL },
		{ "/.", NULL },
		{ "/./a", NULL },
		{ "/a/..", NULL },
		{ "/a/../b", NULL },
		{ "/scim/v2/%55sers", NULL },
		{ "/a%2e", NULL },
		{ "/%2e%2e/a", NULL },
		{ "/a%2fb", NULL },
		{ "/a%2Fb", NULL },
		{ "/a%5cb", NULL },
		{ "/a\\b", NULL },
		{ "/a;x", NULL },
		{ "/a%3bx", NULL },
		{ "/a%00", NULL },
		{ "/a%0d%0a", NULL },
		{ "/a%7f", NULL },
		{ "/a%2541", NULL },
		{ "/a%252f", NULL },
		{ "/a%25", NULL },
		{ "/a%", NULL },
		{ "/a%4", NULL },
		{ "/a%zz", NULL },
		{ "/a%4/b", NULL },
		{ "/%c3", NULL },
		{ "/%c0%af", NULL },
		{ "/%ed%a0%80", NULL },
		{ "/%c3/%a4", NULL },
		{ "/a\"b", NULL },
		{ "/a<b", NULL },
		{ "/{a}", NULL },
		{ "/a|b", NULL },
		{ "/1/2/3/4/5/6", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char memory[64];
		char joined[128] = "";
		size_t at = 0;
		struct http_text segments[5];
		size_t count;
		bool trailing;
		const char *wrong = http_path_split(
			text(cases[i].path), memory, segments, 5, &count, &trailing);

		if ((wrong == NULL) != (cases[i].segments != NULL)) {
			fail_msg("'%s': %s", cases[i].path, wrong != NULL ? wrong : "accepted");
		}
		if (wrong != NULL) {
			continue;
		}
		for (size_t s = 0; s < count; s++) {
			at += (size_t)snprintf(joined + at, sizeof(joined) - at, "%s%.*s",
				s > 0 ? "|" : "", (int)segments[s].size, segments[s].data);
		}
		snprintf(joined + at, sizeof(joined) - at, "%s", trailing ? "|" : "");
		assert_string_equal(joined, cases[i].segments);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_classes_are_those_of_the_grammar),
		cmocka_unit_test(test_list_hands_out_trimmed_elements),
		cmocka_unit_test(test_media_type_ignores_case_and_parameters),
		cmocka_unit_test(test_query_is_decoded_pair_by_pair),
		cmocka_unit_test(test_query_that_has_no_meaning_is_refused),
		cmocka_unit_test(test_an_empty_query_has_no_pairs),
		cmocka_unit_test(test_headers_that_could_split_a_reply_are_not_safe),
		cmocka_unit_test(test_authorities),
		cmocka_unit_test(test_paths_have_one_spelling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
