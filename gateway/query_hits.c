#include "gateway/query_hits.h"

#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/value.h"
#include "gateway/read.h"
#include "gateway/request.h"

/* Of one slice: a list that is sorted reads 256 rows at a time. */
enum { BATCH_HITS = 2048 };

size_t query_hits_part(const struct read *read, int64_t rid)
{
	for (size_t i = 0; i < read->part_count; i++) {
		if (read->parts[i].store_type == store_rid_type(rid)) {
			return i;
		}
	}
	return 0;
}

static int compare_hits(const void *a, const void *b, void *user)
{
	const struct read *read = user;
	const struct read_hit *left = a;
	const struct read_hit *right = b;
	int order =
		read->sorted ? scim_sort_compare(&read->parts[0].sort, left->key, right->key) : 0;

	if (order == 0) {
		order = left->part != right->part
				? (left->part > right->part) - (left->part < right->part)
				: (left->rid > right->rid) - (left->rid < right->rid);
	}
	return read->from.backward ? -order : order;
}

/* How many hits of a sorted list are kept: no page that was asked for shows those behind. */
static size_t sorted_reach(const struct read *read)
{
	return (size_t)(read_by_cursor(read) ? read->page.count + 1
					     : read->page.start - 1 + read->page.count);
}

void query_hits_merge(struct request *request)
{
	struct read *read = request->read;
	size_t reach = sorted_reach(read);
	size_t all = read->hit_count + read->batch_count;
	size_t count = all < reach ? all : reach;
	struct read_hit *best;
	size_t left = 0;
	size_t right = 0;

	if (read->batch_count == 0) {
		return;
	}
	qsort_r(read->batch, read->batch_count, sizeof(*read->batch), compare_hits, read);
	best = arena_alloc(read->slice, (count + 1) * sizeof(*best));
	for (size_t i = 0; i < count; i++) {
		bool takes_left =
			right == read->batch_count ||
			(left < read->hit_count &&
				compare_hits(&read->hits[left], &read->batch[right], read) <= 0);
		best[i] = takes_left ? read->hits[left++] : read->batch[right++];
	}
	if (count > read->hit_capacity) {
		read->hit_capacity = reach < count * 2 ? reach : count * 2;
		read->hits = arena_alloc(request->arena, read->hit_capacity * sizeof(*read->hits));
	}
	if (count > 0) { /* none are wanted of count=0: then there is no memory for them either */
		memcpy(read->hits, best, count * sizeof(*best));
	}
	read->hit_count = count;
	read->batch_count = 0;
}

const struct value *query_hits_key(struct arena *arena, const struct value *key)
{
	if (key == NULL) {
		return NULL;
	}
	if (value_is(key, VALUE_STRING) && value_size(key) > READ_KEY_BYTES) {
		return value_of_text_n(arena, value_text(key), READ_KEY_BYTES);
	}
	return value_copy(arena, key);
}

static void add_to_batch(struct request *request, const struct read_hit *hit)
{
	struct read *read = request->read;
	struct read_hit from = { .rid = read->from.rid,
		.key = read->from.key,
		.part = query_hits_part(read, read->from.rid) };

	if (read_by_cursor(read) && !read->from.open && compare_hits(hit, &from, read) <= 0) {
		read->beside++;
		return;
	}
	if (read->batch == NULL) {
		read->batch = arena_alloc(request->arena, BATCH_HITS * sizeof(*read->batch));
	}
	read->batch[read->batch_count++] = *hit;
}

static void keep(struct request *request, const struct read_hit *hit)
{
	struct read *read = request->read;

	if (read->hit_count == read->hit_capacity) {
		size_t capacity = read->hit_capacity == 0 ? 64 : read->hit_capacity * 2;
		struct read_hit *hits = arena_alloc(request->arena, capacity * sizeof(*hits));

		if (read->hit_count > 0) {
			memcpy(hits, read->hits, read->hit_count * sizeof(*hits));
		}
		read->hits = hits;
		read->hit_capacity = capacity;
	}
	read->hits[read->hit_count++] = *hit;
}

void query_hits_add(struct request *request, const struct read_hit *hit)
{
	struct read *read = request->read;

	read->total++;
	if (read->sorted) {
		add_to_batch(request, hit);
	} else if (read_by_cursor(read)) {
		keep(request, hit);
		read->more = (int64_t)read->hit_count > read->page.count;
	} else if (read->total >= read->page.start && (int64_t)read->hit_count < read->page.count) {
		keep(request, hit);
	}
}

/* ---- the page ---- */

/* A list sorted in memory: which of the best are the page. */
static void take_sorted_page(struct read *read)
{
	size_t from = read_by_cursor(read) ? 0 : (size_t)read->page.start - 1;

	from = from < read->hit_count ? from : read->hit_count;
	if (from > 0) {
		read->hits += from;
		read->hit_count -= from;
	}
	read->more = (int64_t)read->hit_count > read->page.count;
	read->has_edges = read->hit_count > 0;
	if (read->has_edges) {
		size_t last = read->more ? (size_t)read->page.count : read->hit_count;

		read->near = read->hits[0];
		read->far = read->hits[last - 1];
	}
}

static void turn_round(struct read *read)
{
	for (size_t i = 0; i < read->hit_count / 2; i++) {
		struct read_hit swap = read->hits[i];

		read->hits[i] = read->hits[read->hit_count - 1 - i];
		read->hits[read->hit_count - 1 - i] = swap;
	}
}

void query_hits_page(struct read *read)
{
	if (read->sorted) {
		take_sorted_page(read);
	}
	if ((int64_t)read->hit_count > read->page.count) {
		read->hit_count = (size_t)read->page.count;
	}
	if (read->from.backward) {
		turn_round(read);
	}
}
