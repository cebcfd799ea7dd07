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

/* *number stays as it is where there is no text. */
static bool parse_integer(const char *text, int64_t *number)
{
	char *end;

	if (text == NULL) {
		return true;
	}
	errno = 0;
	*number = strtoll(text, &end, 10);
	return end != text && *end == '\0' && errno == 0 && text[0] != ' ' && text[0] != '+';
}

static bool bound(struct scim_page *page, struct error *err)
{
	if (page->cursor != NULL && page->count < 1) {
		return error_set(err, ERROR_PAGE_SIZE,
			"count must be between 1 and %d with a cursor; leave it out for %d",
			SCIM_PAGE_MAX, SCIM_PAGE_DEFAULT);
	}
	if (page->cursor != NULL && page->start > 1) {
		return error_set(err, ERROR_CURSOR,
			"cursor and startIndex are two ways of paging; leave one of them out");
	}
	if (page->start < 1) {
		page->start = 1;
	}
	if (page->count < 0) {
		page->count = 0;
	}
	if (page->count > SCIM_PAGE_MAX) {
		page->count = SCIM_PAGE_MAX;
	}
	return true;
}

static bool refuse_count(const struct scim_page *page, struct error *err)
{
	return error_set(err, page->cursor != NULL ? ERROR_PAGE_SIZE : ERROR_VALUE,
		"count must be an integer");
}

bool scim_page_parse(const char *start_index, const char *count, const char *cursor,
	struct scim_page *page, struct error *err)
{
	*page = (struct scim_page){ .start = 1, .count = SCIM_PAGE_DEFAULT, .cursor = cursor };
	if (!parse_integer(start_index, &page->start)) {
		return error_set(err, ERROR_VALUE, "startIndex must be an integer");
	}
	if (!parse_integer(count, &page->count)) {
		return refuse_count(page, err);
	}
	return bound(page, err);
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

/* *number stays as it is where there is none. */
static bool get_number(const struct value *body, const char *name, int64_t *number)
{
	const struct value *value = value_find_folded(body, name);

	return value == NULL || value_is(value, VALUE_NULL) || value_int(value, number);
}

static bool get_page(const struct value *body, struct scim_page *page, struct error *err)
{
	*page = (struct scim_page){ .start = 1, .count = SCIM_PAGE_DEFAULT };
	if (!get_text(body, "cursor", &page->cursor, err)) {
		return false;
	}
	if (!get_number(body, "startIndex", &page->start)) {
		return error_set(err, ERROR_VALUE, "startIndex must be an integer");
	}
	if (!get_number(body, "count", &page->count)) {
		return refuse_count(page, err);
	}
	return bound(page, err);
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
	*search = (struct scim_search){ 0 };
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
		!get_page(body, &search->page, err)) {
		return false;
	}
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
	if (scim_ref_leaf(&sort->ref)->returned == SCIM_NEVER ||
		sort->ref.attribute->returned == SCIM_NEVER) {
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

bool scim_sort_is_by_id(const struct scim_sort *sort)
{
	const struct scim_ref *ref = &sort->ref;

	return ref->attribute->place == SCIM_IS_ID ||
	       (ref->attribute->place == SCIM_IS_META && ref->sub != NULL &&
		       strcmp(ref->sub->name, "created") == 0);
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

int scim_sort_compare(const struct scim_sort *sort, const struct value *a, const struct value *b)
{
	int order = a == NULL || b == NULL ? (a == NULL) - (b == NULL) : value_compare(a, b);

	return sort->descending ? -order : order;
}

/* ---- ListResponse ---- */

static void print_cursor(struct buf *buf, const char *name, const char *cursor)
{
	if (cursor != NULL) { /* unreserved characters: nothing to escape */
		buf_printf(buf, ",\"%s\":\"%s\"", name, cursor);
	}
}

void scim_list_open(struct buf *buf, const struct scim_list *list)
{
	buf_append_text(buf, "{\"schemas\":[\"" SCIM_URN_LIST "\"]");
	if (list->total >= 0) {
		buf_printf(buf, ",\"totalResults\":%" PRId64, list->total);
	}
	if (list->start > 0) {
		buf_printf(buf, ",\"startIndex\":%" PRId64, list->start);
	}
	buf_printf(buf, ",\"itemsPerPage\":%" PRId64, list->items);
	print_cursor(buf, "previousCursor", list->previous);
	print_cursor(buf, "nextCursor", list->next);
	buf_append_text(buf, ",\"Resources\":[");
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
