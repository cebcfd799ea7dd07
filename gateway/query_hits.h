/*
 * query_hits: what matches, as much of it as a page needs. A list in the order of its index keeps
 * the page; one that is sorted in memory keeps the best so far, as many as the page can reach, and
 * the batch of the slice under way. A page by cursor keeps one more, to know whether there is more.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct arena;
struct read;
struct read_hit;
struct request;
struct value;

/* Counts it, and keeps it when the page may show it. */
void query_hits_add(struct request *request, const struct read_hit *hit);
/* After each slice: of the best so far and its batch the best. */
void query_hits_merge(struct request *request);
/* After the last one: read->hits is the page, in the order of the list. */
void query_hits_page(struct read *read);

/* A copy of what a list is sorted by; NULL stays. Texts are compared, and carried in cursors, by
 * their first READ_KEY_BYTES. */
const struct value *query_hits_key(struct arena *arena, const struct value *key);
/* The part that a resource belongs to. */
size_t query_hits_part(const struct read *read, int64_t rid);
