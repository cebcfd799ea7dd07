#include "gateway/query_walk.h"

#include <string.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/value.h"
#include "gateway/gateway.h"
#include "gateway/query.h"
#include "gateway/query_hits.h"
#include "gateway/query_key.h"
#include "gateway/query_limit.h"
#include "gateway/read.h"
#include "store/match.h"

/* One slice takes about a millisecond: rows of 1 KiB take 4 µs each to read and match. */
enum { SLICE_ROWS = 256, SLICE_KEYS = 2048, SLICE_BYTES = 512 * 1024 };

/* ---- where ---- */

static bool is_done(const struct read *read)
{
	return read->part >= read->part_count;
}

/* Those without a key come last ascending, and first descending. */
static bool begins_keyless(const struct read *read, const struct read_part *part)
{
	return part->keyless && read->from.backward != part->descending;
}

static void enter_part(struct read *read, size_t part)
{
	read->part = part;
	read->place.is_set = false;
	read->has_half = false;
	read->in_keyless = !is_done(read) && begins_keyless(read, &read->parts[part]);
}

static void set_place(struct read *read, int64_t rid, const void *key, size_t size)
{
	if (size > 0) {
		memmove(read->place_key, key, size);
	}
	read->place = (struct store_place){
		.is_set = true, .rid = rid, .key = read->place_key, .key_size = size
	};
}

void query_walk_start(struct request *request)
{
	struct read *read = request->read;
	const struct cursor *from = &read->from;

	if (!read_by_cursor(read) || from->open || read->sorted) {
		bool from_end = read_by_cursor(read) && from->backward && !read->sorted;
		enter_part(read, from_end ? read->part_count - 1 : 0);
		return;
	}
	enter_part(read, query_hits_part(read, from->rid));
	const struct read_part *part = &read->parts[read->part];
	bool keyless = part->keyless && from->key == NULL;

	read->has_half = keyless != read->in_keyless;
	read->in_keyless = keyless;
	set_place(read, from->rid, from->key != NULL ? value_text(from->key) : NULL,
		from->key != NULL ? value_size(from->key) : 0);
}

/* The half or the part is through. */
static void go_on(struct read *read)
{
	const struct read_part *part = &read->parts[read->part];

	if (part->keyless && !read->has_half) {
		read->has_half = true;
		read->in_keyless = !read->in_keyless;
		read->place.is_set = false;
		return;
	}
	bool back = read->from.backward && !read->sorted;
	enter_part(read, back ? read->part - 1 : read->part + 1); /* below 0: beyond all */
}

/* ---- looking ---- */

/* resource NULL: the index alone tells that it matches. *key: what it is sorted by in memory. */
static bool match(struct request *request, const struct store_resource *resource, bool *is_match,
	const struct value **key, struct error *err)
{
	struct read *read = request->read;
	const struct read_part *part = &read->parts[read->part];
	struct store_candidate candidate;

	*is_match = true;
	*key = NULL;
	if (resource == NULL || (part->filter == NULL && !read->sorted)) {
		return true;
	}
	if (part->filter != NULL &&
		!scim_needle_may_be_in(&part->needle, resource->doc, resource->doc_size)) {
		*is_match = false;
		return true;
	}
	if (!store_candidate_init(&candidate, request->worker->reader, read->slice,
		    request->source->id, resource, err)) {
		return false;
	}
	candidate.type = part->type->name;
	if (part->filter != NULL) {
		*is_match = store_candidate_matches(&candidate, part->filter);
	}
	if (*is_match && read->sorted) {
		*key = query_hits_key(request->arena,
			scim_sort_key(read->slice, &part->sort,
				store_candidate_value(&candidate, &part->sort.ref)));
	}
	return !candidate.failed || error_wrap(err, "query");
}

/* What a cursor carries of a row: where it stands in the list. */
static struct read_hit hit_of(
	struct request *request, const struct store_row *row, const struct value *key)
{
	struct read *read = request->read;

	if (row->key_size > 0 && read_by_cursor(read) && !read->sorted) {
		key = value_of_text_n(request->arena, row->key, row->key_size);
	}
	return (struct read_hit){ .rid = row->rid, .key = key, .part = read->part };
}

static void move_edge(struct read *read, const struct read_hit *here)
{
	read->near = read->has_edges ? read->near : *here;
	read->far = *here;
	read->has_edges = true;
}

/* Nothing to match and nothing to sort: the page is a range of rows and the total is kept. */
static bool is_plain_page(const struct read *read)
{
	return read->part_count == 1 && read->parts[0].filter == NULL && !read->sorted &&
	       read->parts[0].order == READ_ROWS && !read_by_cursor(read);
}

/* Each row that is looked at is shown: count limits them. */
static bool are_all_kept(const struct read *read)
{
	return is_plain_page(read) ||
	       (read_by_cursor(read) && !read->sorted && read->parts[read->part].filter == NULL);
}

