#include "scim/list.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/value.h"
#include "scim/datatype.h"
#include "scim/dialect.h"
#include "scim/message.h"
#include "scim/name.h"
#include "scim/urn.h"

/* ---- pages ---- */

static bool parse_integer(const char *name, const char *text, int64_t *number, struct error *err)
{
	char *end;

	if (text == NULL) {
		return true;
	}
	errno = 0;
	*number = strtoll(text, &end, 10);
	if (end == text || *end != '\0' || errno != 0 || text[0] == ' ' || text[0] == '+') {
		return error_set(err, ERROR_VALUE, "%s must be an integer", name);
	}
	return true;
}

static void bound(struct scim_page *page)
{
	if (page->start < 1) {
		page->start = 1;
	}
	if (page->count < 0) {
		page->count = 0;
	}
	if (page->count > SCIM_PAGE_MAX) {
		page->count = SCIM_PAGE_MAX;
	}
}

bool scim_page_parse(
	const char *start_index, const char *count, struct scim_page *page, struct error *err)
{
	*page = (struct scim_page){ .start = 1, .count = SCIM_PAGE_DEFAULT };
	if (!parse_integer("startIndex", start_index, &page->start, err) ||
		!parse_integer("count", count, &page->count, err)) {
		return false;
	}
	bound(page);
	return true;
}

/* ---- /.search ---- */

static bool get_text(
	const struct value *body, const char *name, const char **text, struct error *err)
{
	const struct value *value = value_find_folded(body, name);

	*text = NULL;
	if (value == NULL || value_is(value, VALUE_NULL)) {
		return true;
	}
	if (!value_is(value, VALUE_STRING)) {
		return error_set(err, ERROR_VALUE, "%s must be a text", name);
	}
	*text = value_text(value);
	return true;
}

static bool get_number(
	const struct value *body, const char *name, int64_t *number, struct error *err)
{
	const struct value *value = value_find_folded(body, name);

	return value == NULL || value_is(value, VALUE_NULL) || value_int(value, number) ||
	       error_set(err, ERROR_VALUE, "%s must be an integer", name);
}

/* ["a", "b"] → "a,b"; a text stays one. */
static bool get_names(struct arena *arena, const struct value *body, const char *name,
	const char **text, struct error *err)
{
	const struct value *list = value_find_folded(body, name);
	struct buf buf = { 0 };

	if (!value_is(list, VALUE_ARRAY)) {
		return get_text(body, name, text, err);
	}
	for (size_t i = 0; i < value_count(list); i++) {
		if (!value_is(value_at(list, i), VALUE_STRING)) {
			buf_fini(&buf);
			return error_set(err, ERROR_VALUE, "%s must be a list of texts", name);
		}
		buf_append_text(&buf, i > 0 ? "," : "");
		buf_append_text(&buf, value_text(value_at(list, i)));
	}
	*text = value_count(list) > 0 ? arena_text(arena, buf.data, buf.size) : NULL;
	buf_fini(&buf);
	return true;
}

bool scim_search_parse(struct arena *arena, const struct scim_dialect *dialect,
	const struct value *body, struct scim_search *search, struct error *err)
{
	*search = (struct scim_search){ .page = { .start = 1, .count = SCIM_PAGE_DEFAULT } };
	if (!value_is(body, VALUE_OBJECT)) {
		return error_set(err, ERROR_SYNTAX, "the body must be a JSON object");
	}
	if (!scim_message_check(
		    dialect, value_find_folded(body, "schemas"), SCIM_URN_SEARCH, err) ||
		!get_names(arena, body, "attributes", &search->attributes, err) ||
		!get_names(arena, body, "excludedAttributes", &search->excluded, err) ||
		!get_text(body, "filter", &search->filter, err) ||
		!get_text(body, "sortBy", &search->sort_by, err) ||
		!get_text(body, "sortOrder", &search->sort_order, err) ||
		!get_number(body, "startIndex", &search->page.start, err) ||
		!get_number(body, "count", &search->page.count, err)) {
		return false;
	}
	bound(&search->page);
	return true;
}

/* ---- sorting ---- */

