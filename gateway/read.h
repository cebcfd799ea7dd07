/*
 * read: what a query gathers on its way through flow_read.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"
#include "scim/key.h"
#include "scim/list.h"
#include "store/read.h"
#include "store/record.h"

struct arena;
struct represent;
struct scim_filter;
struct scim_projection;
struct value;

/* A resource that matches: where it is, and what it is sorted by (NULL when nothing is sorted). */
struct read_hit {
	int64_t rid;
	const struct value *key;
	size_t part;
};

/* One resource type that is looked through. */
struct read_part {
	const struct scim_resource_type *type;
	enum store_type store_type;
	const struct scim_projection *projection;
	const struct scim_filter *filter; /* NULL: all match */
	struct scim_sort sort;
	bool by_key; /* an index finds all that can match */
	struct scim_key key;
};

enum {
	READ_SORT_MAX = 5000, /* sorted pages reach to this resource: 400 tooMany beyond */
};

struct read {
	/* get */
	const struct scim_projection *projection;
	struct represent *represent;

	/* list, search */
	struct scim_page page;
	bool sorted;
	struct read_part *parts; /* room for every type of the model */
	size_t part_count;

	size_t part;            /* the one under way */
	int64_t after;          /* the last rid that was looked at */
	struct store_skip skip; /* of a plain page: to its start */
	bool skipping;
	struct arena *slice; /* of one slice of rows */
	int64_t total;
	struct read_hit *hits; /* sorted: all; else those of the page */
	size_t hit_count;
	size_t hit_capacity;

	size_t printed; /* hits looked at */
	size_t items;   /* … and found */
	struct buf buf;
};
