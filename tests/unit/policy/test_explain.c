/* Why, and what would have to be different. Lines are those of plans/explained.rego. */
#include "policy/explain.h"

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
#include "policy/tar.h"
#include "tests/unit/policy/probes.h"

#define PLAN "tests/unit/policy/plans/explained.json"
#define SOURCE "tests/unit/policy/plans/explained.rego"

static const char data[] =
	"{\"levels\": {\"ann\": 3, \"bob\": 1}, \"needed\": 2, \"always\": [\"boss\"], "
	"\"teams\": {\"blue\": {\"members\": [\"Ann\", \"Bob\"]}}, \"limit\": 100, "
	"\"apart\": [[\"buyer\", \"payer\"]], \"titles\": {\"ann\": \"Dr\"}}";

struct fixture {
	struct arena *arena;
	struct policy_worker *worker;
	struct policy *traced;
	struct policy *plain;
	struct buf source;
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

	fixture = (struct fixture){ .arena = arena_new(), .worker = policy_worker_new() };
	if (!file_read(PLAN, 1 << 20, &text, &err) ||
		!file_read(SOURCE, 1 << 20, &fixture.source, &err)) {
		fail_msg("%s", err.text);
	}
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
	buf_fini(&fixture->source);
	arena_free(fixture->arena);
	return 0;
}

static const struct value *explain_with(
	struct fixture *fixture, const char *input, const struct policy_budget *budget)
{
	const struct tar_file file = { "explained.rego", fixture->source.data,
		fixture->source.size };
	const struct policy_sample samples[] = { { "approval",
		probes_value(fixture->arena, "{\"id\": \"a\"}") } };
	const struct policy_call call = { .worker = fixture->worker,
		.arena = fixture->arena,
		.input = probes_value(fixture->arena, input),
		.budget = budget };
	const struct policy_question question = { .policy = fixture->plain,
		.traced = fixture->traced,
		.entrypoint = "explained/decision",
		.call = &call,
		.files = &file,
		.file_count = 1,
		.samples = samples,
		.sample_count = 1 };
	bool same = false;
	const struct value *told = policy_explain(&question, &same);

	assert_true(same);
	return told;
}

static const struct value *explain(struct fixture *fixture, const char *input)
{
	return explain_with(fixture, input, NULL);
}

/* "reasons/0/rules/0/line" of the document. NULL: not there. */
static const struct value *at(const struct value *value, const char *path)
{
	while (value != NULL && *path != '\0') {
		size_t size = strcspn(path, "/");

		if (value_is(value, VALUE_ARRAY)) {
			size_t index = (size_t)(*path - '0');

			value = index < value_count(value) ? value_at(value, index) : NULL;
		} else {
			value = value_find_n(value, path, size);
		}
		path += size;
		path += *path == '/';
	}
	return value;
}

static const char *text_at(struct fixture *fixture, const struct value *value, const char *path)
{
	const struct value *found = at(value, path);

	return found != NULL ? value_preview(fixture->arena, found, 2000) : "nothing";
}

#define SAYS(value, path, text) assert_string_equal(text_at(fixture, value, path), text)

/* The change of that place in a list of changes; fails when it is not there. */
static const struct value *change_of(const struct value *changes, const char *ref)
{
	for (size_t i = 0; i < value_count(changes); i++) {
		const struct value *change = value_at(changes, i);

		if (strcmp(value_find_text(change, "ref"), ref) == 0) {
			return change;
		}
	}
	fail_msg("no change of %s is told", ref);
	return NULL;
}

static void test_a_reason_names_its_rule_and_the_values_of_its_conditions(void **state)
{
	struct fixture *fixture = *state;
	const struct value *told = explain(fixture, "{\"who\": \"zoe\", \"team\": \"blue\"}");
	const struct value *rule = at(told, "reasons/0/rules/0");

	SAYS(told, "decision/effect", "\"deny\"");
	SAYS(told, "reasons/0/code", "\"outsider\"");
	SAYS(rule, "rule", "\"data.explained.deny\"");
	SAYS(rule, "file", "\"explained.rego\"");
	SAYS(rule, "line", "50");
	SAYS(rule, "conditions/0/line", "51");
	SAYS(rule, "conditions/0/text", "\"team\"");
	SAYS(rule, "conditions/0/values/0/ref", "\"data.teams.blue\"");
	SAYS(rule, "conditions/1/text", "\"not is_member(input.who)\"");
	SAYS(rule, "conditions/1/because/0/line", "55");
	SAYS(rule, "conditions/1/because/0/holds", "false");
	SAYS(rule, "conditions/1/because/0/times", "2");
	SAYS(rule, "conditions/1/because/0/stopped/0/text", "\"lower(member) == lower(name)\"");
	SAYS(rule, "conditions/1/because/0/stopped/0/values/0/ref",
		"\"data.teams.blue.members[0]\"");
	SAYS(rule, "conditions/1/because/0/stopped/0/values/1",
		"{\"ref\":\"input.who\",\"value\":\"zoe\"}");
}

