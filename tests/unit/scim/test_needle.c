/* A needle may let too much through, never too little. */
#include "scim/needle.h"

#include "scim/filter.h"
#include "scim/match.h"
#include "tests/support/scim.h"

static struct scim_needle needle_of(struct arena *arena, const char *text)
{
	struct error err = { 0 };
	struct scim_needle needle;
	const char *copy = quoted(arena, text);
	const struct scim_filter *filter =
		scim_filter_parse(arena, user_type(), copy, strlen(copy), false, &err);

	if (filter == NULL) {
		fail_msg("%s: %s", text, err.text);
	}
	scim_needle_of(filter, &needle);
	return needle;
}

static void test_a_needle_is_the_longest_text_that_must_be_there(void **state)
{
	static const char *const cases[][2] = {
		{ "displayName co 'Anna'", "anna" },
		{ "title eq 'ab' and displayName sw 'Berg'", "berg" },
		{ "emails[type eq 'work' and value ew '@Example.com']", "@example.com" },
		{ ENTERPRISE_URN ":department eq 'R & D'", "r & d" },
		{ "emails eq 'a@example.com'", "a@example.com" },
		{ "displayName co 'J\xc3\xbcrgen'", "rgen" },
		{ "displayName eq ''", "" },
		{ "displayName co 'a' or title co 'b'", "" },
		{ "not (displayName co 'anna')", "" },
		{ "displayName ne 'anna'", "" },
		{ "displayName gt 'anna'", "" },
		{ "displayName pr", "" },
		{ "active eq true", "" },
		{ "id sw '0192'", "" },
		{ "externalId eq 'abc'", "" },
		{ "meta.resourceType eq 'User'", "" },
		{ "meta.created gt '2026-01-01T00:00:00Z'", "" },
		{ "groups.display eq 'admins'", "" },
		{ "groups[display eq 'admins']", "" },
		{ PERSON_URN ":endDate eq '2026-01-01T00:00:00Z'", "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scim_needle needle = needle_of(*state, cases[i][0]);

		if (needle.size != strlen(cases[i][1]) ||
			memcmp(needle.text, cases[i][1], needle.size) != 0) {
			fail_msg("%s: '%.*s'", cases[i][0], (int)needle.size, needle.text);
		}
	}
}

static bool is_skipped(struct arena *arena, const char *filter, const char *doc)
{
	struct scim_needle needle = needle_of(arena, filter);

	return !scim_needle_may_be_in(&needle, doc, strlen(doc));
}

static void test_what_cannot_match_is_skipped(void **state)
{
	static const char doc[] = "{\"displayName\":\"Anna Berg\",\"userName\":\"a\"}";

	assert_true(is_skipped(*state, "displayName co 'berk'", doc));
	assert_false(is_skipped(*state, "displayName co 'BERG'", doc));
	assert_false(is_skipped(*state, "displayName pr", doc));
	/* What may be written in another way is looked at. */
	assert_false(is_skipped(*state, "displayName co 'berk'", "{\"displayName\":\"a\\\"b\"}"));
	assert_false(
		is_skipped(*state, "displayName co 'berk'", "{\"displayName\":\"\xef\xbd\x82\"}"));
}

static void test_a_needle_is_found_wherever_it_stands(void **state)
{
	enum { SIZE = 9000 };
	struct scim_needle needle = needle_of(*state,
		"displayName co "
		"'0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef and more'");
	char *doc = arena_calloc(*state, 1, SIZE + 1);

	assert_int_equal(needle.size, SCIM_NEEDLE_BYTES_MAX);
	memset(doc, '.', SIZE);
	assert_false(scim_needle_may_be_in(&needle, doc, SIZE));
	for (size_t at = 0; at + needle.size <= SIZE; at++) {
		memcpy(doc + at, needle.text, needle.size);
		assert_true(scim_needle_may_be_in(&needle, doc, SIZE));
		memset(doc + at, '.', needle.size);
	}
}

/* Whatever matches is let through. */
static void test_no_match_is_skipped(void **state)
{
	static const char *const texts[] = { "Anna", "ANNA", "\xc3\x84nne", "Stra\xc3\x9fung",
		"\xef\xbc\xa1nna", "quo\\\"te", "tab\\there", "a/b", "x", "", "\\u0041nna" };
	static const char *const literals[] = { "anna", "nna", "strass", "\xc3\xa4nne", "nne", "te",
		"quo", "here", "a/b", "x", "\xef\xbd\x81", "s" };
	static const char *const operators[] = { "eq", "co", "sw", "ew" };
	size_t matching = 0;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const char *doc = arena_printf(*state, "{\"displayName\":\"%s\"}", texts[i]);
		struct value_limits limits = { .bytes = 1000, .depth = 4, .values = 10 };
		const struct value *value = value_parse(*state, doc, strlen(doc), &limits, NULL);

		assert_non_null(value);
		for (size_t k = 0; k < 4 * sizeof(literals) / sizeof(literals[0]); k++) {
			const char *text = arena_printf(
				*state, "displayName %s '%s'", operators[k % 4], literals[k / 4]);
			const char *copy = quoted(*state, text);
			const struct scim_filter *filter = scim_filter_parse(
				*state, user_type(), copy, strlen(copy), false, NULL);

			if (scim_filter_matches_value(*state, filter, value)) {
				matching++;
				assert_false(is_skipped(*state, text, doc));
			}
		}
	}
	assert_true(matching > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(test_a_needle_is_the_longest_text_that_must_be_there),
		ARENA_TEST(test_what_cannot_match_is_skipped),
		ARENA_TEST(test_a_needle_is_found_wherever_it_stands),
		ARENA_TEST(test_no_match_is_skipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