bool scim_sort_parse(const struct scim_resource_type *type, const char *sort_by,
	const char *sort_order, struct scim_sort *sort, struct error *err)
{
	*sort = (struct scim_sort){ 0 };
	if (!scim_type_resolve(type, sort_by, strlen(sort_by), &sort->ref) ||
		sort->ref.attribute == NULL) {
		return error_set(err, ERROR_PATH, "sortBy: a %s has no attribute '%.80s'",
			type->name, sort_by);
	}
	if (scim_ref_leaf(&sort->ref)->type == SCIM_COMPLEX) {
		return error_set(
			err, ERROR_PATH, "sortBy: '%.80s' has sub-attributes, name one", sort_by);
	}
	if (scim_ref_leaf(&sort->ref)->returned == SCIM_NEVER) {
		return error_set(err, ERROR_PATH, "sortBy: '%.80s' is never shown", sort_by);
	}
	if (sort_order != NULL && strcasecmp(sort_order, "descending") == 0) {
		sort->descending = true;
	} else if (sort_order != NULL && strcasecmp(sort_order, "ascending") != 0) {
		return error_set(
			err, ERROR_VALUE, "sortOrder must be \"ascending\" or \"descending\"");
	}
	return true;
}

/* RFC 7644, 3.4.2.3: of more than one value the primary one, else the first. */
static const struct value *one_of(const struct value *list)
{
	for (size_t i = 0; i < value_count(list); i++) {
		if (value_find_bool(value_at(list, i), "primary", false)) {
			return value_at(list, i);
		}
	}
	return value_count(list) > 0 ? value_at(list, 0) : NULL;
}

const struct value *scim_sort_key(
	struct arena *arena, const struct scim_sort *sort, const struct value *top)
{
	const struct scim_attribute *leaf = scim_ref_leaf(&sort->ref);
	const struct value *key = value_is(top, VALUE_ARRAY) ? one_of(top) : top;
	int64_t us;

	if (leaf != sort->ref.attribute) {
		key = value_find_n(key, leaf->name, leaf->name_size);
	}
	if (!value_is(key, VALUE_STRING)) {
		return key;
	}
	if (leaf->type == SCIM_DATETIME &&
		scim_datetime_parse(value_text(key), value_size(key), false, &us)) {
		return value_of_int(arena, us);
	}
	return leaf->case_exact ? key : scim_name_fold(arena, key);
}

static bool comes_first(const struct scim_sort_item *a, const struct scim_sort_item *b)
{
	if (a->key == NULL || b->key == NULL) {
		return b->key == NULL; /* a does not stand behind b */
	}
	return value_compare(a->key, b->key) <= 0;
}

/* Merges two sorted runs; of equals the left one comes first, also when order is turned round. */
static void merge(const struct scim_sort_item *items, size_t left_count, size_t count,
	bool descending, struct scim_sort_item *result)
{
	size_t i = 0, k = left_count;

	for (size_t at = 0; at < count; at++) {
		bool takes_left =
			k == count ||
			(i < left_count && (descending ? comes_first(&items[k], &items[i])
						       : comes_first(&items[i], &items[k])));

		result[at] = takes_left ? items[i++] : items[k++];
	}
}

void scim_sort_items(struct arena *arena, const struct scim_sort *sort,
	struct scim_sort_item *items, size_t count)
{
	struct scim_sort_item *from = items;
	struct scim_sort_item *to = arena_alloc(arena, count * sizeof(*to));

	for (size_t width = 1; width < count; width *= 2) {
		for (size_t at = 0; at < count; at += 2 * width) {
			size_t left = count - at < width ? count - at : width;
			size_t both = count - at < 2 * width ? count - at : 2 * width;

			merge(from + at, left, both, sort->descending, to + at);
		}
		struct scim_sort_item *swap = from;

		from = to;
		to = swap;
	}
	if (from != items) {
		memcpy(items, from, count * sizeof(*items));
	}
}

/* ---- ListResponse ---- */

void scim_list_open(struct buf *buf, int64_t total, int64_t start, int64_t items_per_page)
{
	buf_printf(buf,
		"{\"schemas\":[\"" SCIM_URN_LIST "\"],\"totalResults\":%" PRId64
		",\"startIndex\":%" PRId64 ",\"itemsPerPage\":%" PRId64 ",\"Resources\":[",
		total, start, items_per_page);
}

void scim_list_next(struct buf *buf, size_t index)
{
	if (index > 0) {
		buf_append_char(buf, ',');
	}
}

void scim_list_close(struct buf *buf)
{
	buf_append(buf, "]}", 2);
}
