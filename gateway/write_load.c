/*
 * The steps load and apply: read what is, compute what would become. Nothing is changed here.
 */
#include <assert.h>
#include <string.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/value.h"
#include "config/config.h"
#include "gateway/gateway.h"
#include "gateway/members.h"
#include "gateway/write.h"
#include "io/loop.h"
#include "scim/changes.h"
#include "scim/etag.h"
#include "scim/match.h"
#include "store/read.h"

static const struct value_limits stored_limits = {
	.bytes = SIZE_MAX, .depth = 64, .values = SIZE_MAX
};

/* ---- load ---- */

void write_forget(struct write *write)
{
	write->before = NULL;
	write->before_doc = NULL;
	write->before_shown = NULL;
	write->before_external = NULL;
	write->groups = NULL;
	write->group_count = 0;
	write->after_doc = NULL;
	write->after_shown = NULL;
	write->members = NULL;
	write->added = NULL;
	write->added_count = 0;
	write->removed_count = 0;
	write->judged_count = 0;
	write->slice = 0;
	write->gathered = false;
	write->all_after = 0;
	write->all_count = 0;
	write->slice_count = 0;
	write->judged_entries = NULL;
	write->removed_entries = NULL;
	write->judged_values.count = 0;
	write->removed_values.count = 0;
}

/* RFC 7644, 3.14 and RFC 9110, 13.1. */
static bool check_versions(struct request *request, struct error *err)
{
	const char *wanted = request->write->if_match;
	const char *unwanted = request->write->if_none_match;
	int64_t version = request->write->before->version;
	bool is_wanted = true;
	bool is_unwanted = false;

	if ((wanted != NULL && !scim_etag_matches(wanted, version, &is_wanted, err)) ||
		(unwanted != NULL && !scim_etag_matches(unwanted, version, &is_unwanted, err))) {
		return false;
	}
	if (!is_wanted) {
		return error_set(err, ERROR_PRECONDITION,
			"If-Match names another version; the current one is W/\"%lld\"",
			(long long)version);
	}
	return !is_unwanted ||
	       error_set(err, ERROR_PRECONDITION,
		       "If-None-Match names the current version, W/\"%lld\"", (long long)version);
}

/* With the externalId that this source gave it: others see their own. */
static const struct value *shown(struct arena *arena, const struct value *doc, const char *external)
{
	if (doc == NULL || external == NULL) {
		return doc;
	}
	return value_with(arena, doc, "externalId", value_of_text(arena, external));
}

static bool read_resource(struct request *request, struct error *err)
{
	struct write *write = request->write;
	struct store_reader *reader = request->worker->reader;

	if (!request->has_id ||
		!store_find_id(reader, request->arena, request->source->tenant, request->store_type,
			request->resource_id, &write->before, err)) {
		return request->has_id ? false
				       : error_set(err, ERROR_NOT_FOUND, "no such resource");
	}
	if (write->before == NULL) {
		return error_set(
			err, ERROR_NOT_FOUND, "there is no %s with this id", request->type->name);
	}
	if (!check_versions(request, err)) {
		return false;
	}
	write->before_doc = value_parse(
		request->arena, write->before->doc, write->before->doc_size, &stored_limits, err);
	if (write->before_doc == NULL) {
		return error_wrap(err, "the stored document");
	}
	write->before_external = store_external_id(write->before, request->source->id);
	write->before_shown = shown(request->arena, write->before_doc, write->before_external);
	return !request->type->is_person ||
	       store_groups_of(reader, request->arena, write->before->rid, &write->groups,
		       &write->group_count, err);
}

/* All in one snapshot of the store. */
static bool load(struct request *request, struct error *err)
{
	struct write *write = request->write;
	struct store_reader *reader = request->worker->reader;
	bool ok;

	if (!store_read_begin(reader, err)) {
		return false;
	}
	ok = (write->operation == WRITE_CREATE || read_resource(request, err)) &&
	     store_population(reader, request->source->tenant, &write->population, err);
	store_read_end(reader);
	return ok;
}

