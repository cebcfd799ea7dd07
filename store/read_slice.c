/*
 * Slices of lists, forward and backward: what queries walk.
 */
#include <string.h>
#include "base/arena.h"
#include "store/inside.h"
#include "store/read.h"
#include "store/reader.h"
#include "store/reader_sql.h"

/* Behind every key: they are UTF-8, which has no such byte. And behind every id. */
#define BEHIND_KEYS "\xff"
static const uint8_t behind_ids[UUID_BYTES + 1] = { 255, 255, 255, 255, 255, 255, 255, 255, 255,
	255, 255, 255, 255, 255, 255, 255, 255 };

static void move_place(
	struct store_place *place, struct arena *arena, int64_t rid, const void *key, size_t size)
{
	*place = (struct store_place){ .is_set = true,
		.rid = rid,
		.key = size > 0 ? arena_copy(arena, key, size) : NULL,
		.key_size = size };
}

/* ---- by rid, whole ---- */

bool store_slice_rows(struct store_reader *reader, struct arena *arena,
	const struct store_slice *slice, struct store_place *place,
	const struct store_resource **rows, size_t *count, bool *more, struct error *err)
{
	struct reader_list found = { .item_bytes = sizeof(struct store_resource) };
	int64_t first = reader_first_of(slice->tenant, slice->type, 0);
	int64_t end = reader_end_of(slice->tenant, slice->type);
	size_t bytes = 0;

	if (place->is_set && slice->backward) {
		end = place->rid < end ? place->rid : end;
	} else if (place->is_set) {
		first = place->rid > first ? place->rid : first;
	}
	sqlite3_stmt *row = SQL_QUERY(&reader->sql, slice->backward ? R_LIST_BACK : R_LIST,
		sql_int(first), sql_int(end), sql_int((int64_t)slice->limit));

	*more = false;
	while (sql_next(&reader->sql, row) == SQL_ROW) {
		struct store_resource *resource = reader_list_add(&found, arena);

		if (!reader_take_resource(row, arena, resource)) {
			reader->sql.rc = SQLITE_CORRUPT;
			sql_end(row);
			break;
		}
		move_place(place, arena, resource->rid, NULL, 0);
		bytes += resource->doc_size;
		if (bytes >= slice->bytes) {
			sql_end(row);
			*more = true;
			break;
		}
	}
	*more = *more || found.count == slice->limit;
	*rows = (const struct store_resource *)(void *)found.items;
	*count = found.count;
	return reader_state(reader, err, "list resources");
}

/* ---- rids, with a key or without ---- */

static void add_row(struct reader_list *list, struct arena *arena, sqlite3_stmt *row, bool keyed)
{
	struct store_row *item = reader_list_add(list, arena);

	item->rid = sql_col_int(row, 0);
	if (keyed) {
		const void *key = sql_col_bytes(row, 1, &item->key_size);
		item->key = arena_copy(arena, key, item->key_size);
	}
}

static bool finish(struct store_reader *reader, const struct reader_list *list,
	const struct store_row **rows, size_t *count, struct error *err)
{
	*rows = (const struct store_row *)(void *)list->items;
	*count = list->count;
	return reader_state(reader, err, "look through an index");
}

static void go_behind_last(
	struct store_place *place, struct arena *arena, const struct reader_list *list)
{
	const struct store_row *rows = (const struct store_row *)(void *)list->items;

	if (list->count > 0) {
		const struct store_row *last = &rows[list->count - 1];
		move_place(place, arena, last->rid, last->key, last->key_size);
	}
}

