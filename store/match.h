/*
 * match: a stored resource × SCIM filter. Knows where the values lie that are no part of the
 * document: id, externalId, meta, groups, members.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct error;
struct scim_filter;
struct scim_ref;
struct store_reader;
struct store_resource;
struct value;

struct store_candidate {
	struct store_reader *reader;
	struct arena *arena;
	int source; /* whose externalId counts; 0: nobody's */
	const struct store_resource *resource;
	const char *type; /* meta.resourceType; NULL: "User" or "Group", as its row says */
	const struct value *doc;
	struct error *err;
	bool failed; /* a row could not be read; *err says why */
};

/* Parses the document. resource, arena and err must stay. ERROR_SYNTAX for one that is damaged. */
bool store_candidate_init(struct store_candidate *candidate, struct store_reader *reader,
	struct arena *arena, int source, const struct store_resource *resource, struct error *err);

/* False also when it could not be found out: see failed. */
bool store_candidate_matches(struct store_candidate *candidate, const struct scim_filter *filter);

/* The value of ref's attribute (not of its sub-attribute), or NULL. */
const struct value *store_candidate_value(
	struct store_candidate *candidate, const struct scim_ref *ref);
