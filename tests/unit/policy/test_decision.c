#include "policy/decision.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/arena.h"
#include "base/value.h"
#include "policy/engine.h"
#include "tests/unit/policy/probes.h"

static bool read(struct arena *arena, const char *json, struct policy_decision *decision,
	struct policy_failure *failure)
{
	return policy_decision_read(arena, probes_value(arena, json), decision, failure);
}

static void test_a_whole_decision_is_read(void **state)
{
	struct arena *arena = arena_new();
	struct policy_decision decision;
	struct policy_failure failure;

	(void)state;
	assert_true(read(arena,
		"{\"effect\":\"hold\",\"reasons\":[{\"code\":\"a.b\",\"message\":\"because\"}],"
		"\"obligations\":[{\"op\":\"remove\",\"path\":\"title\"}],"
		"\"approval\":{\"groups\":[\"security\",\"hr\"],\"min\":2,\"expires_s\":60},"
		"\"apps\":[\"wiki\"]}",
		&decision, &failure));

	assert_int_equal(decision.effect, POLICY_HOLD);
	assert_int_equal(decision.reason_count, 1);
	assert_string_equal(decision.reasons[0].code, "a.b");
	assert_string_equal(decision.reasons[0].message, "because");
	assert_int_equal(value_count(decision.obligations), 1);
	assert_int_equal(decision.approval.group_count, 2);
	assert_string_equal(decision.approval.groups[1], "hr");
	assert_int_equal(decision.approval.min, 2);
	assert_int_equal(decision.approval.expires_s, 60);
	assert_true(decision.has_apps);
	assert_int_equal(decision.app_count, 1);
	assert_string_equal(decision.apps[0], "wiki");
	arena_free(arena);
}

static void test_only_the_effect_must_be_there(void **state)
{
	struct arena *arena = arena_new();
	struct policy_decision decision;
	struct policy_failure failure;

	(void)state;
	assert_true(read(arena, "{\"effect\":\"allow\"}", &decision, &failure));

	assert_int_equal(decision.effect, POLICY_ALLOW);
	assert_int_equal(decision.reason_count, 0);
	assert_null(decision.obligations);
	assert_false(decision.has_apps);
	arena_free(arena);
}

static void test_no_apps_is_not_the_same_as_absent_apps(void **state)
{
	struct arena *arena = arena_new();
	struct policy_decision decision;
	struct policy_failure failure;

	(void)state;
	assert_true(read(arena, "{\"effect\":\"allow\",\"apps\":[]}", &decision, &failure));

	assert_true(decision.has_apps);
	assert_int_equal(decision.app_count, 0);
	arena_free(arena);
}

static void test_sets_stand_where_arrays_stand(void **state)
{
	struct arena *arena = arena_new();
	const struct value *reason = probes_value(arena, "{\"code\":\"c\",\"message\":\"m\"}");
	const struct value *app = value_of_text(arena, "wiki");
	struct value_builder builder = { .arena = arena };
	struct policy_decision decision;
	struct policy_failure failure;

	(void)state;
	value_add_text(&builder, "effect", "deny");
	value_add(&builder, "reasons", value_of_set(arena, &reason, 1));
	value_add(&builder, "apps", value_of_set(arena, &app, 1));
	value_add(&builder, "obligations", value_of_set(arena, NULL, 0));
	assert_true(
		policy_decision_read(arena, value_finish_object(&builder), &decision, &failure));

	assert_int_equal(decision.effect, POLICY_DENY);
	assert_int_equal(decision.reason_count, 1);
	assert_int_equal(decision.app_count, 1);
	assert_null(decision.obligations);
	arena_free(arena);
}

static void test_what_does_not_act_is_told_with_any_effect(void **state)
{
	static const char *const rest[] = { "allow\"", "deny\",\"overridable\":true",
		"hold\",\"approval\":{\"groups\":[],\"min\":1,\"expires_s\":1}" };

	(void)state;
	for (size_t i = 0; i < sizeof(rest) / sizeof(rest[0]); i++) {
		struct arena *arena = arena_new();
		struct policy_decision decision;
		struct policy_failure failure;

		assert_true(read(arena,
			arena_printf(arena,
				"{\"observed\":[{\"code\":\"a.b\",\"message\":\"because\"}],"
				"\"effect\":\"%s}",
				rest[i]),
			&decision, &failure));

		assert_int_equal(decision.observed_count, 1);
		assert_string_equal(decision.observed[0].code, "a.b");
		assert_string_equal(decision.observed[0].message, "because");
		assert_int_equal(decision.reason_count, 0);
		assert_int_equal(decision.overridable, decision.effect == POLICY_DENY);
		arena_free(arena);
	}
}

