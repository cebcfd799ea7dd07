/*
 * AuthZEN's questions when an OPA server has the policy (policy.engine: opa): one after the other,
 * each a wait of its step. Batches and searches together have the time of a request.
 */
#include "base/arena.h"
#include "base/error.h"
#include "config/config.h"
#include "gateway/access_run.h"
#include "gateway/gateway.h"
#include "gateway/snapshot.h"

bool access_asks_server(const struct request *request)
{
	return request->snapshot->policy == NULL;
}

static void on_answered(void *user)
{
	request_resume(user);
}

enum step_result access_server_ask(
	struct request *request, const char *name, const struct value *input)
{
	const struct config *config = request->worker->gateway->config;
	struct policy_question *question = &request->access->server;

	*question = (struct policy_question){
		.path = arena_printf(request->arena, ACCESS_PATH "%s", name),
		.input = input,
		.arena = request->arena,
		.deadline_us = request->started_us + config->listen.deadlines.request_ms * 1000,
		.done = on_answered,
		.user = request,
	};
	policy_asker_ask(request->worker->asker, question);
	return STEP_WAIT;
}

bool access_server_result(struct request *request, const struct value **result, struct error *err)
{
	const struct policy_question *question = &request->access->server;

	*result = question->reply.result;
	return question->answered || access_failed(err, &question->failure);
}

bool access_server_answer(struct request *request, struct access_answer *answer, struct error *err)
{
	const struct value *result;

	if (!access_server_result(request, &result, err)) {
		return false;
	}
	answer->revision = arena_strdup(request->arena, request->access->server.reply.revision);
	return access_read(answer, result, err);
}
