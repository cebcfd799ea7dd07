/* The answers to the slices of one operation become one. */
#include "gateway/slices.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/arena.h"
#include "base/value.h"
#include "gateway/write.h"
#include "policy/decision.h"
#include "policy/engine.h"

static int setup(void **state)
{
	*state = arena_new();
	return 0;
}

static int teardown(void **state)
{
	arena_free(*state);
	return 0;
}

static struct policy_decision decision(struct arena *arena, const char *json)
{
	static const struct value_limits limits = { .bytes = 10000, .depth = 10, .values = 1000 };
	struct policy_decision it = { 0 };
	struct policy_failure failure;
	const struct value *value = value_parse(arena, json, strlen(json), &limits, NULL);

	assert_non_null(value);
	assert_true(policy_decision_read(arena, value, &it, &failure));
	return it;
}

#define ALLOW "{\"effect\":\"allow\"}"
#define DENY "{\"effect\":\"deny\"}"
#define SOFT "{\"effect\":\"deny\",\"overridable\":true}"
#define HOLD "{\"effect\":\"hold\",\"approval\":{\"groups\":[\"a\"],\"min\":1,\"expires_s\":60}}"

static void an_operation_has_at_least_one_slice(void **state)
{
	(void)state;
	assert_int_equal(slices_of(0), 1);
	assert_int_equal(slices_of(1), 1);
	assert_int_equal(slices_of(WRITE_SLICE), 1);
	assert_int_equal(slices_of(WRITE_SLICE + 1), 2);
}

static void the_strongest_answer_wins_whatever_the_order(void **state)
{
	static const struct {
		const char *first;
		const char *second;
		enum policy_effect effect;
		enum slices_reasons reasons;
	} cases[] = {
		{ ALLOW, ALLOW, POLICY_ALLOW, SLICES_ADD },
		{ ALLOW, HOLD, POLICY_HOLD, SLICES_REPLACE },
		{ ALLOW, DENY, POLICY_DENY, SLICES_REPLACE },
		{ HOLD, ALLOW, POLICY_HOLD, SLICES_LEAVE },
		{ HOLD, HOLD, POLICY_HOLD, SLICES_ADD },
		{ HOLD, DENY, POLICY_DENY, SLICES_REPLACE },
		{ DENY, ALLOW, POLICY_DENY, SLICES_LEAVE },
		{ DENY, HOLD, POLICY_DENY, SLICES_LEAVE },
		{ DENY, DENY, POLICY_DENY, SLICES_ADD },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct policy_decision joined = { 0 };
		const struct policy_decision first = decision(*state, cases[i].first);
		const struct policy_decision second = decision(*state, cases[i].second);

		assert_int_equal(slices_join(&joined, &first, 0), SLICES_REPLACE);
		assert_int_equal(slices_join(&joined, &second, 1), cases[i].reasons);
		assert_int_equal(joined.effect, cases[i].effect);
	}
}

static void a_denial_is_overridable_if_each_of_its_slices_is(void **state)
{
	static const struct {
		const char *slices[3];
		bool overridable;
	} cases[] = {
		{ { SOFT, SOFT, ALLOW }, true },
		{ { ALLOW, HOLD, SOFT }, true },
		{ { SOFT, DENY, SOFT }, false },
		{ { DENY, SOFT, SOFT }, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct policy_decision joined = { 0 };

		for (size_t slice = 0; slice < 3; slice++) {
			const struct policy_decision next =
				decision(*state, cases[i].slices[slice]);

			slices_join(&joined, &next, slice);
		}
		assert_int_equal(joined.overridable, cases[i].overridable);
	}
}

static void allowed_slices_must_agree_on_obligations_and_apps(void **state)
{
#define SET "{\"effect\":\"allow\",\"obligations\":[{\"op\":\"add\"}]}"
#define APPS "{\"effect\":\"allow\",\"apps\":[\"crm\"]}"
#define NO_APPS "{\"effect\":\"allow\",\"apps\":[]}"
	static const struct {
		const char *first;
		const char *second;
		size_t slice;
		bool agree;
	} cases[] = {
		{ ALLOW, ALLOW, 1, true }, { SET, SET, 1, true }, { APPS, APPS, 1, true },
		{ ALLOW, SET, 1, false }, { SET, ALLOW, 2, false }, { APPS, NO_APPS, 1, false },
		{ ALLOW, NO_APPS, 1, false }, /* all of them is not none of them */
		{ DENY, SET, 1, true },       /* it is denied anyway */
		{ SET, HOLD, 1, true }, { ALLOW, SET, 0, true }, /* nothing was before it */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct policy_decision first = decision(*state, cases[i].first);
		const struct policy_decision second = decision(*state, cases[i].second);
		struct policy_failure failure = { 0 };

		assert_int_equal(
			slices_agree(&first, &second, cases[i].slice, &failure), cases[i].agree);
		if (!cases[i].agree) {
			assert_int_equal(failure.kind, POLICY_FAILURE_CONFLICT);
			assert_non_null(
				strstr(failure.text, cases[i].slice == 1 ? "slice 1" : "slice 2"));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_operation_has_at_least_one_slice),
		cmocka_unit_test_setup_teardown(
			the_strongest_answer_wins_whatever_the_order, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_denial_is_overridable_if_each_of_its_slices_is, setup, teardown),
		cmocka_unit_test_setup_teardown(
			allowed_slices_must_agree_on_obligations_and_apps, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
