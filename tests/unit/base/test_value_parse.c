#include "base/value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"

static struct arena *arena;
static struct error err;
static struct value_limits limits;

static int open_arena(void **state)
{
	(void)state;
	arena = arena_new();
	err = (struct error){ 0 };
	limits = (struct value_limits){ 1 << 20, 64, 10000, .folded_keys = true };
	return 0;
}

static int close_arena(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

/* From a copy that is exactly as long as the text, so that sanitizers see a read behind it. */
static const struct value *parse_n(const char *text, size_t size)
{
	struct arena *scratch = arena_new();
	char *copy = arena_copy(scratch, text, size);
	const struct value *value = value_parse(arena, copy, size, &limits, &err);

	arena_free(scratch); /* the text may go away */
	return value;
}

static const struct value *parse(const char *text)
{
	return parse_n(text, strlen(text));
}

static void assert_reads(const char *text, const char *canonical)
{
	err = (struct error){ 0 };
	const struct value *value = parse(text);

	if (value == NULL) {
		fail_msg("%s: %s", text, err.text);
	}
	assert_string_equal(value_preview(arena, value, 10000), canonical);
	assert_int_equal(err.code, ERROR_NONE);
}

static void assert_refused(const char *text, const char *sentence)
{
	err = (struct error){ 0 };
	if (parse(text) != NULL) {
		fail_msg("accepted: %s", text);
	}
	assert_string_equal(err.text, sentence);
	assert_int_equal(err.code, ERROR_SYNTAX);
	err = (struct error){ 0 };
}

static void test_what_json_allows_is_read(void **state)
{
	static const char *const rows[][2] = {
		{ "null", "null" },
		{ " true ", "true" },
		{ "\t\r\n false\n", "false" },
		{ "0", "0" },
		{ "-12", "-12" },
		{ "\"\"", "\"\"" },
		{ "[]", "[]" },
		{ "[ ]", "[]" },
		{ "{}", "{}" },
		{ "{ }", "{}" },
		{ "[1 , 2,3 ]", "[1,2,3]" },
		{ "{\"b\" : [ { } , [ ] ] , \"a\":{\"x\":null}}",
			"{\"a\":{\"x\":null},\"b\":[{},[]]}" },
		{ "[[[[[]]]]]", "[[[[[]]]]]" },
		{ "{\"\":1}", "{\"\":1}" },
	};
	(void)state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_reads(rows[i][0], rows[i][1]);
	}
}

static void test_strings_are_read_with_their_escapes(void **state)
{
	static const char *const rows[][2] = {
		{ "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\\"\\\\/\\b\\f\\n\\r\\t\"" },
		{ "\"\\u0041\\u00e4\\u20AC\"", "\"A\xc3\xa4\xe2\x82\xac\"" },
		{ "\"\\ud83d\\ude00\"", "\"\xf0\x9f\x98\x80\"" },
		{ "\"\\uDBFF\\uDFFF\"", "\"\xf4\x8f\xbf\xbf\"" },
		{ "\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80\"",
			"\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80\"" },
		{ "\"12345678\"", "\"12345678\"" },
		{ "\"1234567\\n\"", "\"1234567\\n\"" },
		{ "\"\\n12345678901234567890\"", "\"\\n12345678901234567890\"" },
		{ "\"\x7f\"", "\"\\u007f\"" },
		{ "{\"\\u0061\":1}", "{\"a\":1}" },
	};
	(void)state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_reads(rows[i][0], rows[i][1]);
	}
}

static void test_an_escaped_string_equals_the_plain_one(void **state)
{
	(void)state;

	for (const char *const *row = (const char *const[]){ "[\"a\",\"\\u0061\"]", "[\"\",\"\"]",
		     "[\"abcdefgh\",\"abc\\u0064efgh\"]",
		     "[\"a long text of some words\",\"a long text \\u006ff some words\"]", NULL };
		*row != NULL; row++) {
		const struct value *pair = parse(*row);

		assert_true(value_equals(value_at(pair, 0), value_at(pair, 1)));
		assert_int_equal(value_compare(value_at(pair, 0), value_at(pair, 1)), 0);
	}
	assert_refused("{\"a\":1,\"\\u0061\":2}",
		"line 1, column 18: the object that ends here has the key \"a\" twice");
}

