#include "scim/document.h"

#include "tests/support/scim.h"

static void test_schemas_follow_from_what_is_there(void **state)
{
	assert_json(*state,
		scim_doc_with_schemas(
			*state, user_type(), json(*state, "{'userName':'a','schemas':['old']}")),
		"{'userName':'a','schemas':['" USER_URN "']}");
	assert_json(*state,
		value_find(scim_doc_with_schemas(*state, user_type(),
				   json(*state, "{'" PERSON_URN "':{'kind':'employee'},"
						"'" ENTERPRISE_URN "':{'department':'R'}}")),
			"schemas"),
		"['" USER_URN "','" ENTERPRISE_URN "','" PERSON_URN "']");
}

static void test_what_is_required_is_missed(void **state)
{
	struct error err = { 0 };

	assert_true(scim_check_required(
		user_type(), json(*state, "{'userName':'a'}"), ERROR_VALUE, &err));
	assert_false(scim_check_required(user_type(), json(*state, "{}"), ERROR_VALUE, &err));
	assert_int_equal(err.code, ERROR_VALUE);
	assert_string_equal(err.text, "userName is required");
	assert_false(scim_check_required(group_type(), json(*state, "{}"), ERROR_MUTABILITY, &err));
	assert_int_equal(err.code, ERROR_MUTABILITY);
}

static void test_a_required_extension_is_missed(void **state)
{
	struct scim_resource_type type = *user_type();
	struct error err = { 0 };

	type.extension_required[0] = true;
	assert_false(
		scim_check_required(&type, json(*state, "{'userName':'a'}"), ERROR_VALUE, &err));
	assert_non_null(strstr(err.text, ENTERPRISE_URN));
}

static void test_without_immutable_attributes_all_may_change(void **state)
{
	struct error err = { 0 };

	assert_true(scim_check_immutable(user_type(), json(*state, "{'userName':'a'}"),
		json(*state, "{'userName':'b'}"), &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(test_schemas_follow_from_what_is_there),
		ARENA_TEST(test_what_is_required_is_missed),
		ARENA_TEST(test_a_required_extension_is_missed),
		ARENA_TEST(test_without_immutable_attributes_all_may_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