enum step_result write_load_start(struct request *request)
{
	struct write *write = request->write;

	if (!load(request, &request->err)) {
		return STEP_FAIL;
	}
	if (write->may_leave && !write_claims_groups(write)) {
		return write_claim_again(request);
	}
	return STEP_NEXT;
}

/* ---- apply ---- */

static bool compute_create(struct request *request)
{
	struct write *write = request->write;

	write->after_doc =
		scim_resource_created(request->arena, request->type, write->resource.doc);
	write->external = write->resource.external_id != NULL
				  ? value_text(write->resource.external_id)
				  : NULL;
	return true;
}

static bool compute_replace(struct request *request, struct error *err)
{
	struct write *write = request->write;

	write->external = write->resource.external_id != NULL
				  ? value_text(write->resource.external_id)
				  : NULL;
	return scim_resource_replaced(request->arena, request->type, write->before_doc,
		write->resource.doc, &write->after_doc, err);
}

static bool compute_patch(struct request *request, struct error *err)
{
	struct write *write = request->write;
	struct scim_patch_result result = { 0 };

	if (!scim_patch_apply(request->arena, &write->patch, request->resource_text,
		    write->before_doc, &result, err)) {
		return false;
	}
	write->after_doc = result.doc;
	write->dropped = result.dropped;
	write->steps = result.steps;
	write->step_count = result.step_count;
	write->external = write->before_external;
	if (result.sets_external_id) {
		write->external =
			result.external_id != NULL ? value_text(result.external_id) : NULL;
	}
	return true;
}

static bool compute(struct request *request, struct error *err)
{
	switch (request->write->operation) {
	case WRITE_CREATE:
		return compute_create(request);
	case WRITE_REPLACE:
		return compute_replace(request, err);
	case WRITE_PATCH:
		return compute_patch(request, err);
	case WRITE_DELETE:
		break;
	}
	return true;
}

static bool is_active(const struct value *doc)
{
	return doc != NULL && scim_resource_is_active(doc);
}

bool write_same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool changes_name(const struct write *write)
{
	const char *before = value_find_text(write->before_doc, "displayName");
	const char *after = value_find_text(write->after_doc, "displayName");

	return write->before != NULL && write->after_doc != NULL && !write_same_text(before, after);
}

static bool is_late(struct request *request)
{
	if (loop_now_us() <= request->write->deadline_us) {
		return false;
	}
	error_set(&request->err, ERROR_TIMEOUT,
		"this operation takes too long; nothing was changed, send it in several requests");
	return true;
}

static enum step_result run_members(struct request *request)
{
	struct write *write = request->write;

	if (write->members == NULL) {
		write->members = members_new(request->arena, request->worker->reader,
			request->source->dialect, request->source->tenant,
			write->before != NULL ? write->before->rid : 0, write->steps,
			write->step_count);
	}
	switch (members_run(write->members, &request->err)) {
	case MEMBERS_MORE: /* a thousand operations may each walk a large group */
		return is_late(request) ? STEP_FAIL : STEP_AGAIN;
	case MEMBERS_FAILED:
		return STEP_FAIL;
	case MEMBERS_DONE:
		break;
	}
	write->added = members_added(write->members, &write->added_count);
	write->removed = members_removed(write->members, &write->removed_count);
	write->judged = write->added;
	write->judged_count = write->added_count;
	return STEP_NEXT;
}

enum { GATHER_ROWS = 1024 };

/* The next page of a renamed group's members, without those who go. AGAIN: there are more. */
static enum step_result gather_page(struct request *request)
{
	struct write *write = request->write;
	const struct store_ref *rows;
	size_t room = (size_t)write->before->members + write->added_count;
	size_t got;

	if (!store_members_of(request->worker->reader, request->arena, write->before->rid,
		    write->all_after, GATHER_ROWS, &rows, &got, &request->err)) {
		return STEP_FAIL;
	}
	for (size_t i = 0; i < got && write->all_count < room; i++) {
		write->all_after = rows[i].rid;
		if (!members_takes_out(write->members, rows[i].id)) {
			write->all[write->all_count].rid = rows[i].rid;
			memcpy(write->all[write->all_count++].id, rows[i].id, UUID_BYTES);
		}
	}
	return got == GATHER_ROWS ? STEP_AGAIN : STEP_NEXT;
}

