/*
 * The step reply: what the client sees of a write, and the claim given back. It comes behind the
 * commit whatever the client prefers: no reply before the record.
 */
#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "gateway/gateway.h"
#include "gateway/negotiate.h"
#include "gateway/represent.h"
#include "gateway/write.h"
#include "scim/dialect.h"
#include "scim/etag.h"
#include "scim/print.h"

/* The store counts only when members come or go. */
static int64_t members_after(const struct write *write)
{
	if (write->added_count + write->removed_count > 0) {
		return write->commit.members;
	}
	return write->before != NULL ? write->before->members : 0;
}

/* Which preference about the body was followed (RFC 7240, 3); NULL: none was told. */
static const char *applied_of(const struct request *request)
{
	static const char *const names[] = { NULL, "return=minimal", "return=representation" };

	return request->write->operation == WRITE_DELETE ? NULL : names[request->prefer.body];
}

/* No body: of a DELETE, for a client that wants none, for a dialect that expects none, and of a
 * Group too large to be worth it. */
static bool is_silent(const struct request *request)
{
	const struct write *write = request->write;
	bool large;

	if (write->operation == WRITE_DELETE || request->prefer.body == PREFER_MINIMAL) {
		return true;
	}
	if (request->prefer.body == PREFER_REPRESENTATION) {
		return false;
	}
	large = members_after(write) > WRITE_MEMBERS_SHOWN;
	return request->type->has_members && write->operation == WRITE_PATCH &&
	       write->projection == NULL &&
	       (large || scim_dialect_has(request->source->dialect, SCIM_GROUP_PATCH_204));
}

static enum step_result reply_empty(struct request *request)
{
	const struct write *write = request->write;
	bool created = write->operation == WRITE_CREATE;
	char etag[SCIM_ETAG_BYTES];
	struct request_reply reply = { .status = created ? 201 : 204,
		.journal = write->journal,
		.applied = applied_of(request) };

	if (write->operation != WRITE_DELETE) {
		scim_etag_format(represent_version(write->represent), etag);
		reply.etag = etag;
		reply.location =
			created || request->is_me ? represent_location(write->represent) : NULL;
	}
	request_reply(request, &reply);
	write_release(request->write);
	return STEP_NEXT;
}

static void start_represent(struct request *request)
{
	struct write *write = request->write;
	bool changed = write->commit.write != NULL; /* a no-op makes no version */

	write->represent = represent_new(request,
		&(struct represent_what){
			.rid = write->commit.rid,
			.id = request->resource_text,
			.version = changed ? write->commit.version : write->before->version,
			.created_us = write->before != NULL ? write->before->created_us
							    : request->time_us,
			.modified_us = changed ? request->time_us : write->before->modified_us,
			.external_id = write->external,
			.doc = write->final_doc,
			.groups = write->groups,
			.group_count = write->group_count,
			.members = members_after(write),
			.projection = write->projection,
			.status = write->operation == WRITE_CREATE ? 201 : 200,
			.journal = write->journal,
			.applied = applied_of(request),
		});
}

/* Decided, recorded, and waiting for an approval. */
static bool is_held(const struct write *write)
{
	return write != NULL && write->has_answer && write->journal[0] != '\0' &&
	       strcmp(write->effect, "hold") == 0;
}

/*
 * 202 for who does not want to wait (RFC 9967, 2.5.1.1). All is done and recorded by then, but for
 * an approval: so a refusal is told as usual, which the RFC leaves to the server. What has no
 * address of its own (any more, or yet) is found at its event.
 */
static enum step_result reply_accepted(struct request *request)
{
	struct write *write = request->write;
	bool is_there = !is_held(write) && write->operation != WRITE_DELETE;
	char txn[REQUEST_TXN_BYTES];
	struct buf location = { 0 };

	snprintf(txn, sizeof(txn), "%lld", (long long)write->commit.index);
	if (is_there) {
		scim_print_location(
			&location, request->base, request->type, request->resource_text);
	} else {
		buf_printf(&location, "%s/Events/%s", request->base, txn);
	}
	request_reply(request, &(struct request_reply){ .status = 202,
				       .location = buf_text(&location),
				       .journal = write->journal,
				       .applied = "respond-async",
				       .txn = txn });
	buf_fini(&location);
	write_release(write);
	return STEP_NEXT;
}

enum step_result write_reply_start(struct request *request)
{
	struct write *write = request->write;
	enum step_result result;

	if (is_held(write) && request->prefer.async) {
		return reply_accepted(request);
	}
	if (request->err.code != ERROR_NONE) {
		request_reply_error(request,
			write != NULL && write->journal[0] != '\0' ? write->journal : NULL);
		write_release(write);
		return STEP_NEXT;
	}
	if (write->represent == NULL && negotiate_is_async(request)) {
		return reply_accepted(request);
	}
	if (write->represent == NULL && write->operation != WRITE_DELETE) {
		start_represent(request);
	}
	if (is_silent(request)) {
		return reply_empty(request);
	}
	if (represent_is_streamed(write->represent)) {
		write_release(write); /* a slow reader must not hold what others wait for */
	}
	result = represent_run(write->represent);
	if (result == STEP_NEXT) {
		write_release(write);
	}
	return result;
}
