#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "base/arena.h"
#include "base/error.h"
#include "config/config.h"
#include "config/keys.h"
#include "config/scalar.h"

/* Room for the largest field of any row. */
union field {
	struct config_store store;
	struct config_digest digests[CONFIG_TOKENS_MAX];
	int64_t number;
	void *pointer;
};

static void test_every_default_is_a_value_of_its_type(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < config_key_count; i++) {
		struct error err = { 0 };
		union field field = { 0 };
		const struct config_key *key = &config_keys[i];
		if (key->fallback == NULL) {
			continue;
		}
		if (!config_scalar_set(key, arena, "", key->fallback, &field, &err)) {
			fail_msg("%s: %s", key->path, err.text);
		}
	}
	arena_free(arena);
}

static void test_every_example_is_a_value_of_its_type(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < config_key_count; i++) {
		struct error err = { 0 };
		union field field = { 0 };
		const struct config_key *key = &config_keys[i];
		if (key->example == NULL || key->type == CONFIG_SECRET) {
			continue;
		}
		if (!config_scalar_set(key, arena, "", key->example, &field, &err)) {
			fail_msg("%s: %s", key->path, err.text);
		}
	}
	arena_free(arena);
}

static void test_every_row_has_a_help_sentence_and_a_path_of_its_own(void **state)
{
	(void)state;
	assert_true(config_key_count <= CONFIG_KEYS_MAX);
	for (size_t i = 0; i < config_key_count; i++) {
		const struct config_key *key = &config_keys[i];
		assert_non_null(key->help);
		assert_int_equal(key->help[strlen(key->help) - 1], '.');
		for (size_t j = 0; j < i; j++) {
			assert_string_not_equal(config_keys[j].path, key->path);
		}
	}
}

static void test_two_rows_never_fill_the_same_field(void **state)
{
	(void)state;
	for (size_t i = 0; i < config_key_count; i++) {
		for (size_t j = 0; j < i; j++) {
			const struct config_key *a = &config_keys[i];
			const struct config_key *b = &config_keys[j];
			const char *a_end = strrchr(a->path, ']');
			const char *b_end = strrchr(b->path, ']');
			size_t a_list = a_end != NULL ? (size_t)(a_end - a->path) : 0;
			size_t b_list = b_end != NULL ? (size_t)(b_end - b->path) : 0;
			if (a_list == b_list && strncmp(a->path, b->path, a_list) == 0 &&
				a->offset == b->offset) {
				fail_msg("%s and %s", a->path, b->path);
			}
		}
	}
}

static void test_scope_of_a_row_is_its_list(void **state)
{
	(void)state;
	assert_true(config_key_is_in(config_key_find("listen.tls.key"), ""));
	assert_true(config_key_is_in(config_key_find("apps"), ""));
	assert_false(config_key_is_in(config_key_find("apps[].url"), ""));
	assert_true(config_key_is_in(config_key_find("apps[].retry.base"), "apps[]."));
	assert_false(config_key_is_in(config_key_find("sources[].name"), "apps[]."));
	assert_null(config_key_find("apps[].nothing"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_default_is_a_value_of_its_type),
		cmocka_unit_test(test_every_example_is_a_value_of_its_type),
		cmocka_unit_test(test_every_row_has_a_help_sentence_and_a_path_of_its_own),
		cmocka_unit_test(test_two_rows_never_fill_the_same_field),
		cmocka_unit_test(test_scope_of_a_row_is_its_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
