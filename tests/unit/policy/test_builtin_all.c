/* The table of builtins as a whole: its order, what is never in it, and what any argument may do.
 */
#include "policy/builtin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/arena.h"
#include "base/value.h"
#include "policy/builtin.h"
#include "tests/unit/policy/call.h"

/* A decision depends on nothing but its input, the policy and its time. */
static void test_what_would_make_a_decision_unrepeatable_is_not_there(void **state)
{
	const char *name;

	(void)state;
	for (size_t i = 0; (name = policy_builtin_refused_at(i)) != NULL; i++) {
		if (policy_builtin_find(name) != NULL) {
			fail_msg("%s is in the table", name);
		}
		assert_true(strlen(policy_builtin_refusal(name)) > 10);
	}
	assert_non_null(policy_builtin_refusal("http.send"));
	assert_null(policy_builtin_refusal("count"));
}

static const struct value *odd_values[16];

static size_t make_odd_values(struct arena *arena)
{
	size_t count = 0;
	const struct value *items[3];
	const struct value **v = odd_values;

	v[count++] = value_null();
	v[count++] = value_of_bool(true);
	v[count++] = value_of_int(arena, 0);
	v[count++] = value_of_int(arena, INT64_MIN);
	v[count++] = value_of_double(arena, -2.5e-300);
	assert_true(value_of_number(arena, "-123456789012345678901234567890e40", 34, &v[count++]));
	v[count++] = value_of_text(arena, "");
	v[count++] = value_of_text(arena, "a\xc3\xa9%[1]*.*v{[(\\");
	v[count++] = value_of_text_n(arena, "\0/::1/\xf0\x9f\x98\x80", 10);
	v[count++] = value_of_text(arena, "2026-11-24T04:00:00Z");
	v[count++] = value_of_array(arena, NULL, 0);
	items[0] = v[3];
	items[1] = v[7];
	items[2] = v[10];
	v[count++] = value_of_array(arena, items, 3);
	v[count++] = value_of_set(arena, items, 2);
	struct value_member members[2] = { { v[7], v[11] }, { v[11], v[0] } };
	v[count++] = value_of_object(arena, members, 2);
	return count;
}

/* Any values in any place: a value, undefined, an error or no budget, and nothing else. */
static void test_no_argument_is_too_odd(void **state)
{
	const struct policy_budget budget = {
		.steps = 20000, .bytes = 1u << 20, .time_us = 1000000, .depth = 64
	};
	struct arena *arena = arena_new();
	size_t count = make_odd_values(arena);
	const struct policy_builtin *row;

	(void)state;
	for (size_t i = 0; (row = policy_builtin_at(i)) != NULL; i++) {
		size_t rounds = 1;
		for (unsigned k = 0; k < row->args && k < 3; k++) {
			rounds *= count;
		}
		for (size_t round = 0; round < rounds; round++) {
			const struct value *args[8] = { NULL };
			size_t rest = round;
			for (unsigned k = 0; k < row->args; k++, rest /= count) {
				args[k] = odd_values[(k < 3 ? rest : round + k) % count];
			}
			assert_non_null(call_builtin_values(row->name, args, &budget));
		}
	}
	arena_free(arena);
}

/* Whatever a builtin does costs at least what its arguments are long. */
static void test_long_arguments_are_paid_for(void **state)
{
	static const char *const names[] = { "base64.encode", "crypto.sha256", "count",
		"hex.encode", "json.marshal", "lower", "regex.is_valid", "strings.reverse",
		"trim_space", "upper", "urlquery.encode" };
	const struct policy_budget budget = {
		.steps = 1000, .bytes = 1u << 26, .time_us = 1000000, .depth = 64
	};
	struct arena *arena = arena_new();
	char *text = arena_alloc(arena, 1000000);
	const struct value *arg;

	(void)state;
	memset(text, 'a', 1000000);
	arg = value_of_text_n(arena, text, 1000000);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *got = call_builtin_values(names[i], &arg, &budget);
		if (strncmp(got, "budget:", 7) != 0) {
			fail_msg("%s of a megabyte for 1000 steps: %.60s", names[i], got);
		}
	}
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_would_make_a_decision_unrepeatable_is_not_there),
		cmocka_unit_test(test_no_argument_is_too_odd),
		cmocka_unit_test(test_long_arguments_are_paid_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
