/* Loading, budgets, sharing between threads. */
#include "policy/engine.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/value.h"
#include "policy/decision.h"
#include "tests/unit/policy/probes.h"

static struct policy *policy;
static struct policy_worker *worker;

static const char *run(struct arena *arena, const struct policy_budget *budget, const char *name,
	const char *input, struct policy_failure *failure)
{
	struct policy_call call = { .worker = worker, .arena = arena, .budget = budget };

	return probes_run(policy, &call, name, input, failure);
}

/* ---- loading ---- */

static void test_entry_points_are_found_by_name(void **state)
{
	(void)state;
	assert_non_null(policy_find_entrypoint(policy, "probes/fail_open"));
	assert_null(policy_find_entrypoint(policy, "probes/fail"));
	assert_string_equal(policy_entrypoint_name(policy, 0), "probes/fail_open");
	assert_null(policy_entrypoint_name(policy, 1000));
	assert_string_equal(policy_revision(policy), "probes");
}

static void test_data_that_hides_a_rule_is_refused(void **state)
{
	const char plan[] =
		"{\"plans\":{\"plans\":[{\"name\":\"p\",\"blocks\":[]}]},\"funcs\":{\"funcs\":[{"
		"\"name\":\"g0.data.site.name\",\"params\":[0,1],\"return\":2,\"blocks\":[],"
		"\"path\":[\"g0\",\"site\",\"name\"]}]}}";
	const char hiding[] = "{\"site\":{\"name\":\"mallory\"}}";
	const char beside[] = "{\"site\":{\"names\":1}}";
	struct policy_files files = { .plan = plan,
		.plan_size = sizeof(plan) - 1,
		.data = hiding,
		.data_size = sizeof(hiding) - 1 };
	struct error err = { 0 };

	(void)state;
	assert_null(policy_load(&files, NULL, &err));
	assert_non_null(strstr(err.text, "data.json has something where the policy has the rule"));

	files.data = beside;
	files.data_size = sizeof(beside) - 1;
	struct policy *fine = policy_load(&files, NULL, &err);
	assert_non_null(fine);
	policy_unref(fine);
}

static void test_data_must_be_an_object(void **state)
{
	const char plan[] = "{\"plans\":{\"plans\":[{\"name\":\"p\",\"blocks\":[]}]}}";
	const char *const wrong[] = { "[]", "7", "{", "" };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct error err = { 0 };
		const struct policy_files files = { .plan = plan,
			.plan_size = sizeof(plan) - 1,
			.data = wrong[i],
			.data_size = strlen(wrong[i]) };

		assert_null(policy_load(&files, NULL, &err));
		assert_non_null(strstr(err.text, "data.json"));
	}
}

static void test_a_policy_lives_as_long_as_its_last_reference(void **state)
{
	(void)state;
	struct policy *mine = probes_load("{\"a\":1}");
	struct policy *other = policy_ref(mine);

	policy_unref(mine);

	assert_int_equal(value_find_int(policy_data(other), "a", 0), 1);
	policy_unref(other);
}

static void test_other_data_take_the_place_of_the_policys_by_name(void **state)
{
	struct arena *arena = arena_new();
	struct policy *mine = probes_load("{\"owner\":{\"a\":[\"ann\"]},\"kept\":1}");
	struct policy_call call = { .worker = worker, .arena = arena };
	const char *input = "{\"id\":\"a\",\"actor\":\"ann\"}";
	struct policy *other =
		policy_with_data(mine, probes_value(arena, "{\"owner\":{\"a\":[\"ben\"]}}"), NULL);
	const char *of_mine = probes_run(mine, &call, "fail_open", input, NULL);
	const char *of_other;

	(void)state;
	policy_unref(mine); /* the other one holds what it needs */
	of_other = probes_run(other, &call, "fail_open", input, NULL);

	assert_string_not_equal(of_mine, of_other);
	assert_int_equal(value_find_int(policy_data(other), "kept", 0), 1);
	policy_unref(other);
	arena_free(arena);
}

static void test_other_data_may_not_stand_where_rules_are(void **state)
{
	struct arena *arena = arena_new();
	struct error err = { 0 };

	(void)state;
	assert_null(policy_with_data(policy, probes_value(arena, "{\"probes\":{\"x\":1}}"), &err));

	assert_int_equal(err.code, ERROR_POLICY);
	assert_string_equal(err.text, "data.probes is rules of the policy, not data");
	arena_free(arena);
}

/* ---- budgets ---- */

#define NUMBERS "{\"numbers\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]}"

static void test_steps_are_limited(void **state)
{
	const struct policy_budget budget = {
		.steps = 100000, .bytes = 1u << 25, .time_us = 10000000, .depth = 512
	};
	struct arena *arena = arena_new();
	struct policy_failure failure = { 0 };

	(void)state;
	const char *got = run(arena, &budget, "endless", NUMBERS, &failure);

	assert_string_equal(got, "policy.budget");
	assert_non_null(strstr(failure.text, "more than 100000 steps"));
	assert_true(policy_worker_steps(worker) <= 100000);
	arena_free(arena);
}

static void test_time_is_limited(void **state)
{
	const struct policy_budget budget = {
		.steps = UINT64_MAX, .bytes = SIZE_MAX / 2, .time_us = 5000, .depth = 512
	};
	struct arena *arena = arena_new();
	struct policy_failure failure = { 0 };

	(void)state;
	const char *got = run(arena, &budget, "endless", NUMBERS, &failure);

	assert_string_equal(got, "policy.budget");
	assert_non_null(strstr(failure.text, "more than 5 ms"));
	arena_free(arena);
}

