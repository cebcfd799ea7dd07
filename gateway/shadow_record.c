/* Differences as entries of the journal. */
#include <stddef.h>
#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/value.h"
#include "config/config.h"
#include "gateway/gateway.h"
#include "gateway/shadow_inside.h"
#include "gateway/verdict.h"
#include "policy/engine.h"

/* Has this second had its share? */
static bool may_record(struct shadow *shadow, int64_t now_us)
{
	int64_t second = now_us / 1000000;

	if (shadow->second != second) {
		shadow->second = second;
		shadow->in_second = 0;
	}
	return shadow->in_second++ < shadow->gateway->config->shadow.journal_per_s;
}

static const struct value *live_value(const struct shadow_job *job)
{
	const struct replay_recorded *live = &job->live;
	struct value_builder codes = { .arena = job->arena };
	struct value_builder it = { .arena = job->arena };

	for (size_t i = 0; i < live->reason_count; i++) {
		value_add_item(&codes, value_of_text(job->arena, live->reasons[i].code));
	}
	value_add(&it, "apps", value_find(live->output, "apps"));
	value_add_text(&it, "effect", replay_effect_name(live->effect));
	value_add(&it, "obligations", value_find(live->output, "obligations"));
	value_add(&it, "reasons", value_finish_array(&codes));
	value_add_text(&it, "revision", job->live_revision);
	return value_finish_object(&it);
}

static void fill_entry(const struct shadow_job *job, const struct verdict *verdict,
	const char *const *codes, enum replay_change change, struct journal_entry *entry)
{
	struct value_builder detail = { .arena = job->arena };

	value_add_text(&detail, "error", verdict->failure);
	value_add(&detail, "live", live_value(job));
	*entry = (struct journal_entry)JOURNAL_ENTRY_INIT;
	entry->kind = JOURNAL_SHADOW;
	entry->time_us = job->entry.at_us;
	entry->tenant = job->tenant;
	entry->source = job->source;
	entry->actor_type = "system";
	entry->actor_id = "scimward";
	entry->operation = job->operation;
	entry->resource_type = job->type;
	entry->resource_id = job->id;
	entry->effect = verdict->effect;
	entry->reasons = codes;
	entry->reason_count = verdict->reason_count;
	entry->revision = policy_revision(job->candidate);
	entry->outcome = shadow_change_word(change);
	entry->decision = (uint64_t)job->index;
	entry->output = verdict->output;
	entry->subject = job->subject;
	entry->detail = value_finish_object(&detail);
}

static bool pack(struct shadow_job *job, const struct verdict *verdict, enum replay_change change,
	struct error *err)
{
	const char **codes =
		arena_calloc(job->arena, verdict->reason_count + 1, sizeof(const char *));
	struct journal_entry entry;

	for (size_t i = 0; i < verdict->reason_count; i++) {
		codes[i] = verdict->reasons[i].code;
	}
	fill_entry(job, verdict, codes, change, &entry);
	return journal_pack(job->shadow->packer, job->arena, &entry, &job->packed, err);
}

static void on_recorded(void *user)
{
	struct shadow_job *job = user;
	struct shadow *shadow = job->shadow;

	shadow->under_way--;
	shadow_count(shadow, job->commit.ok ? offsetof(struct shadow_counts, journaled)
					    : offsetof(struct shadow_counts, not_journaled));
	shadow_job_free(job);
	shadow_tell_stopped(shadow);
}

void shadow_record(struct shadow_job *job, const struct verdict *verdict, enum replay_change change)
{
	struct shadow *shadow = job->shadow;
	struct error err = { 0 };
	int64_t now_us = clock_now_us();

	job->entry = (struct store_entry){
		.kind = JOURNAL_SHADOW, .tenant = job->tenant_id, .rid = job->rid, .at_us = now_us
	};
	if (!may_record(shadow, now_us) || !pack(job, verdict, change, &err)) {
		shadow_count(shadow, offsetof(struct shadow_counts, not_journaled));
		shadow_job_free(job);
		return;
	}
	job->entry.leaf = job->packed.leaf;
	job->entry.leaf_size = job->packed.leaf_size;
	job->entry.payload = job->packed.payload;
	job->entry.payload_size = job->packed.payload_size;
	job->commit = (struct store_commit){
		.tenant = job->tenant_id, .entry = &job->entry, .now_us = now_us
	};
	shadow->under_way++;
	store_commit(shadow->gateway->store, &job->commit, shadow->loop, on_recorded, job);
}
