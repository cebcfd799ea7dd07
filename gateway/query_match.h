/*
 * query_match: a stored resource × filter. Knows where the values lie that are no part of the
 * document: id, externalId, meta, groups, members.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct error;
struct read_part;
struct request;
struct scim_filter;
struct scim_ref;
struct scim_resource_type;
struct store_resource;
struct value;

struct query_candidate {
	struct request *request;
	struct arena *arena;
	const struct store_resource *resource;
	const struct value *doc;
	struct error *err;
	bool failed; /* a row could not be read; *err says why */
};

/* Parses the document. ERROR_INTERNAL for one that is damaged. */
bool query_candidate_init(struct query_candidate *candidate, struct request *request,
	struct arena *arena, const struct store_resource *resource, struct error *err);

/* False also when it could not be found out: see failed. */
bool query_candidate_matches(struct query_candidate *candidate, const struct scim_filter *filter);

/* The value of ref's attribute (not of its sub-attribute), or NULL. */
const struct value *query_candidate_value(
	struct query_candidate *candidate, const struct scim_ref *ref);

/* The resources that part->key finds. ERROR_STORE. */
bool query_key_rids(struct request *request, const struct read_part *part, struct arena *arena,
	const int64_t **rids, size_t *count, struct error *err);

/* The store's key for one of scim/key.h in the eyes of a source. kind 0: there is no such row. */
struct scim_key;
struct store_key;
struct store_key query_store_key(
	const struct request *request, const struct scim_resource_type *type, const struct scim_key *key);