static void test_not_overridable_may_be_said_of_any_effect(void **state)
{
	struct arena *arena = arena_new();
	struct policy_decision decision;
	struct policy_failure failure;

	(void)state;
	assert_true(
		read(arena, "{\"effect\":\"allow\",\"overridable\":false}", &decision, &failure));

	assert_false(decision.overridable);
	arena_free(arena);
}

static void test_reasons_of_slices_are_joined_by_code(void **state)
{
	static const struct policy_reason first[] = { { "a", "1" }, { "b", "2" } };
	static const struct policy_reason more[] = { { "b", "3" }, { "c", "4" }, { "c", "5" } };
	struct arena *arena = arena_new();
	const struct policy_reason *list = NULL;
	size_t count = 0;

	(void)state;
	policy_reasons_join(arena, &list, &count, first, 2);
	policy_reasons_join(arena, &list, &count, NULL, 0);
	policy_reasons_join(arena, &list, &count, more, 3);

	assert_int_equal(count, 3);
	assert_string_equal(list[1].message, "2");
	assert_string_equal(list[2].message, "4");
	arena_free(arena);
}

static void test_the_answer_of_slices_tells_what_all_of_them_say(void **state)
{
	static const struct policy_reason observed[] = { { "a", "m" } };
	struct arena *arena = arena_new();
	const struct value *plain = probes_value(arena, "{\"effect\":\"deny\"}");
	const struct value *soft =
		probes_value(arena, "{\"effect\":\"deny\",\"overridable\":true}");
	const struct value *all =
		probes_value(arena, "{\"effect\":\"deny\",\"overridable\":false,"
				    "\"observed\":[{\"code\":\"a\",\"message\":\"m\"}]}");

	(void)state;
	assert_ptr_equal(policy_decision_of_slices(arena, plain, NULL, 0, false), plain);
	assert_ptr_equal(policy_decision_of_slices(arena, soft, NULL, 0, true), soft);
	assert_true(value_equals(policy_decision_of_slices(arena, soft, observed, 1, false), all));
	arena_free(arena);
}

