#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/cleanup.h"

static void test_an_empty_buf_has_a_text(void **state)
{
	CLEANUP(buf_fini) struct buf buf = { 0 };
	(void)state;

	assert_string_equal(buf_text(&buf), "");
	buf_clear(&buf);
	buf_append(&buf, NULL, 0);
	assert_string_equal(buf.data, "");
	assert_int_equal(buf.size, 0);
}

static void test_appends_stand_behind_each_other(void **state)
{
	CLEANUP(buf_fini) struct buf buf = { 0 };
	(void)state;

	buf_append_text(&buf, "one");
	buf_append_char(&buf, ',');
	buf_append(&buf, "two and", 3);
	buf_printf(&buf, " %d", 3);

	assert_string_equal(buf.data, "one,two 3");
	assert_int_equal(buf.size, 9);
}

static void test_clear_keeps_the_memory(void **state)
{
	CLEANUP(buf_fini) struct buf buf = { 0 };
	(void)state;

	buf_append_text(&buf, "text");
	size_t capacity = buf.capacity;
	buf_clear(&buf);

	assert_int_equal(buf.size, 0);
	assert_int_equal(buf.capacity, capacity);
	assert_string_equal(buf.data, "");
}

static void test_growth_keeps_the_content_and_its_end(void **state)
{
	CLEANUP(buf_fini) struct buf buf = { 0 };
	(void)state;

	for (int i = 0; i < 100000; i++) {
		buf_append_char(&buf, (char)('a' + i % 26));
		assert_int_equal(buf.data[i + 1], '\0');
	}
	for (int i = 0; i < 100000; i++) {
		assert_int_equal(buf.data[i], 'a' + i % 26);
	}
}

static void test_printf_has_no_limit(void **state)
{
	CLEANUP(buf_fini) struct buf buf = { 0 };
	(void)state;

	buf_append_text(&buf, "x");
	for (int width = 100; width < 300; width++) {
		buf_printf(&buf, "%*d", width, 7);
		assert_int_equal(buf.data[buf.size - 1], '7');
		assert_int_equal(strlen(buf.data), buf.size);
	}
}

static void test_json_text_escapes_what_the_rfc_demands(void **state)
{
	static const struct {
		const char *text;
		size_t size;
		const char *json;
	} rows[] = {
		{ "", 0, "\"\"" },
		{ "plain", 5, "\"plain\"" },
		{ "a\"b\\c/d", 7, "\"a\\\"b\\\\c/d\"" },
		{ "\b\t\n\f\r", 5, "\"\\b\\t\\n\\f\\r\"" },
		{ "\0\x01\x1f\x7f", 4, "\"\\u0000\\u0001\\u001f\\u007f\"" },
		{ "gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80", 11,
			"\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80\"" },
	};
	(void)state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(buf_fini) struct buf buf = { 0 };

		buf_append_json_text(&buf, rows[i].text, rows[i].size);

		assert_string_equal(buf.data, rows[i].json);
	}
}

static void test_json_text_never_writes_invalid_utf8(void **state)
{
	static const struct {
		const char *text;
		const char *json;
	} rows[] = {
		{ "a\xff"
		  "b",
			"\"a\xef\xbf\xbd"
			"b\"" },
		{ "\xc3", "\"\xef\xbf\xbd\"" },
		{ "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" }, /* a surrogate */
		{ "\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\"" },                 /* overlong */
	};
	(void)state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(buf_fini) struct buf buf = { 0 };

		buf_append_json_text(&buf, rows[i].text, strlen(rows[i].text));

		assert_string_equal(buf.data, rows[i].json);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_empty_buf_has_a_text),
		cmocka_unit_test(test_appends_stand_behind_each_other),
		cmocka_unit_test(test_clear_keeps_the_memory),
		cmocka_unit_test(test_growth_keeps_the_content_and_its_end),
		cmocka_unit_test(test_printf_has_no_limit),
		cmocka_unit_test(test_json_text_escapes_what_the_rfc_demands),
		cmocka_unit_test(test_json_text_never_writes_invalid_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
