#include "gateway/represent.h"

#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/log.h"
#include "gateway/capture.h"
#include "gateway/gateway.h"
#include "io/server.h"
#include "scim/etag.h"
#include "scim/print.h"
#include "scim/project.h"
#include "store/read.h"

enum { PAGE_ROWS = 500 };

struct represent {
	struct request *request;
	struct represent_what what;
	struct scim_outward outward;
	struct buf buf;
	int64_t after; /* the last member row that was printed */
	bool streaming;
	bool waiting;
	bool gone;
	struct arena *page; /* of one page of rows */
	char etag[SCIM_ETAG_BYTES];
	struct buf location;
};

static void free_represent(void *object)
{
	struct represent *represent = object;

	buf_fini(&represent->buf);
	buf_fini(&represent->location);
	arena_free(represent->page);
}

static void open_outward(
	struct request *request, const struct represent_what *what, struct scim_outward *outward)
{
	*outward = (struct scim_outward){
		.type = request->type,
		.projection = what->projection,
		.base = request->base,
		.id = what->id,
		.external_id = what->external_id,
		.version = what->version,
		.created_us = what->created_us,
		.modified_us = what->modified_us,
		.doc = what->doc,
		.doc_text = what->doc_text,
		.doc_size = what->doc_size,
		.arena = request->arena,
		.leftovers = request->worker->gateway->leftovers,
	};
}

struct represent *represent_new(struct request *request, const struct represent_what *what)
{
	struct represent *represent = arena_calloc(request->arena, 1, sizeof(*represent));

	represent->request = request;
	represent->what = *what;
	arena_defer(request->arena, free_represent, represent);
	open_outward(request, what, &represent->outward);
	scim_etag_format(what->version, represent->etag);
	scim_print_location(&represent->location, request->base, request->type, what->id);
	return represent;
}

int64_t represent_version(const struct represent *represent)
{
	return represent->what.version;
}

const char *represent_location(const struct represent *represent)
{
	return buf_text(&represent->location);
}

static void print_groups(
	const struct represent_what *what, struct buf *buf, struct scim_outward *outward)
{
	for (size_t i = 0; i < what->group_count; i++) {
		char id[UUID_TEXT_BYTES];
		struct scim_reference reference = { .id = id, .display = what->groups[i].name };

		uuid_format(what->groups[i].id, id);
		reference.display_size = strlen(reference.display);
		scim_print_reference(buf, outward, &reference);
	}
}

/* The next page of members after *after. *more: there may be another. */
static bool print_members(struct store_reader *reader, struct arena *arena, int64_t group,
	int64_t *after, struct buf *buf, struct scim_outward *outward, bool *more,
	struct error *err)
{
	const struct store_ref *rows;
	size_t count;

	if (!store_members_of(reader, arena, group, *after, PAGE_ROWS, &rows, &count, err)) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		char id[UUID_TEXT_BYTES];
		struct scim_reference reference = {
			.id = id, .display = rows[i].name, .display_size = strlen(rows[i].name)
		};

		uuid_format(rows[i].id, id);
		scim_print_reference(buf, outward, &reference);
		*after = rows[i].rid;
	}
	*more = count == PAGE_ROWS;
	return true;
}

static bool wants_members(const struct request *request, const struct represent_what *what)
{
	return request->type->has_members && what->members > 0 &&
	       scim_projection_wants_place(request->type, what->projection, SCIM_IS_MEMBERS);
}

bool represent_append(struct request *request, const struct represent_what *what, struct buf *buf,
	struct error *err)
{
	struct scim_outward outward;
	int64_t after = 0;
	bool more = wants_members(request, what);

	if (more && what->members > REPRESENT_WHOLE) {
		return error_set(err, ERROR_TOO_MANY,
			"group %s has %lld members; ask for it alone, or with "
			"excludedAttributes=members",
			what->id, (long long)what->members);
	}
	open_outward(request, what, &outward);
	scim_print_open(buf, &outward);
	print_groups(what, buf, &outward);
	while (more) {
		if (!print_members(request->worker->reader, request->arena, what->rid, &after, buf,
			    &outward, &more, err)) {
			return false;
		}
	}
	scim_print_close(buf, &outward);
	return true;
}

/* ---- as the reply ---- */

/* Of what was created, and of /Me, whose own address it is not (RFC 7644, 3.11). */
static bool names_location(const struct represent *represent)
{
	return represent->what.status == 201 || represent->request->is_me;
}

static enum step_result reply_whole(struct represent *represent)
{
	struct request *request = represent->request;
	const struct represent_what *what = &represent->what;

	if (!represent_append(request, what, &represent->buf, &request->err)) {
		request_reply_error(request, what->journal);
		return STEP_NEXT;
	}
	request_reply(request,
		&(struct request_reply){
			.status = what->status,
			.etag = represent->etag,
			.location =
				names_location(represent) ? buf_text(&represent->location) : NULL,
			.content_location =
				what->status == 201 ? NULL : buf_text(&represent->location),
			.journal = what->journal,
			.applied = what->applied,
			.body = represent->buf.data,
			.body_size = represent->buf.size,
		});
	return STEP_NEXT;
}

static void on_stream(void *user, enum server_stream_event event)
{
	struct represent *represent = user;

	represent->gone = represent->gone || event == SERVER_STREAM_GONE;
	if (represent->waiting) {
		represent->waiting = false;
		request_resume(represent->request);
	}
}

static void start_stream(struct represent *represent)
{
	struct request *request = represent->request;
	struct server_header headers[] = {
		{ "ETag", represent->etag },
		{ "Content-Location", buf_text(&represent->location) },
		{ "Scimward-Journal", represent->what.journal },
		{ "Preference-Applied", represent->what.applied },
		{ "Scimward-Request", request->id },
	};
	struct server_reply reply = {
		.status = represent->what.status,
		.content_type = request_media(request),
		.headers = headers,
		.header_count = sizeof(headers) / sizeof(headers[0]),
	};

	represent->streaming = true;
	represent->page = arena_new();
	request->status = represent->what.status;
	capture_reply(request, &reply);
	server_stream_start(request->exchange, &reply,
		&(struct server_stream){ .length = -1, .on_event = on_stream, .user = represent });
	scim_print_open(&represent->buf, &represent->outward);
}

static enum step_result stream(struct represent *represent)
{
	struct request *request = represent->request;
	bool more = false;
	bool room;

	if (!represent->streaming) {
		start_stream(represent);
	}
	arena_reset(represent->page);
	if (represent->gone || !print_members(request->worker->reader, represent->page,
				       represent->what.rid, &represent->after, &represent->buf,
				       &represent->outward, &more, &request->err)) {
		server_stream_abort(request->exchange);
		return STEP_NEXT;
	}
	if (!more) {
		scim_print_close(&represent->buf, &represent->outward);
	}
	room = server_stream_write(request->exchange, represent->buf.data, represent->buf.size);
	buf_clear(&represent->buf);
	if (more) {
		represent->waiting = !room;
		return room ? STEP_AGAIN : STEP_WAIT;
	}
	server_stream_end(request->exchange);
	return STEP_NEXT;
}

bool represent_is_streamed(const struct represent *represent)
{
	const struct represent_what *what = &represent->what;

	return what->members > REPRESENT_WHOLE && wants_members(represent->request, what);
}

enum step_result represent_run(struct represent *represent)
{
	return represent_is_streamed(represent) ? stream(represent) : reply_whole(represent);
}
