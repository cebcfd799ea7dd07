/*
 * rows: a store in memory, as a journal_source.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "journal/entry.h"
#include "journal/source.h"

struct rows {
	struct row {
		uint8_t *leaf;
		size_t leaf_size;
		uint8_t *payload; /* NULL: none, or erased */
		size_t payload_size;
	} *items;
	size_t count;
	size_t capacity;
	bool is_broken; /* every read fails */
};

void rows_fini(struct rows *rows);
struct journal_source rows_source(struct rows *rows);

/* `count` small entries without payload, different from each other, the same in each run. */
void rows_grow(struct rows *rows, size_t count);
void rows_add(struct rows *rows, const struct journal_packed *packed); /* copies */
