#include "scim/dialect.h"

#include "tests/support/scim.h"

static const struct scim_attribute *attribute(const char *path)
{
	struct scim_ref ref;

	assert_true(scim_type_resolve(user_type(), path, strlen(path), &ref));
	return ref.sub != NULL ? ref.sub : ref.attribute;
}

static void test_values_are_what_the_dialect_means(void **state)
{
	static const struct {
		const char *dialect;
		const char *path;
		const char *value;
		const char *meaning; /* NULL: none */
	} cases[] = {
		{ "entra", "active", "'True'", "true" },
		{ "entra", "active", "'FALSE'", "false" },
		{ "entra", "active", "'yes'", NULL },
		{ "entra", "active", "1", NULL },
		{ "okta", "emails.primary", "'true'", "true" },
		{ "standard", "active", "'true'", NULL },
		{ "entra", "roles", "'admin'", "{'value':'admin'}" },
		{ "standard", "roles", "'admin'", NULL },
		{ "entra", "name", "'Anna'", NULL },
		{ "entra", "userName", "7", NULL },
		{ "entra", "userName", "[{'value':'x'}]", "{'value':'x'}" },
		{ "entra", "userName", "{'value':'x'}", "'x'" },
		{ "entra", "userName", "['x','y']", NULL },
		{ "standard", "userName", "['x']", NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *text = arena_printf(*state, "[%s]", cases[i].value);
		const struct value *value = value_at(json(*state, text), 0);
		const struct value *meaning = scim_dialect_coerce(*state,
			scim_dialect_find(cases[i].dialect), attribute(cases[i].path), value);

		assert_int_equal(meaning != NULL, cases[i].meaning != NULL);
		if (meaning != NULL) {
			text = arena_printf(*state, "[%s]", cases[i].meaning);
			assert_true(value_equals(meaning, value_at(json(*state, text), 0)));
		}
	}
}

static void test_unassigned_is_null_and_for_some_the_empty_text(void **state)
{
	const struct value *empty = value_of_text(*state, "");

	assert_true(scim_dialect_is_unassigned(scim_dialect_standard(), value_null()));
	assert_false(scim_dialect_is_unassigned(scim_dialect_standard(), empty));
	assert_true(scim_dialect_is_unassigned(scim_dialect_find("entra"), empty));
	assert_false(
		scim_dialect_is_unassigned(scim_dialect_find("entra"), value_of_text(*state, " ")));
}

static void test_dialects_are_known_by_name(void **state)
{
	(void)state;
	assert_string_equal(scim_dialect_at(0)->name, "standard");
	assert_int_equal(scim_dialect_standard()->quirks, 0);
	assert_null(scim_dialect_find("Entra"));
	for (size_t i = 0; scim_dialect_at(i) != NULL; i++) {
		assert_ptr_equal(scim_dialect_find(scim_dialect_at(i)->name), scim_dialect_at(i));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(test_values_are_what_the_dialect_means),
		ARENA_TEST(test_unassigned_is_null_and_for_some_the_empty_text),
		cmocka_unit_test(test_dialects_are_known_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
