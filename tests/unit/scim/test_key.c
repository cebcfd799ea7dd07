#include "scim/key.h"

#include "scim/filter.h"
#include "scim/list.h"
#include "tests/support/scim.h"

/* "2:anna 5:a@x" */
static const char *keys_of(
	struct arena *arena, const struct scim_resource_type *type, const char *doc)
{
	struct scim_key keys[SCIM_KEYS_MAX];
	size_t count = scim_keys_of_doc(arena, type, json(arena, doc), keys);
	const char *text = "";

	for (size_t i = 0; i < count; i++) {
		assert_int_equal(strlen(keys[i].text), keys[i].size);
		text = arena_printf(arena, "%s%s%d%c%s", text, i > 0 ? " " : "", (int)keys[i].kind,
			keys[i].unique ? '=' : ':', keys[i].text);
	}
	return text;
}

static void test_a_document_has_its_keys(void **state)
{
	assert_string_equal(
		keys_of(*state, user_type(), "{'userName':'Anna','displayName':'Anna'}"), "2=anna");
	assert_string_equal(keys_of(*state, user_type(),
				    "{'userName':'Anna','emails':[{'value':'B@x'},{'value':'a@x'},"
				    "{'type':'work'},{'value':'b@X'}]}"),
		"2=anna 5:a@x 5:b@x");
	assert_string_equal(
		keys_of(*state, user_type(),
			"{'userName':'A@x','emails':[{'value':'b@x'},{'value':'a@X'}]}"),
		"2=a@x 5:b@x"); /* it is found by the name */
	assert_string_equal(keys_of(*state, group_type(), "{'displayName':'Team \xc3\x84'}"),
		"3=team \xc3\xa4");
}

static void test_sixty_addresses_have_sixty_keys(void **state)
{
	struct buf buf = { 0 };
	struct scim_key keys[SCIM_KEYS_MAX];

	buf_append_text(&buf, "{'userName':'a','emails':[");
	for (int i = 0; i < SCIM_KEY_VALUES_MAX; i++) {
		buf_printf(&buf, "%s{'value':'%d@x'}", i > 0 ? "," : "", i);
	}
	buf_append_text(&buf, "]}");

	assert_int_equal(scim_keys_of_doc(*state, user_type(), json(*state, buf.data), keys), 61);
	buf_fini(&buf);
}

