/*
 * query_key: keys of SCIM (scim/key.h) as keys of the store, in the eyes of one source.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct error;
struct read_part;
struct request;
struct scim_key;
struct scim_resource_type;
struct store_key;

/*
 * The next of the resources that part->key finds, by rid, behind `after` (0: the first), about
 * `limit` at most. None: there are no more. ERROR_STORE.
 */
bool query_key_rids(struct request *request, const struct read_part *part, struct arena *arena,
	int64_t after, size_t limit, const int64_t **rids, size_t *count, struct error *err);

/* kind 0: there is no such row. */
struct store_key query_store_key(const struct request *request,
	const struct scim_resource_type *type, const struct scim_key *key);
