#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "config/suggest.h"

static void test_distance_counts_insertions_deletions_substitutions_and_swaps(void **state)
{
	static const struct {
		const char *a;
		const char *b;
		size_t distance;
	} cases[] = {
		{ "", "", 0 },
		{ "abc", "abc", 0 },
		{ "abc", "ABC", 0 },
		{ "", "abc", 3 },
		{ "adress", "address", 1 },
		{ "entar", "entra", 1 },
		{ "kitten", "sitting", 3 },
		{ "ab", "ba", 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(config_distance(cases[i].a, cases[i].b), cases[i].distance);
		assert_int_equal(config_distance(cases[i].b, cases[i].a), cases[i].distance);
	}
}

static void test_distance_of_long_texts_is_not_computed(void **state)
{
	char text[80];

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';

	assert_int_equal(config_distance(text, text), 65);
}

static void test_suggest_keeps_the_nearest_and_the_first_of_equals(void **state)
{
	struct config_suggestion suggestion = { .name = "adres" };

	(void)state;
	config_suggest(&suggestion, "socket");
	assert_null(suggestion.best);
	config_suggest(&suggestion, "address");
	assert_string_equal(suggestion.best, "address");
	config_suggest(&suggestion, "adress");
	assert_string_equal(suggestion.best, "adress");
	config_suggest(&suggestion, "adret");
	assert_string_equal(suggestion.best, "adress");
}

static void test_suggest_does_not_guess_short_names(void **state)
{
	struct config_suggestion suggestion = { .name = "ca" };

	(void)state;
	config_suggest(&suggestion, "idp");
	config_suggest(&suggestion, "hr");

	assert_null(suggestion.best);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_distance_counts_insertions_deletions_substitutions_and_swaps),
		cmocka_unit_test(test_distance_of_long_texts_is_not_computed),
		cmocka_unit_test(test_suggest_keeps_the_nearest_and_the_first_of_equals),
		cmocka_unit_test(test_suggest_does_not_guess_short_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