static void test_bytes_are_limited(void **state)
{
	const struct policy_budget budget = {
		.steps = UINT64_MAX, .bytes = 1u << 20, .time_us = 10000000, .depth = 512
	};
	struct arena *arena = arena_new();
	struct policy_failure failure = { 0 };

	(void)state;
	const char *got = run(arena, &budget, "endless", NUMBERS, &failure);

	assert_string_equal(got, "policy.budget");
	assert_non_null(strstr(failure.text, "bytes of memory"));
	assert_true(policy_worker_bytes(worker) <= (1u << 20) + 65536);
	arena_free(arena);
}

/* Comparing walks 2^25 paths of values that have a few parts: it must pay for each. */
static void test_comparing_shared_values_is_charged(void **state)
{
	struct arena *arena = arena_new();
	struct policy_failure failure = { 0 };

	(void)state;
	const char *got = run(arena, NULL, "bomb", "{\"n\":1}", &failure);

	assert_string_equal(got, "policy.budget");
	arena_free(arena);
}

static void test_depth_is_limited(void **state)
{
	const struct policy_budget budget = {
		.steps = 1000000, .bytes = 1u << 25, .time_us = 10000000, .depth = 2
	};
	struct arena *arena = arena_new();
	struct policy_failure failure = { 0 };

	(void)state;
	const char *got = run(arena, &budget, "calls", "{\"n\":1}", &failure);

	assert_string_equal(got, "policy.budget");
	assert_non_null(strstr(failure.text, "too deep"));
	arena_free(arena);
}

static void test_a_rule_runs_once_for_each_pair_of_documents(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	run(arena, NULL, "set_of_numbers", NUMBERS, NULL);
	uint64_t once = policy_worker_steps(worker);
	const char *got = run(arena, NULL, "rules_see_with", NUMBERS, NULL);

	assert_string_equal(got, "[20,5,20]");
	/* Three uses, two of them of the same documents. */
	assert_true(policy_worker_steps(worker) < 2 * once + 60);
	arena_free(arena);
}

/* ---- decisions ---- */

static void test_what_is_no_decision_is_no_answer(void **state)
{
	struct arena *arena = arena_new();
	const struct policy_entrypoint *entrypoint =
		policy_find_entrypoint(policy, "probes/fail_open");
	struct policy_call call = { .worker = worker, .arena = arena };
	struct policy_decision decision;
	struct policy_failure failure = { 0 };

	(void)state;
	assert_false(policy_decide(policy, entrypoint, &call, &decision, &failure));

	assert_int_equal(failure.kind, POLICY_FAILURE_INVALID);
	arena_free(arena);
}

/* ---- threads ---- */

#define THREADS 4
#define ROUNDS 200

/* Each has its own worker; the policy is shared and only read. */
static void *run_rounds(void *shared)
{
	struct policy *mine = shared;
	struct policy_worker *own = policy_worker_new();
	struct arena *arena = arena_new();
	uintptr_t right = 0;

	for (int i = 0; i < ROUNDS; i++) {
		struct policy_call call = { .worker = own, .arena = arena };
		const char *got =
			probes_run(mine, &call, "base_and_virtual", "{\"numbers\":[1,2,3]}", NULL);
		right += strcmp(got,
				 "{\"kept\":1,\"name\":\"from a rule\",\"sub\":{\"virtual\":1}}") ==
			 0;
		got = probes_run(mine, &call, "constants", NULL, NULL);
		right += strcmp(got, "{\"empty\":[{},[],[]],\"set\":[1,2,[\"a\"]],\"text\":"
				     "\"\xc3\xbc\"}") == 0;
		arena_reset(arena);
	}
	arena_free(arena);
	policy_worker_free(own);
	policy_unref(mine);
	return (void *)right;
}

static void test_threads_share_a_policy(void **state)
{
	struct policy *shared = probes_load("{\"site\":{\"kept\":1}}");
	pthread_t threads[THREADS];

	(void)state;
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(
			pthread_create(&threads[i], NULL, run_rounds, policy_ref(shared)), 0);
	}
	policy_unref(shared);

	for (int i = 0; i < THREADS; i++) {
		void *right = NULL;
		pthread_join(threads[i], &right);
		assert_int_equal((uintptr_t)right, 2 * ROUNDS);
	}
}

static int set_up(void **state)
{
	(void)state;
	policy = probes_load(NULL);
	worker = policy_worker_new();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	policy_worker_free(worker);
	policy_unref(policy);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entry_points_are_found_by_name),
		cmocka_unit_test(test_data_that_hides_a_rule_is_refused),
		cmocka_unit_test(test_data_must_be_an_object),
		cmocka_unit_test(test_a_policy_lives_as_long_as_its_last_reference),
		cmocka_unit_test(test_other_data_take_the_place_of_the_policys_by_name),
		cmocka_unit_test(test_other_data_may_not_stand_where_rules_are),
		cmocka_unit_test(test_steps_are_limited),
		cmocka_unit_test(test_time_is_limited),
		cmocka_unit_test(test_bytes_are_limited),
		cmocka_unit_test(test_comparing_shared_values_is_charged),
		cmocka_unit_test(test_depth_is_limited),
		cmocka_unit_test(test_a_rule_runs_once_for_each_pair_of_documents),
		cmocka_unit_test(test_what_is_no_decision_is_no_answer),
		cmocka_unit_test(test_threads_share_a_policy),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
