/*
 * read: what a query gathers on its way through flow_read.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"
#include "gateway/cursor.h"
#include "scim/key.h"
#include "scim/list.h"
#include "scim/needle.h"
#include "store/read.h"
#include "store/record.h"

struct arena;
struct represent;
struct scim_filter;
struct scim_projection;
struct value;

/* Which index a type is looked through with; the order of the list, unless it is sorted in memory.
 */
enum read_order {
	READ_ROWS,  /* as they were made */
	READ_FOUND, /* what one value of a key finds, as they were made */
	READ_KEYS,  /* by a unique key: all of it, or what begins with key.text */
	READ_IDS,   /* by id, which is the order of meta.created as well */
};

/* One resource type that is looked through. */
struct read_part {
	const struct scim_resource_type *type;
	enum store_type store_type;
	const struct scim_projection *projection;
	const struct scim_filter *filter; /* NULL: all match */
	struct scim_needle needle;
	struct scim_sort sort;
	enum read_order order;
	struct scim_key key; /* of READ_FOUND and READ_KEYS */
	bool descending;     /* READ_KEYS, READ_IDS: as sortOrder says */
	bool keyless;        /* READ_KEYS: who has no such key is in the list, too: sorted by it */
	bool bare;           /* the index alone tells what matches: no row has to be read */
};

/* A resource that matches. */
struct read_hit {
	int64_t rid;
	const struct value *key; /* what the list is sorted by; NULL: nothing, or absent */
	size_t part;
};

enum {
	READ_SORT_MAX = 5000, /* pages sorted in memory reach to this resource by startIndex */
	READ_LOOK_COST = 32,  /* of looking at a row of 1 KiB; config scim.search_rows limits it */
	READ_LOOK_FETCH = 24, /* … more, of one that an index names */
	READ_LOOK_APART = 64, /* … more, in the order of a key: rows lie anywhere */
	READ_LOOK_INDEX = 2,  /* … of an index alone */
	READ_LOOK_ID = 6,     /* … more, of the index of ids */
	READ_KEY_BYTES = 256, /* of a text that is sorted by in memory: no more is compared */
	READ_REPLY_BYTES = 4 << 20, /* a page ends behind the resource that reaches it */
};

struct read {
	/* get */
	const struct scim_projection *projection;
	struct represent *represent;

	/* list, search: what is asked */
	struct scim_page page;
	bool sorted;             /* in memory: only the whole list tells which page */
	struct read_part *parts; /* room for every type of the model */
	size_t part_count;
	struct cursor_owner owner;
	struct cursor from; /* of pages by cursor */
	bool is_first;      /* … the empty cursor, or one that begins at the start */

	/* where it is */
	size_t part; /* the one under way; beyond part_count, also from below: none */
	struct store_place place;
	char place_key[STORE_KEY_BYTES];
	bool in_keyless;        /* of the part, the half without keys is under way */
	bool has_half;          /* … and the other half is done */
	struct store_skip skip; /* of a plain page: to its start */
	bool skipping;
	int64_t cost;
	struct arena *slice; /* of one slice of rows */

	/* what it found */
	int64_t total;         /* that match; -1: not known */
	int64_t beside;        /* sorted by cursor: those on the other side of the cursor */
	struct read_hit *hits; /* of the page, and one more where a cursor needs to know */
	size_t hit_count;
	size_t hit_capacity;
	struct read_hit *batch; /* sorted: of this slice, not merged yet */
	size_t batch_count;
	bool has_edges; /* anything was looked at: */
	struct read_hit near;
	struct read_hit far;
	bool more; /* behind far */

	size_t printed; /* hits looked at */
	size_t items;   /* … and found */
	struct buf buf;
};

static inline bool read_by_cursor(const struct read *read)
{
	return read->page.cursor != NULL;
}
