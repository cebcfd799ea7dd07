#include "gateway/query.h"

#include <string.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/value.h"
#include "config/config.h"
#include "gateway/gateway.h"
#include "gateway/negotiate.h"
#include "gateway/query_key.h"
#include "gateway/read.h"
#include "gateway/represent.h"
#include "scim/dialect.h"
#include "scim/filter.h"
#include "scim/project.h"
#include "scim/schema.h"
#include "store/match.h"
#include "store/read.h"

/* Rows of one slice: some 4 µs each to parse and match. */
enum { SLICE_ROWS = 256, PRINT_SLICE = 128, PRINT_SLICE_BYTES = 128 * 1024 };

/* ---- making a query ---- */

static void free_read(void *object)
{
	struct read *read = object;

	buf_fini(&read->buf);
	arena_free(read->slice);
}

static struct read *new_read(struct request *request)
{
	struct read *read = arena_calloc(request->arena, 1, sizeof(*read));

	read->slice = arena_new();
	read->parts = arena_calloc(
		request->arena, request->worker->gateway->model->type_count, sizeof(*read->parts));
	arena_defer(request->arena, free_read, read);
	request->read = read;
	return read;
}

/* What a filter, sort or projection means for one type. */
static bool make_part(struct request *request, const struct scim_resource_type *type,
	struct read_part *part, struct error *err)
{
	const struct request_query *query = &request->query;
	bool loose = scim_dialect_has(request->source->dialect, SCIM_LOOSE_FILTER);

	memset(part, 0, sizeof(*part));
	part->type = type;
	part->store_type = (enum store_type)gateway_store_type(request->worker->gateway, type);
	if (!scim_projection_parse(request->arena, type, query->attributes,
		    query->excluded_attributes, &part->projection, err)) {
		return false;
	}
	if (query->sort_by != NULL &&
		!scim_sort_parse(type, query->sort_by, query->sort_order, &part->sort, err)) {
		return false;
	}
	if (query->filter == NULL) {
		return true;
	}
	part->filter = scim_filter_parse(
		request->arena, type, query->filter, strlen(query->filter), loose, err);
	if (part->filter == NULL) {
		return false;
	}
	part->by_key = scim_key_of_filter(request->arena, part->filter, &part->key);
	return true;
}

/*
 * Over all types a filter may name attributes that only one of them has; the others have no match
 * then (RFC 7644, 3.4.2.1). Wrong for all of them, it is wrong.
 */
static bool make_parts(struct request *request, struct error *err)
{
	const struct scim_model *model = request->worker->gateway->model;
	struct read *read = request->read;

	if (request->type != NULL) {
		read->part_count = 1;
		return make_part(request, request->type, &read->parts[0], err);
	}
	for (size_t i = 0; i < model->type_count; i++) {
		struct error one = { 0 };

		if (make_part(request, &model->types[i], &read->parts[read->part_count], &one)) {
			read->part_count++;
		} else {
			*err = one;
		}
	}
	if (read->part_count == 0) {
		return false;
	}
	*err = (struct error){ 0 };
	return true;
}

static bool make(struct request *request, struct error *err)
{
	struct read *read = request->read;

	read->sorted = request->query.sort_by != NULL;
	if (read->sorted && read->page.start - 1 + read->page.count > READ_SORT_MAX) {
		return error_set(err, ERROR_TOO_MANY,
			"sorted pages reach to resource %d; use a filter, or page without sortBy",
			READ_SORT_MAX);
	}
	return make_parts(request, err);
}

bool query_of_parameters(struct request *request, struct error *err)
{
	new_read(request);
	return request_read_query(request) &&
	       scim_page_parse(request->query.start_index, request->query.count,
		       &request->read->page, err) &&
	       make(request, err);
}

