/*
 * bulk_plan: which operation refers to which, and in which order they run. See scim/bulk.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct error;
struct scim_bulk;
struct scim_bulk_set;

/*
 * Fills by_name, target, references, deferred and steps of a bulk whose operations have been read.
 * A name that no POST creates is an error of the operation that says it. ERROR_VALUE: two POST of
 * one bulkId, or any two operations (it would not be clear which of them a result is about).
 */
bool scim_bulk_plan(struct arena *arena, struct scim_bulk *bulk, struct error *err);

bool scim_bulk_set_has(const struct scim_bulk_set *set, int64_t operation);

/* The POST of a bulkId; -1: none. */
int64_t scim_bulk_find(const struct scim_bulk *bulk, const char *name, size_t size);
