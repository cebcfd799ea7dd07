/* Rego's semantics, probe by probe; what OPA gives for the same is what is wanted. */
#include "policy/eval.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/arena.h"
#include "tests/unit/policy/probes.h"

struct probe {
	const char *name;
	const char *input; /* NULL: undefined */
	const char *wanted;
};

#define DATA                                                                                       \
	"{\"owner\":{\"x\":[\"bob\"]},\"site\":{\"kept\":1,\"sub\":{\"base\":2}},"                 \
	"\"probes\":{\"other\":3,\"things\":{\"base\":4}}}"

static const struct probe undefined_probes[] = {
	/* The owner is not known: deny. An engine that says "allow" here fails open. */
	{ "fail_open", "{\"id\":\"nobody\",\"actor\":\"eve\"}", "\"deny\"" },
	{ "fail_open", "{\"id\":\"x\",\"actor\":\"bob\"}", "\"deny\"" },
	{ "fail_open", "{\"id\":\"x\",\"actor\":\"eve\"}", "\"allow\"" },
	{ "fail_open", NULL, "\"deny\"" },
	{ "false_is_a_value", "{\"flag\":false}",
		"{\"kept\":false,\"negated\":true,\"tested\":\"no\"}" },
	{ "false_is_a_value", "{\"flag\":0}", "{\"kept\":0,\"negated\":false,\"tested\":\"yes\"}" },
	{ "false_is_a_value", "{}", "undefined" },
	{ "null_is_true", "{\"nothing\":null}", "\"yes\"" },
	{ "null_is_true", "{}", "\"no\"" },
};

static const struct probe complete_probes[] = {
	{ "same_value_twice", "{\"a\":true,\"b\":true}", "1" },
	{ "same_value_twice", "{}", "undefined" },
	{ "conflict", "{\"a\":true,\"b\":true}", "policy.conflict" },
	{ "conflict", "{\"b\":true}", "2" },
	{ "ordered", "{\"n\":11}", "\"first\"" },
	{ "ordered", "{\"n\":6}", "\"second\"" },
	{ "ordered", "{}", "\"third\"" },
	{ "calls", "{\"n\":4}", "[2,8]" },
	{ "calls", "{}", "undefined" },
	{ "function_conflict", "{\"n\":1}", "1" },
	{ "function_conflict", "{\"n\":2}", "policy.conflict" },
	{ "function_conflict", "{\"n\":0}", "undefined" },
};

static const struct probe partial_probes[] = {
	{ "set_of_numbers", "{\"numbers\":[3,1,3,7]}", "[1,3,7]" },
	{ "set_of_numbers", NULL, "[7]" },
	{ "object_by_name", "{\"sizes\":{\"b\":2,\"a\":1}}", "{\"a\":1,\"b\":2}" },
	{ "object_by_name", "{}", "{}" },
	{ "object_conflict",
		"{\"pairs\":[{\"key\":\"k\",\"value\":1},{\"key\":\"k\",\"value\":2}]}",
		"policy.conflict" },
	{ "object_conflict",
		"{\"pairs\":[{\"key\":\"k\",\"value\":1},{\"key\":\"k\",\"value\":1}]}",
		"{\"k\":1}" },
	{ "nested_objects",
		"{\"triples\":[[\"a\",\"b\",1],[\"a\",\"b\",2],[\"a\",\"c\",3],[\"d\",\"b\",1]]}",
		"{\"a\":{\"b\":[1,2],\"c\":[3]},\"d\":{\"b\":[1]}}" },
	{ "deep_objects", "{\"numbers\":[1,2]}",
		"{\"one\":{\"1\":{\"two\":{\"1\":1,\"2\":1}},\"2\":{\"two\":{\"1\":2,\"2\":2}}}}" },
	{ "comprehension_conflict",
		"{\"pairs\":[{\"key\":\"k\",\"value\":1},{\"key\":\"k\",\"value\":2}]}",
		"policy.conflict" },
	{ "comprehension_conflict", "{\"pairs\":[{\"key\":\"k\",\"value\":1}]}", "{\"k\":1}" },
};

static const struct probe loop_probes[] = {
	{ "in_order", "{\"n\":3}", "[[\"a\",2],[\"b\",1],[\"c\",3]]" },
	{ "set_in_order", "{\"n\":2}", "[null,false,1.5,2,3,\"x\",[1],{\"a\":1}]" },
	{ "every_of", "{\"numbers\":[1,2]}", "\"yes\"" },
	{ "every_of", "{\"numbers\":[1,0]}", "\"no\"" },
	{ "every_of", "{\"numbers\":[]}", "\"yes\"" },
	{ "every_of", "{\"numbers\":3}", "\"no\"" },
	{ "every_of", "{}", "\"no\"" },
	{ "scalar_has_no_items", "{\"scalar\":5}", "[]" },
	{ "scalar_has_no_items", NULL, "[]" },
	{ "pairs_of_two", "{\"numbers\":[5,6,7]}", "[[5,6],[5,7],[6,7]]" },
};