static const char *const wrong_texts[][2] = {
	{ "", "line 1, column 1: expected a value, found the end of the text" },
	{ "  ", "line 1, column 3: expected a value, found the end of the text" },
	{ "{\n  \"a\": 1,\n  \"b\": x\n}", "line 3, column 8: expected a value, found 'x'" },
	{ "{\"a\" 1}", "line 1, column 6: expected ':' after the key, found '1'" },
	{ "{\"a\":1 \"b\"", "line 1, column 8: expected ',' or '}', found '\"'" },
	{ "{\"a\":1,}", "line 1, column 8: expected a key in quotes after ',', found '}'" },
	{ "{a:1}", "line 1, column 2: expected a key in quotes or '}', found 'a'" },
	{ "{'a':1}", "line 1, column 2: expected a key in quotes or '}', found \"'\"" },
	{ "[1,]", "line 1, column 4: expected a value, found ']'" },
	{ "[,1]", "line 1, column 2: expected a value, found ','" },
	{ "[1 2]", "line 1, column 4: expected ',' or ']', found '2'" },
	{ "[1}", "line 1, column 3: expected ',' or ']', found '}'" },
	{ "[1", "line 1, column 3: expected ',' or ']', found the end of the text" },
	{ "{", "line 1, column 2: expected a key in quotes or '}', found the end of the "
	       "text" },
	{ "1 2", "line 1, column 3: expected nothing more after the value, found '2'" },
	{ "{}}", "line 1, column 3: expected nothing more after the value, found '}'" },
	{ "nul", "line 1, column 1: expected a value, found 'n'" },
	{ "nulll", "line 1, column 5: expected nothing more after the value, found 'l'" },
	{ "TRUE", "line 1, column 1: expected a value, found 'T'" },
	{ "// x\n1", "line 1, column 1: expected a value, found '/'" },
	{ "\xc2\xa0"
	  "1",
		"line 1, column 1: expected a value, found U+00A0" },
	{ "\f1", "line 1, column 1: expected a value, found U+000C" },
	{ "\xff", "line 1, column 1: expected a value, found the byte 0xff" },
	{ "[\"\xc3\xa4\xc3\xa4\", x]", "line 1, column 8: expected a value, found 'x'" },
	{ "\xef\xbb\xbf{}",
		"line 1, column 1: the text starts with a byte order mark; JSON has none" },
	{ "[1,\n\"abc]", "line 2, column 1: the string that starts here has no end" },
	{ "\"abc\\\"", "line 1, column 1: the string that starts here has no end" },
	{ "\"abc\\", "line 1, column 1: the string that starts here has no end" },
	{ "\"a\nb\"", "line 1, column 3: control character U+000A in a string; write it as "
		      "an escape (\\u000a)" },
	{ "\"a\\x\"", "line 1, column 3: unknown escape in a string; JSON has \\\" \\\\ "
		      "\\/ \\b \\f \\n \\r \\t \\uXXXX" },
	{ "\"\\u12g4\"", "line 1, column 2: \\u needs four hexadecimal digits" },
	{ "\"\\u123\"", "line 1, column 2: \\u needs four hexadecimal digits" },
	{ "\"\\ud800\"", "line 1, column 2: \\ud800 is half of a surrogate pair and the "
			 "other half is missing" },
	{ "\"\\ud800\\u0041\"", "line 1, column 2: \\ud800 is half of a surrogate pair and "
				"the other half is missing" },
	{ "\"\\ud800x\"", "line 1, column 2: \\ud800 is half of a surrogate pair and the "
			  "other half is missing" },
	{ "\"\\udc00\\udc00\"", "line 1, column 2: \\udc00 is half of a surrogate pair and the "
				"other half is missing" },
	{ "\"\\udfff\"", "line 1, column 2: \\udfff is half of a surrogate pair and the other half "
			 "is missing" },
	{ "\"\\udc00\\ud800\"", "line 1, column 2: \\udc00 is half of a surrogate pair and "
				"the other half is missing" },
	{ "\"x\\u0000\"", "line 1, column 3: U+0000 is not allowed in strings" },
	{ "\"\xc3(\"", "line 1, column 2: invalid UTF-8: the byte 0xc3" },
	{ "\"\xed\xa0\x80\"", "line 1, column 2: invalid UTF-8: the byte 0xed" },
	{ "\"12345678\x80\"", "line 1, column 10: invalid UTF-8: the byte 0x80" },
	{ "01", "line 1, column 1: a number may not start with a zero" },
	{ "[-012]", "line 1, column 2: a number may not start with a zero" },
	{ "1.", "line 1, column 3: expected a digit, found the end of the text" },
	{ "[-]", "line 1, column 3: expected a digit, found ']'" },
	{ "1e+", "line 1, column 4: expected a digit, found the end of the text" },
	{ "+1", "line 1, column 1: expected a value, found '+'" },
	{ ".5", "line 1, column 1: expected a value, found '.'" },
	{ "NaN", "line 1, column 1: expected a value, found 'N'" },
	{ "1e5000", "line 1, column 1: the number is out of range: at most 4096 digits, "
		    "between 1e-4096 and 1e4096" },
};

