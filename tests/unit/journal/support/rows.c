#include "tests/unit/journal/support/rows.h"

#include <string.h>
#include "base/error.h"
#include "base/memory.h"

void rows_fini(struct rows *rows)
{
	for (size_t i = 0; i < rows->count; i++) {
		memory_free(rows->items[i].leaf);
		memory_free(rows->items[i].payload);
	}
	memory_free(rows->items);
	*rows = (struct rows){ 0 };
}

static uint8_t *copy(const uint8_t *bytes, size_t size)
{
	return bytes == NULL ? NULL : memcpy(must_malloc(size), bytes, size);
}

void rows_add(struct rows *rows, const struct journal_packed *packed)
{
	if (rows->count == rows->capacity) {
		rows->capacity = rows->capacity * 2 + 64;
		rows->items = must_realloc(rows->items, rows->capacity * sizeof(*rows->items));
	}
	rows->items[rows->count++] = (struct row){
		copy(packed->leaf, packed->leaf_size),
		packed->leaf_size,
		copy(packed->payload, packed->payload_size),
		packed->payload_size,
	};
}

void rows_grow(struct rows *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char leaf[128];
		int size = snprintf(leaf, sizeof(leaf),
			"{\"kind\":\"system\",\"operation\":\"test-%zu\","
			"\"time\":\"2026-11-24T04:00:00.000000Z\"}",
			rows->count);
		struct journal_packed packed = { .leaf = (const uint8_t *)leaf,
			.leaf_size = (size_t)size };

		rows_add(rows, &packed);
	}
}

static bool size_of(void *user, uint64_t *size, struct error *err)
{
	const struct rows *rows = user;

	if (rows->is_broken) {
		return error_set(err, ERROR_STORE, "the store cannot be read");
	}
	*size = rows->count;
	return true;
}

static bool each_row(void *user, uint64_t from, uint64_t count, bool payloads, journal_row_fn *fn,
	void *fn_user, struct error *err)
{
	const struct rows *rows = user;
	struct error told = { 0 };

	if (rows->is_broken) {
		return error_set(err, ERROR_STORE, "the store cannot be read");
	}
	for (uint64_t i = from; i < from + count && i < rows->count; i++) {
		const struct row *item = &rows->items[i];
		struct journal_row row = { i, item->leaf, item->leaf_size,
			payloads ? item->payload : NULL, payloads ? item->payload_size : 0 };

		if (!fn(fn_user, &row, &told)) {
			break;
		}
	}
	if (told.code != ERROR_NONE) {
		*err = told;
		return false;
	}
	return true;
}

struct journal_source rows_source(struct rows *rows)
{
	return (struct journal_source){ size_of, each_row, rows };
}
