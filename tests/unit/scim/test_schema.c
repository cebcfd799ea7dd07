#include "scim/schema.h"

#include "tests/support/scim.h"

static const char *resolved(
	struct arena *arena, const struct scim_resource_type *type, const char *text)
{
	struct scim_ref ref;
	struct buf buf = { 0 };
	const char *result;

	if (!scim_type_resolve(type, text, strlen(text), &ref)) {
		return "-";
	}
	scim_ref_print(&buf, &ref);
	result = arena_strdup(arena, buf.data);
	buf_fini(&buf);
	return result;
}

static void test_attribute_paths_are_resolved(void **state)
{
	static const char *const cases[][2] = {
		{ "userName", "userName" },
		{ "USERname", "userName" },
		{ "id", "id" },
		{ "externalID", "externalId" },
		{ "schemas", "schemas" },
		{ "meta.lastmodified", "meta.lastModified" },
		{ "emails.$ref", "-" },
		{ "groups.$ref", "groups.$ref" },
		{ "name.givenName", "name.givenName" },
		{ "name.", "-" },
		{ ".name", "-" },
		{ "", "-" },
		{ "name.givenName.x", "-" },
		{ "userName.x", "-" },
		{ ENTERPRISE_URN, ENTERPRISE_URN },
		{ ENTERPRISE_URN ":", "-" },
		{ ENTERPRISE_URN ":manager.VALUE", ENTERPRISE_URN ":manager.value" },
		{ ENTERPRISE_URN ":userName", "-" },
		{ ENTERPRISE_URN ":id", "-" },
		{ PERSON_URN ":kind", PERSON_URN ":kind" },
		{ USER_URN ":userName", "userName" },
		{ USER_URN, "-" },
		{ USER_URN "s:userName", "-" },
		{ GROUP_URN ":displayName", "-" },
		{ "urn:", "-" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *found = resolved(*state, user_type(), cases[i][0]);

		if (strcmp(found, cases[i][1]) != 0) {
			fail_msg("'%s': %s", cases[i][0], found);
		}
	}
	assert_string_equal(resolved(*state, group_type(), ENTERPRISE_URN ":manager"), "-");
}

static void test_types_are_found_by_name_and_endpoint(void **state)
{
	const struct scim_model *model = scim_model_core();

	(void)state;
	assert_ptr_equal(scim_model_type(model, "User"), scim_model_endpoint(model, "/Users"));
	assert_ptr_equal(scim_model_endpoint(model, "Groups"), group_type());
	assert_null(scim_model_type(model, "user"));
	assert_null(scim_model_endpoint(model, "/users"));
	assert_non_null(scim_model_schema(model, PERSON_URN, strlen(PERSON_URN)));
	assert_null(scim_model_schema(model, "urn:x", 5));
}

static void test_the_rfc_alone_has_no_person(void **state)
{
	const struct scim_resource_type *type = scim_model_type(scim_model_rfc(), "User");

	(void)state;
	assert_int_equal(type->extension_count, 1);
	assert_null(scim_type_extension(type, PERSON_URN, strlen(PERSON_URN)));
	assert_null(scim_model_schema(scim_model_rfc(), PERSON_URN, strlen(PERSON_URN)));
}

static void test_a_comparison_means_the_value(void **state)
{
	static const char *const cases[][2] = {
		{ "emails", "emails.value" },
		{ "emails.type", "emails.type" },
		{ "userName", "userName" },
		{ "name", "name" },
		{ "groups", "groups.value" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scim_ref ref;

		assert_true(scim_type_resolve(user_type(), cases[i][0], strlen(cases[i][0]), &ref));
		assert_string_equal(value_text(scim_ref_leaf(&ref)->path), cases[i][1]);
	}
}

static void test_a_near_name_is_suggested(void **state)
{
	static const char *const cases[][2] = { { "usernam", "userName" }, { "emial", "emails" },
		{ "dispalyName", "displayName" }, { "foo", NULL }, { "xy", NULL } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *found =
			scim_type_suggest(user_type(), cases[i][0], strlen(cases[i][0]));

		if (cases[i][1] == NULL) {
			assert_null(found);
		} else {
			assert_non_null(found);
			assert_string_equal(found, cases[i][1]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(test_attribute_paths_are_resolved),
		cmocka_unit_test(test_types_are_found_by_name_and_endpoint),
		cmocka_unit_test(test_the_rfc_alone_has_no_person),
		cmocka_unit_test(test_a_comparison_means_the_value),
		cmocka_unit_test(test_a_near_name_is_suggested),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
