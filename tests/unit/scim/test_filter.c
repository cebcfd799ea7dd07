/*
 * RFC 7644, 3.4.2.2: grammar, precedence, types, limits.
 */
#include "scim/filter.h"

#include "tests/support/scim.h"

static const char *parsed(struct arena *arena, const struct scim_resource_type *type,
	const char *text, bool loose, struct error *err)
{
	const char *copy = quoted(arena, text);
	const struct scim_filter *filter =
		scim_filter_parse(arena, type, copy, strlen(copy), loose, err);
	struct buf buf = { 0 };
	const char *result;

	if (filter == NULL) {
		assert_int_equal(err->code, ERROR_FILTER);
		return "!";
	}
	scim_filter_print(&buf, filter);
	result = arena_strdup(arena, buf.data);
	buf_fini(&buf);
	return result;
}

static void expect(struct arena *arena, const struct scim_resource_type *type, const char *text,
	bool loose, const char *wanted)
{
	struct error err = { 0 };
	const char *found = parsed(arena, type, text, loose, &err);

	if (strcmp(found, quoted(arena, wanted)) != 0) {
		fail_msg("%s\ngave %s %s\nnot  %s", text, found, err.text, wanted);
	}
}

static void test_filters_print_as_they_are_meant(void **state)
{
	static const char *const cases[][2] = {
		{ "userName eq 'bjensen'", "userName eq 'bjensen'" },
		{ "USERNAME EQ 'Bj'", "userName eq 'Bj'" },
		{ "name.familyName co 'O`Malley'", "name.familyName co 'O\\'Malley'" },
		{ "urn:ietf:params:scim:schemas:core:2.0:User:userName sw 'J'", "userName sw 'J'" },
		{ ENTERPRISE_URN ":department eq 'R'", ENTERPRISE_URN ":department eq 'R'" },
		{ ENTERPRISE_URN ":manager.value eq 'm'", ENTERPRISE_URN ":manager.value eq 'm'" },
		{ "title pr", "title pr" },
		{ "meta.lastModified gt '2011-05-13T04:42:34Z'",
			"meta.lastModified gt '2011-05-13T04:42:34Z'" },
		{ "title pr and userType eq 'Employee'", "title pr and userType eq 'Employee'" },
		{ "title pr or userType eq 'a' and active eq true",
			"title pr or userType eq 'a' and active eq true" },
		{ "(title pr or userType eq 'a') and active eq true",
			"(title pr or userType eq 'a') and active eq true" },
		{ "((title pr)) and ((nickName pr and displayName pr))",
			"title pr and (nickName pr and displayName pr)" },
		{ "title pr or (nickName pr or displayName pr)",
			"title pr or (nickName pr or displayName pr)" },
		{ "not (title pr)", "not (title pr)" },
		{ "NOT(title pr) AND nickName pr", "not (title pr) and nickName pr" },
		{ "userType ne 'Employee' and not (emails co 'a' or emails.value co 'b')",
			"userType ne 'Employee' and not (emails co 'a' or emails.value co 'b')" },
		{ "userType eq 'Employee' and (emails.type eq 'work')",
			"userType eq 'Employee' and emails.type eq 'work'" },
		{ "emails[type eq 'work' and value co '@x'] or ims[type eq 'xmpp']",
			"emails[type eq 'work' and value co '@x'] or ims[type eq 'xmpp']" },
		{ "emails[not (type eq 'work')]", "emails[not (type eq 'work')]" },
		{ "emails[primary eq true]", "emails[primary eq true]" },
		{ "title eq null", "title eq null" },
		{ "id eq 'x' and externalId eq 'y'", "id eq 'x' and externalId eq 'y'" },
		{ "schemas eq '" ENTERPRISE_URN "'", "schemas eq '" ENTERPRISE_URN "'" },
		{ "groups.display eq 'engineering'", "groups.display eq 'engineering'" },
		{ "  title   pr  ", "title pr" },
		{ "userName eq '\\u00fc'", "userName eq '\xc3\xbc'" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		expect(*state, user_type(), cases[i][0], false, cases[i][1]);
	}
}

static void test_wrong_filters_are_refused(void **state)
{
	static const char *const cases[] = {
		"",
		"userName",
		"userName eq",
		"userName eq bjensen",
		"eq 'x'",
		"userName xx 'x'",
		"userName eq 'x",
		"userName eq 'x' and",
		"userName eq 'x' or or title pr",
		"userName eq 'x' title pr",
		"(title pr",
		"title pr)",
		"not title pr",
		"emails[type eq 'work'",
		"emails[]",
		"emails[type]",
		"emails[emails[type pr]]",
		"emails[type eq 'work'].value eq 'x'",
		"userName[value pr]",
		"emails.value[type pr]",
		"usrName eq 'x'",
		"name.foo eq 'x'",
		"emails[foo eq 'x']",
		"a.b.c pr",
		"urn:x:y:z eq 'x'",
		ENTERPRISE_URN " pr",
		"active eq 'true'",
		"active gt true",
		"active co 't'",
		"userName eq 7",
		"userName eq true",
		"userName gt null",
		"meta.created eq 'yesterday'",
		"meta.created co '2011'",
		"x509Certificates gt 'x'",
		"name eq 'x'",
		"userName eq ['x']",
		"userName eq {}",
		"userName eq 'a\\u0000'",
		"userName eq 1e",
		"title pr and",
		"and title pr",
		"\ttitle pr",
		"userName eq 'a' \n",
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		expect(*state, user_type(), cases[i], false, "!");
	}
}

static void test_loose_filters_take_what_identity_providers_send(void **state)
{
	static const char *const cases[][2] = {
		{ "emails[type eq 'work'].value eq 'x'",
			"emails[type eq 'work' and value eq 'x']" },
		{ "emails[type eq 'a' or type eq 'b'].value pr",
			"emails[(type eq 'a' or type eq 'b') and value pr]" },
		{ "active eq 'True'", "active eq true" },
		{ "emails[primary eq 'true']", "emails[primary eq true]" },
		{ "title eq 7", "title eq '7'" },
		{ "title eq true", "title eq 'true'" },
		{ "active eq 'maybe'", "!" },
		{ "active eq 1", "!" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		expect(*state, user_type(), cases[i][0], true, cases[i][1]);
	}
}

static void test_members_eq_means_their_value(void **state)
{
	struct error err = { 0 };
	const char *text = quoted(*state, "members eq 'u'");
	const struct scim_filter *filter =
		scim_filter_parse(*state, group_type(), text, strlen(text), false, &err);

	assert_non_null(filter);
	assert_string_equal(filter->path, "members");
	assert_string_equal(value_text(filter->leaf->path), "members.value");
}

static void test_without_a_type_any_path_goes(void **state)
{
	static const char *const cases[][2] = {
		{ "effect eq 'deny' and subject.userName ew '@example.com'",
			"effect eq 'deny' and subject.userName ew '@example.com'" },
		{ "a.b.c.d gt 7", "a.b.c.d gt 7" },
		{ "index ge 100 and index lt 1e3", "index ge 100 and index lt 1000" },
		{ "changes[path eq 'active' and after eq false]",
			"changes[path eq 'active' and after eq false]" },
		{ "x co 7", "!" },
		{ "x gt true", "!" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		expect(*state, NULL, cases[i][0], false, cases[i][1]);
	}
}

static void repeat(struct buf *buf, const char *text, size_t times)
{
	for (size_t i = 0; i < times; i++) {
		buf_append_text(buf, text);
	}
}

static void test_limits_hold(void **state)
{
	struct buf deep = { 0 }, deeper = { 0 }, terms = { 0 }, more = { 0 }, big = { 0 };

	repeat(&deep, "(", 16);
	buf_append_text(&deep, "title pr");
	repeat(&deep, ")", 16);
	expect(*state, user_type(), deep.data, false, "title pr");

	repeat(&deeper, "(", 17);
	buf_append_text(&deeper, "title pr");
	repeat(&deeper, ")", 17);
	expect(*state, user_type(), deeper.data, false, "!");

	repeat(&terms, "title pr and ", 63);
	buf_append_text(&terms, "title pr");
	expect(*state, user_type(), terms.data, false, terms.data);

	repeat(&more, "title pr and ", 64);
	buf_append_text(&more, "title pr");
	expect(*state, user_type(), more.data, false, "!");

	buf_append_text(&big, "title eq '");
	repeat(&big, "x", SCIM_FILTER_BYTES_MAX);
	buf_append_text(&big, "'");
	expect(*state, user_type(), big.data, false, "!");

	buf_fini(&deep);
	buf_fini(&deeper);
	buf_fini(&terms);
	buf_fini(&more);
	buf_fini(&big);
}

static void test_messages_name_the_column(void **state)
{
	static const char *const cases[][2] = {
		{ "title pr and usrName eq 'x'",
			"column 14: no attribute 'usrName', did you mean 'userName'?" },
		{ "title is 'x'",
			"column 7: an operator is missing here: eq ne co sw ew gt ge lt le pr" },
		{ "active eq 'true'", "column 11: active is compared with true or false" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error err = { 0 };

		parsed(*state, user_type(), cases[i][0], false, &err);
		assert_string_equal(err.text, cases[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(test_filters_print_as_they_are_meant),
		ARENA_TEST(test_wrong_filters_are_refused),
		ARENA_TEST(test_loose_filters_take_what_identity_providers_send),
		ARENA_TEST(test_members_eq_means_their_value),
		ARENA_TEST(test_without_a_type_any_path_goes),
		ARENA_TEST(test_limits_hold),
		ARENA_TEST(test_messages_name_the_column),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
