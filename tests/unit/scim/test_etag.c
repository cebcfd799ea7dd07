/*
 * RFC 9110, 8.8.3 and 13.1; RFC 7644, 3.14.
 */
#include "scim/etag.h"

#include "tests/support/scim.h"

static void test_tags_are_weak(void **state)
{
	char text[SCIM_ETAG_BYTES];

	(void)state;
	scim_etag_format(9223372036854775807, text);

	assert_string_equal(text, "W/\"9223372036854775807\"");
}

static void test_headers_name_versions(void **state)
{
	static const struct {
		const char *header;
		int matches; /* -1: refused */
	} cases[] = {
		{ "W/\"7\"", 1 },
		{ "\"7\"", 1 },
		{ " W/\"7\" ", 1 },
		{ "W/\"8\"", 0 },
		{ "W/\"77\"", 0 },
		{ "W/\"07\"", 0 },
		{ "W/\"\"", 0 },
		{ "*", 1 },
		{ " * ", 1 },
		{ "W/\"1\", \"2\",W/\"7\"", 1 },
		{ "\"a,b\", \"7\"", 1 },
		{ "\"1\",\"2\"", 0 },
		{ "", -1 },
		{ "7", -1 },
		{ "w/\"7\"", -1 },
		{ "W/7", -1 },
		{ "\"7", -1 },
		{ "\"7\" \"8\"", -1 },
		{ "\"7\",", -1 },
		{ ",\"7\"", -1 },
		{ "*,\"7\"", -1 },
		{ "\"a b\"", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error err = { 0 };
		bool matches;
		bool good = scim_etag_matches(cases[i].header, 7, &matches, &err);

		if (good != (cases[i].matches >= 0) || (good && matches != cases[i].matches)) {
			fail_msg("'%s'", cases[i].header);
		}
		assert_true(good || err.code == ERROR_REQUEST);
	}
}

static void test_a_list_without_end_is_refused(void **state)
{
	struct buf buf = { 0 };
	bool matches;

	(void)state;
	for (int i = 0; i < 200; i++) {
		buf_append_text(&buf, i > 0 ? ",\"x\"" : "\"x\"");
	}

	assert_false(scim_etag_matches(buf.data, 7, &matches, NULL));
	buf_fini(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(test_tags_are_weak),
		ARENA_TEST(test_headers_name_versions),
		ARENA_TEST(test_a_list_without_end_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