bool query_of_body(struct request *request, struct error *err)
{
	const struct config_limits *config = &request->worker->gateway->config->listen.limits;
	struct value_limits limits = { .bytes = (size_t)config->body_bytes,
		.values = (size_t)config->body_values,
		.depth = 32,
		.folded_keys = true };
	struct http_text text = request->http->body;
	struct request_query *query = &request->query;
	struct scim_search search;
	const struct value *body;

	new_read(request);
	if (!negotiate_body_of(request, err)) {
		return false;
	}
	body = value_parse(request->arena, text.data, text.size, &limits, err);
	if (body == NULL ||
		!scim_search_parse(request->arena, request->source->dialect, body, &search, err)) {
		return false;
	}
	query->filter = search.filter;
	query->attributes = search.attributes;
	query->excluded_attributes = search.excluded;
	query->sort_by = search.sort_by;
	query->sort_order = search.sort_order;
	request->read->page = search.page;
	return make(request, err);
}

/* ---- walking ---- */

/* How far into the sorted list the page goes: nothing behind it is kept. */
static size_t read_reach(const struct read *read)
{
	return (size_t)(read->page.start - 1 + read->page.count) + 1;
}

/* Sorts what was found and forgets what no page that was asked for can show. */
static void keep_best(struct request *request)
{
	struct read *read = request->read;
	struct scim_sort_item *items =
		arena_alloc(request->arena, (read->hit_count + 1) * sizeof(*items));
	struct read_hit *best = arena_alloc(request->arena, (read->hit_count + 1) * sizeof(*best));
	size_t reach = read_reach(read);

	for (size_t i = 0; i < read->hit_count; i++) {
		items[i] = (struct scim_sort_item){ read->hits[i].key, i };
	}
	scim_sort_items(request->arena, &read->parts[0].sort, items, read->hit_count);
	for (size_t i = 0; i < read->hit_count; i++) {
		best[i] = read->hits[items[i].index];
	}
	read->hits = best;
	read->hit_capacity = read->hit_count + 1;
	read->hit_count = read->hit_count < reach ? read->hit_count : reach;
}

static void add_hit(struct request *request, int64_t rid, const struct value *key)
{
	struct read *read = request->read;

	read->total++;
	if (!read->sorted &&
		(read->total < read->page.start || (int64_t)read->hit_count >= read->page.count)) {
		return;
	}
	if (read->sorted && read->hit_count == 2 * read_reach(read)) {
		keep_best(request);
	}
	if (read->hit_count == read->hit_capacity) {
		size_t capacity = read->hit_capacity == 0 ? 64 : read->hit_capacity * 2;
		struct read_hit *hits = arena_alloc(request->arena, capacity * sizeof(*hits));

		if (read->hit_count > 0) {
			memcpy(hits, read->hits, read->hit_count * sizeof(*hits));
		}
		read->hits = hits;
		read->hit_capacity = capacity;
	}
	read->hits[read->hit_count++] = (struct read_hit){ rid,
		key != NULL ? value_copy(request->arena, key) : NULL, read->part };
}

static bool look_at(
	struct request *request, const struct store_resource *resource, struct error *err)
{
	struct read *read = request->read;
	const struct read_part *part = &read->parts[read->part];
	struct store_candidate candidate;
	const struct value *key = NULL;

	if (resource == NULL || resource->deleted || resource->doc == NULL) {
		return true;
	}
	if (!store_candidate_init(&candidate, request->worker->reader, read->slice,
		    request->source->id, resource, err)) {
		return false;
	}
	candidate.type = part->type->name;
	if (part->filter != NULL && !store_candidate_matches(&candidate, part->filter)) {
		return !candidate.failed || error_wrap(err, "query");
	}
	if (read->sorted) {
		key = scim_sort_key(read->slice, &part->sort,
			store_candidate_value(&candidate, &part->sort.ref));
	}
	add_hit(request, resource->rid, key);
	return true;
}

/* A key may be shared by types, and by tenants where it is unique over all of them. */
static bool is_of_part(const struct request *request, int64_t rid)
{
	const struct read *read = request->read;

	return store_rid_tenant(rid) == request->source->tenant &&
	       store_rid_type(rid) == read->parts[read->part].store_type;
}

