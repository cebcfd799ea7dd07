/*
 * query_key: keys of SCIM (scim/key.h) as keys of the store, in the eyes of one source.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct read_part;
struct request;
struct scim_key;
struct scim_resource_type;
struct store_key;
struct store_row;
struct store_slice;

/*
 * The next slice of the resources that part->key finds, by rid, behind read->place, which moves on;
 * in read->slice. ERROR_STORE.
 */
bool query_key_slice(struct request *request, const struct read_part *part,
	const struct store_slice *slice, const struct store_row **rows, size_t *count, bool *more,
	struct error *err);

/* kind 0: there is no such row. */
struct store_key query_store_key(const struct request *request,
	const struct scim_resource_type *type, const struct scim_key *key);
