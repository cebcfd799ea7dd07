#include "scim/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "base/arena.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/value.h"
#include "scim/dialect.h"
#include "scim/urn.h"

static bool check(const char *dialect, const char *schemas, struct error *err)
{
	static const struct value_limits limits = { .bytes = 1000, .depth = 4, .values = 10 };
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	const struct value *list =
		schemas == NULL ? NULL
				: value_parse(arena, schemas, strlen(schemas), &limits, NULL);

	return scim_message_check(scim_dialect_find(dialect), list, SCIM_URN_PATCH, err);
}

static void test_a_message_names_itself_in_any_case_and_place(void **state)
{
	(void)state;

	assert_true(check("standard", "[\"" SCIM_URN_PATCH "\"]", NULL));
	assert_true(check(
		"standard", "[\"urn:x\",\"URN:IETF:PARAMS:SCIM:API:MESSAGES:2.0:PATCHOP\"]", NULL));
}

static void test_another_message_is_refused_by_name(void **state)
{
	static const char *const wrong[] = { "[\"" SCIM_URN_SEARCH "\"]", "[]", "[1]", NULL };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct error err = { 0 };

		assert_false(check("standard", wrong[i], &err));
		assert_int_equal(err.code, ERROR_SYNTAX);
		assert_string_equal(err.text, "schemas must name '" SCIM_URN_PATCH "'");
	}
}

static void test_a_dialect_without_schemas_is_let_pass(void **state)
{
	(void)state;

	for (size_t i = 0; scim_dialect_at(i) != NULL; i++) {
		const struct scim_dialect *dialect = scim_dialect_at(i);

		assert_int_equal(check(dialect->name, NULL, NULL),
			scim_dialect_has(dialect, SCIM_NO_SCHEMAS));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_message_names_itself_in_any_case_and_place),
		cmocka_unit_test(test_another_message_is_refused_by_name),
		cmocka_unit_test(test_a_dialect_without_schemas_is_let_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
