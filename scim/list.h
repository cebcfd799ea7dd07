/*
 * Queries: paging, sorting, ListResponse (RFC 7644, 3.4.2).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "scim/schema.h"

struct arena;
struct buf;
struct error;
struct scim_dialect;
struct value;

#define SCIM_PAGE_DEFAULT 100
#define SCIM_PAGE_MAX 1000

struct scim_page {
	int64_t start;      /* 1-based */
	int64_t count;      /* 0: only totalResults is wanted */
	const char *cursor; /* as it came, "" for the first page; NULL: pages by index */
};

/*
 * From query parameters, NULL where absent. startIndex below 1 is 1, a negative count is 0, above
 * SCIM_PAGE_MAX it is that (3.4.2.4). ERROR_VALUE: no integer. With a cursor (RFC 9865, 2) count is
 * 1 or more, else ERROR_PAGE_SIZE, and there is no startIndex but 1: ERROR_CURSOR.
 */
bool scim_page_parse(const char *start_index, const char *count, const char *cursor,
	struct scim_page *page, struct error *err);

/*
 * The body of POST /.search and /<type>/.search (3.4.3). Texts live in arena and are as the query
 * parameters would be: lists joined with commas; NULL where absent. ERROR_SYNTAX, ERROR_VALUE.
 */
struct scim_search {
	const char *attributes;
	const char *excluded;
	const char *filter;
	const char *sort_by;
	const char *sort_order;
	struct scim_page page;
};
bool scim_search_parse(struct arena *arena, const struct scim_dialect *dialect,
	const struct value *body, struct scim_search *search, struct error *err);

struct scim_sort {
	struct scim_ref ref;
	bool descending;
};

/* sort_order: "ascending" (default, also for NULL) or "descending". ERROR_PATH, ERROR_VALUE. */
bool scim_sort_parse(const struct scim_resource_type *type, const char *sort_by,
	const char *sort_order, struct scim_sort *sort, struct error *err);

/* By id or by meta.created, which is the same: an id carries the time at which it was made. */
bool scim_sort_is_by_id(const struct scim_sort *sort);

/*
 * What a resource is sorted by: of a multi-valued attribute the primary value, else the first;
 * of a complex one the sub-attribute named, else `value`; folded when not caseExact.
 * `top` is the value of sort->ref.attribute (the caller knows where it lives) or NULL.
 * NULL: absent.
 */
const struct value *scim_sort_key(
	struct arena *arena, const struct scim_sort *sort, const struct value *top);

/* < 0, 0, > 0: how a stands to b in the list. Absent ones (NULL) come last ascending and first
 * descending (3.4.2.3). */
int scim_sort_compare(const struct scim_sort *sort, const struct value *a, const struct value *b);

struct scim_list {
	int64_t total; /* -1: not known, left out (RFC 9865, 2) */
	int64_t start; /* 0: pages by cursor, left out */
	int64_t items;
	const char *previous; /* cursors; NULL: none */
	const char *next;
};

/* {"schemas":[…],"totalResults":…,"startIndex":…,"itemsPerPage":…,"Resources":[ … ]} */
void scim_list_open(struct buf *buf, const struct scim_list *list);
void scim_list_next(struct buf *buf, size_t index); /* before each resource: the comma */
void scim_list_close(struct buf *buf);
