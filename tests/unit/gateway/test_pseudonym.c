#include "gateway/pseudonym.h"

#include <ctype.h>
#include "tests/support/scim.h"

static const struct pseudonym fixed = { .key = "a key that is the same every day" };

static const char *of(struct arena *arena, const struct pseudonym *pseudonym, const char *text)
{
	struct buf out = { 0 };
	const char *result;

	pseudonym_append(pseudonym, text, strlen(text), &out);
	result = arena_text(arena, buf_text(&out), out.size);
	buf_fini(&out);
	return result;
}

static void test_it_looks_alike(void **state)
{
	const char *text = "Anna.Berg+7@Contoso.example, \"Haus\\n\"";
	const char *other = of(*state, &fixed, text);

	assert_int_equal(strlen(other), strlen(text));
	assert_string_not_equal(other, text);
	for (size_t i = 0; text[i] != '\0'; i++) {
		assert_int_equal(isupper((unsigned char)text[i]) != 0,
			isupper((unsigned char)other[i]) != 0);
		assert_int_equal(isdigit((unsigned char)text[i]) != 0,
			isdigit((unsigned char)other[i]) != 0);
		if (!isalnum((unsigned char)text[i])) {
			assert_int_equal(text[i], other[i]);
		}
	}
	assert_non_null(strstr(other, "\\n\"")); /* an escape is no letter */
}

static void test_the_same_text_has_the_same_one_whatever_its_case(void **state)
{
	const char *lower = of(*state, &fixed, "anna@contoso.example");
	const char *upper = of(*state, &fixed, "ANNA@contoso.EXAMPLE");

	assert_int_equal(strcasecmp(lower, upper), 0);
	assert_string_not_equal(lower, of(*state, &fixed, "anne@contoso.example"));
}

static void test_another_key_gives_another_one(void **state)
{
	struct pseudonym one, two;

	pseudonym_init(&one);
	pseudonym_init(&two);

	assert_string_not_equal(
		of(*state, &one, "anna@contoso.example"), of(*state, &two, "anna@contoso.example"));

	pseudonym_wipe(&one);
	for (size_t i = 0; i < sizeof(one.key); i++) {
		assert_int_equal(one.key[i], 0);
	}
}

static void test_what_one_does_not_see_stays(void **state)
{
	assert_non_null(strstr(of(*state, &fixed, "a\\u200bb"), "\\u200b"));
	assert_non_null(strstr(of(*state, &fixed, "a\\u0000b"), "\\u0000"));
	assert_null(strstr(of(*state, &fixed, "Z\\u00fcrich"), "\\u00fc"));
	assert_non_null(strstr(of(*state, &fixed, "Z\\u00fcrich"), "\\u00e"));
}

static void test_bytes_that_are_no_text_become_text(void **state)
{
	static const char *const texts[] = { "Zürich", "\xff\xfe", "\xe2\x82", "日本", "\xc3" };
	static const struct value_limits limits = { .bytes = 1000, .depth = 1, .values = 1 };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const char *quoted_text =
			arena_printf(*state, "\"%s\"", of(*state, &fixed, texts[i]));

		assert_non_null(
			value_parse(*state, quoted_text, strlen(quoted_text), &limits, NULL));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(test_it_looks_alike),
		ARENA_TEST(test_the_same_text_has_the_same_one_whatever_its_case),
		ARENA_TEST(test_another_key_gives_another_one),
		ARENA_TEST(test_what_one_does_not_see_stays),
		ARENA_TEST(test_bytes_that_are_no_text_become_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
