/*
 * Policies that try to make an evaluation long or large (plans/attacks.rego). Each of them ends
 * within the budget of a decision: the steps and 32 MiB. A step is about 10 ns, so these keep the
 * 60 ms; what is asserted is steps and bytes, and of the time only that no charge is missing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <cmocka.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/file.h"
#include "base/value.h"
#include "policy/engine.h"

#define PLAN "tests/unit/policy/plans/attacks.json"
#define LIMIT_MS 1000 /* of CPU: a call that is not charged takes much longer */

static struct policy *policy;
static struct policy_worker *worker;
static struct arena *arena; /* of one evaluation */
static struct arena *kept;
static const struct value *input;

/* Instrumented code is slower: there only steps and bytes are held. */
static bool is_instrumented(void)
{
	const char *preload = getenv("LD_PRELOAD");

#ifdef ARENA_SEPARATE
	return true;
#else
	return preload != NULL && strstr(preload, "vgpreload") != NULL;
#endif
}

static int set_up(void **state)
{
	struct buf plan = { 0 };
	struct error err = { 0 };
	static char as[31], text[20001];
	struct value_builder builder;

	(void)state;
	if (!file_read(PLAN, 1u << 24, &plan, &err)) {
		fail_msg("%s", err.text);
	}
	const struct policy_files files = { .plan = plan.data, .plan_size = plan.size };
	struct policy_limits limits = policy_limits_default;
	limits.patterns_may_be_wrong = true; /* one of them is too large: see what it does */
	policy = policy_load(&files, &limits, &err);
	if (policy == NULL) {
		fail_msg("%s", err.text);
	}
	buf_fini(&plan);
	worker = policy_worker_new();
	arena = arena_new();
	kept = arena_new();
	memset(as, 'a', sizeof(as) - 1);
	memset(text, 'x', sizeof(text) - 1);
	builder = (struct value_builder){ .arena = kept };
	value_add_text(&builder, "as", as);
	value_add_text(&builder, "long", text);
	input = value_finish_object(&builder);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	policy_unref(policy);
	policy_worker_free(worker);
	arena_free(arena);
	arena_free(kept);
	return 0;
}

static double cpu_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static long peak_kib(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

/* "stopped", "error: …", or "ends". */
static const char *attack(const struct policy_entrypoint *entrypoint, double *ms)
{
	const struct value *result = NULL;
	struct policy_failure failure = { 0 };
	struct policy_budget budget = policy_budget_default;
	const struct policy_call call = {
		.worker = worker, .arena = arena, .input = input, .budget = &budget
	};

	budget.time_us = INT64_C(3600000000); /* steps and bytes must be enough by themselves */
	arena_reset(arena);
	double begin = cpu_ms();
	bool answered = policy_evaluate(policy, entrypoint, &call, &result, &failure);
	*ms = cpu_ms() - begin;
	if (answered) {
		return "ends";
	}
	return failure.kind == POLICY_FAILURE_BUDGET
		       ? "stopped"
		       : arena_printf(arena, "error: %s", failure.text);
}

/* What may be done at all is none of this test's business: only what it costs. */
static void test_no_attack_costs_more_than_the_budget(void **state)
{
	const char *name;
	unsigned late = 0;

	(void)state;
	for (size_t i = 0; (name = policy_entrypoint_name(policy, i)) != NULL; i++) {
		double ms;
		const char *end = attack(policy_find_entrypoint(policy, name), &ms);
		if (getenv("SCIMWARD_VERBOSE") != NULL) {
			print_message("%-36s %6.2f ms %9llu steps %9zu bytes, RSS %ld KiB: %.90s\n",
				name, ms, (unsigned long long)policy_worker_steps(worker),
				policy_worker_bytes(worker), peak_kib(), end);
		}
		if (policy_worker_steps(worker) > policy_budget_default.steps ||
			policy_worker_bytes(worker) > policy_budget_default.bytes + (1u << 20)) {
			fail_msg("%s used %llu steps and %zu bytes", name,
				(unsigned long long)policy_worker_steps(worker),
				policy_worker_bytes(worker));
		}
		if (ms > LIMIT_MS && !is_instrumented()) {
			print_error("%s took %.1f ms\n", name, ms);
			late++;
		}
	}
	assert_int_equal(late, 0);
}

static const char *outcome(const char *name)
{
	double ms;

	return attack(policy_find_entrypoint(policy, arena_printf(kept, "attacks/%s", name)), &ms);
}

static void test_what_would_never_end_is_stopped(void **state)
{
	static const char *const names[] = { "nested_comprehension", "concat_bomb", "replace_bomb",
		"regex_replace_bomb", "print_shared", "print_shared_as_term", "print_shared_pretty",
		"walk_shared", "all_paths", "widths_in_a_row", "unions_in_a_loop",
		"sorts_in_a_loop", "graphql_nesting", "graphql_lists", "graphql_fields",
		"schema_of_itself", "schema_of_many", "growing_patch", "yaml_keys", "yaml_in_flow",
		"yaml_written" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *end = outcome(names[i]);
		if (strcmp(end, "stopped") != 0) {
			fail_msg("%s: %s", names[i], end);
		}
	}
}

static void test_arguments_that_ask_for_too_much_are_errors(void **state)
{
	static const char *const names[] = { "huge_range", "huge_shift", "huge_exponent",
		"huge_regex", "expanded_network", "deep_json", "certificates" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *end = outcome(names[i]);
		if (strncmp(end, "error:", 6) != 0) {
			fail_msg("%s: %s", names[i], end);
		}
	}
}

/* Where others go on for ever, or give up: here they end, since matching is linear. */
static void test_patterns_that_are_slow_elsewhere_simply_end(void **state)
{
	static const char *const names[] = { "backtracking_regex", "glob_of_stars",
		"schema_pattern", "graphql_fragments" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *end = outcome(names[i]);
		if (strcmp(end, "ends") != 0) {
			fail_msg("%s: %s", names[i], end);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_attack_costs_more_than_the_budget),
		cmocka_unit_test(test_what_would_never_end_is_stopped),
		cmocka_unit_test(test_arguments_that_ask_for_too_much_are_errors),
		cmocka_unit_test(test_patterns_that_are_slow_elsewhere_simply_end),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