/*
 * A renamed group is decided like adding all its members to a group of the new name: else a group
 * that the policy watches could be made by filling a harmless one and renaming it.
 */
static enum step_result judge_all_members(struct request *request)
{
	struct write *write = request->write;
	size_t room = (size_t)write->before->members + write->added_count;
	enum step_result result;

	if (write->before->members > MEMBERS_CHANGES_MAX) {
		error_set(&request->err, ERROR_TOO_LARGE,
			"renaming a group of %lld members is judged like adding each of them; at "
			"most "
			"%d can be, so remove members first or make a new group",
			(long long)write->before->members, MEMBERS_CHANGES_MAX);
		return STEP_FAIL;
	}
	if (write->all == NULL || write->all_after == 0) {
		write->all = arena_alloc(request->arena, (room + 1) * sizeof(*write->all));
		write->all_count = 0;
	}
	result = gather_page(request);
	if (result != STEP_NEXT) {
		return result;
	}
	for (size_t i = 0; i < write->added_count && write->all_count < room; i++) {
		write->all[write->all_count++] = write->added[i];
	}
	write->judged = write->all;
	write->judged_count = write->all_count;
	write->gathered = true;
	return STEP_NEXT;
}

/* Who comes and goes, and whom the policy judges. NEXT: all is known. */
static enum step_result apply_members(struct request *request)
{
	struct write *write = request->write;
	enum step_result result = STEP_NEXT;

	if (write->members == NULL || write->added == NULL) {
		result = run_members(request);
		if (result != STEP_NEXT) {
			return result;
		}
	}
	if (!changes_name(write) || write->gathered) {
		return STEP_NEXT;
	}
	if (!write->claim.whole_tenant) { /* not foreseen from the body alone */
		write->renames = true;
		return write_claim_again(request);
	}
	return judge_all_members(request);
}

static bool has_list(const struct write *write, const struct value *list)
{
	for (size_t i = 0; i < write->list_count; i++) {
		if (write->lists[i] == list) {
			return true;
		}
	}
	return list == NULL;
}

/*
 * Some PATCHes name members where the body alone does not tell: under a path as a key, in a filter,
 * one object for a list. False: the claim was made without them, write->lists has them now.
 */
static bool claims_all_lists(struct request *request)
{
	struct write *write = request->write;
	const struct value **lists;
	size_t known = 0;

	while (known < write->step_count && has_list(write, write->steps[known].list)) {
		known++;
	}
	if (known == write->step_count || write->lists_are_all || write->claim.whole_tenant) {
		return true;
	}
	lists = arena_alloc(request->arena, write->step_count * sizeof(const struct value *));
	for (size_t i = 0; i < write->step_count; i++) {
		lists[i] = write->steps[i].list;
	}
	write->lists = lists;
	write->list_count = write->step_count;
	write->lists_are_all = true;
	return false;
}

enum step_result write_apply_start(struct request *request)
{
	struct write *write = request->write;

	if (write->after_shown == NULL && write->operation != WRITE_DELETE) {
		if (!compute(request, &request->err)) {
			return STEP_FAIL;
		}
		write->after_shown = shown(request->arena, write->after_doc, write->external);
	}
	if (request->type->has_members && write->operation != WRITE_DELETE) {
		if (!claims_all_lists(request)) {
			return write_claim_again(request);
		}
		enum step_result result = apply_members(request);

		if (result != STEP_NEXT) {
			return result;
		}
	}
	write->changes = scim_changes(
		request->arena, request->type, write->before_shown, write->after_shown);
	write->leaves = request->type->is_person && is_active(write->before_doc) &&
			!is_active(write->after_doc);
	if (write->leaves && !write->may_leave) { /* not foreseen from the body alone */
		write->may_leave = true;
		return write_claim_again(request);
	}
	return STEP_NEXT;
}
