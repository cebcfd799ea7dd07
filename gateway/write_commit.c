/*
 * The steps pack and commit: apply obligations, write the entry, make everything durable at once.
 *
 * A denial, a hold and no answer are committed as well, with an entry alone. What the disk refuses
 * is answered 503 and nothing has changed; a conflict goes back to load.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/value.h"
#include "config/config.h"
#include "gateway/gateway.h"
#include "gateway/input.h"
#include "gateway/members.h"
#include "gateway/query_key.h"
#include "gateway/snapshot.h"
#include "gateway/write.h"
#include "io/loop.h"
#include "io/worker.h"
#include "policy/engine.h"
#include "scim/key.h"

static bool is_allowed(const struct write *write)
{
	return strcmp(write->effect, "allow") == 0;
}

/* ---- obligations ---- */

/* An obligation that cannot be applied is no answer (product.md). */
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
	return true;
}

static void refuse_obligations(struct request *request, const struct error *err)
{
	struct write *write = request->write;

	write->failure.kind = POLICY_FAILURE_INVALID;
	snprintf(write->failure.text, sizeof(write->failure.text), "%s", err->text);
	write->has_answer = false;
	write->effect = "error";
	write->reasons[0] = policy_failure_code(POLICY_FAILURE_INVALID);
	write->reason_count = 1;
	write->code = write->reasons[0];
	write->message = write->failure.text;
	rate_settle(request->worker->gateway->rate, &write->rate, false, request->time_us);
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Nothing to do is found after obligations: decided, journaled, no version, no delivery. */
static bool is_noop(const struct write *write)
{
	return (write->operation == WRITE_REPLACE || write->operation == WRITE_PATCH) &&
	       write->added_count + write->removed_count == 0 && !write->decision.has_apps &&
	       same_text(write->external, write->before_external) &&
	       value_equals(write->final_doc, write->before_doc);
}

/* ---- the entry ---- */

/* Larger operations are packed by the helper thread: compressing them takes longer than a loop may
 * stand. */
enum { PACK_INLINE_CHANGES = WRITE_SLICE };

static const struct value *subject_of(struct request *request)
{
	struct write *write = request->write;
	const char *name = request->type->has_members ? "displayName" : "userName";
	const struct value *doc = write->after_doc != NULL ? write->after_doc : write->before_doc;
	struct value_builder it = { .arena = request->arena };

	value_add(&it, name, value_find(doc, name));
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

static void fill_entry(struct request *request, struct journal_entry *entry)
{
	struct write *write = request->write;
	const struct config_source *source = request->source->config;

	*entry = (struct journal_entry)JOURNAL_ENTRY_INIT;
	entry->kind = JOURNAL_DECISION;
	entry->time_us = request->time_us;
	entry->tenant = source->tenant;
	entry->source = source->name;
	entry->actor_type = "source";
	entry->actor_id = source->name;
	entry->operation = write_operation_name(write->operation);
	entry->resource_type = request->type->name;
	entry->resource_id = request->resource_text;
	entry->effect = write->effect;
	entry->reasons = write->reasons;
	entry->reason_count = write->reason_count;
	entry->noop = write->noop;
	entry->revision = policy_revision(request->snapshot->policy);
	entry->latency_us = loop_now_us() - request->started_us;
	entry->request = request->id;
	entry->trace = request->trace[0] != '\0' ? request->trace : NULL;
	entry->input = input_whole(request);
	entry->output = write->has_answer ? write->decision.value : NULL;
	entry->stored = write->final_doc != write->after_doc ? write->final_doc : NULL;
	entry->subject = subject_of(request);
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
	if (is_allowed(write)) {
		if (!oblige(request, &err)) {
			refuse_obligations(request, &err);
		} else {
			write->noop = is_noop(write);
		}
	}
	if (!is_allowed(write)) {
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

/* ---- the commit ---- */

/* The keys it holds afterwards: those of the document, this source's externalId, those of others.
 */
static void fill_keys(struct request *request)
{
	struct write *write = request->write;
	struct scim_key *keys = arena_alloc(request->arena, SCIM_KEYS_MAX * sizeof(*keys));
	size_t count = scim_keys_of_doc(request->arena, request->type, write->final_doc, keys);
	int64_t scope = store_scope_external(request->source->id, request->store_type);
	size_t used = 0;

	if (write->external != NULL) {
		write->keys[used++] = (struct store_key){ .kind = STORE_KEY_EXTERNAL_ID,
			.unique = true,
			.scope = scope,
			.value = write->external,
			.size = strlen(write->external) };
	}
	for (size_t i = 0; write->before != NULL && i < write->before->key_count; i++) {
		const struct store_key *key = &write->before->keys[i];

		if (key->kind == STORE_KEY_EXTERNAL_ID && key->scope != scope &&
			used < STORE_KEYS) {
			write->keys[used++] = *key;
		}
	}
	for (size_t i = 0; i < count && used < STORE_KEYS; i++) {
		write->keys[used] = query_store_key(request, request->type, &keys[i]);
		used += write->keys[used].kind != 0;
	}
	write->row.keys = write->keys;
	write->row.key_count = used;
}

static int compare_ids(const void *a, const void *b)
{
	int left = *(const int *)a;
	int right = *(const int *)b;

	return (left > right) - (left < right);
}

/* The names of decision.apps as the store's numbers. One that is no app of the configuration is
 * nowhere. */
static void fill_apps(struct request *request)
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
	write->row.apps = &write->apps;
}

static const int64_t *rids_of(struct arena *arena, const struct member *members, size_t count)
{
	int64_t *rids = arena_alloc(arena, (count + 1) * sizeof(*rids));

	for (size_t i = 0; i < count; i++) {
		rids[i] = members[i].rid;
	}
	return rids;
}

static const char *name_of(struct request *request)
{
	return value_find_text(
		request->write->final_doc, request->type->has_members ? "displayName" : "userName");
}

static void fill_row(struct request *request)
{
	struct write *write = request->write;
	struct store_write *row = &write->row;
	struct buf doc = { 0 };

	*row = (struct store_write){ .before = write->before, .type = request->store_type };
	write->commit.write = row;
	if (write->operation == WRITE_DELETE) {
		row->action = STORE_DELETE;
		return;
	}
	row->action = write->operation == WRITE_CREATE ? STORE_CREATE : STORE_UPDATE;
	memcpy(row->id, request->resource_id, UUID_BYTES);
	row->added = rids_of(request->arena, write->added, write->added_count);
	row->added_count = write->added_count;
	row->removed = rids_of(request->arena, write->removed, write->removed_count);
	row->removed_count = write->removed_count;
	fill_apps(request);
	if (row->action == STORE_UPDATE && value_equals(write->final_doc, write->before_doc) &&
		same_text(write->external, write->before_external)) {
		return; /* members alone: document, name and keys stay */
	}
	row->active = request->type->has_members || scim_resource_is_active(write->final_doc);
	row->name = name_of(request);
	value_print(&doc, write->final_doc);
	row->doc = arena_text(request->arena, buf_text(&doc), doc.size);
	row->doc_size = doc.size;
	buf_fini(&doc);
	fill_keys(request);
}

/* Whom a change concerns: every app looks at its own copy when its turn comes (product.md,
 * "Deliveries are desired states"). */
static void fill_wants(struct request *request)
{
	struct write *write = request->write;
	const struct gateway *gateway = request->worker->gateway;
	struct store_want *wants =
		arena_calloc(request->arena, gateway->app_count + 1, sizeof(*wants));
	struct store_scope *scopes =
		arena_calloc(request->arena, gateway->app_count + 1, sizeof(*scopes));
	bool group = request->type->has_members;
	bool moves = write->added_count + write->removed_count > 0;

	for (size_t i = 0; i < gateway->app_count; i++) {
		const struct gateway_app *app = &gateway->apps[i];

		if (app->tenant != request->source->tenant) {
			continue;
		}
		if (!group || app->takes_groups) {
			wants[write->commit.want_count++] =
				(struct store_want){ .app = app->id, .urgent = write->leaves };
		}
		if (group && app->names_groups &&
			(moves || write->renames || write->operation == WRITE_DELETE)) {
			scopes[write->commit.scope_count++] = (struct store_scope){ .app = app->id,
				.all = write->renames || write->operation == WRITE_DELETE };
		}
	}
	write->commit.wants = wants;
	write->commit.scopes = scopes;
	write->commit.want_linked = true;
}

static void fill_commit(struct request *request)
{
	struct write *write = request->write;

	write->commit = (struct store_commit){
		.tenant = request->source->tenant,
		.source = request->source->id,
		.urgent = write->leaves || write->operation == WRITE_DELETE,
		.entry = &write->entry,
		.now_us = request->time_us,
	};
	write->entry = (struct store_entry){
		.kind = JOURNAL_DECISION,
		.tenant = request->source->tenant,
		.rid = write->before != NULL ? write->before->rid : 0,
		.at_us = request->time_us,
		.leaf = write->packed.leaf,
		.leaf_size = write->packed.leaf_size,
		.payload = write->packed.payload_size > 0 ? write->packed.payload : NULL,
		.payload_size = write->packed.payload_size,
	};
	if (is_allowed(write) && !write->noop) {
		fill_row(request);
		fill_wants(request);
		memcpy(write->commit.rates, write->rate.counts, sizeof(write->commit.rates));
	}
}

static void on_committed(void *user)
{
	request_resume(user);
}

enum step_result write_commit_start(struct request *request)
{
	fill_commit(request);
	store_commit(request->worker->gateway->store, &request->write->commit,
		request->worker->loop, on_committed, request);
	return STEP_WAIT;
}

/* Somebody else was faster: read again, decide again, as long as the request may take. */
static enum step_result again(struct request *request)
{
	struct write *write = request->write;

	if (++write->tries >= WRITE_TRIES || loop_now_us() > write->deadline_us) {
		error_set(&request->err, ERROR_TIMEOUT,
			"the resource changed faster than this write could be decided; nothing was "
			"changed");
		return STEP_FAIL;
	}
	write_forget(write);
	request->back = write->load;
	return STEP_BACK;
}

static void explain_taken(struct request *request)
{
	struct write *write = request->write;
	const char *what = "a value that must be unique is";

	switch (write->commit.key_kind) {
	case STORE_KEY_USER_NAME:
		what = "userName is";
		break;
	case STORE_KEY_GROUP_NAME:
		what = "displayName is";
		break;
	case STORE_KEY_EXTERNAL_ID:
		what = "externalId is";
		break;
	}
	error_set(&request->err, ERROR_UNIQUENESS,
		"%s already taken by another %s; find it with a filter and change that one", what,
		request->type->name);
}

static enum step_result answer(struct request *request)
{
	struct write *write = request->write;

	if (is_allowed(write)) {
		return STEP_NEXT;
	}
	if (!write->has_answer) {
		error_set(&request->err, ERROR_POLICY,
			"the policy gave no answer, so nothing was changed (%s, journal index "
			"%lld)",
			write->code, (long long)write->commit.index);
	} else if (strcmp(write->effect, "hold") == 0) {
		error_set(&request->err, ERROR_DENIED,
			"held for approval: %s (held, %s, journal index %lld)", write->message,
			write->code, (long long)write->commit.index);
	} else {
		error_set(&request->err, ERROR_DENIED, "%s (%s, journal index %lld)",
			write->message, write->code, (long long)write->commit.index);
	}
	return STEP_FAIL;
}

enum step_result write_commit_finish(struct request *request)
{
	struct write *write = request->write;
	struct store_commit *commit = &write->commit;
	bool happened = commit->ok && is_allowed(write) && !write->noop;

	rate_settle(request->worker->gateway->rate, &write->rate, happened, request->time_us);
	if (!commit->ok) {
		if (commit->err.code == ERROR_CONFLICT) {
			return again(request);
		}
		request->err = commit->err;
		if (commit->err.code == ERROR_UNIQUENESS) {
			explain_taken(request);
		}
		return STEP_FAIL;
	}
	journal_receipt((uint64_t)commit->index, &write->packed.leaf_hash, write->journal);
	return answer(request);
}
