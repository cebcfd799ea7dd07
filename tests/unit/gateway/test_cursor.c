/* Cursors: only who got one can use it, only with its query, only for a while. */
#include "gateway/cursor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/value.h"

#define NOW_US (INT64_C(1790000000) * 1000000)
#define HOUR_US (INT64_C(3600) * 1000000)

static const uint8_t key[SEAL_KEY_BYTES] =
	"sixty-four bytes that are a key in tests, and nowhere else";

static struct cursor_owner owner_of(const char *filter)
{
	struct cursor_owner owner = { .key = key, .tenant = 1, .source = 2, .timeout_s = 3600 };

	cursor_digest(&filter, 1, owner.query);
	return owner;
}

static const struct value *number(struct arena *arena, const char *text)
{
	const struct value *value;

	assert_true(value_of_number(arena, text, strlen(text), &value));
	return value;
}

static int set_up(void **state)
{
	*state = arena_new();
	return 0;
}

static int tear_down(void **state)
{
	arena_free(*state);
	return 0;
}

static void test_a_place_comes_back_as_it_was(void **state)
{
	struct arena *arena = *state;
	struct cursor_owner owner = owner_of("title pr");
	const struct cursor cases[] = {
		{ .rid = 1 },
		{ .rid = INT64_MAX, .backward = true },
		{ .open = true },
		{ .open = true, .backward = true },
		{ .rid = 7, .key = value_of_text(arena, "") },
		{ .rid = 7, .key = value_of_text(arena, "jürgen@example.com") },
		{ .rid = 7, .key = value_of_bool(true) },
		{ .rid = 7, .key = number(arena, "-1790000000000000") },
		{ .rid = 7, .key = number(arena, "1.5e3") },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *text = cursor_print(arena, &owner, &cases[i], NOW_US);
		struct cursor found = { 0 };
		struct error err = { 0 };

		assert_true(cursor_parse(arena, &owner, text, NOW_US, &found, &err));
		assert_int_equal(found.rid, cases[i].rid);
		assert_int_equal(found.open, cases[i].open);
		assert_int_equal(found.backward, cases[i].backward);
		assert_int_equal(found.key != NULL, cases[i].key != NULL);
		assert_true(found.key == NULL || value_equals(found.key, cases[i].key));
	}
}

static void test_the_longest_key_has_room(void **state)
{
	struct arena *arena = *state;
	struct cursor_owner owner = owner_of(NULL);
	char text[CURSOR_KEY_BYTES_MAX];
	struct cursor found;
	struct error err = { 0 };

	memset(text, 'x', sizeof(text));
	struct cursor cursor = { .rid = 1, .key = value_of_text_n(arena, text, sizeof(text)) };
	const char *printed = cursor_print(arena, &owner, &cursor, NOW_US);

	assert_true(cursor_parse(arena, &owner, printed, NOW_US, &found, &err));
	assert_true(value_equals(found.key, cursor.key));
}

static void test_it_is_of_unreserved_characters_and_shows_nothing(void **state)
{
	struct arena *arena = *state;
	struct cursor_owner owner = owner_of(NULL);
	struct cursor cursor = { .rid = 1, .key = value_of_text(arena, "anna@example.com") };
	const char *text = cursor_print(arena, &owner, &cursor, NOW_US);

	assert_int_equal(strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789-._~"),
		strlen(text));
	assert_null(strstr(text, "anna"));
	assert_null(strstr(text, "YW5uYU")); /* … nor its base64 */
}

static enum error_code code_of(
	struct arena *arena, const struct cursor_owner *owner, const char *text, int64_t now_us)
{
	struct cursor found;
	struct error err = { 0 };

	return cursor_parse(arena, owner, text, now_us, &found, &err) ? ERROR_NONE : err.code;
}

static void test_a_forged_or_foreign_cursor_is_refused(void **state)
{
	static const char *const forged[] = { "x", "!", "AAAA", "bm8gY3Vyc29y", "a b", "==" };
	struct arena *arena = *state;
	struct cursor_owner owner = owner_of("title pr");
	struct cursor_owner source = owner_of("title pr");
	struct cursor_owner tenant = owner_of("title pr");
	struct cursor_owner query = owner_of("title  pr");
	struct cursor_owner other_key = owner_of("title pr");
	uint8_t other[SEAL_KEY_BYTES] = { 1 };
	struct cursor cursor = { .rid = 5 };
	const char *text = cursor_print(arena, &owner, &cursor, NOW_US);
	char *changed = (char *)(uintptr_t)arena_text(arena, text, strlen(text));

	source.source = 3;
	tenant.tenant = 2;
	other_key.key = other;
	for (size_t i = 0; i < sizeof(forged) / sizeof(forged[0]); i++) {
		assert_int_equal(code_of(arena, &owner, forged[i], NOW_US), ERROR_CURSOR);
	}
	assert_int_equal(code_of(arena, &source, text, NOW_US), ERROR_CURSOR);
	assert_int_equal(code_of(arena, &tenant, text, NOW_US), ERROR_CURSOR);
	assert_int_equal(code_of(arena, &query, text, NOW_US), ERROR_CURSOR);
	assert_int_equal(code_of(arena, &other_key, text, NOW_US), ERROR_CURSOR);
	for (size_t i = 0; changed[i] != '\0'; i++) {
		char was = changed[i];

		changed[i] = was == 'A' ? 'B' : 'A';
		assert_int_equal(code_of(arena, &owner, changed, NOW_US), ERROR_CURSOR);
		changed[i] = was;
	}
	assert_int_equal(code_of(arena, &owner, changed, NOW_US), ERROR_NONE);
}

static void test_a_text_of_any_length_is_refused_or_read(void **state)
{
	struct arena *arena = *state;
	struct cursor_owner owner = owner_of(NULL);
	char text[4096];

	memset(text, 'A', sizeof(text));
	for (size_t size = 1; size < sizeof(text); size++) {
		text[size] = '\0';
		assert_int_equal(code_of(arena, &owner, text, NOW_US), ERROR_CURSOR);
		text[size] = 'A';
	}
}

static void test_it_expires(void **state)
{
	struct arena *arena = *state;
	struct cursor_owner owner = owner_of(NULL);
	const char *text = cursor_print(arena, &owner, &(struct cursor){ .rid = 5 }, NOW_US);

	assert_int_equal(code_of(arena, &owner, text, NOW_US + HOUR_US), ERROR_NONE);
	assert_int_equal(
		code_of(arena, &owner, text, NOW_US + HOUR_US + 1000000), ERROR_CURSOR_EXPIRED);
}

static void test_queries_differ_by_what_is_absent_too(void **state)
{
	static const char *const queries[][3] = { { NULL, NULL, NULL }, { "", NULL, NULL },
		{ NULL, "", NULL }, { "a", "b", NULL }, { "ab", NULL, NULL }, { "a", NULL, "b" },
		{ "a;1:b", NULL, NULL } };
	uint8_t digests[7][DIGEST_BYTES];

	(void)state;
	for (size_t i = 0; i < 7; i++) {
		cursor_digest(queries[i], 3, digests[i]);
		for (size_t k = 0; k < i; k++) {
			assert_memory_not_equal(digests[i], digests[k], DIGEST_BYTES);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_a_place_comes_back_as_it_was, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_the_longest_key_has_room, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_it_is_of_unreserved_characters_and_shows_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_forged_or_foreign_cursor_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_text_of_any_length_is_refused_or_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_it_expires, set_up, tear_down),
		cmocka_unit_test(test_queries_differ_by_what_is_absent_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
