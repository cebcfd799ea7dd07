#include "scim/read.h"

#include "tests/support/scim.h"

static const struct scim_attribute *attribute(const char *path)
{
	struct scim_ref ref;

	assert_true(scim_type_resolve(user_type(), path, strlen(path), &ref));
	return ref.sub != NULL ? ref.sub : ref.attribute;
}

static struct scim_reader reader(
	struct arena *arena, const char *dialect, struct value_builder *dropped)
{
	*dropped = (struct value_builder){ .arena = arena };
	return (struct scim_reader){ .arena = arena,
		.type = user_type(),
		.dialect = scim_dialect_find(dialect),
		.dropped = dropped };
}

static void test_a_value_is_merged_over_what_is_there(void **state)
{
	static const struct {
		const char *before; /* NULL: nothing */
		const char *in;
		const char *out; /* NULL: unassigned */
	} cases[] = {
		{ NULL, "{'givenName':'A'}", "{'givenName':'A'}" },
		{ "{'familyName':'L'}", "{'givenName':'A'}", "{'familyName':'L','givenName':'A'}" },
		{ "{'familyName':'L'}", "{'FAMILYNAME':'M'}", "{'familyName':'M'}" },
		{ "{'familyName':'L'}", "{'familyName':null}", NULL },
		{ "{'familyName':'L'}", "{}", "{'familyName':'L'}" },
		{ NULL, "{}", NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct value_builder dropped;
		struct scim_reader it = reader(*state, "standard", &dropped);
		const struct value *out;

		assert_true(scim_read_over(&it, attribute("name"),
			cases[i].before != NULL ? json(*state, cases[i].before) : NULL,
			json(*state, cases[i].in), &out, NULL));
		assert_json(*state, out, cases[i].out);
	}
}

static void test_a_merge_without_a_change_gives_what_was_there(void **state)
{
	struct value_builder dropped;
	struct scim_reader it = reader(*state, "standard", &dropped);
	const struct value *before = json(*state, "{'familyName':'L'}");
	const struct value *in =
		value_with(*state, NULL, "familyName", value_find(before, "familyName"));
	const struct value *out;

	assert_true(scim_read_over(&it, attribute("name"), before, in, &out, NULL));
	assert_ptr_equal(out, before);
}

static void test_an_external_id_is_a_text(void **state)
{
	static const struct {
		const char *in;
		int result; /* 1: taken, 0: unassigned, -1: refused */
	} cases[] = { { "['e']", 1 }, { "['']", 0 }, { "[null]", 0 }, { "[1]", -1 },
		{ "[true]", -1 }, { "[{}]", -1 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct value_builder dropped;
		struct scim_reader it = reader(*state, "entra", &dropped);
		const struct value *out;
		bool good = scim_read_external_id(
			&it, value_at(json(*state, cases[i].in), 0), &out, NULL);

		assert_int_equal(good, cases[i].result >= 0);
		assert_int_equal(good && out != NULL, cases[i].result == 1);
	}
}

static void test_a_long_external_id_and_password_are_refused(void **state)
{
	struct value_builder dropped;
	struct scim_reader it = reader(*state, "standard", &dropped);
	char text[1026];
	const struct value *out;
	bool given = false;

	memset(text, 'x', sizeof(text) - 1);
	text[1025] = '\0';
	assert_false(scim_read_external_id(&it, value_of_text(*state, text), &out, NULL));
	assert_false(scim_read_password(&it, value_of_text(*state, text), &given, NULL));
	text[1024] = '\0';
	assert_true(scim_read_external_id(&it, value_of_text(*state, text), &out, NULL));
	assert_true(scim_read_password(&it, value_of_text(*state, text), &given, NULL));
	assert_true(given);
}

static void test_labels_are_for_people(void **state)
{
	assert_string_equal(scim_attribute_label(*state, attribute("emails.type")), "emails.type");
	assert_string_equal(scim_attribute_label(*state, attribute(ENTERPRISE_URN ":department")),
		"department");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(test_a_value_is_merged_over_what_is_there),
		ARENA_TEST(test_a_merge_without_a_change_gives_what_was_there),
		ARENA_TEST(test_an_external_id_is_a_text),
		ARENA_TEST(test_a_long_external_id_and_password_are_refused),
		ARENA_TEST(test_labels_are_for_people),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
