/*
 * Names that carry authority: what is refused, and what counts as the same.
 */
#include "scim/name.h"

#include <utf8proc.h>
#include "base/utf8.h"
#include "tests/support/scim.h"

static const char *fold(struct arena *arena, const char *text)
{
	return value_text(scim_name_fold(arena, value_of_text(arena, text)));
}

static void test_the_same_name_has_one_form(void **state)
{
	static const char *const cases[][2] = {
		{ "anna", "anna" }, { "AnNa@Example.COM", "anna@example.com" },
		{ "Stra\xc3\x9f"
		  "e",
			"strasse" },
		{ "\xc3\x84rger", "\xc3\xa4rger" },
		{ "A\xcc\x88rger", "\xc3\xa4rger" },        /* A + diaeresis */
		{ "\xef\xbd\x81\xef\xbd\x84min", "admin" }, /* full width */
		{ "\xef\xac\x81nance", "finance" },         /* ligature fi */
		{ "\xe2\x84\xaa", "k" },                    /* Kelvin sign */
		{ "\xc4\xb0", "i\xcc\x87" },                /* I with dot */
		{ "\xce\xa3\xce\xa3", "\xcf\x83\xcf\x83" }, /* sigma */
		{ "\xcf\x83\xcf\x82", "\xcf\x83\xcf\x83" }, /* final sigma */
		{ "\xf0\x9d\x94\x84"
		  "dmin",
			"admin" }, /* Fraktur A */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_string_equal(fold(*state, cases[i][0]), cases[i][1]);
	}
}

static void test_a_normal_form_is_not_copied(void **state)
{
	const struct value *ascii = value_of_text(*state, "anna@example.com");
	const struct value *other = value_of_text(*state, "\xc3\xa4rger");

	assert_ptr_equal(scim_name_fold(*state, ascii), ascii);
	assert_ptr_equal(scim_name_fold(*state, other), other);
}

/* Else two spellings of one name could have two keys. */
static void test_folding_twice_is_folding_once(void **state)
{
	(void)state;
	for (uint32_t point = 1; point <= 0x10ffff; point++) {
		char text[6] = { 'x', 0 };
		const struct value *once;
		struct arena *arena;

		if ((point >= 0xd800 && point <= 0xdfff) ||
			utf8proc_category((utf8proc_int32_t)point) == UTF8PROC_CATEGORY_CN) {
			continue;
		}
		arena = arena_new();
		text[1 + utf8_write(point, text + 1)] = '\0';
		once = scim_name_fold(arena, value_of_text(arena, text));
		if (scim_name_fold(arena, once) != once) {
			fail_msg("U+%04X", (unsigned)point);
		}
		arena_free(arena);
	}
}

static void test_names_that_mislead_are_refused(void **state)
{
	static const char *const cases[][2] = {
		{ "", "it is empty" }, { " anna", "it starts or ends with a space" },
		{ "anna ", "it starts or ends with a space" }, { "anna.", "it ends with a dot" },
		{ "an\tna", "it contains a control character, U+0009" },
		{ "an\x7f", "it contains a control character, U+007F" },
		{ "an\xc2\x85na", "it contains a control character, U+0085" },
		{ "an\xe2\x80\x8bna", "it contains an invisible formatting character, U+200B" },
		{ "an\xe2\x80\x8dna", "it contains an invisible formatting character, U+200D" },
		{ "an\xe2\x80\xaena", "it contains an invisible formatting character, U+202E" },
		{ "an\xe2\x81\xa6na", "it contains an invisible formatting character, U+2066" },
		{ "\xef\xbb\xbf"
		  "anna",
			"it contains an invisible formatting character, U+FEFF" },
		{ "an\xc2\xadna", "it contains an invisible formatting character, U+00AD" },
		{ "an\xc2\xa0na", "it contains a special space, U+00A0" },
		{ "an\xe3\x80\x80na", "it contains a special space, U+3000" },
		{ "an\xe2\x80\xa8na", "it contains a line separator, U+2028" },
		{ "an\xee\x80\x80na",
			"it contains a character without a meaning of its own, U+E000" },
		{ "an\xcd\xb8na", "it contains a character without a meaning of its own, U+0378" },
		{ "an\xe3\x85\xa4na", "it contains an invisible character, U+3164" },
		{ "an\xef\xb8\x8fna", "it contains an invisible character, U+FE0F" },
		{ "an\xe2\xa0\x80na", "it contains an invisible character, U+2800" },
		{ "anna\xe2\x80\xa4", "it ends with a dot" }, /* one dot leader */
		{ "anna\xef\xbc\x8e", "it ends with a dot" }, /* full-width full stop */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error err = { 0 };

		assert_false(scim_name_check(*state, cases[i][0], strlen(cases[i][0]), &err));
		assert_int_equal(err.code, ERROR_VALUE);
		assert_string_equal(err.text, cases[i][1]);
	}
}

static void test_names_of_people_are_fine(void **state)
{
	static const char *const cases[] = { "anna@example.com", "Dr. J. M\xc3\xbcller",
		"\xe5\xb1\xb1\xe7\x94\xb0", "\xd8\xb9\xd9\x84\xd9\x8a", "o'brien", "a b", "a.b",
		"\xf0\x9f\x9a\x80 Team" };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error err = { 0 };

		if (!scim_name_check(*state, cases[i], strlen(cases[i]), &err)) {
			fail_msg("%s: %s", cases[i], err.text);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(test_the_same_name_has_one_form),
		ARENA_TEST(test_a_normal_form_is_not_copied),
		cmocka_unit_test(test_folding_twice_is_folding_once),
		ARENA_TEST(test_names_that_mislead_are_refused),
		ARENA_TEST(test_names_of_people_are_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
