#include "scim/names.h"

#include "tests/support/scim.h"

static void test_every_name_is_found_without_case(void **state)
{
	enum { COUNT = 200 };
	struct scim_attribute *attributes = arena_calloc(*state, COUNT, sizeof(*attributes));
	struct scim_names *names;

	for (size_t i = 0; i < COUNT; i++) { /* alike, so that they collide */
		attributes[i].name = arena_printf(*state, "Name%zuX", i);
		attributes[i].name_size = strlen(attributes[i].name);
	}
	names = scim_names_new(*state, attributes, COUNT);
	for (size_t i = 0; i < COUNT; i++) {
		const char *text = arena_printf(*state, "nAME%zux", i);

		assert_ptr_equal(scim_names_find(names, text, strlen(text)), &attributes[i]);
	}
	assert_null(scim_names_find(names, "Name200X", 8));
	assert_null(scim_names_find(names, "Name1", 5));
	assert_null(scim_names_find(names, "", 0));
}

static void test_nothing_is_in_no_index(void **state)
{
	assert_null(scim_names_find(NULL, "x", 1));
	assert_null(scim_names_find(scim_names_new(*state, NULL, 0), "x", 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(test_every_name_is_found_without_case),
		ARENA_TEST(test_nothing_is_in_no_index),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