static void test_errors_say_where_and_what_was_expected(void **state)
{
	(void)state;

	for (size_t i = 0; i < sizeof(wrong_texts) / sizeof(wrong_texts[0]); i++) {
		assert_refused(wrong_texts[i][0], wrong_texts[i][1]);
	}
}

static void test_a_nul_byte_is_no_end(void **state)
{
	(void)state;

	assert_null(parse_n("1\0", 2));
	assert_string_equal(
		err.text, "line 1, column 2: expected nothing more after the value, found U+0000");
	assert_null(parse_n("\"a\0b\"", 5));
}

static void test_every_beginning_of_a_text_is_refused(void **state)
{
	static const char text[] = "{\"text\":\"a\\u00e4\\ud83d\\ude00\xc3\xa4\",\"list\":[1.5e-3,"
				   "true,null,{\"x\":[]}]}";
	(void)state;

	for (size_t size = 0; size < sizeof(text) - 1; size++) {
		assert_null(parse_n(text, size));
		assert_int_equal(err.code, ERROR_SYNTAX);
	}
	assert_non_null(parse_n(text, sizeof(text) - 1));
}

static void test_duplicate_keys_are_refused_in_objects_of_every_size(void **state)
{
	(void)state;

	assert_refused("{\"a\":1,\"b\":2,\"a\":1}",
		"line 1, column 19: the object that ends here has the key \"a\" twice");
	for (int size = 2; size < 60; size++) {
		CLEANUP(buf_fini) struct buf text = { 0 };

		for (int i = 0; i < size; i++) {
			buf_printf(&text, "%c\"key%d\":%d", i == 0 ? '{' : ',', i, i);
		}
		buf_append_text(&text, ",\"key1\":0}");
		assert_null(parse(text.data));
		assert_non_null(strstr(err.text, "has the key \"key1\" twice"));
	}
	assert_reads(
		"[{\"a\":1},{\"a\":1,\"b\":{\"a\":1}}]", "[{\"a\":1},{\"a\":1,\"b\":{\"a\":1}}]");
}

