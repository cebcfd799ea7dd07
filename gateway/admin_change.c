#include "gateway/admin_change.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/value.h"
#include "config/config.h"
#include "gateway/admin_call.h"
#include "gateway/gateway.h"
#include "journal/entry.h"

void admin_change_init(
	struct admin_change *change, struct admin_call *call, const struct gateway_source *source)
{
	change->call = call;
	change->source = source;
	change->commit.now_us = clock_now_us();
}

static bool record(struct admin_change *change, const char *operation, const struct value *detail,
	struct error *err)
{
	struct journal_packer *packer = journal_packer_new();
	struct journal_entry entry = JOURNAL_ENTRY_INIT;
	struct journal_packed packed;
	bool ok;

	entry.kind = JOURNAL_SYSTEM;
	entry.time_us = change->commit.now_us;
	entry.actor_type = "system";
	entry.actor_id = "admin";
	entry.operation = operation;
	if (change->source != NULL) {
		entry.tenant = change->source->config->tenant;
		entry.source = change->source->config->name;
	}
	entry.detail = detail;
	ok = journal_pack(packer, change->call->arena, &entry, &packed, err);
	journal_packer_free(packer);
	if (ok) {
		change->entry = (struct store_entry){ .kind = JOURNAL_SYSTEM,
			.at_us = change->commit.now_us,
			.leaf = packed.leaf,
			.leaf_size = packed.leaf_size,
			.payload = packed.payload,
			.payload_size = packed.payload_size };
		change->commit.entry = &change->entry;
	}
	return ok;
}

bool admin_change_commit(struct admin_change *change, const char *operation,
	const struct value *detail, store_commit_fn *done, void *user)
{
	struct gateway *gateway = change->call->admin->gateway;
	struct error err = { 0 };

	if (!record(change, operation, detail, &err)) {
		admin_reply_error(change->call, &err);
		return false;
	}
	store_commit(gateway->store, &change->commit, gateway->loop, done, user);
	return true;
}

bool admin_change_is_committed(struct admin_change *change)
{
	if (!change->commit.ok) {
		admin_reply_error(change->call, &change->commit.err);
		return false;
	}
	return true;
}

const struct gateway_source *admin_source_named(
	struct admin_call *call, const char *name, struct error *err)
{
	const struct gateway_source *source =
		name != NULL ? gateway_find_source(call->admin->gateway, name) : NULL;

	if (source == NULL) {
		error_set(err, ERROR_NOT_FOUND, "the configuration has no source '%.64s'",
			name != NULL ? name : "");
	}
	return source;
}
