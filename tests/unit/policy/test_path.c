/* What stands at a path of data: rules, packages, base documents. tests/flow/test_opa_api.py holds
 * the same against a real OPA. */
#include "policy/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/value.h"
#include "tests/unit/policy/probes.h"

static const char DATA[] = "{\"site\":{\"colour\":\"red\",\"sub\":{\"base\":2}},\"list\":[7,8]}";

struct fixture {
	struct policy *policy;
	struct policy_worker *worker;
	struct arena *arena;
	struct policy_failure failure;
};

static int set_up(void **state)
{
	static struct fixture fixture;

	fixture = (struct fixture){
		.policy = probes_load(DATA), .worker = policy_worker_new(), .arena = arena_new()
	};
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	arena_free(f->arena);
	policy_worker_free(f->worker);
	policy_unref(f->policy);
	return 0;
}

/* path: names with "/" between them. The answer's text, "undefined", or the failure's code. */
static const char *at(struct fixture *f, const char *path)
{
	static const char input[] = "{\"a\":true,\"b\":true,\"n\":1}";
	struct policy_call call = {
		.worker = f->worker, .arena = f->arena, .input = probes_value(f->arena, input)
	};
	const char *names[8];
	char *rest;
	size_t count = 0;
	const struct value *result;
	struct buf text = { 0 };

	for (char *name = strtok_r(arena_strdup(f->arena, path), "/", &rest); name != NULL;
		name = strtok_r(NULL, "/", &rest)) {
		names[count++] = name;
	}
	if (!policy_read_path(f->policy, names, count, &call, &result, &f->failure)) {
		return policy_failure_code(f->failure.kind);
	}
	if (result == NULL) {
		return "undefined";
	}
	value_print(&text, result);
	const char *kept = arena_text(f->arena, text.data, text.size);
	buf_fini(&text);
	return kept;
}

static void test_a_rule_gives_its_value(void **state)
{
	assert_string_equal(at(*state, "site/name"), "\"from a rule\"");
	assert_string_equal(at(*state, "probes/fail_open"), "\"deny\"");
}

static void test_the_rest_of_the_path_goes_into_the_value(void **state)
{
	assert_string_equal(at(*state, "list/1"), "8");
	assert_string_equal(at(*state, "list/2"), "undefined");
	assert_string_equal(at(*state, "list/x"), "undefined");
	assert_string_equal(at(*state, "site/name/first"), "undefined");
}

static void test_a_package_is_its_rules_over_its_base_documents(void **state)
{
	assert_string_equal(at(*state, "site"),
		"{\"colour\":\"red\",\"name\":\"from a rule\",\"sub\":{\"base\":2,\"virtual\":1}}");
	assert_string_equal(at(*state, "site/sub"), "{\"base\":2,\"virtual\":1}");
}

static void test_what_is_not_there_is_undefined(void **state)
{
	assert_string_equal(at(*state, "nowhere"), "undefined");
	assert_string_equal(at(*state, "site/nothing/at/all"), "undefined");
}

static void test_a_function_with_arguments_is_undefined(void **state)
{
	assert_string_equal(at(*state, "probes/twice"), "undefined");
}

static void test_a_rule_that_conflicts_is_a_failure_where_it_is_asked_for(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(at(f, "probes/conflict"), "policy.conflict");
	assert_string_equal(at(f, "site/name"), "\"from a rule\""); /* … and nowhere else */
}

static void test_the_budget_holds(void **state)
{
	assert_string_equal(at(*state, "probes/bomb"), "policy.budget");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_rule_gives_its_value),
		TEST(test_the_rest_of_the_path_goes_into_the_value),
		TEST(test_a_package_is_its_rules_over_its_base_documents),
		TEST(test_what_is_not_there_is_undefined),
		TEST(test_a_function_with_arguments_is_undefined),
		TEST(test_a_rule_that_conflicts_is_a_failure_where_it_is_asked_for),
		TEST(test_the_budget_holds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
