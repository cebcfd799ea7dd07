#include "gateway/query.h"

#include <string.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/value.h"
#include "config/config.h"
#include "gateway/gateway.h"
#include "gateway/negotiate.h"
#include "gateway/query_limit.h"
#include "gateway/query_walk.h"
#include "gateway/read.h"
#include "scim/dialect.h"
#include "scim/filter.h"
#include "scim/project.h"
#include "scim/schema.h"

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

/* A filter has to look at every row: pages by index count them all, in the order that is cheapest.
 */
static bool has_to_count(const struct request *request, const struct read_part *part)
{
	return part->filter != NULL && !read_by_cursor(request->read);
}

/* An index that has the order that is asked for. Only a list of one type has one order. */
static bool find_order(struct request *request, struct read_part *part)
{
	struct scim_key key;

	if (request->query.sort_by == NULL || request->type == NULL || part->order == READ_FOUND) {
		return false;
	}
	if (scim_key_of_sort(&part->sort, &key)) {
		bool begins = part->order == READ_KEYS && part->key.kind == key.kind;

		if (!begins && has_to_count(request, part)) {
			return false;
		}
		if (!begins) {
			part->key = key;
			part->keyless = key.kind == SCIM_KEY_EXTERNAL_ID;
			part->bare = part->filter == NULL;
		}
		part->order = READ_KEYS;
	} else if (scim_sort_is_by_id(&part->sort) && !has_to_count(request, part)) {
		part->order = READ_IDS;
		part->bare = part->filter == NULL;
	} else {
		return false;
	}
	part->descending = part->sort.descending;
	return true;
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
	scim_needle_of(part->filter, &part->needle);
	if (scim_key_of_filter(request->arena, part->filter, &part->key)) {
		part->order = READ_FOUND;
	} else if (scim_key_of_prefix(part->filter, &part->key, &part->bare)) {
		part->order = READ_KEYS;
	}
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

/* ---- all of it ---- */

/* A place is one of an order: an attribute may get or lose its index between two pages. */
static const char *print_orders(const struct request *request)
{
	const struct read *read = request->read;
	const char *text = read->sorted ? "sorted" : "";

	for (size_t i = 0; i < read->part_count; i++) {
		text = arena_printf(request->arena, "%s %s:%d", text, read->parts[i].type->name,
			(int)read->parts[i].order);
	}
	return text;
}

/* Everything but the cursor stays as it is from page to page (RFC 9865, 2). */
static void make_owner(struct request *request)
{
	const struct gateway *gateway = request->worker->gateway;
	const struct request_query *query = &request->query;
	struct cursor_owner *owner = &request->read->owner;
	const char *texts[] = {
		request->type != NULL ? request->type->name : NULL,
		query->filter,
		query->attributes,
		query->excluded_attributes,
		query->sort_by,
		query->sort_order,
		arena_printf(request->arena, "%lld", (long long)request->read->page.count),
		print_orders(request),
	};

	owner->key = gateway->cursor_key;
	owner->tenant = request->source->tenant;
	owner->source = request->source->id;
	owner->timeout_s = gateway->config->scim.cursor_timeout_ms / 1000;
	cursor_digest(texts, sizeof(texts) / sizeof(texts[0]), owner->query);
}

static bool make_cursor(struct request *request, struct error *err)
{
	struct read *read = request->read;

	if (!read_by_cursor(read)) {
		return true;
	}
	make_owner(request);
	if (read->page.cursor[0] == '\0') {
		read->from = (struct cursor){ .open = true };
	} else if (!cursor_parse(request->arena, &read->owner, read->page.cursor, request->time_us,
			   &read->from, err)) {
		return false;
	}
	read->is_first = read->from.open && !read->from.backward;
	return true;
}

static bool make(struct request *request, struct error *err)
{
	struct read *read = request->read;

	if (!make_parts(request, err)) {
		return false;
	}
	read->sorted = !find_order(request, &read->parts[0]) && request->query.sort_by != NULL;
	for (size_t i = 0; read->sorted && i < read->part_count; i++) {
		read->parts[i].bare = false;
	}
	if (read->sorted && !read_by_cursor(read) &&
		read->page.start - 1 + read->page.count > READ_SORT_MAX) {
		return error_set(err, ERROR_TOO_MANY,
			"pages sorted by %.80s reach to resource %d by startIndex; page with a "
			"cursor (&cursor=, then nextCursor), or use a filter",
			request->query.sort_by, READ_SORT_MAX);
	}
	if (!make_cursor(request, err) || !query_limit_check(request, err)) {
		return false;
	}
	query_walk_start(request);
	return true;
}

bool query_of_parameters(struct request *request, struct error *err)
{
	new_read(request);
	return request_read_query(request) &&
	       scim_page_parse(request->query.start_index, request->query.count,
		       request->query.cursor, &request->read->page, err) &&
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
