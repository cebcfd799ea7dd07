#include "scim/reference.h"

#include "tests/support/scim.h"

/* What a $ref that must lead to a User is told. */
static enum error_code check(
	struct arena *arena, const char *path, const char *uri, struct error *err)
{
	struct scim_ref ref;

	assert_true(scim_type_resolve(user_type(), path, strlen(path), &ref));
	return scim_reference_check(arena, scim_model_core(),
		       ref.sub != NULL ? ref.sub : ref.attribute, value_of_text(arena, uri), err)
		       ? ERROR_NONE
		       : err->code;
}

static void test_a_reference_leads_to_its_types(void **state)
{
	static const struct {
		const char *uri;
		enum error_code code;
	} cases[] = {
		{ "https://example.com/scim/v2/Users/1", ERROR_NONE },
		{ "../Users/1", ERROR_NONE },
		{ "Users/1", ERROR_NONE },
		{ "https://example.com/scim/v2/Groups/1", ERROR_VALUE },
		{ "../Groups/1", ERROR_VALUE },
		{ "Groups/1?from=/Users/2", ERROR_VALUE },
		{ "Groups/1#/Users/2", ERROR_VALUE },
		{ "https://example.com/Robots/1", ERROR_NONE }, /* not ours to understand */
		{ "urn:example:person:1", ERROR_NONE },
		{ "one", ERROR_NONE },
		{ "two words", ERROR_VALUE },
		{ "a\x7f", ERROR_VALUE },
		{ "", ERROR_VALUE },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error err = { 0 };

		if (check(*state, ENTERPRISE_URN ":manager.$ref", cases[i].uri, &err) !=
			cases[i].code) {
			fail_msg("%s: %s", cases[i].uri, err.text);
		}
	}
}

static void test_the_error_says_where_it_should_lead(void **state)
{
	struct error err = { 0 };

	check(*state, ENTERPRISE_URN ":manager.$ref", "/Groups/1", &err);

	assert_non_null(strstr(err.text, "manager.$ref leads to a Group, it must lead to a User"));
}

static void test_what_is_outside_may_be_anything(void **state)
{
	struct error err = { 0 };

	assert_int_equal(check(*state, "photos.value", "/Groups/1", &err), ERROR_NONE);
	assert_int_equal(check(*state, "profileUrl", "two words", &err), ERROR_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(test_a_reference_leads_to_its_types),
		ARENA_TEST(test_the_error_says_where_it_should_lead),
		ARENA_TEST(test_what_is_outside_may_be_anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
