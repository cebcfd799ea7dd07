/* A question of `scimward access check`: as /access/v1/evaluation, asked by who may use the socket.
 */
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/value.h"
#include "config/config.h"
#include "gateway/access.h"
#include "gateway/admin_call.h"
#include "gateway/gateway.h"
#include "gateway/policy_asker.h"
#include "gateway/policy_server.h"
#include "policy/engine.h"

/* The store's number of a tenant; NULL: the only one. */
static bool find_tenant(
	const struct gateway *gateway, const char *name, struct access *access, struct error *err)
{
	if (name == NULL && gateway->config->tenant_count > 1) {
		return error_set(err, ERROR_REQUEST,
			"there are %zu tenants; say which one with --tenant",
			gateway->config->tenant_count);
	}
	for (size_t i = 0; i < gateway->source_count; i++) {
		const struct gateway_source *source = &gateway->sources[i];

		if (name == NULL || strcmp(source->config->tenant, name) == 0) {
			access->tenant = source->tenant;
			access->tenant_name = source->config->tenant;
			return true;
		}
	}
	return error_set(
		err, ERROR_REQUEST, "no source has the tenant '%.100s'", name != NULL ? name : "");
}

static bool take_question(
	struct admin_call *call, struct access_question *question, struct error *err)
{
	static const struct value_limits limits = {
		.bytes = 1 << 20, .depth = 32, .values = 20000
	};
	struct http_text text = call->http->body;
	const struct value *body = value_parse(call->arena, text.data, text.size, &limits, err);

	if (body == NULL) {
		return false;
	}
	*question = (struct access_question){ .subject = value_find(body, "subject"),
		.action = value_find(body, "action"),
		.resource = value_find(body, "resource"),
		.context = value_find(body, "context") };
	return access_question_check(question, err);
}

static void reply(struct admin_call *call, const struct access_answer *answer)
{
	struct buf text = { 0 };

	value_print(&text, access_response(call->arena, answer));
	json_t *document = json_loadb(text.data, text.size, 0, NULL);
	buf_fini(&text);
	admin_reply(call, 200, document);
}

/* A question that an OPA server answers (policy.engine: opa). In the call's arena. */
struct asked {
	struct admin_call *call;
	struct access_answer answer;
	struct policy_question question;
};

static void on_answered(void *user)
{
	struct asked *asked = user;
	struct policy_question *question = &asked->question;
	struct error err = { 0 };

	if (question->answered ? access_read(&asked->answer, question->reply.result, &err)
			       : access_failed(&err, &question->failure)) {
		reply(asked->call, &asked->answer);
	} else {
		admin_reply_error(asked->call, &err);
	}
}

static bool ask_server(struct admin_call *call, const struct access *access,
	const struct access_question *question, struct error *err)
{
	struct asked *asked = arena_calloc(call->arena, 1, sizeof(*asked));

	if (!access_begin(access, question, &asked->answer, err)) {
		return false;
	}
	asked->call = call;
	asked->question = (struct policy_question){ .path = ACCESS_PATH "decision",
		.input = asked->answer.input,
		.arena = call->arena,
		.deadline_us = INT64_MAX,
		.done = on_answered,
		.user = asked };
	policy_asker_ask(policy_server_asker(access->gateway), &asked->question);
	return true;
}

static bool ask_here(struct admin_call *call, struct access *access,
	const struct access_question *question, struct error *err)
{
	struct access_answer answer;

	access->policy = policy_worker_new();
	bool ok = access_ask(access, question, &answer, err);
	policy_worker_free(access->policy);
	if (ok) {
		reply(call, &answer);
	}
	return ok;
}

void admin_access(struct admin_call *call)
{
	struct gateway *gateway = call->admin->gateway;
	struct access access = { .gateway = gateway,
		.snapshot = gateway->snapshot,
		.reader = call->admin->reader,
		.arena = call->arena,
		.time_us = clock_now_us() };
	struct access_question question;
	struct error err = { 0 };
	const char *tenant = NULL;

	bool ok = admin_text(call, "tenant", &tenant, &err) &&
		  find_tenant(gateway, tenant, &access, &err) &&
		  take_question(call, &question, &err) &&
		  (gateway->remote != NULL ? ask_server(call, &access, &question, &err)
					   : ask_here(call, &access, &question, &err));
	if (!ok) {
		admin_reply_error(call, &err);
	}
}