static void test_the_last_of_equal_keys_stands_where_that_is_asked_for(void **state)
{
	(void)state;

	const struct value_limits last = {
		.bytes = 10000, .depth = 10, .values = 1000, .last_twin = true
	};

	for (int size = 1; size < 60; size++) {
		CLEANUP(buf_fini) struct buf text = { 0 };
		for (int i = 0; i < size; i++) {
			buf_printf(&text, "%c\"key%d\":[%d]", i == 0 ? '{' : ',', i, i);
		}
		buf_append_text(&text, ",\"key0\":1,\"z\":{\"a\":1,\"a\":2},\"key0\":\"last\"}");
		const struct value *object = value_parse(arena, text.data, text.size, &last, &err);
		assert_non_null(object);
		assert_int_equal(value_count(object), size + 1);
		assert_string_equal(value_find_text(object, "key0"), "last");
		assert_int_equal(value_find_int(value_find(object, "z"), "a", 0), 2);
	}
}

static void test_keys_that_differ_in_case_only_are_refused_when_asked(void **state)
{
	static const char *const twins[][2] = {
		{ "active", "Active" },
		{ "x", "X" },
		{ "userNamE", "username" },
		{ "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
			"urn:ietf:params:scim:schemas:extension:enterprise:2.0:USER" },
	};
	(void)state;

	for (size_t i = 0; i < 4; i++) {
		for (int size = 0; size < 60; size++) { /* both ways of finding them */
			CLEANUP(buf_fini) struct buf text = { 0 };

			buf_printf(&text, "{\"%s\":1", twins[i][0]);
			for (int j = 0; j < size; j++) {
				buf_printf(&text, ",\"k%d\":%d", j, j);
			}
			buf_printf(&text, ",\"%s\":2}", twins[i][1]);

			limits.folded_keys = true;
			assert_null(parse(text.data));
			assert_non_null(strstr(err.text, "differ in case only"));
			assert_non_null(strstr(err.text, twins[i][0]));
			assert_non_null(strstr(err.text, twins[i][1]));
			limits.folded_keys = false;
			assert_non_null(parse(text.data));
		}
	}
}

static void test_every_letter_has_a_twin(void **state)
{
	char text[64];
	(void)state;

	for (char c = 'a'; c <= 'z'; c++) {
		snprintf(text, sizeof(text), "{\"1234567%c\":1,\"1234567%c\":2}", c, c - 32);
		assert_null(parse(text));
		snprintf(text, sizeof(text), "{\"%c\":1,\"%c\":2}", c, c - 32);
		assert_null(parse(text));
	}
}

static void test_only_ascii_letters_have_twins(void **state)
{
	(void)state;

	assert_reads("{\"@\":1,\"`\":2}", "{\"@\":1,\"`\":2}");
	assert_reads("{\"[\":1,\"{\":2}", "{\"[\":1,\"{\":2}");
	assert_reads("{\"\xc3\x84\":1,\"\xc3\xa4\":2}", "{\"\xc3\x84\":1,\"\xc3\xa4\":2}");
	assert_reads("{\"Ab\":1,\"aBc\":2}", "{\"Ab\":1,\"aBc\":2}");
	assert_reads("{\"1234567890aB\":1,\"1234567891Ab\":2}",
		"{\"1234567890aB\":1,\"1234567891Ab\":2}");
}

static void assert_too_large(const char *text, const char *sentence)
{
	err = (struct error){ 0 };
	assert_null(parse(text));
	assert_int_equal(err.code, ERROR_TOO_LARGE);
	assert_string_equal(err.text, sentence);
	err = (struct error){ 0 };
}

