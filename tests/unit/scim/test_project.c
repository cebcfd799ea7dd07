/*
 * RFC 7644, 3.9 with RFC 7643, 7 (returned).
 */
#include "scim/project.h"

#include "tests/support/scim.h"

static const struct scim_projection *projection(struct arena *arena,
	const struct scim_resource_type *type, const char *attributes, const char *excluded)
{
	const struct scim_projection *it;
	struct error err = { 0 };

	assert_true(scim_projection_parse(arena, type, attributes, excluded, &it, &err));
	return it;
}

static bool wants(
	const struct scim_resource_type *type, const struct scim_projection *it, const char *path)
{
	struct scim_ref ref;

	assert_true(scim_type_resolve(type, path, strlen(path), &ref));
	return scim_projection_wants(it, ref.attribute) &&
	       (ref.sub == NULL || scim_projection_wants_sub(it, ref.sub));
}

static void test_what_is_wanted_is_returned(void **state)
{
	static const struct {
		const char *attributes;
		const char *excluded;
		const char *path;
		bool wanted;
	} cases[] = {
		{ NULL, NULL, "userName", true },
		{ NULL, NULL, "password", false },
		{ NULL, NULL, "meta.version", true },
		{ "userName", NULL, "userName", true },
		{ "userName", NULL, "id", true },
		{ "userName", NULL, "schemas", true },
		{ "userName", NULL, "meta", false },
		{ "userName", NULL, "displayName", false },
		{ "password", NULL, "password", false },
		{ "USERNAME,displayname", NULL, "displayName", true },
		{ "userName, displayName", NULL, "displayName", true },
		{ "name.givenName", NULL, "name.givenName", true },
		{ "name.givenName", NULL, "name.familyName", false },
		{ "name", NULL, "name.familyName", true },
		{ "emails", NULL, "emails.value", true },
		{ "meta.location", NULL, "meta.location", true },
		{ "meta.location", NULL, "meta.version", false },
		{ ENTERPRISE_URN ":department", NULL, ENTERPRISE_URN ":department", true },
		{ ENTERPRISE_URN ":department", NULL, ENTERPRISE_URN ":division", false },
		{ ENTERPRISE_URN, NULL, ENTERPRISE_URN ":division", true },
		{ ENTERPRISE_URN, NULL, ENTERPRISE_URN ":manager.value", true },
		{ ENTERPRISE_URN, NULL, "userName", false },
		{ "nothing", NULL, "userName", false },
		{ "", NULL, "userName", false },
		{ NULL, "userName", "userName", false },
		{ NULL, "userName", "displayName", true },
		{ NULL, "id,schemas", "id", true },
		{ NULL, "id,schemas", "schemas", true },
		{ NULL, "name.givenName", "name.givenName", false },
		{ NULL, "name.givenName", "name.familyName", true },
		{ NULL, "name", "name.familyName", false },
		{ NULL, ENTERPRISE_URN, ENTERPRISE_URN ":division", false },
		{ NULL, ENTERPRISE_URN ":division", ENTERPRISE_URN ":department", true },
		{ NULL, "nothing", "userName", true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct scim_projection *it =
			projection(*state, user_type(), cases[i].attributes, cases[i].excluded);

		if (wants(user_type(), it, cases[i].path) != cases[i].wanted) {
			fail_msg("%s, %s: %s", cases[i].attributes, cases[i].excluded,
				cases[i].path);
		}
	}
}

static void test_what_is_returned_on_request_has_to_be_requested(void **state)
{
	const struct scim_resource_type *type = group_type();

	assert_false(wants(type, NULL, "members.display"));
	assert_false(wants(type, projection(*state, type, "members", NULL), "members.display"));
	assert_true(
		wants(type, projection(*state, type, "members.display", NULL), "members.display"));
	assert_false(wants(type, projection(*state, type, NULL, "displayName"), "members.display"));
}

static void test_places_tell_what_to_load(void **state)
{
	const struct scim_resource_type *group = group_type();

	assert_true(scim_projection_wants_place(group, NULL, SCIM_IS_MEMBERS));
	assert_false(scim_projection_wants_place(
		group, projection(*state, group, NULL, "members"), SCIM_IS_MEMBERS));
	assert_false(scim_projection_wants_place(
		group, projection(*state, group, "id", NULL), SCIM_IS_MEMBERS));
	assert_true(scim_projection_wants_place(
		group, projection(*state, group, "members.value", NULL), SCIM_IS_MEMBERS));
	assert_false(scim_projection_wants_place(group, NULL, SCIM_IS_GROUPS));
	assert_true(scim_projection_wants_place(user_type(), NULL, SCIM_IS_GROUPS));
}

static void test_both_lists_exclude_each_other(void **state)
{
	const struct scim_projection *it;
	struct error err = { 0 };

	assert_false(scim_projection_parse(*state, user_type(), "id", "userName", &it, &err));
	assert_int_equal(err.code, ERROR_VALUE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(test_what_is_wanted_is_returned),
		ARENA_TEST(test_what_is_returned_on_request_has_to_be_requested),
		ARENA_TEST(test_places_tell_what_to_load),
		ARENA_TEST(test_both_lists_exclude_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
