/* What a trace writes down, that it changes no answer, and that it is bounded. */
#include "policy/trace.h"

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
#include "policy/trace_inside.h"
#include "tests/unit/policy/probes.h"

#define PLAN "tests/unit/policy/plans/explained.json"

static const char data[] = "{\"levels\": {\"ann\": 3}, \"needed\": 2, \"always\": [\"boss\"], "
			   "\"teams\": {\"blue\": {\"members\": [\"Ann\", \"Bob\"]}}}";

struct fixture {
	struct arena *arena;
	struct policy_worker *worker;
	struct policy *traced;
	struct policy *plain;
};

static struct policy *load(const struct buf *text, bool traces)
{
	struct policy_limits limits = policy_limits_default;
	struct error err = { 0 };
	struct policy *policy;

	limits.trace = traces;
	policy = policy_load(&(struct policy_files){ .plan = text->data,
				     .plan_size = text->size,
				     .data = data,
				     .data_size = sizeof(data) - 1 },
		&limits, &err);
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
	fixture.traced = load(&text, true);
	fixture.plain = load(&text, false);
	buf_fini(&text);
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	policy_unref(fixture->traced);
	policy_unref(fixture->plain);
	policy_worker_free(fixture->worker);
	arena_free(fixture->arena);
	return 0;
}

/* The decision as text, or the failure's code. */
static const char *decide(struct fixture *fixture, struct policy *policy, const char *input)
{
	struct policy_call call = { .worker = fixture->worker,
		.arena = fixture->arena,
		.input = probes_value(fixture->arena, input) };
	const struct value *result = NULL;
	struct policy_failure failure;

	if (!policy_evaluate(policy, policy_find_entrypoint(policy, "explained/decision"), &call,
		    &result, &failure)) {
		return policy_failure_code(failure.kind);
	}
	return result != NULL ? value_preview(fixture->arena, result, 1000) : "undefined";
}

static const char *traced(struct fixture *fixture, struct policy_trace *trace, const char *input)
{
	policy_worker_trace(fixture->worker, trace);
	const char *answer = decide(fixture, fixture->traced, input);
	policy_worker_trace(fixture->worker, NULL);
	return answer;
}

/* The value that the evaluation saw at a place, as text. NULL: it did not look there. */
static const char *seen(
	struct fixture *fixture, const struct policy_trace *trace, const char *place)
{
	for (size_t i = 0; i < trace->event_count; i++) {
		const struct trace_node *node = trace->events[i].target;
		const char *name = node != NULL ? trace_node_name(fixture->arena, node) : NULL;

		if (name != NULL && strcmp(name, place) == 0) {
			return node->value != NULL
				       ? value_preview(fixture->arena, node->value, 1000)
				       : "undefined";
		}
	}
	return NULL;
}

static void test_a_traced_policy_gives_the_same_answer(void **state)
{
	static const char *const inputs[] = {
		"{\"who\": \"ann\", \"kind\": \"staff\"}",
		"{\"who\": \"zoe\", \"kind\": \"staff\"}",
		"{\"who\": \"zoe\", \"kind\": \"staff\", \"team\": \"blue\"}",
		"{\"who\": \"ann\", \"hosts\": [\"safe-1\", \"other\"], \"roles\": [\"a\", \"b\"]}",
		"{\"who\": \"ann\", \"score\": 5, \"strict\": true, \"simulate\": true}",
		"{\"who\": \"ann\", \"number\": \"none\"}",
		"{}",
	};
	struct fixture *fixture = *state;
	struct policy_trace *trace = policy_trace_new(fixture->traced, NULL);

	for (size_t i = 0; i < sizeof(inputs) / sizeof(inputs[0]); i++) {
		assert_string_equal(traced(fixture, trace, inputs[i]),
			decide(fixture, fixture->plain, inputs[i]));
		assert_true(policy_trace_events(trace) > 0);
		assert_false(policy_trace_is_cut(trace));
	}
	policy_trace_free(trace);
}

