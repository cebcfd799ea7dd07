/*
 * The step pack: apply obligations, find out whether anything changes, write the entry's bytes. All
 * that the committer needs not do; nothing is changed here either.
 */
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/value.h"
#include "config/config.h"
#include "gateway/gateway.h"
#include "gateway/input.h"
#include "gateway/members.h"
#include "gateway/snapshot.h"
#include "gateway/write.h"
#include "io/loop.h"
#include "io/worker.h"
#include "policy/engine.h"

bool write_is_allowed(const struct write *write)
{
	return strcmp(write->effect, "allow") == 0;
}

/* ---- obligations ---- */

/* A policy may make a person inactive by an obligation, or keep one active: the rails count what
 * happens, not what was asked for. */
static void count_leaver(struct request *request)
{
	struct write *write = request->write;
	struct rate *rate = request->worker->gateway->rate;
	bool leaves = request->type->is_person && write->before_doc != NULL &&
		      scim_resource_is_active(write->before_doc) &&
		      !scim_resource_is_active(write->final_doc);

	if (leaves != write->leaves) {
		rate_settle(rate, &write->rate, false, request->time_us);
		write->leaves = leaves;
		write->rate.counts[STORE_RATE_DEACTIVATIONS - 1] = leaves ? 1 : 0;
		rate_reserve(rate, &write->rate, request->time_us);
	}
}

/* An obligation that cannot be applied is no answer (decision contract). */
static bool oblige(struct request *request, struct error *err)
{
	struct write *write = request->write;
	struct scim_patch patch;
	struct scim_patch_result result = { 0 };

	write->final_doc = write->after_doc;
	if (write->decision.obligations == NULL || write->after_doc == NULL) {
		return true;
	}
	if (!scim_patch_parse_obligations(
		    request->arena, request->type, write->decision.obligations, &patch, err) ||
		!scim_patch_apply(request->arena, &patch, request->resource_text, write->after_doc,
			&result, err)) {
		return error_wrap(err, "obligations");
	}
	write->final_doc = result.doc;
	count_leaver(request);
	return true;
}

static void refuse_obligations(struct request *request, const struct error *err)
{
	struct write *write = request->write;

	write->failure.kind = POLICY_FAILURE_INVALID;
	snprintf(write->failure.text, sizeof(write->failure.text), "%s", err->text);
	write->has_answer = false;
	write->observed_count = 0;
	write->overridden = false;
	write->effect = "error";
	write->reasons[0] = policy_failure_code(POLICY_FAILURE_INVALID);
	write->reason_count = 1;
	write->code = write->reasons[0];
	write->message = write->failure.text;
	rate_settle(request->worker->gateway->rate, &write->rate, false, request->time_us);
}

/* ---- apps ---- */

static int compare_ids(const void *a, const void *b)
{
	int left = *(const int *)a;
	int right = *(const int *)b;

	return (left > right) - (left < right);
}

static size_t distinct(int *ids, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		if (kept == 0 || ids[kept - 1] != ids[i]) {
			ids[kept++] = ids[i];
		}
	}
	return kept;
}

/* The names of decision.apps as the store's numbers. One that is no app of the configuration is
 * nowhere. */
static void resolve_apps(struct request *request)
{
	struct write *write = request->write;
	int *ids;

	if (!write->decision.has_apps) {
		return;
	}
	ids = arena_alloc(request->arena, (write->decision.app_count + 1) * sizeof(*ids));
	write->apps = (struct store_apps){ .ids = ids };
	for (size_t i = 0; i < write->decision.app_count; i++) {
		const struct gateway_app *app =
			gateway_find_app(request->worker->gateway, write->decision.apps[i]);

		if (app != NULL) {
			ids[write->apps.count++] = app->id;
		}
	}
	qsort(ids, write->apps.count, sizeof(*ids), compare_ids);
	write->apps.count = distinct(ids, write->apps.count);
}

/* Where the policy wants it is where it may be already. */
static bool keeps_apps(struct request *request)
{
	const struct write *write = request->write;
	const struct store_apps *before = &write->before->apps;

	if (!write->decision.has_apps) {
		return true;
	}
	return !before->all && before->count == write->apps.count &&
	       memcmp(before->ids, write->apps.ids, before->count * sizeof(*before->ids)) == 0;
}

/* Nothing to do is found after obligations: decided, journaled, no version, no delivery. */
static bool is_noop(struct request *request)
{
	const struct write *write = request->write;

	return (write->operation == WRITE_REPLACE || write->operation == WRITE_PATCH) &&
	       write->added_count + write->removed_count == 0 && keeps_apps(request) &&
	       write_same_text(write->external, write->before_external) &&
	       value_equals(write->final_doc, write->before_doc);
}

/* ---- the entry ---- */

/* Larger operations are packed by the helper thread: compressing them takes longer than a loop may
 * stand. */
