/*
 * bulk_plan: the names of operations. Which refers to which, and in which order they run, is
 * scim_bulk_plan() of scim/bulk.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct error;
struct scim_bulk;
struct scim_bulk_set;

/* Fills bulk->names. ERROR_VALUE: two operations of one bulkId (it would not be clear which of them
 * a result is about). */
bool scim_bulk_index(struct arena *arena, struct scim_bulk *bulk, struct error *err);

bool scim_bulk_set_has(const struct scim_bulk_set *set, int64_t operation);

/* The POST of a bulkId; -1: none. */
int64_t scim_bulk_find(const struct scim_bulk *bulk, const char *name, size_t size);
