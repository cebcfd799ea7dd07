/*
 * RFC 7644, 3.12.
 */
#include "scim/error.h"

#include "tests/support/scim.h"

static void test_every_code_has_a_status(void **state)
{
	(void)state;
	for (int code = ERROR_NONE + 1; code < ERROR_COUNT; code++) {
		int status = scim_error_status((enum error_code)code);

		assert_in_range(status, 400, 503);
		assert_true(status == 400 || code == ERROR_UNIQUENESS ||
			    scim_error_type((enum error_code)code) == NULL);
	}
}

static void test_the_words_are_those_of_the_rfc(void **state)
{
	static const struct {
		enum error_code code;
		int status;
		const char *type;
	} cases[] = {
		{ ERROR_FILTER, 400, "invalidFilter" },
		{ ERROR_TOO_MANY, 400, "tooMany" },
		{ ERROR_CURSOR, 400, "invalidCursor" },
		{ ERROR_CURSOR_EXPIRED, 400, "expiredCursor" },
		{ ERROR_PAGE_SIZE, 400, "invalidCount" },
		{ ERROR_UNIQUENESS, 409, "uniqueness" },
		{ ERROR_MUTABILITY, 400, "mutability" },
		{ ERROR_SYNTAX, 400, "invalidSyntax" },
		{ ERROR_PATH, 400, "invalidPath" },
		{ ERROR_NO_TARGET, 400, "noTarget" },
		{ ERROR_VALUE, 400, "invalidValue" },
		{ ERROR_REQUEST, 400, NULL },
		{ ERROR_DENIED, 403, NULL },
		{ ERROR_PRECONDITION, 412, NULL },
		{ ERROR_POLICY, 503, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(scim_error_status(cases[i].code), cases[i].status);
		if (cases[i].type == NULL) {
			assert_null(scim_error_type(cases[i].code));
		} else {
			assert_string_equal(scim_error_type(cases[i].code), cases[i].type);
		}
	}
}

static void test_a_body_has_its_status_as_text(void **state)
{
	struct error err = { 0 };
	struct buf buf = { 0 };

	error_set(&err, ERROR_VALUE, "userName \"x\" is taken");
	scim_error_print(&buf, &err);
	assert_json(*state, json(*state, buf.data),
		"{'schemas':['urn:ietf:params:scim:api:messages:2.0:Error'],'status':'400',"
		"'scimType':'invalidValue','detail':'userName `x` is taken'}");

	buf_clear(&buf);
	error_set(&err, ERROR_DENIED, "no");
	scim_error_print(&buf, &err);
	assert_json(*state, json(*state, buf.data),
		"{'schemas':['urn:ietf:params:scim:api:messages:2.0:Error'],'status':'403',"
		"'detail':'no'}");
	buf_fini(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(test_every_code_has_a_status),
		ARENA_TEST(test_the_words_are_those_of_the_rfc),
		ARENA_TEST(test_a_body_has_its_status_as_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