bool store_slice_found(struct store_reader *reader, struct arena *arena,
	const struct store_slice *slice, const struct store_key *key, struct store_place *place,
	const struct store_row **rows, size_t *count, bool *more, struct error *err)
{
	struct reader_list list = { .item_bytes = sizeof(struct store_row) };
	int64_t from = place->is_set ? place->rid : slice->backward ? INT64_MAX : 0;
	int statement = slice->backward ? R_LOOKUP_BACK : R_LOOKUP_ALL;
	sqlite3_stmt *row;

	*more = false;
	if (key->unique) { /* one at most: R_KEY_ALL asks for it behind a rid */
		int64_t after = slice->backward ? 0 : from;
		row = SQL_QUERY(&reader->sql, R_KEY_ALL, sql_int(key->kind), sql_int(key->scope),
			sql_blob(key->value, key->size), sql_int(after), sql_int(1));
	} else {
		row = SQL_QUERY(&reader->sql, statement, sql_int(key->kind), sql_int(key->scope),
			sql_blob(key->value, key->size), sql_int(from),
			sql_int((int64_t)slice->limit));
	}
	while (sql_next(&reader->sql, row) == SQL_ROW) {
		if (!slice->backward || sql_col_int(row, 0) < from) {
			add_row(&list, arena, row, false);
		}
	}
	*more = !key->unique && list.count == slice->limit;
	go_behind_last(place, arena, &list);
	return finish(reader, &list, rows, count, err);
}

/* Behind a key in the order of bytes comes the same with a zero byte. */
static struct sql_value behind(struct arena *arena, const void *key, size_t size)
{
	char *bytes = arena_alloc(arena, size + 1);

	memcpy(bytes, key, size);
	bytes[size] = '\0';
	return sql_blob(bytes, size + 1);
}

bool store_slice_keys(struct store_reader *reader, struct arena *arena,
	const struct store_slice *slice, struct store_place *place, const struct store_row **rows,
	size_t *count, bool *more, struct error *err)
{
	struct reader_list list = { .item_bytes = sizeof(struct store_row) };
	struct sql_value low = sql_blob(slice->low, slice->low != NULL ? slice->low_size : 0);
	struct sql_value high = slice->high != NULL ? sql_blob(slice->high, slice->high_size)
						    : sql_blob(BEHIND_KEYS, 1);

	if (place->is_set && slice->backward) {
		high = sql_blob(place->key, place->key_size);
	} else if (place->is_set) {
		low = behind(arena, place->key, place->key_size);
	}
	sqlite3_stmt *row = SQL_QUERY(&reader->sql, slice->backward ? R_KEYS_BACK : R_KEYS,
		sql_int(slice->kind), sql_int(slice->scope), low, high,
		sql_int((int64_t)slice->limit));
	while (sql_next(&reader->sql, row) == SQL_ROW) {
		add_row(&list, arena, row, true);
	}
	*more = list.count == slice->limit;
	go_behind_last(place, arena, &list);
	return finish(reader, &list, rows, count, err);
}

bool store_slice_ids(struct store_reader *reader, struct arena *arena,
	const struct store_slice *slice, struct store_place *place, const struct store_row **rows,
	size_t *count, bool *more, struct error *err)
{
	struct reader_list list = { .item_bytes = sizeof(struct store_row) };
	struct sql_value low = sql_blob(NULL, 0);
	struct sql_value high = sql_blob(behind_ids, sizeof(behind_ids));
	size_t looked_at = 0;

	if (place->is_set && slice->backward) {
		high = sql_blob(place->key, place->key_size);
	} else if (place->is_set) {
		low = sql_blob(place->key, place->key_size);
	}
	sqlite3_stmt *row = SQL_QUERY(&reader->sql, slice->backward ? R_IDS_BACK : R_IDS, low, high,
		sql_int((int64_t)slice->limit),
		sql_int(reader_first_of(slice->tenant, slice->type, 0)),
		sql_int(reader_end_of(slice->tenant, slice->type)));
	while (sql_next(&reader->sql, row) == SQL_ROW) {
		size_t size;
		const void *id = sql_col_bytes(row, 1, &size);

		if (sql_col_int(row, 2) == 0) {
			add_row(&list, arena, row, true);
		}
		if (++looked_at == slice->limit) { /* others' resources count as well */
			move_place(place, arena, sql_col_int(row, 0), id, size);
		}
	}
	*more = looked_at == slice->limit;
	return finish(reader, &list, rows, count, err);
}