static void test_each_limit_holds_exactly(void **state)
{
	(void)state;

	limits.bytes = 5;
	assert_reads("[1,2]", "[1,2]");
	assert_too_large("[1,2] ", "the text has 6 bytes, more than the 5 allowed");
	limits.bytes = 1000;
	limits.depth = 2;
	assert_reads("[{}]", "[{}]");
	assert_too_large(
		"[{\"a\":[]}]", "line 1, column 7: more than the 2 levels of nesting allowed");
	limits.depth = 0;
	assert_reads("1", "1");
	assert_too_large("[]", "line 1, column 1: more than the 0 levels of nesting allowed");
	limits.depth = 10;
	limits.values = 3;
	assert_reads("{\"a\":1,\"b\":2}", "{\"a\":1,\"b\":2}");
	assert_too_large("[1,2,3]", "line 1, column 6: more than the 3 values allowed");
	limits.values = 100;
	limits.members = 2;
	assert_reads("{\"a\":1,\"b\":2}", "{\"a\":1,\"b\":2}");
	assert_reads("[1,2,3]", "[1,2,3]");
	assert_too_large("{\"a\":1,\"b\":2,\"c\":3}",
		"line 1, column 14: the object has more than the 2 members allowed");
	limits.string_bytes = 3;
	assert_reads("{\"abc\":\"def\"}", "{\"abc\":\"def\"}");
	assert_too_large("[\"abcd\"]", "line 1, column 2: the string that starts here has 4 bytes, "
				       "more than the 3 allowed");
	assert_too_large("{\"abcd\":1}", "line 1, column 2: the string that starts here has 4 "
					 "bytes, more than the 3 allowed");
}

static void test_nul_in_strings_is_read_when_allowed(void **state)
{
	(void)state;

	limits.allow_nul = true;
	const struct value *value = parse("\"a\\u0000b\"");

	assert_int_equal(value_size(value), 3);
	assert_memory_equal(value_text(value), "a\0b", 4);
	assert_string_equal(value_preview(arena, value, 100), "\"a\\u0000b\"");
}

static void test_deep_nesting_needs_no_stack(void **state)
{
	static char text[2 * VALUE_DEPTH_MAX + 2];
	(void)state;

	memset(text, '[', VALUE_DEPTH_MAX);
	memset(text + VALUE_DEPTH_MAX, ']', VALUE_DEPTH_MAX);
	limits.depth = SIZE_MAX;
	limits.values = SIZE_MAX;
	const struct value *deep = parse_n(text, 2 * VALUE_DEPTH_MAX);

	assert_non_null(deep);
	const struct value *again = parse_n(text, 2 * VALUE_DEPTH_MAX);
	assert_true(value_equals(deep, again)); /* and what recurses has enough of it */
	assert_int_equal(value_compare(deep, value_copy(arena, again)), 0);
	memset(text, '[', VALUE_DEPTH_MAX + 1);
	assert_null(parse_n(text, VALUE_DEPTH_MAX + 1));
	assert_int_equal(err.code, ERROR_TOO_LARGE);
}

static void test_keys_that_repeat_are_shared(void **state)
{
	(void)state;

	const struct value *list = parse("[{\"value\":1},{\"value\":2}]");

	assert_ptr_equal(value_member_at(value_at(list, 0), 0)->key,
		value_member_at(value_at(list, 1), 0)->key);
}

static void test_nobody_may_want_to_know_the_error(void **state)
{
	(void)state;

	assert_null(value_parse(arena, "[", 1, &limits, NULL));
}

#define WITH_ARENA(test) cmocka_unit_test_setup_teardown(test, open_arena, close_arena)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_ARENA(test_what_json_allows_is_read),
		WITH_ARENA(test_strings_are_read_with_their_escapes),
		WITH_ARENA(test_an_escaped_string_equals_the_plain_one),
		WITH_ARENA(test_errors_say_where_and_what_was_expected),
		WITH_ARENA(test_a_nul_byte_is_no_end),
		WITH_ARENA(test_every_beginning_of_a_text_is_refused),
		WITH_ARENA(test_duplicate_keys_are_refused_in_objects_of_every_size),
		WITH_ARENA(test_the_last_of_equal_keys_stands_where_that_is_asked_for),
		WITH_ARENA(test_keys_that_differ_in_case_only_are_refused_when_asked),
		WITH_ARENA(test_every_letter_has_a_twin),
		WITH_ARENA(test_only_ascii_letters_have_twins),
		WITH_ARENA(test_each_limit_holds_exactly),
		WITH_ARENA(test_nul_in_strings_is_read_when_allowed),
		WITH_ARENA(test_deep_nesting_needs_no_stack),
		WITH_ARENA(test_keys_that_repeat_are_shared),
		WITH_ARENA(test_nobody_may_want_to_know_the_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
