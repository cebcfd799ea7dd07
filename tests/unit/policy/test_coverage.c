/* Which statements ran, and that nobody else pays for it. */
#include "policy/coverage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/file.h"
#include "base/value.h"
#include "policy/engine.h"
#include "tests/unit/policy/probes.h"

#define PLAN "tests/unit/policy/plans/coverage.json"

struct fixture {
	struct arena *arena;
	struct policy_worker *worker;
	struct policy *covered;
	struct policy *plain;
	struct policy_coverage *coverage;
};

static struct policy *load(const char *text, size_t size, bool covers)
{
	struct policy_limits limits = policy_limits_default;
	struct error err = { 0 };
	struct policy *policy;

	limits.coverage = covers;
	policy = policy_load(
		&(struct policy_files){ .plan = text, .plan_size = size }, &limits, &err);
	if (policy == NULL) {
		fail_msg("%s", err.text);
	}
	return policy;
}

static int set_up(void **state)
{
	static struct fixture fixture;
	struct buf text = { 0 };
	struct error err = { 0 };

	if (!file_read(PLAN, 1 << 20, &text, &err)) {
		fail_msg("%s", err.text);
	}
	fixture.arena = arena_new();
	fixture.worker = policy_worker_new();
	fixture.covered = load(text.data, text.size, true);
	fixture.plain = load(text.data, text.size, false);
	fixture.coverage = policy_coverage_new(fixture.covered);
	policy_worker_watch(fixture.worker, fixture.coverage);
	buf_fini(&text);
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	policy_coverage_free(fixture->coverage);
	policy_unref(fixture->covered);
	policy_unref(fixture->plain);
	policy_worker_free(fixture->worker);
	arena_free(fixture->arena);
	return 0;
}

static const char *run(struct fixture *fixture, struct policy *policy, const char *input)
{
	struct policy_call call = { .worker = fixture->worker,
		.arena = fixture->arena,
		.input = probes_value(fixture->arena, input) };
	const struct value *result = NULL;
	struct policy_failure failure;

	assert_true(policy_evaluate(policy, policy_find_entrypoint(policy, "coverage/answer"),
		&call, &result, &failure));
	return result != NULL ? value_preview(fixture->arena, result, 1000) : "undefined";
}

/* Whether the rule whose head stands in that row was true; any: whether anything of the row ran. */
static bool ran(struct fixture *fixture, unsigned row, bool any)
{
	for (size_t i = 0; i < policy_coverage_count(fixture->coverage); i++) {
		struct policy_point point = policy_coverage_at(fixture->coverage, i);

		if (point.row == row && point.hits > 0 && (any || point.is_head)) {
			return true;
		}
	}
	return false;
}

static void test_a_rule_ran_when_it_was_true(void **state)
{
	struct fixture *fixture = *state;

	assert_string_equal(run(fixture, fixture->covered, "{\"x\":2,\"words\":[\"x1\",\"y\"]}"),
		"{\"found\":[\"x1\"],\"who\":\"b\"}");

	assert_false(ran(fixture, 6, false)); /* who := "a" */
	assert_true(ran(fixture, 6, true));   /* … its condition was looked at */
	assert_true(ran(fixture, 8, false));  /* who := "b" */
	assert_true(ran(fixture, 10, false)); /* found contains word, within a loop */
}

static void test_a_loop_that_finds_nothing_makes_no_rule_true(void **state)
{
	struct fixture *fixture = *state;

	run(fixture, fixture->covered, "{\"x\":1,\"words\":[\"y\",\"z\"]}");

	assert_true(ran(fixture, 6, false));
	assert_false(ran(fixture, 10, false));
	assert_true(ran(fixture, 12, true)); /* startswith(word, "x") was asked */
}

static void test_marks_tell_of_one_decision_and_hits_of_all(void **state)
{
	struct fixture *fixture = *state;
	size_t marked = 0;

	run(fixture, fixture->covered, "{\"x\":1,\"words\":[]}");
	policy_coverage_clear_marks(fixture->coverage);
	for (size_t i = 0; i < policy_coverage_count(fixture->coverage); i++) {
		marked += policy_coverage_is_marked(fixture->coverage, i);
	}

	assert_int_equal(marked, 0);
	assert_true(ran(fixture, 6, false));
}

static void test_what_is_watched_has_the_same_answer_and_the_same_budget(void **state)
{
	struct fixture *fixture = *state;
	const char *input = "{\"x\":2,\"words\":[\"x1\",\"x2\",\"y\"]}";
	const char *watched = run(fixture, fixture->covered, input);
	uint64_t steps = policy_worker_steps(fixture->worker);

	assert_string_equal(run(fixture, fixture->plain, input), watched);
	assert_int_equal(policy_worker_steps(fixture->worker), steps);
}

static void test_a_policy_that_was_not_loaded_for_it_has_none(void **state)
{
	struct fixture *fixture = *state;

	assert_null(policy_coverage_new(fixture->plain));
	run(fixture, fixture->plain, "{\"x\":1,\"words\":[]}");
	for (size_t i = 0; i < policy_coverage_count(fixture->coverage); i++) {
		assert_int_equal(policy_coverage_at(fixture->coverage, i).hits, 0);
	}
}

static void test_the_same_rules_over_other_data_count_as_well(void **state)
{
	struct fixture *fixture = *state;
	struct policy *other =
		policy_with_data(fixture->covered, probes_value(fixture->arena, "{\"a\":1}"), NULL);

	run(fixture, other, "{\"x\":1,\"words\":[]}");

	assert_true(ran(fixture, 6, false));
	policy_unref(other);
}

static void test_nobody_need_watch(void **state)
{
	struct fixture *fixture = *state;

	policy_worker_watch(fixture->worker, NULL);

	assert_string_equal(run(fixture, fixture->covered, "{\"x\":1,\"words\":[]}"),
		"{\"found\":[],\"who\":\"a\"}");
	assert_false(ran(fixture, 6, true));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_a_rule_ran_when_it_was_true),
		TEST(test_a_loop_that_finds_nothing_makes_no_rule_true),
		TEST(test_marks_tell_of_one_decision_and_hits_of_all),
		TEST(test_what_is_watched_has_the_same_answer_and_the_same_budget),
		TEST(test_a_policy_that_was_not_loaded_for_it_has_none),
		TEST(test_the_same_rules_over_other_data_count_as_well),
		TEST(test_nobody_need_watch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