static void test_a_filter_offers_its_best_key(void **state)
{
	static const struct {
		const char *filter;
		int kind;
		const char *text;
	} cases[] = {
		{ "userName eq 'AnNa'", SCIM_KEY_USER_NAME, "anna" },
		{ "id eq 'A'", SCIM_KEY_ID, "A" },
		{ "externalId eq 'E'", SCIM_KEY_EXTERNAL_ID, "E" },
		{ "emails eq 'A@x'", SCIM_KEY_EMAIL, "a@x" },
		{ "emails.value eq 'A@x'", SCIM_KEY_EMAIL, "a@x" },
		{ "emails[type eq 'work' and value eq 'A@x']", SCIM_KEY_EMAIL, "a@x" },
		{ "emails eq 'A@x' and userName eq 'b'", SCIM_KEY_USER_NAME, "b" },
		{ "active eq true and (title pr and userName eq 'b')", SCIM_KEY_USER_NAME, "b" },
		{ "userName eq 'a' or userName eq 'b'", SCIM_KEY_NONE, NULL },
		{ "not (userName eq 'a')", SCIM_KEY_NONE, NULL },
		{ "userName sw 'a'", SCIM_KEY_NONE, NULL },
		{ "userName ne 'a'", SCIM_KEY_NONE, NULL },
		{ "displayName eq 'a'", SCIM_KEY_NONE, NULL },
		{ "emails.type eq 'work'", SCIM_KEY_NONE, NULL },
		{ "userName eq null", SCIM_KEY_NONE, NULL },
		{ "groups.value eq 'g'", SCIM_KEY_NONE, NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *text = quoted(*state, cases[i].filter);
		const struct scim_filter *filter =
			scim_filter_parse(*state, user_type(), text, strlen(text), false, NULL);
		struct scim_key key = { 0 };

		if (scim_key_of_filter(*state, filter, &key) != (cases[i].kind != SCIM_KEY_NONE) ||
			key.kind != cases[i].kind) {
			fail_msg("%s: %d", text, (int)key.kind);
		}
		if (key.kind != SCIM_KEY_NONE) {
			assert_string_equal(key.text, cases[i].text);
		}
	}
}

static void test_groups_are_found_by_name_and_member(void **state)
{
	static const struct {
		const char *filter;
		int kind;
	} cases[] = {
		{ "displayName eq 'Team'", SCIM_KEY_DISPLAY_NAME },
		{ "members eq 'u'", SCIM_KEY_MEMBER },
		{ "members[value eq 'u']", SCIM_KEY_MEMBER },
		{ "members.value eq 'u' and id eq 'g'", SCIM_KEY_ID },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *text = quoted(*state, cases[i].filter);
		const struct scim_filter *filter =
			scim_filter_parse(*state, group_type(), text, strlen(text), false, NULL);
		struct scim_key key;

		assert_true(scim_key_of_filter(*state, filter, &key));
		assert_int_equal(key.kind, cases[i].kind);
	}
}

static const struct scim_filter *filter_of(
	struct arena *arena, const struct scim_resource_type *type, const char *text)
{
	const char *copy = quoted(arena, text);
	struct error err = { 0 };
	const struct scim_filter *filter =
		scim_filter_parse(arena, type, copy, strlen(copy), false, &err);

	if (filter == NULL) {
		fail_msg("%s: %s", text, err.text);
	}
	return filter;
}

static void test_a_filter_offers_a_prefix_of_a_unique_key(void **state)
{
	static const struct {
		const char *filter;
		int kind; /* 0: none */
		const char *text;
		bool exact;
	} cases[] = {
		{ "userName sw 'AnN'", SCIM_KEY_USER_NAME, "ann", true },
		{ "userName sw ''", SCIM_KEY_USER_NAME, "", true },
		{ "externalId sw 'E'", SCIM_KEY_EXTERNAL_ID, "E", true },
		{ "title pr and userName sw 'a'", SCIM_KEY_USER_NAME, "a", false },
		{ "userName sw 'a' or title pr", 0, NULL, false },
		{ "not (userName sw 'a')", 0, NULL, false },
		{ "userName co 'a'", 0, NULL, false },
		{ "emails.value sw 'a'", 0, NULL, false },
		{ "displayName sw 'a'", 0, NULL, false },
		{ "id sw '0'", 0, NULL, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scim_key key;
		bool exact;
		bool found = scim_key_of_prefix(
			filter_of(*state, user_type(), cases[i].filter), &key, &exact);

		assert_int_equal(found, cases[i].kind != 0);
		if (found) {
			assert_int_equal(key.kind, cases[i].kind);
			assert_string_equal(key.text, cases[i].text);
			assert_int_equal(exact, cases[i].exact);
		}
	}
}

static void test_a_list_may_be_sorted_by_a_unique_key(void **state)
{
	static const struct {
		const char *by;
		bool group;
		int kind;
	} cases[] = {
		{ "userName", false, SCIM_KEY_USER_NAME },
		{ "externalId", false, SCIM_KEY_EXTERNAL_ID },
		{ "externalId", true, SCIM_KEY_EXTERNAL_ID },
		{ "displayName", true, SCIM_KEY_DISPLAY_NAME },
		{ "displayName", false, 0 },
		{ "emails.value", false, 0 },
		{ "id", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scim_sort sort;
		struct scim_key key = { 0 };

		assert_true(scim_sort_parse(cases[i].group ? group_type() : user_type(),
			cases[i].by, NULL, &sort, NULL));
		assert_int_equal(scim_key_of_sort(&sort, &key), cases[i].kind != 0);
		assert_int_equal(key.kind, cases[i].kind);
	}
}

static void test_a_kind_has_the_name_of_its_attribute(void **state)
{
	static const char *const paths[][2] = {
		{ "userName", USER_URN ":userName" },
		{ ENTERPRISE_URN ":department", ENTERPRISE_URN ":department" },
	};

	for (size_t i = 0; i < 2; i++) {
		struct scim_ref ref;

		assert_true(scim_type_resolve(user_type(), paths[i][0], strlen(paths[i][0]), &ref));
		assert_string_equal(scim_key_name(*state, ref.attribute), paths[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(test_a_document_has_its_keys),
		ARENA_TEST(test_sixty_addresses_have_sixty_keys),
		ARENA_TEST(test_a_filter_offers_its_best_key),
		ARENA_TEST(test_groups_are_found_by_name_and_member),
		ARENA_TEST(test_a_filter_offers_a_prefix_of_a_unique_key),
		ARENA_TEST(test_a_list_may_be_sorted_by_a_unique_key),
		ARENA_TEST(test_a_kind_has_the_name_of_its_attribute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