static void test_a_change_that_is_told_was_tried(void **state)
{
	struct fixture *fixture = *state;
	const struct value *told =
		explain(fixture, "{\"who\": \"zoe\", \"team\": \"blue\", \"kind\": \"staff\"}");
	const struct value *changes = at(told, "reasons/0/changes");
	const struct value *change = change_of(changes, "input.who");

	/* `lower(…)` of it would have to be "ann", and then other rules allow it. */
	SAYS(change, "op", "\"set\"");
	SAYS(change, "value", "\"ann\"");
	SAYS(change, "before", "\"zoe\"");
	SAYS(change, "effect", "\"allow\"");
	/* Without a level she is refused all the same, but no longer for this reason. */
	change = change_of(changes, "data.teams.blue.members[0]");
	SAYS(change, "value", "\"zoe\"");
	SAYS(change, "effect", "\"deny\"");
	SAYS(change, "reasons", "[\"nobody\"]");
}

static void test_loops_tell_of_the_items_that_were_it(void **state)
{
	struct fixture *fixture = *state;
	const struct value *told = explain(
		fixture, "{\"who\": \"ann\", \"roles\": [\"clerk\", \"payer\", \"buyer\"]}");
	const struct value *rule = at(told, "reasons/0/rules/0");

	SAYS(told, "reasons/0/code", "\"pair\"");
	SAYS(rule, "line", "60");
	SAYS(rule, "conditions/0/values/0", "{\"ref\":\"input.roles[2]\",\"value\":\"buyer\"}");
	SAYS(rule, "conditions/1/values/0", "{\"ref\":\"input.roles[1]\",\"value\":\"payer\"}");
	SAYS(rule, "conditions/2/text", "\"one < other\"");
}

static void test_an_else_is_told_of_its_own_line(void **state)
{
	struct fixture *fixture = *state;
	const struct value *told =
		explain(fixture, "{\"who\": \"ann\", \"score\": 5, \"strict\": true}");
	const struct value *rule = at(told, "reasons/0/rules/0");

	SAYS(told, "reasons/0/code", "\"grade\"");
	SAYS(rule, "conditions/0/text", "\"grade == \\\"low\\\"\"");
	SAYS(rule, "conditions/0/because/0/line", "82");
	SAYS(rule, "conditions/0/because/0/conditions/0/text", "\"input.score > 0\"");
	SAYS(rule, "conditions/0/because/0/conditions/1/values/0",
		"{\"ref\":\"input.strict\",\"value\":true}");
}

static void test_every_is_one_condition(void **state)
{
	struct fixture *fixture = *state;
	const struct value *told =
		explain(fixture, "{\"who\": \"ann\", \"hosts\": [\"safe-1\", \"other\"]}");
	const struct value *rule = at(told, "reasons/0/rules/0");

	SAYS(told, "reasons/0/code", "\"unsafe\"");
	SAYS(rule, "conditions/1/because/0/stopped/0/line", "75");
	assert_non_null(
		strstr(text_at(fixture, rule, "conditions/1/because/0/stopped/0/values"), "other"));
}

static void test_default_deny_tells_where_each_rule_that_allows_stopped(void **state)
{
	struct fixture *fixture = *state;
	const struct value *told = explain(fixture, "{\"who\": \"bob\", \"kind\": \"staff\"}");
	const struct value *stopped = at(told, "allow/0/stopped/0");

	SAYS(told, "reasons/0/code", "\"nobody\"");
	SAYS(told, "allow/0/line", "12");
	SAYS(stopped, "text", "\"may_pass\"");
	SAYS(stopped, "because/0/line", "39");
	SAYS(stopped, "because/0/stopped/0/text", "\"level >= data.needed\"");
	SAYS(stopped, "because/0/stopped/0/values/0", "{\"ref\":\"data.levels.bob\",\"value\":1}");
	SAYS(stopped, "because/0/stopped/0/values/1", "{\"ref\":\"data.needed\",\"value\":2}");
	SAYS(stopped, "because/1/line", "44");
	SAYS(stopped, "because/1/stopped/0/text", "\"input.who in data.always\"");

	SAYS(change_of(at(told, "changes"), "data.needed"), "value", "1");
	SAYS(change_of(at(told, "changes"), "data.needed"), "effect", "\"allow\"");
	SAYS(change_of(at(told, "changes"), "data.levels.bob"), "value", "2");
	SAYS(change_of(at(told, "changes"), "data.always"), "op", "\"add\"");
	SAYS(change_of(at(told, "changes"), "data.always"), "value", "\"bob\"");
	SAYS(change_of(at(told, "changes"), "input.who"), "value", "\"boss\"");
}