static const struct {
	const char *json;
	const char *says;
} invalids[] = {
	{ "7", "decision: must be an object, not 7" },
	{ "null", "decision: must be an object, not null" },
	{ "[]", "decision: must be an object" },
	{ "{}", "decision.effect: is missing" },
	{ "{\"effect\":null}", "decision.effect: must be" },
	{ "{\"effect\":\"permit\"}", "decision.effect: must be" },
	{ "{\"effect\":\"Allow\"}", "decision.effect: must be" },
	{ "{\"effect\":\"allow\\u0000\"}", "decision.effect: must be" },
	{ "{\"effect\":\"\"}", "decision.effect: must be" },
	{ "{\"effect\":true}", "decision.effect: must be" },
	{ "{\"effect\":\"allow\",\"allow\":true}", "decision: has a member \"allow\"" },
	{ "{\"effect\":\"allow\",\"Reasons\":[]}", "decision: has a member \"Reasons\"" },
	{ "{\"effect\":\"allow\",\"apps\\u0000\":[]}", "decision: has a member" },
	{ "{\"effect\":\"allow\",\"reasons\":null}", "decision.reasons: must be" },
	{ "{\"effect\":\"allow\",\"reasons\":{}}", "decision.reasons: must be" },
	{ "{\"effect\":\"allow\",\"reasons\":[\"x\"]}", "decision.reasons[0]: must be an object" },
	{ "{\"effect\":\"allow\",\"reasons\":[{\"code\":\"c\"}]}", "decision.reasons[0].message" },
	{ "{\"effect\":\"allow\",\"reasons\":[{\"code\":\"\",\"message\":\"m\"}]}",
		"decision.reasons[0].code" },
	{ "{\"effect\":\"allow\",\"reasons\":[{\"code\":\"c\",\"message\":\"m\",\"x\":1}]}",
		"decision.reasons[0]: may have code and message only" },
	{ "{\"effect\":\"allow\",\"obligations\":[1]}", "decision.obligations[0]" },
	{ "{\"effect\":\"allow\",\"obligations\":{\"op\":\"add\"}}", "decision.obligations: must" },
	{ "{\"effect\":\"allow\",\"apps\":null}", "decision.apps: must be" },
	{ "{\"effect\":\"allow\",\"apps\":\"wiki\"}", "decision.apps: must be" },
	{ "{\"effect\":\"allow\",\"apps\":[\"\"]}", "decision.apps[0]" },
	{ "{\"effect\":\"allow\",\"apps\":[1]}", "decision.apps[0]" },
	{ "{\"effect\":\"hold\"}", "decision.approval: is missing" },
	{ "{\"effect\":\"allow\",\"approval\":{\"groups\":[],\"min\":1,\"expires_s\":1}}",
		"decision.approval: is there, but only a hold may have it" },
	{ "{\"effect\":\"hold\",\"approval\":{\"groups\":[],\"min\":1}}",
		"decision.approval: must" },
	{ "{\"effect\":\"hold\",\"approval\":{\"groups\":[],\"min\":0,\"expires_s\":1}}",
		"decision.approval.min" },
	{ "{\"effect\":\"hold\",\"approval\":{\"groups\":[],\"min\":1,\"expires_s\":1.5}}",
		"decision.approval.expires_s" },
	{ "{\"effect\":\"hold\",\"approval\":{\"groups\":\"hr\",\"min\":1,\"expires_s\":1}}",
		"decision.approval.groups: must" },
	{ "{\"effect\":\"hold\",\"approval\":{\"group\":[],\"min\":1,\"expires_s\":1}}",
		"decision.approval.groups: must" },
	{ "{\"effect\":\"allow\",\"observed\":null}", "decision.observed: must be" },
	{ "{\"effect\":\"allow\",\"observed\":{}}", "decision.observed: must be" },
	{ "{\"effect\":\"allow\",\"observed\":[\"x\"]}", "decision.observed[0]: must be" },
	{ "{\"effect\":\"allow\",\"observed\":[{\"code\":\"c\"}]}",
		"decision.observed[0].message" },
	{ "{\"effect\":\"deny\",\"observed\":[{\"code\":\"c\",\"message\":\"m\",\"level\":1}]}",
		"decision.observed[0]: may have code and message only" },
	{ "{\"effect\":\"deny\",\"overridable\":null}", "decision.overridable: must be" },
	{ "{\"effect\":\"deny\",\"overridable\":\"true\"}", "decision.overridable: must be" },
	{ "{\"effect\":\"deny\",\"overridable\":1}", "decision.overridable: must be" },
	{ "{\"effect\":\"allow\",\"overridable\":true}", "only a denial may be overridden" },
	{ "{\"effect\":\"hold\",\"overridable\":true,"
	  "\"approval\":{\"groups\":[],\"min\":1,\"expires_s\":1}}",
		"only a denial may be overridden" },
	{ "{\"effect\":\"deny\",\"override\":true}", "decision: has a member \"override\"" },
};

static void test_any_other_shape_is_no_decision(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(invalids) / sizeof(invalids[0]); i++) {
		struct arena *arena = arena_new();
		struct policy_decision decision;
		struct policy_failure failure = { 0 };

		print_message("# %s\n", invalids[i].json);
		assert_false(read(arena, invalids[i].json, &decision, &failure));

		assert_string_equal(policy_failure_code(failure.kind), "policy.invalid");
		assert_non_null(strstr(failure.text, invalids[i].says));
		arena_free(arena);
	}
}

static void test_undefined_is_no_decision(void **state)
{
	struct arena *arena = arena_new();
	struct policy_decision decision;
	struct policy_failure failure = { 0 };

	(void)state;
	assert_false(policy_decision_read(arena, NULL, &decision, &failure));

	assert_string_equal(policy_failure_code(failure.kind), "policy.undefined");
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_whole_decision_is_read),
		cmocka_unit_test(test_only_the_effect_must_be_there),
		cmocka_unit_test(test_no_apps_is_not_the_same_as_absent_apps),
		cmocka_unit_test(test_sets_stand_where_arrays_stand),
		cmocka_unit_test(test_what_does_not_act_is_told_with_any_effect),
		cmocka_unit_test(test_not_overridable_may_be_said_of_any_effect),
		cmocka_unit_test(test_reasons_of_slices_are_joined_by_code),
		cmocka_unit_test(test_the_answer_of_slices_tells_what_all_of_them_say),
		cmocka_unit_test(test_any_other_shape_is_no_decision),
		cmocka_unit_test(test_undefined_is_no_decision),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
