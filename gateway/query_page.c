/*
 * The page of a query as a ListResponse: query_print() of query.h.
 */
#include "base/arena.h"
#include "base/error.h"
#include "gateway/gateway.h"
#include "gateway/query.h"
#include "gateway/read.h"
#include "gateway/represent.h"
#include "scim/project.h"
#include "scim/schema.h"

/* Resources of one slice: a small one takes some 10 µs. */
enum { PRINT_SLICE = 128, PRINT_SLICE_BYTES = 128 * 1024 };

static bool print_hit(struct request *request, const struct read_hit *hit, struct error *err)
{
	struct read *read = request->read;
	const struct read_part *part = &read->parts[hit->part];
	const struct store_resource *resource;
	const struct store_ref *groups = NULL;
	size_t group_count = 0;
	char id[UUID_TEXT_BYTES];

	if (!store_find_rid(request->worker->reader, read->slice, hit->rid, &resource, err)) {
		return false;
	}
	if (resource == NULL || resource->deleted) {
		return true; /* deleted since it was found */
	}
	if (!part->type->has_members &&
		scim_projection_wants_place(part->type, part->projection, SCIM_IS_GROUPS) &&
		!store_groups_of(request->worker->reader, read->slice, hit->rid, &groups,
			&group_count, err)) {
		return false;
	}
	uuid_format(resource->id, id);
	request->type = part->type;
	scim_list_next(&read->buf, read->items++);
	return represent_append(request,
		&(struct represent_what){
			.rid = hit->rid,
			.id = id,
			.version = resource->version,
			.created_us = resource->created_us,
			.modified_us = resource->modified_us,
			.external_id = store_external_id(resource, request->source->id),
			.doc_text = resource->doc,
			.doc_size = resource->doc_size,
			.groups = groups,
			.group_count = group_count,
			.members = resource->members,
			.projection = part->projection,
		},
		&read->buf, err);
}

/* ---- cursors ---- */

static const char *cursor_at(struct request *request, bool backward, const struct read_hit *place)
{
	struct cursor cursor = { .backward = backward, .open = place == NULL };

	if (place != NULL) {
		cursor.rid = place->rid;
		cursor.key = place->key;
	}
	return cursor_print(request->arena, &request->read->owner, &cursor, request->time_us);
}

/*
 * The walk went from `near` to `far`. Behind far there is more or not; before near stands what the
 * cursor of this page was behind, so that there is more but for the first page. A page that ended
 * because it was full of bytes goes on behind the last resource in it, whatever the walk had found.
 */
static void make_cursors(struct request *request, struct scim_list *list)
{
	const struct read *read = request->read;
	bool back = read->from.backward;
	bool is_cut = read->printed < read->hit_count;
	bool before = read->sorted ? read->beside > 0 : !read->from.open;
	const struct read_hit *near = read->has_edges ? &read->near : NULL;
	const char *far_one = NULL;
	const char *near_one = NULL;

	if (read->more) {
		far_one = cursor_at(request, back, &read->far);
	}
	if (before) {
		near_one = cursor_at(request, !back, near);
	}
	list->previous = back ? far_one : near_one;
	list->next = back ? near_one : far_one;
	if (is_cut) {
		list->next = cursor_at(request, false, &read->hits[read->printed - 1]);
	}
}

/* ---- all of it ---- */

/* The head goes before what is there: how many items there are is known only now. */
static void close_list(struct request *request)
{
	struct read *read = request->read;
	struct scim_list list = { .total = read->total, .items = (int64_t)read->items };
	struct buf whole = { 0 };

	if (read_by_cursor(read)) {
		make_cursors(request, &list);
	} else {
		list.start = read->page.start;
	}
	buf_reserve(&whole, read->buf.size + 4096);
	scim_list_open(&whole, &list);
	buf_append(&whole, buf_text(&read->buf), read->buf.size);
	scim_list_close(&whole);
	buf_fini(&read->buf);
	read->buf = whole;
}

enum query_result query_print(struct request *request, struct error *err)
{
	struct read *read = request->read;
	size_t enough = read->buf.size + PRINT_SLICE_BYTES;
	bool ok = true;

	arena_reset(read->slice);
	if (!store_read_begin(request->worker->reader, err)) {
		return QUERY_FAILED;
	}
	for (size_t i = 0;
		ok && i < PRINT_SLICE && read->buf.size < enough && read->printed < read->hit_count;
		i++) {
		ok = print_hit(request, &read->hits[read->printed++], err);
	}
	store_read_end(request->worker->reader);
	if (!ok) {
		return QUERY_FAILED;
	}
	if (read->printed < read->hit_count && read->buf.size < READ_REPLY_BYTES) {
		return QUERY_MORE;
	}
	close_list(request);
	return QUERY_DONE;
}