enum { PACK_INLINE_CHANGES = WRITE_SLICE };

const struct value *write_subject(struct request *request)
{
	struct write *write = request->write;
	const char *name = request->type->label;
	const struct value *doc = write->after_doc != NULL ? write->after_doc : write->before_doc;
	struct value_builder it = { .arena = request->arena };

	if (name != NULL) {
		value_add(&it, name, value_find(doc, name));
	}
	return value_finish_object(&it);
}

static const struct value *detail_of(struct request *request)
{
	struct write *write = request->write;
	struct value_builder it = { .arena = request->arena };

	if (write->has_answer && write->dropped == NULL) {
		return NULL;
	}
	value_add(&it, "dropped", write->dropped); /* what the source sent and nobody will see */
	value_add_text(&it, "error", write->has_answer ? NULL : write->failure.text);
	return value_finish_object(&it);
}

const struct value *write_output(struct request *request)
{
	const struct write *write = request->write;

	if (!write->has_answer || write->slice_count <= 1) {
		return write->has_answer ? write->decision.value : NULL;
	}
	return policy_decision_of_slices(request->arena, write->decision.value, write->observed,
		write->observed_count, write->overridable);
}

/* The person who acts. */
static const char *subject_id(struct request *request)
{
	char *id = arena_alloc(request->arena, UUID_TEXT_BYTES);

	uuid_format(request->subject, id);
	return id;
}

static void fill_entry(struct request *request, struct journal_entry *entry)
{
	struct write *write = request->write;
	const struct config_source *source = request->source->config;

	*entry = (struct journal_entry)JOURNAL_ENTRY_INIT;
	entry->kind = JOURNAL_DECISION;
	entry->time_us = request->time_us;
	entry->tenant = source->tenant;
	entry->source = source->name;
	entry->actor_type = request->subject != NULL ? "user" : "source";
	entry->actor_id = request->subject != NULL ? subject_id(request) : source->name;
	entry->operation = write_operation_name(write->operation);
	entry->resource_type = request->type->name;
	entry->resource_id = request->resource_text;
	entry->effect = write->effect;
	entry->reasons = write->reasons;
	entry->reason_count = write->reason_count;
	entry->noop = write->noop;
	entry->overridden = write->overridden;
	entry->revision = write->revision;
	entry->latency_us = loop_now_us() - request->started_us;
	entry->request = request->id;
	entry->trace = request->trace[0] != '\0' ? request->trace : NULL;
	entry->input = input_whole(request);
	entry->output = write_output(request);
	entry->stored = write->final_doc != write->after_doc ? write->final_doc : NULL;
	entry->subject = write_subject(request);
	entry->detail = detail_of(request);
	if (write->before != NULL && write->before->doc_entry >= 0) {
		entry->before_entry = (uint64_t)write->before->doc_entry;
	}
	if (request->type->has_members) {
		entry->added_entries = write->judged_entries;
		entry->removed_entries = write->removed_entries;
	}
}

static bool pack(struct request *request, struct journal_packer *packer, struct error *err)
{
	struct journal_entry entry;

	fill_entry(request, &entry);
	return journal_pack(packer, request->arena, &entry, &request->write->packed, err);
}

static void pack_in_helper(void *job)
{
	struct request *request = job;
	struct journal_packer *packer = journal_packer_new();

	request->write->pack_failed = !pack(request, packer, &request->err);
	journal_packer_free(packer);
}

static void on_packed(void *job)
{
	request_resume(job);
}

static enum step_result give_up(struct request *request)
{
	rate_settle(request->worker->gateway->rate, &request->write->rate, false, request->time_us);
	return STEP_FAIL;
}

enum step_result write_pack_start(struct request *request)
{
	struct write *write = request->write;
	struct error err = { 0 };

	write->final_doc = NULL;
	write->noop = false;
	if (write_is_allowed(write)) {
		if (!oblige(request, &err)) {
			refuse_obligations(request, &err);
		} else {
			resolve_apps(request);
			write->noop = is_noop(request);
		}
	}
	if (!write_is_allowed(write)) {
		write->final_doc = write->after_doc; /* the entry shows what was asked for */
	}
	if (write->judged_count + write->removed_count <= PACK_INLINE_CHANGES) {
		return pack(request, request->worker->packer, &request->err) ? STEP_NEXT
									     : give_up(request);
	}
	if (!worker_submit(request->worker->gateway->helper, request->worker->loop, pack_in_helper,
		    on_packed, request)) {
		error_set(&request->err, ERROR_STORE,
			"too many large operations at once; nothing was changed, try again");
		return give_up(request);
	}
	return STEP_WAIT;
}

enum step_result write_pack_finish(struct request *request)
{
	return request->write->pack_failed ? give_up(request) : STEP_NEXT;
}