static int64_t cost_of(const struct read *read, const struct store_resource *resource)
{
	if (are_all_kept(read)) {
		return 0;
	}
	if (resource == NULL) {
		return READ_LOOK_INDEX;
	}
	return READ_LOOK_COST / 2 + (int64_t)resource->doc_size * READ_LOOK_COST / 2048;
}

static bool look_at(struct request *request, const struct store_row *row,
	const struct store_resource *resource, struct error *err)
{
	struct read *read = request->read;
	const struct value *key;
	bool is_match;

	read->cost += cost_of(read, resource);
	if (!match(request, resource, &is_match, &key, err)) {
		return false;
	}
	if (!is_match) {
		return true;
	}
	struct read_hit hit = hit_of(request, row, key);
	query_hits_add(request, &hit);
	if (!read->sorted && !read->more) {
		move_edge(read, &hit);
	}
	return true;
}

/* Nobody needs to look further: the page is full and what is behind it is not counted. */
static bool is_enough(const struct read *read)
{
	if (read->sorted) {
		return false;
	}
	if (read_by_cursor(read)) {
		return read->more;
	}
	const struct read_part *part = &read->parts[read->part];
	return read->part_count == 1 && part->filter == NULL &&
	       (int64_t)read->hit_count == read->page.count;
}

/* A key may be shared by types, and by tenants where it is unique over all of them. */
static bool is_of_part(const struct request *request, int64_t rid)
{
	const struct read *read = request->read;

	return store_rid_tenant(rid) == request->source->tenant &&
	       store_rid_type(rid) == read->parts[read->part].store_type;
}

/* Reads each row that the index names, unless the index says it all. */
static bool look_at_rows(
	struct request *request, const struct store_row *rows, size_t count, struct error *err)
{
	struct read *read = request->read;
	bool bare = read->parts[read->part].bare;
	int fetch = read->parts[read->part].order == READ_KEYS ? READ_LOOK_APART : READ_LOOK_FETCH;

	for (size_t i = 0; i < count && !is_enough(read); i++) {
		const struct store_resource *resource = NULL;

		if (!is_of_part(request, rows[i].rid)) {
			continue;
		}
		if (!bare && !store_find_rid(request->worker->reader, read->slice, rows[i].rid,
				     &resource, err)) {
			return false;
		}
		if (!bare && (resource == NULL || resource->deleted)) {
			continue;
		}
		read->cost += bare ? 0 : fetch;
		if (!look_at(request, &rows[i], resource, err)) {
			return false;
		}
	}
	return true;
}

/* ---- slices ---- */

static struct store_slice slice_of(const struct request *request)
{
	const struct read *read = request->read;
	const struct read_part *part = &read->parts[read->part];
	bool backward = read->from.backward && !read->sorted;
	int64_t limit = part->bare && !read->in_keyless ? SLICE_KEYS : SLICE_ROWS;
	int64_t need = read->page.count + read_by_cursor(read) - (int64_t)read->hit_count;
	/* Each row will be a hit: no more than the page needs. */
	bool are_hits = are_all_kept(read) && !read->in_keyless && part->order != READ_IDS;

	return (struct store_slice){
		.tenant = request->source->tenant,
		.type = part->store_type,
		.backward =
			read->in_keyless || part->order == READ_ROWS || part->order == READ_FOUND
				? backward
				: backward != part->descending,
		.limit = (size_t)(are_hits && need < limit ? need : limit),
		.bytes = SLICE_BYTES,
	};
}

/* Whole rows; of a list sorted by a key, those that have none. */
static bool walk_rows(struct request *request, bool *more, struct error *err)
{
	struct read *read = request->read;
	struct store_slice slice = slice_of(request);
	const struct store_resource *rows;
	size_t count;

	if (!store_slice_rows(request->worker->reader, read->slice, &slice, &read->place, &rows,
		    &count, more, err)) {
		return false;
	}
	for (size_t i = 0; i < count && !is_enough(read); i++) {
		struct store_row row = { .rid = rows[i].rid };

		if (read->in_keyless && store_external_id(&rows[i], request->source->id) != NULL) {
			read->cost += READ_LOOK_COST / 2;
		} else if (!look_at(request, &row, &rows[i], err)) {
			return false;
		}
	}
	return true;
}

/* What begins with `text` ends before `high`. */
static void make_range(struct arena *arena, const struct scim_key *key, struct store_slice *slice)
{
	char *high;

	if (key->size == 0) {
		return;
	}
	high = arena_text(arena, key->text, key->size);
	high[key->size - 1]++; /* UTF-8 has no byte 255 */
	slice->low = key->text;
	slice->low_size = key->size;
	slice->high = high;
	slice->high_size = key->size;
}

