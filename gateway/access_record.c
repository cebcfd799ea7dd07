/*
 * What AuthZEN's questions leave in the journal, as access.journal says (none, denied, all): one
 * entry of kind "access" for each answer, all written before the reply leaves. The leaf has effect,
 * reason codes and revision; who asked about whom stands in the payload.
 */
#include <string.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/value.h"
#include "config/config.h"
#include "gateway/access_run.h"
#include "gateway/gateway.h"
#include "journal/entry.h"
#include "store/commit.h"
#include "store/store.h"

/* One answer on its way to the committer. */
struct row {
	struct access_record *record;
	struct journal_packed packed;
	struct store_entry entry;
	struct store_commit commit;
};

struct access_record {
	struct request *request;
	struct row *rows;
	size_t count;
	size_t packed;
	size_t waiting; /* rows that the committer has */
};

enum { PACK_SLICE = 20, REASONS_MAX = 16 };

static bool is_recorded(const struct request *request, const struct access_item *item)
{
	switch (request->worker->gateway->config->access.journal) {
	case CONFIG_ACCESS_NONE:
		return false;
	case CONFIG_ACCESS_DENIED:
		return item->err.code == ERROR_NONE && item->done && !item->answer.decision;
	case CONFIG_ACCESS_ALL:
		break;
	}
	return item->err.code == ERROR_NONE && item->done;
}

static struct access_item *item_of(struct access_run *run, struct request *request, size_t number)
{
	for (size_t i = 0; i < run->count; i++) {
		if (is_recorded(request, &run->items[i]) && number-- == 0) {
			return &run->items[i];
		}
	}
	return NULL;
}

static bool pack(struct request *request, struct row *row, const struct access_item *item)
{
	struct journal_entry entry = JOURNAL_ENTRY_INIT;
	const char *reasons[REASONS_MAX];

	entry.kind = JOURNAL_ACCESS;
	entry.time_us = request->time_us;
	entry.tenant = request->source->config->tenant;
	entry.source = request->source->config->name;
	entry.operation = "evaluate";
	entry.effect = item->answer.decision ? "allow" : "deny";
	entry.reasons = reasons;
	for (size_t i = 0; i < value_count(item->answer.reasons) && i < REASONS_MAX; i++) {
		reasons[entry.reason_count++] =
			value_find_text(value_at(item->answer.reasons, i), "code");
	}
	entry.revision = item->answer.revision;
	entry.request = request->id;
	entry.trace = request->trace[0] != '\0' ? request->trace : NULL;
	entry.input = item->answer.input;
	entry.output = access_response(request->arena, &item->answer);
	if (!journal_pack(
		    request->worker->packer, request->arena, &entry, &row->packed, &request->err)) {
		return false;
	}
	row->entry = (struct store_entry){ .kind = JOURNAL_ACCESS,
		.tenant = request->source->tenant,
		.at_us = request->time_us,
		.leaf = row->packed.leaf,
		.leaf_size = row->packed.leaf_size,
		.payload = row->packed.payload,
		.payload_size = row->packed.payload_size };
	row->commit = (struct store_commit){ .tenant = request->source->tenant,
		.source = request->source->id,
		.entry = &row->entry,
		.now_us = request->time_us };
	return true;
}

static struct access_record *begin(struct request *request)
{
	struct access_run *run = request->access;
	struct access_record *record = arena_calloc(request->arena, 1, sizeof(*record));

	record->request = request;
	for (size_t i = 0; i < run->count; i++) {
		record->count += is_recorded(request, &run->items[i]) ? 1 : 0;
	}
	record->rows = arena_calloc(request->arena, record->count + 1, sizeof(*record->rows));
	return record;
}

static void on_recorded(void *user)
{
	struct access_record *record = ((struct row *)user)->record;

	if (--record->waiting == 0) {
		request_resume(record->request);
	}
}

enum step_result access_record_start(struct request *request)
{
	struct access_run *run = request->access;
	struct access_record *record = run->record;

	if (record == NULL) {
		record = run->record = begin(request);
	}
	for (size_t i = 0; i < PACK_SLICE && record->packed < record->count; i++) {
		struct row *row = &record->rows[record->packed];

		row->record = record;
		if (!pack(request, row, item_of(run, request, record->packed))) {
			return STEP_FAIL;
		}
		record->packed++;
	}
	if (record->packed < record->count) {
		return STEP_AGAIN;
	}
	record->waiting = record->count;
	for (size_t i = 0; i < record->count; i++) {
		store_commit(request->worker->gateway->store, &record->rows[i].commit,
			request->worker->loop, on_recorded, &record->rows[i]);
	}
	return record->count > 0 ? STEP_WAIT : STEP_NEXT;
}

enum step_result access_record_finish(struct request *request)
{
	struct access_record *record = request->access->record;

	for (size_t i = 0; i < record->count; i++) {
		if (!record->rows[i].commit.ok) {
			request->err = record->rows[i].commit.err;
			return STEP_FAIL;
		}
	}
	return STEP_NEXT;
}