static void test_a_traced_policy_has_the_same_budget(void **state)
{
	struct fixture *fixture = *state;
	const char *input = "{\"who\": \"zoe\", \"team\": \"blue\"}";
	struct policy_trace *trace = policy_trace_new(fixture->traced, NULL);

	decide(fixture, fixture->traced, input);
	uint64_t steps = policy_worker_steps(fixture->worker);
	traced(fixture, trace, input);

	assert_int_equal(policy_worker_steps(fixture->worker), steps);
	policy_trace_free(trace);
}

static void test_it_knows_where_values_came_from(void **state)
{
	struct fixture *fixture = *state;
	struct policy_trace *trace = policy_trace_new(fixture->traced, NULL);

	traced(fixture, trace, "{\"who\": \"zoe\", \"team\": \"blue\"}");

	assert_string_equal(seen(fixture, trace, "input.team"), "\"blue\"");
	/* `team.members` in the source: the rule stands for the place that it took its value from.
	 */
	assert_string_equal(seen(fixture, trace, "data.teams.blue.members"), "[\"Ann\",\"Bob\"]");
	assert_string_equal(seen(fixture, trace, "data.teams.blue.members[1]"), "\"Bob\"");
	assert_string_equal(seen(fixture, trace, "data.explained.is_member"), "undefined");
	assert_null(seen(fixture, trace, "input.amount.more"));
	policy_trace_free(trace);
}

static void test_each_evaluation_begins_anew(void **state)
{
	struct fixture *fixture = *state;
	struct policy_trace *trace = policy_trace_new(fixture->traced, NULL);

	traced(fixture, trace, "{\"who\": \"zoe\", \"team\": \"blue\"}");
	traced(fixture, trace, "{\"who\": \"ann\", \"kind\": \"staff\"}");

	assert_null(seen(fixture, trace, "data.teams.blue.members"));
	assert_string_equal(seen(fixture, trace, "data.levels.ann"), "3");
	policy_trace_free(trace);
}

static void test_an_end_by_an_error_stands_in_it(void **state)
{
	struct fixture *fixture = *state;
	struct policy_trace *trace = policy_trace_new(fixture->traced, NULL);
	bool found = false;

	assert_string_equal(traced(fixture, trace, "{\"number\": \"none\"}"), "policy.builtin");

	for (size_t i = 0; i < trace->event_count; i++) {
		const struct trace_point *point = &trace->program->traced[trace->events[i].point];

		found |= trace->events[i].outcome == TRACE_RUNNING && point->place.row == 100;
	}
	assert_true(found);
	policy_trace_free(trace);
}

static void test_beyond_its_limits_the_evaluation_goes_on(void **state)
{
	struct fixture *fixture = *state;
	const char *input = "{\"who\": \"zoe\", \"team\": \"blue\"}";
	const struct policy_trace_limits few = { .events = 10, .bytes = 1 << 20 };
	const struct policy_trace_limits small = { .events = 100000, .bytes = 1000 };
	struct policy_trace *by_count = policy_trace_new(fixture->traced, &few);
	struct policy_trace *by_bytes = policy_trace_new(fixture->traced, &small);

	assert_string_equal(
		traced(fixture, by_count, input), decide(fixture, fixture->plain, input));
	assert_true(policy_trace_is_cut(by_count));
	assert_int_equal(policy_trace_events(by_count), 10);
	assert_string_equal(
		traced(fixture, by_bytes, input), decide(fixture, fixture->plain, input));
	assert_true(policy_trace_is_cut(by_bytes));
	policy_trace_free(by_count);
	policy_trace_free(by_bytes);
}

static void test_a_policy_that_was_not_loaded_for_it_has_none(void **state)
{
	struct fixture *fixture = *state;

	assert_null(policy_trace_new(fixture->plain, NULL));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_a_traced_policy_gives_the_same_answer),
		TEST(test_a_traced_policy_has_the_same_budget),
		TEST(test_it_knows_where_values_came_from),
		TEST(test_each_evaluation_begins_anew),
		TEST(test_an_end_by_an_error_stands_in_it),
		TEST(test_beyond_its_limits_the_evaluation_goes_on),
		TEST(test_a_policy_that_was_not_loaded_for_it_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
