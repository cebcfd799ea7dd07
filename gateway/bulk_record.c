/*
 * The steps pack and record of a bulk request whose client takes 202 (RFC 9967, 2.5.1.2): what its
 * operations came to becomes an entry of the journal, whose index is the transaction. flow_event.c
 * reads it back, one event for each operation:
 *
 *     kind system, operation bulk, detail {"operations": {"0": {"path": …, "result": {…}}, …}}
 *
 * The operations are done and have their own entries by then. When this one cannot be written the
 * client is answered as if it had not asked: the RFC leaves that to the server.
 */
#include <stdio.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/log.h"
#include "base/value.h"
#include "config/config.h"
#include "gateway/bulk.h"
#include "gateway/gateway.h"
#include "gateway/negotiate.h"
#include "io/worker.h"
#include "journal/entry.h"
#include "store/commit.h"
#include "store/store.h"

/* What the two steps share. */
struct bulk_record {
	struct request *request;
	const char *actor; /* id of the person who acts; NULL */
	struct journal_packed packed;
	struct store_commit commit;
	struct store_entry entry;
	struct error err; /* why there is none */
};

static const struct value *result_value(struct request *request, size_t index)
{
	static const struct value_limits limits = {
		.bytes = SIZE_MAX, .depth = 64, .values = SIZE_MAX
	};
	struct buf text = { 0 };
	const struct value *result;

	bulk_print_result(request, index, &text);
	result = value_parse(request->arena, text.data, text.size, &limits, NULL);
	buf_fini(&text);
	return result;
}

static const struct value *detail_of(struct request *request)
{
	struct bulk *bulk = request->bulk;
	struct value_builder operations = { .arena = request->arena };
	struct value_builder detail = { .arena = request->arena };

	for (size_t i = 0; i < bulk->plan.count; i++) {
		struct value_builder it = { .arena = request->arena };
		char number[24];

		if (bulk->outcomes[i].done) {
			snprintf(number, sizeof(number), "%zu", i);
			value_add_text(&it, "path", bulk_path(request, i));
			value_add(&it, "result", result_value(request, i));
			value_add(&operations, number, value_finish_object(&it));
		}
	}
	value_add(&detail, "operations", value_finish_object(&operations));
	return value_finish_object(&detail);
}

/* In the helper's thread: compressing a thousand results takes longer than a loop may stand. */
static void pack_in_helper(void *job)
{
	struct bulk_record *record = job;
	struct request *request = record->request;
	struct journal_packer *packer = journal_packer_new();
	struct journal_entry entry = JOURNAL_ENTRY_INIT;

	entry.kind = JOURNAL_SYSTEM;
	entry.time_us = request->time_us;
	entry.tenant = request->source->config->tenant;
	entry.source = request->source->config->name;
	entry.actor_type = record->actor != NULL ? "user" : "source";
	entry.actor_id = record->actor != NULL ? record->actor : entry.source;
	entry.operation = BULK_OPERATION;
	entry.request = request->id;
	entry.detail = detail_of(request);
	journal_pack(packer, request->arena, &entry, &record->packed, &record->err);
	journal_packer_free(packer);
}

static void on_packed(void *job)
{
	struct bulk_record *record = job;

	request_resume(record->request);
}

enum step_result bulk_pack_start(struct request *request)
{
	struct bulk_record *record;

	if (!negotiate_is_async(request)) {
		return STEP_NEXT;
	}
	record = arena_calloc(request->arena, 1, sizeof(*record));
	request->bulk->record = record;
	record->request = request;
	if (request->subject != NULL) {
		char *id = arena_alloc(request->arena, UUID_TEXT_BYTES);

		uuid_format(request->subject, id);
		record->actor = id;
	}
	if (!worker_submit(request->worker->gateway->helper, request->worker->loop, pack_in_helper,
		    on_packed, record)) {
		error_set(&record->err, ERROR_STORE, "too many large operations at once");
		return STEP_NEXT;
	}
	return STEP_WAIT;
}

enum step_result bulk_pack_finish(struct request *request)
{
	(void)request;
	return STEP_NEXT;
}

static void on_recorded(void *user)
{
	request_resume(user);
}

enum step_result bulk_record_start(struct request *request)
{
	struct bulk_record *record = request->bulk->record;

	if (record == NULL || record->err.code != ERROR_NONE) {
		return STEP_NEXT;
	}
	record->entry = (struct store_entry){ .kind = JOURNAL_SYSTEM,
		.tenant = request->source->tenant,
		.at_us = request->time_us,
		.leaf = record->packed.leaf,
		.leaf_size = record->packed.leaf_size,
		.payload = record->packed.payload,
		.payload_size = record->packed.payload_size };
	record->commit = (struct store_commit){ .tenant = request->source->tenant,
		.source = request->source->id,
		.entry = &record->entry,
		.now_us = request->time_us };
	store_commit(request->worker->gateway->store, &record->commit, request->worker->loop,
		on_recorded, request);
	return STEP_WAIT;
}

enum step_result bulk_record_finish(struct request *request)
{
	struct bulk *bulk = request->bulk;
	struct bulk_record *record = bulk->record;

	if (!record->commit.ok) {
		log_event(LOG_WARN, "bulk_not_recorded", "request", request->id, "error",
			record->commit.err.text, NULL);
		return STEP_NEXT;
	}
	bulk->recorded = true;
	bulk->index = record->commit.index;
	journal_receipt((uint64_t)bulk->index, &record->packed.leaf_hash, bulk->receipt);
	return STEP_NEXT;
}
