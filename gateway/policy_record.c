#include "gateway/policy_record.h"

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/value.h"
#include "gateway/gateway.h"
#include "gateway/policy_kept.h"
#include "journal/entry.h"
#include "store/commit.h"

static const struct value *make_detail(struct arena *arena, const struct policy_record *record)
{
	const struct policy_kept *next = record->next;
	struct value_builder detail = { .arena = arena };

	value_add_text(&detail, "before", record->before);
	value_add_text(&detail, "revision", next->revision);
	value_add_text(&detail, "digest", next->digest);
	value_add_text(&detail, "commit", next->commit);
	value_add_text(&detail, "source", next->source);
	value_add_text(&detail, "step", record->step);
	value_add_text(&detail, "error", record->error);
	if (next->serial >= 0) {
		value_add_int(&detail, "serial", next->serial);
	}
	if (record->from_kept) {
		value_add(&detail, "kept", value_of_bool(true));
	}
	if (record->allow_older) {
		value_add(&detail, "allow_older", value_of_bool(true));
	}
	return value_finish_object(&detail);
}

bool policy_record_write(
	struct gateway *gateway, const struct policy_record *record, struct error *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	struct journal_packer *packer = journal_packer_new();
	struct journal_entry entry = JOURNAL_ENTRY_INIT;
	struct journal_packed packed;
	struct store_commit commit = { 0 };
	struct store_entry row = { .kind = JOURNAL_POLICY, .at_us = clock_now_us() };

	entry.kind = JOURNAL_POLICY;
	entry.time_us = row.at_us;
	entry.actor_type = "system";
	entry.actor_id = "scimward";
	entry.operation = record->operation;
	entry.outcome = record->step == NULL ? "activated" : "refused";
	entry.revision = record->next->revision;
	entry.detail = make_detail(arena, record);
	bool ok = journal_pack(packer, arena, &entry, &packed, err);
	if (ok) {
		row.leaf = packed.leaf;
		row.leaf_size = packed.leaf_size;
		row.payload = packed.payload;
		row.payload_size = packed.payload_size;
		commit.entry = &row;
		commit.now_us = row.at_us;
		ok = store_commit_wait(gateway->store, &commit, err);
	}
	journal_packer_free(packer);
	return ok;
}