static void test_a_hold_names_the_approval_that_it_lacks(void **state)
{
	struct fixture *fixture = *state;
	const struct value *told =
		explain(fixture, "{\"who\": \"ann\", \"kind\": \"staff\", \"amount\": 500}");
	const struct value *changes = at(told, "reasons/0/changes");

	SAYS(told, "decision/effect", "\"hold\"");
	SAYS(told, "reasons/0/rules/0/line", "92");
	SAYS(change_of(changes, "input.approval"), "effect", "\"allow\"");
	SAYS(change_of(changes, "data.limit"), "value", "500");
	SAYS(change_of(changes, "data.limit"), "effect", "\"allow\"");
	SAYS(change_of(changes, "input.amount"), "value", "100");
}

static void test_an_allowed_operation_tells_what_allowed_it(void **state)
{
	struct fixture *fixture = *state;
	const struct value *told = explain(fixture, "{\"who\": \"ann\", \"kind\": \"staff\"}");

	SAYS(told, "decision/effect", "\"allow\"");
	SAYS(told, "decided_by/0/line", "12");
	SAYS(told, "decided_by/0/conditions/2/because/0/line", "39");
	SAYS(told, "decided_by/0/conditions/2/because/0/conditions/1/values/0",
		"{\"ref\":\"data.levels.ann\",\"value\":3}");
	SAYS(told, "obligations/0/rules/0/line", "94");
	SAYS(told, "obligations/0/rules/0/conditions/0/values/1",
		"{\"ref\":\"data.titles.ann\",\"value\":\"Dr\"}");
	assert_null(at(told, "reasons/0"));
}

static void test_reasons_of_several_rules_go_together_only(void **state)
{
	struct fixture *fixture = *state;
	const struct value *told = explain(fixture,
		"{\"who\": \"ann\", \"kind\": \"staff\", \"score\": 5, \"strict\": true, "
		"\"hosts\": [\"other\"]}");

	assert_int_equal(value_count(at(told, "reasons")), 2);
	SAYS(told, "together/effect", "nothing"); /* of `unsafe` no single value is the cause */
	SAYS(change_of(at(told, "reasons/0/changes"), "input.strict"), "reasons", "[\"unsafe\"]");

	told = explain(fixture,
		"{\"who\": \"ann\", \"kind\": \"staff\", \"score\": 5, \"strict\": true, "
		"\"roles\": [\"payer\", \"buyer\"]}");
	SAYS(told, "together/effect", "\"allow\"");
	assert_int_equal(value_count(at(told, "together/changes")), 2);
}

static void test_an_error_tells_where_and_with_which_values(void **state)
{
	struct fixture *fixture = *state;
	const struct value *told = explain(fixture, "{\"who\": \"ann\", \"number\": \"none\"}");

	assert_null(at(told, "decision"));
	SAYS(told, "error/code", "\"policy.builtin\"");
	SAYS(told, "error/file", "\"explained.rego\"");
	SAYS(told, "error/line", "100");
	SAYS(told, "error/rule", "\"data.explained.deny\"");
	assert_non_null(
		strstr(text_at(fixture, told, "error/text"), "to_number(input.number) > 5"));
	SAYS(told, "error/values/0", "{\"ref\":\"input.number\",\"value\":\"none\"}");
}

static void test_an_exhausted_budget_is_told_as_such(void **state)
{
	struct fixture *fixture = *state;
	struct policy_budget budget = policy_budget_default;

	budget.steps = 60;
	const struct value *told =
		explain_with(fixture, "{\"who\": \"ann\", \"kind\": \"staff\"}", &budget);

	SAYS(told, "error/code", "\"policy.budget\"");
	SAYS(told, "error/file", "\"explained.rego\"");
}

static void test_values_and_documents_are_bounded(void **state)
{
	struct fixture *fixture = *state;
	struct buf input = { 0 };

	buf_append_text(&input, "{\"who\": \"zoe\", \"team\": \"blue\", \"roles\": [");
	for (int i = 0; i < 300; i++) {
		buf_printf(&input, "%s\"r%d\"", i > 0 ? "," : "", i);
	}
	buf_append_text(&input, "]}");
	const struct value *told = explain(fixture, buf_text(&input));
	struct buf text = { 0 };
	value_print(&text, told);

	SAYS(told, "cut", "true"); /* 90,000 pairs are beyond what a trace holds */
	assert_true(text.size < 100000);
	buf_fini(&input);
	buf_fini(&text);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_a_reason_names_its_rule_and_the_values_of_its_conditions),
		TEST(test_a_change_that_is_told_was_tried),
		TEST(test_loops_tell_of_the_items_that_were_it),
		TEST(test_an_else_is_told_of_its_own_line),
		TEST(test_every_is_one_condition),
		TEST(test_default_deny_tells_where_each_rule_that_allows_stopped),
		TEST(test_a_hold_names_the_approval_that_it_lacks),
		TEST(test_an_allowed_operation_tells_what_allowed_it),
		TEST(test_reasons_of_several_rules_go_together_only),
		TEST(test_an_error_tells_where_and_with_which_values),
		TEST(test_an_exhausted_budget_is_told_as_such),
		TEST(test_values_and_documents_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
