/* One request through the real steps, without a server. */
#include "gateway/trial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/value.h"
#include "policy/engine.h"

/* decision := {"effect": "deny"} if input.after.nickName
 * Without a nickName there is no answer. */
static const char plan[] =
	"{\"static\":{\"strings\":[{\"value\":\"result\"},{\"value\":\"effect\"},{\"value\":"
	"\"deny\"},{\"value\":\"after\"},{\"value\":\"nickName\"}],\"files\":[{\"value\":"
	"\"p.rego\"}]},\"plans\":{\"plans\":[{\"name\":\"scimward/decision\",\"blocks\":[{"
	"\"stmts\":["
	"{\"type\":\"DotStmt\",\"stmt\":{\"source\":{\"type\":\"local\",\"value\":0},\"key\":{"
	"\"type\":\"string_index\",\"value\":3},\"target\":4,\"file\":0,\"row\":1,\"col\":1}},"
	"{\"type\":\"DotStmt\",\"stmt\":{\"source\":{\"type\":\"local\",\"value\":4},\"key\":{"
	"\"type\":\"string_index\",\"value\":4},\"target\":5,\"file\":0,\"row\":1,\"col\":1}},"
	"{\"type\":\"MakeObjectStmt\",\"stmt\":{\"target\":2,\"file\":0,\"row\":1,\"col\":1}},"
	"{\"type\":\"ObjectInsertStmt\",\"stmt\":{\"key\":{\"type\":\"string_index\",\"value\":1},"
	"\"value\":{\"type\":\"string_index\",\"value\":2},\"object\":2,\"file\":0,\"row\":1,"
	"\"col\":1}},"
	"{\"type\":\"MakeObjectStmt\",\"stmt\":{\"target\":3,\"file\":0,\"row\":1,\"col\":1}},"
	"{\"type\":\"ObjectInsertStmt\",\"stmt\":{\"key\":{\"type\":\"string_index\",\"value\":0},"
	"\"value\":{\"type\":\"local\",\"value\":2},\"object\":3,\"file\":0,\"row\":1,\"col\":1}},"
	"{\"type\":\"ResultSetAddStmt\",\"stmt\":{\"value\":3,\"file\":0,\"row\":1,\"col\":1}}"
	"]}]}]},\"funcs\":{\"funcs\":[]}}";

static const struct trial_source source = { .name = "entra", .dialect = "entra", .kind = "idp" };

struct fixture {
	struct arena *arena;
	struct trial *trial;
};

static void begin(struct fixture *fixture)
{
	struct trial_world world = { .tenant = "acme", .sources = &source, .source_count = 1 };
	struct error err = { 0 };

	if (!trial_begin(fixture->trial, &world, &err)) {
		fail_msg("%s", err.text);
	}
}

static int set_up(void **state)
{
	static struct fixture fixture;
	struct error err = { 0 };
	struct policy *policy = policy_load(
		&(struct policy_files){ .plan = plan, .plan_size = sizeof(plan) - 1 }, NULL, &err);

	if (policy == NULL) {
		fail_msg("%s", err.text);
	}
	fixture.arena = arena_new();
	fixture.trial = trial_open(&(struct trial_options){ .policy = policy }, &err);
	policy_unref(policy);
	if (fixture.trial == NULL) {
		fail_msg("%s", err.text);
	}
	begin(&fixture);
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	trial_close(fixture->trial);
	arena_free(fixture->arena);
	return 0;
}

static struct trial_answer send_one(struct fixture *fixture, const struct trial_request *request)
{
	struct trial_answer answer;
	struct error err = { 0 };

	if (!trial_send(fixture->trial, request, 1, fixture->arena, &answer, &err)) {
		fail_msg("%s", err.text);
	}
	return answer;
}

static struct trial_request post(const char *body, bool is_given)
{
	return (struct trial_request){ .method = "POST",
		.target = "/scim/v2/Users",
		.body = body,
		.body_size = strlen(body),
		.time_us = 1000000,
		.is_given = is_given };
}

#define ANNA "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"],\"userName\":\"anna\"}"
#define NICK                                                                                       \
	"{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"],\"userName\":\"anna\","     \
	"\"nickName\":\"a\"}"

static void test_what_is_given_is_not_asked_of_the_policy(void **state)
{
	struct trial_request request = post(ANNA, true);
	struct trial_answer answer = send_one(*state, &request);

	assert_int_equal(answer.status, 201);
	assert_string_equal(answer.effect, "allow");
	assert_string_equal(answer.id, "00000000-0001-7000-8000-000000000001");
}

