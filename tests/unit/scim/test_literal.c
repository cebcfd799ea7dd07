/*
 * RFC 7644, 3.4.2.2: which operator and literal go with which type.
 */
#include "scim/literal.h"

#include "tests/support/scim.h"

static const char *const values[] = { "'x'", "7", "true", "null", "'2026-11-24T04:00:00Z'" };

/* One letter for each of `values`: + taken, - refused. */
static const char *taken(struct arena *arena, const char *path, enum scim_filter_op op, bool loose)
{
	char *letters = arena_calloc(arena, 1, 6);
	struct scim_filter it = { .kind = SCIM_FILTER_COMPARE, .op = op, .path = path };

	assert_true(scim_type_resolve(user_type(), path, strlen(path), &it.ref));
	it.leaf = scim_ref_leaf(&it.ref);
	for (size_t i = 0; i < 5; i++) {
		struct error err = { 0 };

		it.value = value_at(json(arena, arena_printf(arena, "[%s]", values[i])), 0);
		letters[i] = scim_literal_check(arena, &it, loose, &err) ? '+' : '-';
		assert_true(letters[i] == '+' || err.code == ERROR_FILTER);
	}
	return letters;
}

static void test_types_take_their_operators_and_literals(void **state)
{
	static const struct {
		const char *path;
		enum scim_filter_op op;
		const char *strict; /* text number true null time */
		const char *loose;
	} cases[] = {
		{ "userName", SCIM_EQ, "+--++", "+++++" },
		{ "userName", SCIM_CO, "+---+", "+++-+" },
		{ "userName", SCIM_GT, "+---+", "+++-+" },
		{ "profileUrl", SCIM_EQ, "+--++", "+++++" },
		{ "active", SCIM_EQ, "--++-", "--++-" },
		{ "active", SCIM_CO, "-----", "-----" },
		{ "active", SCIM_LE, "-----", "-----" },
		{ "meta.created", SCIM_NE, "---++", "---++" },
		{ "meta.created", SCIM_GE, "----+", "----+" },
		{ "meta.created", SCIM_SW, "-----", "-----" },
		{ "x509Certificates", SCIM_EQ, "+--++", "+++++" },
		{ "x509Certificates", SCIM_LT, "-----", "-----" },
		{ "name", SCIM_EQ, "-----", "-----" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_string_equal(
			taken(*state, cases[i].path, cases[i].op, false), cases[i].strict);
		assert_string_equal(
			taken(*state, cases[i].path, cases[i].op, true), cases[i].loose);
	}
}

/* No core attribute is a number; those of the configuration may be. */
static void test_numbers_are_compared_with_numbers(void **state)
{
	static const struct {
		enum scim_filter_op op;
		bool strict[3]; /* 7, "7", "seven" */
		bool loose[3];
	} cases[] = {
		{ SCIM_EQ, { true, false, false }, { true, true, false } },
		{ SCIM_GE, { true, false, false }, { true, true, false } },
		{ SCIM_CO, { false, false, false }, { false, false, false } },
	};
	static const char *const literals[] = { "7", "'7'", "'seven'" };
	static const struct scim_attribute number = { .name = "n", .type = SCIM_INTEGER };

	for (size_t i = 0; i < 3; i++) {
		for (size_t k = 0; k < 3; k++) {
			struct scim_filter it = { .kind = SCIM_FILTER_COMPARE,
				.op = cases[i].op,
				.path = "n",
				.leaf = &number };

			it.value = json(*state, literals[k]);
			assert_int_equal(
				scim_literal_check(*state, &it, false, NULL), cases[i].strict[k]);
			it.value = json(*state, literals[k]);
			assert_int_equal(
				scim_literal_check(*state, &it, true, NULL), cases[i].loose[k]);
			if (cases[i].loose[k]) {
				assert_json(*state, it.value, "7");
			}
		}
	}
}

static void test_a_text_without_case_is_folded_once(void **state)
{
	struct scim_filter it = { .kind = SCIM_FILTER_COMPARE, .path = "userName" };

	assert_true(scim_type_resolve(user_type(), "userName", 8, &it.ref));
	it.leaf = scim_ref_leaf(&it.ref);
	it.value = value_of_text(*state, "AnNa");
	assert_true(scim_literal_check(*state, &it, false, NULL));
	assert_string_equal(value_text(it.folded), "anna");

	struct scim_filter exact = { .kind = SCIM_FILTER_COMPARE, .path = "id" };

	assert_true(scim_type_resolve(user_type(), "id", 2, &exact.ref));
	exact.leaf = scim_ref_leaf(&exact.ref);
	exact.value = it.value;
	assert_true(scim_literal_check(*state, &exact, false, NULL));
	assert_null(exact.folded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(test_types_take_their_operators_and_literals),
		ARENA_TEST(test_a_text_without_case_is_folded_once),
		ARENA_TEST(test_numbers_are_compared_with_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
