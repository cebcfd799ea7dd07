/*
 * The step commit: make everything durable at once.
 *
 * A denial, a hold and no answer are committed as well, with an entry alone. What the disk refuses
 * is answered 503 and nothing has changed; a conflict goes back to load.
 */
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/value.h"
#include "gateway/gateway.h"
#include "gateway/members.h"
#include "gateway/metrics.h"
#include "gateway/override.h"
#include "gateway/query_key.h"
#include "gateway/write.h"
#include "io/loop.h"
#include "scim/key.h"

/* One more than there is room for is for the store to refuse. */
static void add_key(struct write *write, const struct store_key *key)
{
	if (key->kind != 0 && write->row.key_count <= STORE_KEYS) {
		write->keys[write->row.key_count++] = *key;
	}
}

/* What identifies it must fit: the externalId of each source, and what is unique in the document.
 */
static void add_identifiers(struct request *request, const struct store_key *of_doc, size_t count)
{
	struct write *write = request->write;
	int64_t scope = store_scope_external(request->source->id, request->store_type);

	if (write->external != NULL) {
		add_key(write, &(struct store_key){ .kind = STORE_KEY_EXTERNAL_ID,
				       .unique = true,
				       .scope = scope,
				       .value = write->external,
				       .size = strlen(write->external) });
	}
	for (size_t i = 0; i < count; i++) {
		if (of_doc[i].unique) {
			add_key(write, &of_doc[i]);
		}
	}
	for (size_t i = 0; write->before != NULL && i < write->before->key_count; i++) {
		const struct store_key *key = &write->before->keys[i];

		if (key->kind == STORE_KEY_EXTERNAL_ID && key->scope != scope) {
			add_key(write, key);
		}
	}
}

/* The keys it holds afterwards. By what is not unique it may be found as far as there is room. */
static void fill_keys(struct request *request)
{
	struct write *write = request->write;
	struct scim_key *keys = arena_alloc(request->arena, SCIM_KEYS_MAX * sizeof(*keys));
	size_t count = scim_keys_of_doc(request->arena, request->type, write->final_doc, keys);
	struct store_key *of_doc = arena_alloc(request->arena, (count + 1) * sizeof(*of_doc));

	for (size_t i = 0; i < count; i++) {
		of_doc[i] = query_store_key(request, request->type, &keys[i]);
	}
	write->row.keys = write->keys;
	add_identifiers(request, of_doc, count);
	for (size_t i = 0; i < count && write->row.key_count < STORE_KEYS; i++) {
		if (!of_doc[i].unique) {
			add_key(write, &of_doc[i]);
		}
	}
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
	const char *label = request->type->label;

	return label != NULL ? value_find_text(request->write->final_doc, label) : NULL;
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
	row->apps = write->decision.has_apps ? &write->apps : NULL;
	if (row->action == STORE_UPDATE && value_equals(write->final_doc, write->before_doc) &&
		write_same_text(write->external, write->before_external)) {
		return; /* members alone: document, name and keys stay */
	}
	row->active = !request->type->is_person || scim_resource_is_active(write->final_doc);
	row->name = name_of(request);
	value_print(&doc, write->final_doc);
	row->doc = arena_text(request->arena, buf_text(&doc), doc.size);
	row->doc_size = doc.size;
	buf_fini(&doc);
	fill_keys(request);
}

/* Connectors bring people and groups to apps; resources of other types are kept, not delivered.
 */
static bool is_delivered(const struct scim_resource_type *type)
{
	return type->is_person || type->has_members;
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
	if (write_is_allowed(write) && !write->noop) {
		fill_row(request);
		if (is_delivered(request->type)) {
			fill_wants(request);
		}
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

/* The attribute of a configured schema whose value is taken. */
static const char *custom_key(struct request *request, bool *everywhere)
{
	const struct gateway *gateway = request->worker->gateway;

	for (size_t i = 0; i < gateway->model->unique_count; i++) {
		const struct scim_attribute *it = gateway->model->unique[i];

		if (gateway->keys[i] == request->write->commit.key_kind) {
			*everywhere = it->uniqueness == SCIM_GLOBAL;
			return arena_printf(request->arena, "%s is", value_text(it->path));
		}
	}
	return "a value that must be unique is";
}

static void explain_taken(struct request *request)
{
	struct write *write = request->write;
	const char *what;
	bool everywhere = false;

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
	default:
		what = custom_key(request, &everywhere);
	}
	error_set(&request->err, ERROR_UNIQUENESS, "%s already taken by another %s%s", what,
		everywhere ? "resource" : request->type->name,
		everywhere ? "; it is unique over all tenants"
			   : "; find it with a filter and change that one");
}

/* A policy's text within what an error holds, so that what stands behind it has room. */
static const char *brief(struct arena *arena, const char *text, size_t most)
{
	size_t size = strlen(text);

	if (size <= most) {
		return text;
	}
	size = most;
	while (size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80) {
		size--;
	}
	return arena_printf(arena, "%.*s…", (int)size, text);
}

/* What admins of the source see: what, which rule, where to read on. A policy need not give a
 * reason. */
static void explain_no(struct request *request)
{
	const struct write *write = request->write;
	bool held = strcmp(write->effect, "hold") == 0;
	bool may_override = write->overridable && request->override == NULL;
	long long index = (long long)write->commit.index;

	if (write->code[0] == '\0') {
		error_set(&request->err, ERROR_DENIED, "%sjournal index %lld)",
			held ? "held for approval (held, "
			     : "the policy refuses this and gives no reason (",
			index);
		return;
	}
	error_set(&request->err, ERROR_DENIED, "%s%s (%s%s, journal index %lld)%s",
		held ? "held for approval: " : "",
		brief(request->arena, write->message, may_override ? 200 : 300),
		held ? "held, " : "", brief(request->arena, write->code, 100), index,
		may_override ? "; an admin may override this: send the same write with the "
			       "header " OVERRIDE_HEADER ": <reason>"
			     : "");
}

static enum step_result answer(struct request *request)
{
	struct write *write = request->write;

	if (write_is_allowed(write)) {
		return STEP_NEXT;
	}
	if (!write->has_answer) {
		error_set(&request->err, ERROR_POLICY,
			"the policy gave no answer, so nothing was changed (%s, journal index "
			"%lld)",
			write->code, (long long)write->commit.index);
	} else {
		explain_no(request);
	}
	return STEP_FAIL;
}

enum step_result write_commit_finish(struct request *request)
{
	struct write *write = request->write;
	struct store_commit *commit = &write->commit;
	bool happened = commit->ok && write_is_allowed(write) && !write->noop;

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
	metrics_decision(request->worker->metrics, (unsigned)request->source->index, write->effect,
		write->reasons, write->reason_count, write->decide_us);
	if (write->observed_count > 0 || write->overridden) {
		metrics_levels(request->worker->metrics, (unsigned)request->source->index,
			write->observed, write->observed_count, write->overridden);
	}
	return answer(request);
}
