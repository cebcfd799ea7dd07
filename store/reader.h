/*
 * The reading connection. Internal to store/: read*.c and delivery.c.
 */
#pragma once

#include "store/read.h"
#include "store/sql.h"

struct store_reader {
	struct sql sql;
	int depth; /* of store_read_begin */
};

/*
 * A read that returns many rows: collects fixed-size items in the arena. { .item_bytes = … } starts
 * one.
 */
struct reader_list {
	size_t item_bytes;
	char *items;
	size_t count;
	size_t capacity;
};
void *reader_list_add(struct reader_list *list, struct arena *arena); /* zeroed */

/* RESOURCE_COLUMNS. False: a damaged row. */
bool reader_take_resource(sqlite3_stmt *row, struct arena *arena, struct store_resource *resource);
/* Rids of a tenant and type lie between these two, both excluded. */
int64_t reader_first_of(int tenant, enum store_type type, int64_t after);
int64_t reader_end_of(int tenant, enum store_type type);

/* Fills *err and makes the connection ready for the next read. Always false. */
bool reader_fail(struct store_reader *reader, struct error *err, const char *what);
/* True when no statement failed; else reader_fail. */
bool reader_state(struct store_reader *reader, struct error *err, const char *what);
