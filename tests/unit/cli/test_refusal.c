#include "cli/refusal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/arena.h"

struct fixture {
	struct arena *arena;
	struct report_finding findings[REFUSAL_FINDINGS];
};

static int set_up(void **state)
{
	static struct fixture fixture;

	fixture.arena = arena_new();
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *it = *state;

	arena_free(it->arena);
	return 0;
}

static void expect(const struct report_finding *found, const char *file, size_t line, size_t column,
	const char *message, const char *detail)
{
	assert_string_equal(found->rule, "does-not-load");
	assert_string_equal(found->file, file);
	assert_int_equal(found->line, line);
	assert_int_equal(found->column, column);
	assert_string_equal(found->message, message);
	assert_string_equal(found->detail, detail);
}

static void test_each_error_of_opa_is_found_with_its_place_and_what_it_shows(void **state)
{
	struct fixture *it = *state;
	size_t count = refusal_find(it->arena,
		"opa check:\nbundle .: 2 errors occurred:\n"
		"rules/a.rego:2: rego_parse_error: unexpected if keyword\n"
		"\tdeny contains { if {\n\t     ^\n"
		"rules/b.rego:31: rego_unsafe_var_error: var x is unsafe\n",
		"policy/", it->findings);

	assert_int_equal(count, 2);
	expect(&it->findings[0], "policy/rules/a.rego", 2, 0,
		"rego_parse_error: unexpected if keyword", "deny contains { if {\n     ^\n");
	expect(&it->findings[1], "policy/rules/b.rego", 31, 0,
		"rego_unsafe_var_error: var x is unsafe", "");
}

static void test_a_place_may_stand_behind_other_words_and_have_a_column(void **state)
{
	struct fixture *it = *state;

	assert_int_equal(
		refusal_find(it->arena, "opa check: 1 error occurred: x.rego:4: var zz is unsafe",
			"", it->findings),
		1);
	expect(&it->findings[0], "x.rego", 4, 0, "var zz is unsafe", "");
	assert_int_equal(
		refusal_find(it->arena, "scenarios/a.yaml:3:17: no key 'whne'", "p/", it->findings),
		1);
	expect(&it->findings[0], "p/scenarios/a.yaml", 3, 17, "no key 'whne'", "");
}

static void test_what_names_no_place_is_one_finding_without_one(void **state)
{
	static const char *const texts[] = { "no data.scimward.decision at 12:30: add one",
		"the file x.rego: is empty", ".rego:3: has no name",
		"x.rego:99999999999: too far" };
	struct fixture *it = *state;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(refusal_find(it->arena, texts[i], "p/", it->findings), 1);
		expect(&it->findings[0], "", 0, 0, texts[i], "");
	}
	assert_int_equal(refusal_find(it->arena, "", "p/", it->findings), 1);
	expect(&it->findings[0], "", 0, 0, "", "");
	assert_int_equal(refusal_find(it->arena, "opa:\nis ill\n", "p/", it->findings), 1);
	expect(&it->findings[0], "", 0, 0, "opa:", "is ill\n");
}

static void test_there_are_never_more_findings_than_fit(void **state)
{
	struct fixture *it = *state;
	const char *text = "";

	for (int i = 0; i < REFUSAL_FINDINGS + 3; i++) {
		text = arena_printf(it->arena, "%sa.rego:%d: wrong\n", text, i + 1);
	}

	assert_int_equal(refusal_find(it->arena, text, "", it->findings), REFUSAL_FINDINGS);
	expect(&it->findings[REFUSAL_FINDINGS - 1], "a.rego", REFUSAL_FINDINGS, 0, "wrong", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_error_of_opa_is_found_with_its_place_and_what_it_shows),
		cmocka_unit_test(test_a_place_may_stand_behind_other_words_and_have_a_column),
		cmocka_unit_test(test_what_names_no_place_is_one_finding_without_one),
		cmocka_unit_test(test_there_are_never_more_findings_than_fit),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
