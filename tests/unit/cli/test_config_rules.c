#include "cli/config_rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "config/config.h"
#include "config/keys.h"
#include "config/load.h"
#include "connectors/connector.h"
#include "connectors/profile.h"
#include "scim/dialect.h"

#define BASE "journal: {origin: a}\npolicy: {directory: p}\n"

static struct config *parse(const char *text)
{
	struct config_report report = { 0 };
	struct config *config = config_parse("x.yaml", NULL, text, strlen(text), &report);

	assert_non_null(config);
	config_report_fini(&report);
	return config;
}

static void test_filters_and_names_that_are_known_pass(void **state)
{
	struct config *config =
		parse(BASE "sources: [{name: s, dialect: okta}]\n"
			   "apps:\n"
			   "  - name: a\n"
			   "    url: https://a\n"
			   "    filter: active eq true and groups.display eq \"engineering\"\n"
			   "    groups: {filter: displayName sw \"wiki\"}\n");
	struct config_report report = { 0 };

	(void)state;
	assert_true(config_rules_check(config, &report));
	assert_int_equal(report.count, 0);
	config_report_fini(&report);
	config_free(config);
}

static void test_each_problem_is_at_the_place_of_its_key(void **state)
{
	struct config *config = parse(BASE "apps:\n"
					   "  - name: a\n"
					   "    url: https://a\n"
					   "    profile: nothing\n"
					   "    filter: active eq\n"
					   "    groups: {filter: displayName xx \"wiki\"}\n");
	struct config_report report = { 0 };

	(void)state;
	assert_false(config_rules_check(config, &report));

	assert_int_equal(report.count, 3);
	assert_string_equal(report.problems[0].path, "apps[0].profile");
	assert_int_equal(report.problems[0].line, 6);
	assert_string_equal(report.problems[1].path, "apps[0].filter");
	assert_int_equal(report.problems[1].line, 7);
	assert_string_equal(report.problems[2].path, "apps[0].groups.filter");
	assert_int_equal(report.problems[2].line, 8);
	config_report_fini(&report);
	config_free(config);
}

/* The words of a row, one after the other; false: no more. */
static bool next_word(const char **words, char word[32])
{
	size_t size = strcspn(*words, " ");

	memcpy(word, *words, size);
	word[size] = '\0';
	*words += size + ((*words)[size] == ' ');
	return size > 0;
}

/* config/ may not look at the layers that own these names: here they are held together. */
static void test_words_of_the_keys_are_those_of_the_layers(void **state)
{
	const char *dialects = config_key_find("sources[].dialect")->words;
	const char *connectors = config_key_find("apps[].connector")->words;
	size_t count = 0;
	char word[32];

	(void)state;
	while (next_word(&dialects, word)) {
		assert_non_null(scim_dialect_find(word));
		count++;
	}
	assert_null(scim_dialect_at(count));
	while (next_word(&connectors, word)) {
		assert_non_null(connector_find(word));
	}
	assert_non_null(profile_find(config_key_find("apps[].profile")->fallback));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_filters_and_names_that_are_known_pass),
		cmocka_unit_test(test_each_problem_is_at_the_place_of_its_key),
		cmocka_unit_test(test_words_of_the_keys_are_those_of_the_layers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
