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

void admin_access(struct admin_call *call)
{
	struct gateway *gateway = call->admin->gateway;
	struct access access = { .gateway = gateway,
		.snapshot = gateway->snapshot,
		.reader = call->admin->reader,
		.arena = call->arena,
		.time_us = clock_now_us() };
	struct access_question question;
	struct access_answer answer;
	struct error err = { 0 };
	const char *tenant = NULL;

	access.policy = policy_worker_new();
	bool ok = admin_text(call, "tenant", &tenant, &err) &&
		  find_tenant(gateway, tenant, &access, &err) &&
		  take_question(call, &question, &err) &&
		  access_ask(&access, &question, &answer, &err);
	policy_worker_free(access.policy);
	if (ok) {
		reply(call, &answer);
	} else {
		admin_reply_error(call, &err);
	}
}