static bool walk_index(struct request *request, bool *more, struct error *err)
{
	struct read *read = request->read;
	const struct read_part *part = &read->parts[read->part];
	struct store_reader *reader = request->worker->reader;
	struct store_slice slice = slice_of(request);
	struct store_key key = query_store_key(request, part->type, &part->key);
	const struct store_row *rows = NULL;
	size_t count = 0;
	bool ok;

	switch (part->order) {
	case READ_KEYS:
		slice.kind = key.kind;
		slice.scope = key.scope;
		make_range(read->slice, &part->key, &slice);
		ok = store_slice_keys(
			reader, read->slice, &slice, &read->place, &rows, &count, more, err);
		break;
	case READ_IDS:
		ok = store_slice_ids(
			reader, read->slice, &slice, &read->place, &rows, &count, more, err);
		/* Each was asked whether it is deleted; those of others are steps over them. */
		read->cost += (int64_t)count * READ_LOOK_ID +
			      (int64_t)(slice.limit - count) * READ_LOOK_INDEX;
		break;
	default:
		ok = query_key_slice(request, part, &slice, &rows, &count, more, err);
		break;
	}
	if (ok && read->place.is_set) {
		set_place(read, read->place.rid, read->place.key, read->place.key_size);
	}
	return ok && look_at_rows(request, rows, count, err);
}

/* To the start of a plain page, over rows that nobody reads; *there: it is reached. */
static bool skip_to_page(struct request *request, bool *there, struct error *err)
{
	struct read *read = request->read;

	if (!read->skipping) {
		read->skipping = true;
		read->skip.left = read->page.start - 1;
	}
	if (!store_list_skip(request->worker->reader, request->source->tenant,
		    read->parts[0].store_type, &read->skip, err)) {
		return false;
	}
	*there = read->skip.left == 0;
	if (*there) {
		read->total = read->page.start - 1;
		if (read->skip.after > 0) {
			set_place(read, read->skip.after, NULL, 0);
		}
	}
	return true;
}

static bool walk_slice(struct request *request, bool *more, struct error *err)
{
	struct read *read = request->read;
	bool there = true;

	arena_reset(read->slice);
	if (is_plain_page(read) && (!read->skipping || read->skip.left > 0) &&
		!skip_to_page(request, &there, err)) {
		return false;
	}
	if (!there) {
		*more = true;
		return true;
	}
	if (read->in_keyless || read->parts[read->part].order == READ_ROWS) {
		return walk_rows(request, more, err);
	}
	return walk_index(request, more, err);
}

/* ---- the end ---- */

/* What matches in all, where it is known without looking at all. */
static bool find_total(struct request *request, struct error *err)
{
	struct read *read = request->read;
	int64_t total = 0;

	for (size_t i = 0; i < read->part_count; i++) {
		int64_t count;

		if (read->parts[i].filter != NULL) {
			if (read_by_cursor(read) && (!read->is_first || read->more)) {
				read->total = -1;
			}
			return true;
		}
		if (!query_limit_count(request, &read->parts[i], &count, err)) {
			return false;
		}
		total += count;
	}
	read->total = total;
	return true;
}

static bool finish(struct request *request, struct error *err)
{
	struct read *read = request->read;

	if (!read->sorted && !find_total(request, err)) {
		return false;
	}
	query_hits_page(read);
	return true;
}

/* The page has looked at enough; the next one goes on behind the last row that was looked at. */
static void stop_here(struct request *request)
{
	struct read *read = request->read;
	struct store_row last = {
		.rid = read->place.rid, .key = read->place.key, .key_size = read->place.key_size
	};
	struct read_hit here = hit_of(request, &last, NULL);

	move_edge(read, &here);
	read->more = true;
}

/* One slice, and what follows from it. *done: the page is there. */
static bool step(struct request *request, bool *done, struct error *err)
{
	struct read *read = request->read;
	bool more;

	if (!walk_slice(request, &more, err)) {
		return false;
	}
	query_hits_merge(request);
	*done = is_enough(read);
	if (*done) {
		return true;
	}
	if (!more) {
		go_on(read);
		*done = is_done(read);
		return true;
	}
	if (query_limit_is_reached(request)) {
		if (read->sorted || !read_by_cursor(read)) {
			return query_limit_refuse(request, err);
		}
		stop_here(request);
		*done = true;
	}
	return true;
}

enum query_result query_walk(struct request *request, struct error *err)
{
	bool done = false;
	bool ok;

	if (!store_read_begin(request->worker->reader, err)) {
		return QUERY_FAILED;
	}
	ok = step(request, &done, err) && (!done || finish(request, err));
	store_read_end(request->worker->reader);
	return !ok ? QUERY_FAILED : done ? QUERY_DONE : QUERY_MORE;
}
