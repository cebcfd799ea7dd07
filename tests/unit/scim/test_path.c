#include "scim/path.h"

#include "tests/support/scim.h"

static const char *parsed(struct arena *arena, const char *text, bool loose, struct error *err)
{
	const char *copy = quoted(arena, text);
	struct scim_path path;
	struct buf buf = { 0 };
	const char *result;

	if (!scim_path_parse(arena, user_type(), copy, strlen(copy), loose, &path, err)) {
		return arena_printf(arena, "!%s", error_name(err->code));
	}
	scim_path_print(&buf, &path);
	result = arena_strdup(arena, buf.data);
	buf_fini(&buf);
	return result;
}

static void test_paths_are_those_of_the_rfc(void **state)
{
	static const char *const cases[][2] = {
		{ "userName", "userName" },
		{ "USERNAME", "userName" },
		{ "name.familyname", "name.familyName" },
		{ USER_URN ":name.familyName", "name.familyName" },
		{ ENTERPRISE_URN ":department", ENTERPRISE_URN ":department" },
		{ ENTERPRISE_URN ":manager.value", ENTERPRISE_URN ":manager.value" },
		{ ENTERPRISE_URN, ENTERPRISE_URN },
		{ "emails[type eq 'work']", "emails[type eq 'work']" },
		{ "emails[type eq 'work'].value", "emails[type eq 'work'].value" },
		{ "emails[value eq ']['].value", "emails[value eq ']['].value" },
		{ "emails[value eq '`]'].value", "emails[value eq '\\']'].value" },
		{ USER_URN ":emails[type eq 'work'].value", "emails[type eq 'work'].value" },
		{ "emails[not (type eq 'work') or value pr]",
			"emails[not (type eq 'work') or value pr]" },
		{ "meta.version", "meta.version" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error err = { 0 };

		assert_string_equal(
			parsed(*state, cases[i][0], false, &err), quoted(*state, cases[i][1]));
	}
}

static void test_wrong_paths_are_refused(void **state)
{
	static const char *const cases[][2] = {
		{ "", "!path" },
		{ "usrName", "!path" },
		{ "name.foo", "!path" },
		{ "name.familyName.x", "!path" },
		{ USER_URN, "!path" },
		{ "urn:x:y", "!path" },
		{ "[type eq 'x']", "!path" },
		{ "foo[type eq 'x']", "!path" },
		{ "emails[type eq 'x'", "!path" },
		{ "emails[type eq 'x']x", "!path" },
		{ "emails[type eq 'x'].", "!path" },
		{ "emails[type eq 'x'].foo", "!path" },
		{ "emails[type eq 'x'].value.x", "!path" },
		{ "emails.value[type eq 'x']", "!path" },
		{ "name[familyName eq 'x']", "!path" },
		{ "emails[]", "!filter" },
		{ "emails[foo eq 'x']", "!filter" },
		{ "emails[primary eq 'True']", "!filter" },
		{ " userName", "!path" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error err = { 0 };
		const char *found = parsed(*state, cases[i][0], false, &err);

		if (strcmp(found, cases[i][1]) != 0) {
			fail_msg("'%s': %s", cases[i][0], found);
		}
	}
}

static void test_loose_paths_take_texts_for_booleans(void **state)
{
	struct error err = { 0 };

	assert_string_equal(parsed(*state, "roles[primary eq 'True'].value", true, &err),
		"roles[primary eq true].value");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(test_paths_are_those_of_the_rfc),
		ARENA_TEST(test_wrong_paths_are_refused),
		ARENA_TEST(test_loose_paths_take_texts_for_booleans),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