/* The next candidates that an index gives: people who share an address can be many. */
static bool walk_key(struct request *request, bool *done, struct error *err)
{
	struct read *read = request->read;
	const int64_t *rids;
	size_t count;

	if (!query_key_rids(request, &read->parts[read->part], read->slice, read->after, SLICE_ROWS,
		    &rids, &count, err)) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		const struct store_resource *resource;

		read->after = rids[i];
		if (!is_of_part(request, rids[i])) {
			continue;
		}
		if (!store_find_rid(
			    request->worker->reader, read->slice, rids[i], &resource, err) ||
			!look_at(request, resource, err)) {
			return false;
		}
	}
	*done = count < SLICE_ROWS;
	return true;
}

/* Nothing to match and nothing to sort: the page is a range of rows and the total is kept. */
static bool walk_page(struct request *request, bool *done, struct error *err)
{
	struct read *read = request->read;
	enum store_type type = read->parts[0].store_type;
	const struct store_resource *rows;
	size_t count = 0;
	struct store_reader *reader = request->worker->reader;
	int tenant = request->source->tenant;

	if (!read->skipping) {
		read->skipping = true;
		read->skip.left = read->page.start - 1;
	}
	if (read->skip.left > 0) {
		*done = false;
		return store_list_skip(reader, tenant, type, &read->skip, err);
	}
	if (read->page.count > 0 && !store_list(reader, read->slice, tenant, type, read->skip.after,
					    (size_t)read->page.count, &rows, &count, err)) {
		return false;
	}
	read->total = read->page.start - 1;
	for (size_t i = 0; i < count; i++) {
		add_hit(request, rows[i].rid, NULL);
	}
	return store_count(reader, tenant, type, &read->total, err);
}

static bool is_plain_page(const struct read *read)
{
	return read->part_count == 1 && read->parts[0].filter == NULL && !read->sorted;
}

/* The next slice of rows of the part. *done: there are no more. */
static bool walk_rows(struct request *request, bool *done, struct error *err)
{
	struct read *read = request->read;
	const struct read_part *part = &read->parts[read->part];
	const struct store_resource *rows;
	size_t count;

	if (!store_list(request->worker->reader, read->slice, request->source->tenant,
		    part->store_type, read->after, SLICE_ROWS, &rows, &count, err)) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		if (!look_at(request, &rows[i], err)) {
			return false;
		}
		read->after = rows[i].rid;
	}
	*done = count < SLICE_ROWS;
	return true;
}

/* Sorting decides the page: cut it out of the best. */
static void take_sorted_page(struct request *request)
{
	struct read *read = request->read;
	size_t from = (size_t)read->page.start - 1;

	keep_best(request);
	read->hits += from < read->hit_count ? from : read->hit_count;
	read->hit_count -= from < read->hit_count ? from : read->hit_count;
	if ((int64_t)read->hit_count > read->page.count) {
		read->hit_count = (size_t)read->page.count;
	}
}

static bool walk_slice(struct request *request, bool *done, struct error *err)
{
	struct read *read = request->read;

	*done = true;
	arena_reset(read->slice);
	if (is_plain_page(read)) {
		return walk_page(request, done, err);
	}
	return read->parts[read->part].by_key ? walk_key(request, done, err)
					      : walk_rows(request, done, err);
}

enum query_result query_walk(struct request *request, struct error *err)
{
	struct read *read = request->read;
	bool done;
	bool ok;

	if (!store_read_begin(request->worker->reader, err)) {
		return QUERY_FAILED;
	}
	ok = walk_slice(request, &done, err);
	store_read_end(request->worker->reader);
	if (!ok) {
		return QUERY_FAILED;
	}
	if (!done) {
		return QUERY_MORE;
	}
	read->part++;
	read->after = 0;
	if (read->part < read->part_count) {
		return QUERY_MORE;
	}
	if (read->sorted) {
		take_sorted_page(request);
	}
	return QUERY_DONE;
}

/* ---- printing ---- */

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

/* The head goes before what is there: how many items there are is known only now. */
static void close_list(struct read *read)
{
	struct buf whole = { 0 };

	buf_reserve(&whole, read->buf.size + 256);
	scim_list_open(&whole, read->total, read->page.start, (int64_t)read->items);
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
	if (read->printed < read->hit_count) {
		return QUERY_MORE;
	}
	close_list(read);
	return QUERY_DONE;
}
