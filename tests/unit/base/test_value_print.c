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
#include "base/value.h"

static struct arena *arena;

static int open_arena(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int close_arena(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static const struct value *parse(const char *json)
{
	const struct value_limits limits = { 1 << 20, 100, 10000, .allow_nul = true };
	struct error err = { 0 };
	const struct value *value = value_parse(arena, json, strlen(json), &limits, &err);

	if (value == NULL) {
		fail_msg("%s: %s", json, err.text);
	}
	return value;
}

static void assert_prints(const struct value *value, const char *text)
{
	CLEANUP(buf_fini) struct buf buf = { 0 };

	buf_append_text(&buf, ">");
	value_print(&buf, value);

	assert_string_equal(buf.data + 1, text);
	assert_int_equal(buf.data[0], '>');
	assert_int_equal(buf.size, strlen(text) + 1);
}

static void test_printing_is_canonical(void **state)
{
	static const char *const rows[][2] = {
		{ " null ", "null" },
		{ "[ true , false ]", "[true,false]" },
		{ "{\"b\":1, \"a\":{\"d\":[],\"c\":{}}}", "{\"a\":{\"c\":{},\"d\":[]},\"b\":1}" },
		{ "[1.0,10e-1,1.50,-0]", "[1,1,1.5,0]" },
		{ "\"\\u0041\\/\"", "\"A/\"" },
		{ "{\"\\u00e4\":1,\"z\":2,\"Z\":3}", "{\"Z\":3,\"z\":2,\"\xc3\xa4\":1}" },
	};
	(void)state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_prints(parse(rows[i][0]), rows[i][1]);
	}
}

static void test_every_character_is_printed_so_that_it_reads_back(void **state)
{
	(void)state;

	for (int c = 0; c < 0x80; c++) {
		for (size_t at = 0; at < 20; at++) { /* in each place of a word of eight bytes */
			char text[] = "abcdefghijklmnopqrst";

			text[at] = (char)c;
			const struct value *value = value_of_text_n(arena, text, 20);
			const char *printed = value_preview(arena, value, 1000);

			assert_true(value_equals(parse(printed), value));
			bool escaped = c < 0x20 || c == '"' || c == '\\' || c == 0x7f;
			assert_int_equal(strchr(printed, '\\') != NULL, escaped);
		}
	}
}

static void test_a_text_of_nothing_but_escapes_has_room(void **state)
{
	CLEANUP(buf_fini) struct buf buf = { 0 };
	char text[1000];
	(void)state;

	memset(text, 1, sizeof(text));
	for (size_t size = 0; size < sizeof(text); size += 7) {
		buf_clear(&buf);
		value_print(&buf, value_of_text_n(arena, text, size));
		assert_int_equal(buf.size, 2 + 6 * size);
		assert_int_equal(strlen(buf.data), buf.size);
	}
}

static void test_sets_print_as_arrays_and_keys_as_texts(void **state)
{
	const struct value *items[] = { value_of_int(arena, 2), value_of_text(arena, "x\"y") };
	const struct value *set = value_of_set(arena, items, 2);
	const struct value *odd[] = { value_of_text(arena, "<a&b>\xe2\x80\xa8") };
	const struct value_member escaped = { value_of_array(arena, odd, 1), value_null() };
	const struct value_member members[] = {
		{ value_null(), set },
		{ value_of_int(arena, -5), value_null() },
		{ set, value_null() },
		{ value_of_array(arena, items, 2), value_null() },
	};
	(void)state;

	assert_prints(set, "[2,\"x\\\"y\"]");
	assert_prints(value_of_object(arena, members, 4),
		"{\"null\":[2,\"x\\\"y\"],\"-5\":null,\"[2,\\\"x\\\\\\\"y\\\"]\":null,"
		"\"[2,\\\"x\\\\\\\"y\\\"]\":null}");
	assert_prints(value_of_object(arena, &escaped, 1),
		"{\"[\\\"\\\\u003ca\\\\u0026b\\\\u003e\\\\u2028\\\"]\":null}");
}

static void test_pretty_is_for_people(void **state)
{
	CLEANUP(buf_fini) struct buf buf = { 0 };
	(void)state;

	value_print_pretty(&buf, parse("{\"b\":[1,[]],\"a\":{},\"c\":{\"x\":\"y\"}}"));

	assert_string_equal(buf.data, "{\n"
				      "  \"a\": {},\n"
				      "  \"b\": [\n"
				      "    1,\n"
				      "    []\n"
				      "  ],\n"
				      "  \"c\": {\n"
				      "    \"x\": \"y\"\n"
				      "  }\n"
				      "}");
}

static void test_a_limit_of_bytes_holds_exactly(void **state)
{
	static const char *const texts[] = { "[1,2,{\"a\":\"text\"}]", "\"0123456789\"", "12345",
		"[[[[]]]]", "null", "{\"some key\":true}" };
	(void)state;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const struct value *value = parse(texts[i]);

		for (size_t limit = 0; limit < strlen(texts[i]) + 5; limit++) {
			CLEANUP(buf_fini) struct buf buf = { 0 };

			bool ok = value_print_charged(&buf, value, limit, NULL);
			assert_int_equal(ok, limit >= strlen(texts[i]));
			/* what was printed in spite of it is little */
			assert_true(ok || buf.size <= limit + 16);
		}
	}
}

static void test_printing_stops_when_the_charge_is_exhausted(void **state)
{
	CLEANUP(buf_fini) struct buf buf = { 0 };
	const struct value *graph = value_of_int(arena, 1);
	struct value_charge charge = { .left = 10000 };
	(void)state;

	for (int i = 0; i < 40; i++) {
		const struct value *twice[] = { graph, graph };

		graph = value_of_array(arena, twice, 2);
	}

	assert_false(value_print_charged(&buf, graph, SIZE_MAX, &charge));
	assert_true(charge.exhausted);
	assert_true(buf.size < 100000);
	charge = (struct value_charge){ .left = UINT64_MAX };
	assert_false(value_print_charged(&buf, graph, 100000, &charge));
	assert_false(charge.exhausted);
}

static void test_a_preview_is_cut_at_a_character(void **state)
{
	(void)state;

	assert_string_equal(value_preview(arena, parse("[1,2,3]"), 7), "[1,2,3]");
	assert_string_equal(value_preview(arena, parse("[1,2,3]"), 4), "[1,2\xe2\x80\xa6");
	const struct value *text = parse("\"\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\"");
	assert_string_equal(value_preview(arena, text, 10), "\"\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\"");
	assert_string_equal(value_preview(arena, text, 5), "\"\xc3\xa4\xc3\xa4\xe2\x80\xa6");
	assert_string_equal(value_preview(arena, text, 4), "\"\xc3\xa4\xe2\x80\xa6");
	assert_string_equal(value_preview(arena, text, 0), "\xe2\x80\xa6");
}

#define WITH_ARENA(test) cmocka_unit_test_setup_teardown(test, open_arena, close_arena)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_ARENA(test_printing_is_canonical),
		WITH_ARENA(test_every_character_is_printed_so_that_it_reads_back),
		WITH_ARENA(test_a_text_of_nothing_but_escapes_has_room),
		WITH_ARENA(test_sets_print_as_arrays_and_keys_as_texts),
		WITH_ARENA(test_pretty_is_for_people),
		WITH_ARENA(test_a_limit_of_bytes_holds_exactly),
		WITH_ARENA(test_printing_stops_when_the_charge_is_exhausted),
		WITH_ARENA(test_a_preview_is_cut_at_a_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
