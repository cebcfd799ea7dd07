#include "policy/reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/value.h"
#include "policy/engine.h"

static bool read(struct arena *arena, int status, const char *body, struct policy_reply *reply,
	struct policy_failure *failure)
{
	return policy_reply_read(arena, status, body, strlen(body), reply, failure);
}

static void test_a_result_is_taken_with_the_revisions_of_all_bundles(void **state)
{
	struct arena *arena = arena_new();
	struct policy_reply reply;
	struct policy_failure failure;

	(void)state;
	assert_true(read(arena, 200,
		"{\"decision_id\":\"1\",\"provenance\":{\"version\":\"1.22.2\",\"bundles\":{"
		"\"people\":{\"revision\":\"7\"},\"access\":{\"revision\":\"4f2c\"},\"plain\":{}}},"
		"\"result\":{\"effect\":\"allow\"}}",
		&reply, &failure));

	assert_string_equal(value_find_text(reply.result, "effect"), "allow");
	assert_string_equal(reply.revision, "opa:access=4f2c,people=7");
	arena_free(arena);
}

static void test_no_result_is_undefined(void **state)
{
	struct arena *arena = arena_new();
	struct policy_reply reply;
	struct policy_failure failure;

	(void)state;
	assert_true(read(arena, 200, "{}", &reply, &failure));

	assert_null(reply.result);
	assert_string_equal(reply.revision, "opa:unversioned");
	arena_free(arena);
}

static void test_a_long_revision_becomes_its_digest(void **state)
{
	struct arena *arena = arena_new();
	struct buf body = { 0 };
	struct policy_reply reply;
	struct policy_failure failure;

	(void)state;
	buf_printf(&body, "{\"provenance\":{\"bundles\":{\"a\":{\"revision\":\"%0300d\"}}}}", 7);
	assert_true(read(arena, 200, body.data, &reply, &failure));

	assert_int_equal(strlen(reply.revision), strlen("opa:sha256:") + 32);
	assert_memory_equal(reply.revision, "opa:sha256:", strlen("opa:sha256:"));
	buf_fini(&body);
	arena_free(arena);
}

static void test_the_revision_that_just_fits_is_whole(void **state)
{
	struct arena *arena = arena_new();
	struct buf body = { 0 };
	struct policy_reply reply;
	struct policy_failure failure;

	(void)state;
	buf_printf(&body, "{\"provenance\":{\"bundles\":{\"a\":{\"revision\":\"%065d\"}}}}", 7);
	assert_true(read(arena, 200, body.data, &reply, &failure));

	assert_int_equal(strlen(reply.revision), POLICY_REVISION_BYTES - 1);
	assert_memory_equal(reply.revision, "opa:a=0", strlen("opa:a=0"));
	buf_fini(&body);
	arena_free(arena);
}

static void test_what_is_no_answer_says_so(void **state)
{
	static const struct {
		int status;
		const char *body;
		const char *code;
		const char *text; /* how it begins */
	} rows[] = {
		{ 200, "", "policy.unavailable", "what the OPA server answered is not readable" },
		{ 200, "<html>", "policy.unavailable",
			"what the OPA server answered is not readable" },
		{ 200, "{\"result\":{\"effect\":\"allow\"}", "policy.unavailable",
			"what the OPA server answered is not readable" },
		{ 200, "{\"result\":{\"effect\":\"deny\"},\"result\":{\"effect\":\"allow\"}}",
			"policy.unavailable", "what the OPA server answered is not readable" },
		{ 200, "[{\"result\":{\"effect\":\"allow\"}}]", "policy.unavailable",
			"what the OPA server answered is no object" },
		{ 201, "{\"result\":{\"effect\":\"allow\"}}", "policy.unavailable",
			"the OPA server answered 201" },
		{ 302, "", "policy.unavailable", "the OPA server answered 302" },
		{ 401, "{\"code\":\"unauthorized\",\"message\":\"no token\"}", "policy.unavailable",
			"the OPA server answered 401: no token" },
		{ 500, "{\"result\":{\"effect\":\"allow\"}}", "policy.unavailable",
			"the OPA server answered 500" },
		{ 500, "{\"errors\":[{\"code\":\"eval_internal_error\"}],\"message\":\"m\"}",
			"policy.unavailable", "the OPA server answered 500: m" },
		{ 500,
			"{\"errors\":[{\"code\":\"eval_conflict_error\",\"message\":\"two\","
			"\"location\":{\"file\":\"a.rego\",\"row\":3,\"col\":1}}]}",
			"policy.conflict", "a.rego:3: two" },
		{ 500, "{\"errors\":[{\"code\":\"eval_builtin_error\",\"message\":\"b\"}]}",
			"policy.builtin", "b" },
		{ 500, "{\"errors\":[{\"code\":\"eval_cancel_error\"}]}", "policy.budget",
			"eval_cancel_error" },
		{ 502, "{\"errors\":[{\"code\":\"eval_conflict_error\",\"message\":\"two\"}]}",
			"policy.unavailable", "the OPA server answered 502" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena *arena = arena_new();
		struct policy_reply reply;
		struct policy_failure failure;

		assert_false(read(arena, rows[i].status, rows[i].body, &reply, &failure));

		assert_null(reply.result);
		assert_string_equal(policy_failure_code(failure.kind), rows[i].code);
		assert_memory_equal(failure.text, rows[i].text, strlen(rows[i].text));
		arena_free(arena);
	}
}

static void test_a_reply_is_read_to_its_depth_and_no_deeper(void **state)
{
	struct arena *arena = arena_new();
	char body[2 * 2000 + 20] = "{\"result\":";
	struct policy_reply reply;
	struct policy_failure failure;
	size_t at = strlen(body);

	(void)state;
	memset(body + at, '[', 2000);
	memset(body + at + 2000, ']', 2000);
	body[at + 4000] = '}';
	assert_false(read(arena, 200, body, &reply, &failure));

	assert_int_equal(failure.kind, POLICY_FAILURE_UNAVAILABLE);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_result_is_taken_with_the_revisions_of_all_bundles),
		cmocka_unit_test(test_no_result_is_undefined),
		cmocka_unit_test(test_a_long_revision_becomes_its_digest),
		cmocka_unit_test(test_the_revision_that_just_fits_is_whole),
		cmocka_unit_test(test_what_is_no_answer_says_so),
		cmocka_unit_test(test_a_reply_is_read_to_its_depth_and_no_deeper),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