static const struct probe with_probes[] = {
	{ "replaced", "{\"user\":\"ann\"}", "\"bob\"" },
	{ "replaced", NULL, "\"bob\"" },
	{ "replaced_member", "{\"user\":{\"name\":\"ann\",\"id\":1}}", "\"carol\"" },
	{ "replaced_member", "{\"user\":\"a text\"}", "\"carol\"" },
	{ "replaced_member", NULL, "\"carol\"" },
	{ "without_input", NULL, "\"yes\"" },
	{ "without_input", "{\"user\":\"ann\"}", "\"no\"" },
	{ "data_replaced", NULL, "[\"z\"]" },
	{ "rules_see_with", "{\"numbers\":[1]}", "[2,5,2]" },
	{ "mocked", NULL, "17" },
	{ "mocked_function", NULL, "12" },
};

static const struct probe data_probes[] = {
	{ "dynamic", "{\"key\":\"one\"}", "1" },
	{ "dynamic", "{\"key\":\"two\",\"b\":true}", "2" },
	{ "dynamic", "{\"key\":\"two\"}", "undefined" },
	{ "dynamic", "{\"key\":\"base\"}", "4" },
	{ "dynamic", "{\"key\":\"none\"}", "undefined" },
	{ "dynamic", "{\"key\":7}", "undefined" },
	{ "base_and_virtual", NULL,
		"{\"kept\":1,\"name\":\"from a rule\",\"sub\":{\"base\":2,\"virtual\":1}}" },
	{ "unify", "{\"shape\":[1,{\"k\":2},\"x\"]}", "[1,2]" },
	{ "unify", "{\"shape\":[1,{\"k\":2,\"l\":3},\"x\"]}", "undefined" },
	{ "unify", "{\"shape\":[1,{\"k\":2}]}", "undefined" },
	{ "unify", "{\"shape\":{\"0\":1}}", "undefined" },
	{ "exact", NULL,
		"[12345678901234567890,0.1,1000,9223372036854775807,-9223372036854775808]" },
	{ "constants", NULL, "{\"empty\":[{},[],[]],\"set\":[1,2,[\"a\"]],\"text\":\"\xc3\xbc\"}" },
	{ "keys", NULL, "{\"1\":\"number\",\"1\":\"text\",\"[1]\":\"array\"}" },
	{ "builtin_error", "{\"zero\":0}", "policy.builtin" },
	{ "builtin_error", "{\"zero\":2}", "0.5" },
};

static struct policy *policy;
static struct policy_worker *worker;

static void run_probes(const struct probe *probes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct arena *arena = arena_new();
		struct policy_call call = { .worker = worker, .arena = arena };
		const char *got = probes_run(policy, &call, probes[i].name, probes[i].input, NULL);

		print_message("# %s with %s\n", probes[i].name,
			probes[i].input != NULL ? probes[i].input : "no input");
		assert_string_equal(got, probes[i].wanted);
		arena_free(arena);
	}
}

#define RUN(probes) run_probes(probes, sizeof(probes) / sizeof((probes)[0]))

static void test_undefined_ends_a_body(void **state)
{
	(void)state;
	RUN(undefined_probes);
}

static void test_complete_rules_give_one_value(void **state)
{
	(void)state;
	RUN(complete_probes);
}

static void test_partial_rules_collect(void **state)
{
	(void)state;
	RUN(partial_probes);
}

static void test_loops_run_in_order(void **state)
{
	(void)state;
	RUN(loop_probes);
}

static void test_with_replaces_and_restores(void **state)
{
	(void)state;
	RUN(with_probes);
}

static void test_data_are_documents_and_rules(void **state)
{
	(void)state;
	RUN(data_probes);
}

static void test_a_builtin_error_is_undefined_when_lenient(void **state)
{
	struct arena *arena = arena_new();
	struct policy_call call = { .worker = worker, .arena = arena, .lenient = true };

	(void)state;
	const char *got = probes_run(policy, &call, "builtin_error", "{\"zero\":0}", NULL);

	assert_string_equal(got, "undefined");
	arena_free(arena);
}

static void test_a_failure_names_the_line(void **state)
{
	struct arena *arena = arena_new();
	struct policy_call call = { .worker = worker, .arena = arena };
	struct policy_failure failure = { 0 };

	(void)state;
	probes_run(policy, &call, "builtin_error", "{\"zero\":0}", &failure);

	assert_non_null(strstr(failure.text, "probes.rego:"));
	assert_non_null(strstr(failure.text, "div: "));
	arena_free(arena);
}

/* A worker serves one evaluation after the other, whatever became of the last one. */
static void test_a_failed_evaluation_leaves_no_trace(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct arena *arena = arena_new();
		struct policy_call call = { .worker = worker, .arena = arena };
		const char *failed =
			probes_run(policy, &call, "conflict", "{\"a\":true,\"b\":true}", NULL);
		const char *fine = probes_run(policy, &call, "conflict", "{\"a\":true}", NULL);

		assert_string_equal(failed, "policy.conflict");
		assert_string_equal(fine, "1");
		arena_free(arena);
	}
}

static int set_up(void **state)
{
	(void)state;
	policy = probes_load(DATA);
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
		cmocka_unit_test(test_undefined_ends_a_body),
		cmocka_unit_test(test_complete_rules_give_one_value),
		cmocka_unit_test(test_partial_rules_collect),
		cmocka_unit_test(test_loops_run_in_order),
		cmocka_unit_test(test_with_replaces_and_restores),
		cmocka_unit_test(test_data_are_documents_and_rules),
		cmocka_unit_test(test_a_builtin_error_is_undefined_when_lenient),
		cmocka_unit_test(test_a_failure_names_the_line),
		cmocka_unit_test(test_a_failed_evaluation_leaves_no_trace),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