static void test_a_request_is_decided_by_the_policy_with_the_input_of_the_gateway(void **state)
{
	struct trial_request request = post(NICK, false);
	struct trial_answer answer = send_one(*state, &request);

	assert_int_equal(answer.status, 403);
	assert_true(answer.is_decided);
	assert_string_equal(answer.effect, "deny");
	assert_string_equal(value_find_text(answer.input, "mode"), "test");
	assert_string_equal(value_find_text(answer.input, "tenant"), "acme");
	assert_string_equal(value_find_text(answer.input, "time"), "1970-01-01T00:00:01.000000Z");
}

static void test_no_answer_of_the_policy_is_told_with_its_reason(void **state)
{
	struct trial_request request = post(ANNA, false);
	struct trial_answer answer = send_one(*state, &request);

	assert_int_equal(answer.status, 503);
	assert_string_equal(answer.effect, "error");
	assert_string_equal(answer.reasons[0].code, "policy.undefined");
	assert_non_null(answer.failure);
}

static void test_what_is_refused_before_a_decision_has_none(void **state)
{
	struct trial_request request = post("{", false);
	struct trial_answer answer = send_one(*state, &request);

	assert_int_equal(answer.status, 400);
	assert_false(answer.is_decided);
	assert_string_equal(answer.effect, "");
}

static void test_worlds_do_not_see_each_other(void **state)
{
	struct fixture *fixture = *state;
	struct trial_request request = post(ANNA, true);

	assert_int_equal(send_one(fixture, &request).status, 201);
	assert_int_equal(send_one(fixture, &request).status, 409);
	begin(fixture);
	assert_int_equal(send_one(fixture, &request).status, 201);
}

static void test_a_refusal_leaves_the_state_as_it_is_and_a_change_does_not(void **state)
{
	struct fixture *fixture = *state;
	struct trial_request refused = post(NICK, false);
	struct trial_request done = post(ANNA, true);
	uint8_t before[DIGEST_BYTES];
	uint8_t after[DIGEST_BYTES];
	struct error err = { 0 };

	assert_true(trial_state(fixture->trial, before, &err));
	send_one(fixture, &refused);
	assert_true(trial_state(fixture->trial, after, &err));
	assert_memory_equal(before, after, DIGEST_BYTES);
	send_one(fixture, &done);
	assert_true(trial_state(fixture->trial, after, &err));
	assert_memory_not_equal(before, after, DIGEST_BYTES);
}

static void test_an_id_may_come_again_when_the_world_is_cleared(void **state)
{
	struct fixture *fixture = *state;
	static const uint8_t id[UUID_BYTES] = { 1, 2, 3, 4, 5, 6, 0x70, 8, 0x80 };
	struct trial_request request = post(ANNA, true);
	struct error err = { 0 };

	request.id = id;
	assert_int_equal(send_one(fixture, &request).status, 201);
	assert_true(trial_clear(fixture->trial, &err));
	begin(fixture);
	assert_int_equal(send_one(fixture, &request).status, 201);
}

static void test_what_is_no_http_is_refused(void **state)
{
	static const struct {
		const char *target;
		struct trial_header header;
	} rows[] = {
		{ "/scim/v2/Users HTTP/1.1\r\nHost: other\r\n\r\n", { "A", "b" } },
		{ "/scim/v2/Users", { "A", "b\r\nAuthorization: Bearer x" } },
		{ "/scim/v2/Users", { "A b", "c" } },
		{ "/scim/v2/%zz", { "A", "b" } },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct trial_request request = { .method = "GET",
			.target = rows[i].target,
			.headers = &rows[i].header,
			.header_count = 1 };
		struct trial_answer answer;
		struct error err = { 0 };

		assert_false(
			trial_send(fixture->trial, &request, 1, fixture->arena, &answer, &err));
		assert_int_equal(err.code, ERROR_REQUEST);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_what_is_given_is_not_asked_of_the_policy),
		TEST(test_a_request_is_decided_by_the_policy_with_the_input_of_the_gateway),
		TEST(test_no_answer_of_the_policy_is_told_with_its_reason),
		TEST(test_what_is_refused_before_a_decision_has_none),
		TEST(test_worlds_do_not_see_each_other),
		TEST(test_a_refusal_leaves_the_state_as_it_is_and_a_change_does_not),
		TEST(test_an_id_may_come_again_when_the_world_is_cleared),
		TEST(test_what_is_no_http_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
