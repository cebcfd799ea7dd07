/* The policy in force: where it comes from, what became of the last try; a reload. */
#include "gateway/admin_call.h"
#include "gateway/gateway.h"
#include "gateway/policy_live.h"

static void add_text(json_t *document, const char *name, const char *text)
{
	if (text != NULL) {
		json_object_set_new(document, name, json_string(text));
	}
}

static void add_trouble(json_t *document, const char *name, const struct policy_trouble *trouble)
{
	json_t *it;

	if (trouble->step == NULL) {
		return;
	}
	it = json_object();
	json_object_set_new(it, "step", json_string(trouble->step));
	json_object_set_new(it, "error", json_string(trouble->error));
	admin_add_time(it, "at", trouble->at_us);
	json_object_set_new(document, name, it);
}

json_t *admin_policy_json(const struct policy_live *live)
{
	struct policy_live_status status;
	json_t *it = json_object();

	policy_live_status(live, &status);
	add_text(it, "source", status.source);
	add_text(it, "revision", status.revision);
	add_text(it, "digest", status.digest);
	add_text(it, "commit", status.commit);
	if (status.serial >= 0) {
		json_object_set_new(it, "serial", json_integer(status.serial));
	}
	admin_add_time(it, "since", status.since_us);
	json_object_set_new(it, "kept", json_boolean(status.from_kept));
	admin_add_time(it, "tried", status.tried_us);
	admin_add_time(it, "fine", status.fine_us);
	json_object_set_new(it, "reloads", json_integer((json_int_t)status.reloads));
	json_object_set_new(it, "failing",
		json_boolean(status.refused.step != NULL || status.unreachable.step != NULL));
	add_trouble(it, "refused", &status.refused);
	add_trouble(it, "unreachable", &status.unreachable);
	return it;
}

void admin_reload(struct admin_call *call)
{
	struct error err = { 0 };
	bool allow_older = false;
	json_t *document;

	if (!admin_flag(call, "allowOlder", &allow_older, &err)) {
		admin_reply_error(call, &err);
		return;
	}
	document = json_object();
	json_object_set_new(document, "number",
		json_integer((json_int_t)gateway_reload(call->admin->gateway, allow_older)));
	json_object_set_new(document, "schemaVersion", json_integer(1));
	json_object_set_new(document, "reload", json_string("started"));
	admin_reply(call, 202, document);
}
