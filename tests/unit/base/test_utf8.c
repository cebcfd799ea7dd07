#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static void test_every_character_comes_back(void **state)
{
	(void)state;

	for (uint32_t point = 0; point <= 0x10ffff; point++) {
		char text[4];
		uint32_t back = 1;

		if (point == 0xd800) {
			point = 0xe000;
		}
		size_t size = utf8_write(point, text);
		assert_int_equal(utf8_read(text, size, &back), size);
		assert_int_equal(back, point);
		assert_int_equal(utf8_read(text, size - 1, &back), 0); /* cut */
	}
}

/* The table 3-7 of the Unicode standard, written down another way. */
static bool is_well_formed_3(unsigned a, unsigned b, unsigned c)
{
	unsigned least = a == 0xe0 ? 0xa0 : 0x80;
	unsigned most = a == 0xed ? 0x9f : 0xbf;

	return a >= 0xe0 && a <= 0xef && b >= least && b <= most && c >= 0x80 && c <= 0xbf;
}

static void test_exactly_the_well_formed_ones_are_read(void **state)
{
	uint32_t point;
	(void)state;

	for (unsigned a = 0x80; a < 0x100; a++) {
		for (unsigned b = 0; b < 0x100; b++) {
			const char two[] = { (char)a, (char)b, '\x80', '\x80' };
			bool is_two = a >= 0xc2 && a <= 0xdf && b >= 0x80 && b <= 0xbf;
			unsigned least = a == 0xf0 ? 0x90 : 0x80;
			unsigned most = a == 0xf4 ? 0x8f : 0xbf;
			bool is_four = a >= 0xf0 && a <= 0xf4 && b >= least && b <= most;

			assert_int_equal(utf8_read(two, 2, &point), is_two ? 2 : 0);
			assert_int_equal(utf8_read(two, 3, &point), is_two ? 2
								    : is_well_formed_3(a, b, 0x80)
									    ? 3
									    : 0);
			assert_int_equal(utf8_read(two, 4, &point), is_two ? 2
								    : is_well_formed_3(a, b, 0x80)
									    ? 3
								    : is_four ? 4
									      : 0);
		}
	}
	assert_int_equal(utf8_read("\xe2\x82(", 3, &point), 0);
	assert_int_equal(utf8_read("\xf0\x9f\x98(", 4, &point), 0);
	assert_int_equal(utf8_read("", 0, &point), 0);
}

static void test_a_text_is_valid_when_all_of_it_is(void **state)
{
	(void)state;

	assert_true(utf8_is_valid("", 0));
	assert_true(utf8_is_valid("gr\xc3\xbc\xc3\x9f", 6));
	assert_false(utf8_is_valid("gr\xc3\xbc\xc3\x9f", 5));
	assert_false(utf8_is_valid("a\xff", 2));
}

static void test_repair_replaces_what_is_no_character(void **state)
{
	static const char *const cases[][2] = {
		{ "", "" },
		{ "plain", "plain" },
		{ "\xe2\x82\xac", "\xe2\x82\xac" },
		{ "cut \xe2\x82", "cut ??" },
		{ "\x82\xac'", "?\?'" },
		{ "'\xc3' \xc3\xbc", "'?' \xc3\xbc" },
		{ "\xff\xed\xa0\x80", "????" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[32];

		snprintf(text, sizeof(text), "%s", cases[i][0]);
		utf8_repair(text);
		assert_string_equal(text, cases[i][1]);
	}
}

static void test_what_hides_or_turns_a_text_is_not_shown(void **state)
{
	static const uint32_t hidden[] = { 0, '\n', 0x1b, 0x7f, 0x85, 0xad, 0x200b, 0x200f, 0x2028,
		0x202e, 0x2066, 0x206f, 0xfeff, 0xe0041 };
	static const uint32_t shown[] = { ' ', '~', 0xa0, 0xdf, 0x2010, 0x20ac, 0x4e2d, 0x1f600 };

	(void)state;
	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
		assert_false(utf8_is_shown(hidden[i]));
	}
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		assert_true(utf8_is_shown(shown[i]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_character_comes_back),
		cmocka_unit_test(test_exactly_the_well_formed_ones_are_read),
		cmocka_unit_test(test_a_text_is_valid_when_all_of_it_is),
		cmocka_unit_test(test_repair_replaces_what_is_no_character),
		cmocka_unit_test(test_what_hides_or_turns_a_text_is_not_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
