#include "store/read.h"

#include <assert.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/memory.h"
#include "store/inside.h"
#include "store/pack.h"
#include "store/reader.h"
#include "store/reader_sql.h"

static const char *const texts[] = {
#define X(number, text) [number] = text,
	READER_STATEMENTS(X)
#undef X
};

/* ---- connection ---- */

struct store_reader *store_reader_open(struct store *store, struct error *err)
{
	struct store_reader *reader = must_calloc(1, sizeof(*reader));

	if (!sql_open(&reader->sql,
		    &(struct sql_open){ .path = store->path,
			    .vfs = store->vfs,
			    .role = SQL_READER,
			    .texts = texts,
			    .count = READER_STATEMENT_COUNT },
		    err)) {
		memory_free(reader);
		return NULL;
	}
	return reader;
}

void store_reader_close(struct store_reader *reader)
{
	if (reader != NULL) {
		sql_close(&reader->sql);
		memory_free(reader);
	}
}

bool reader_fail(struct store_reader *reader, struct error *err, const char *what)
{
	sql_error(&reader->sql, err, what);
	sql_clear(&reader->sql);
	return false;
}

bool reader_state(struct store_reader *reader, struct error *err, const char *what)
{
	return reader->sql.rc == SQLITE_OK ? true : reader_fail(reader, err, what);
}

bool store_read_begin(struct store_reader *reader, struct error *err)
{
	if (reader->depth == 0 && !sql_run(&reader->sql, R_BEGIN, NULL, 0)) {
		return reader_fail(reader, err, "begin to read");
	}
	reader->depth++;
	return true;
}

void store_read_end(struct store_reader *reader)
{
	assert(reader->depth > 0);
	if (--reader->depth == 0 && !sql_run(&reader->sql, R_COMMIT, NULL, 0)) {
		sql_clear(&reader->sql); /* nothing was written: there is nothing to lose */
	}
}

void *reader_list_add(struct reader_list *list, struct arena *arena)
{
	if (list->count == list->capacity) {
		size_t capacity = list->capacity != 0 ? list->capacity * 2 : 8;
		char *items = arena_alloc(arena, capacity * list->item_bytes);
		if (list->count > 0) {
			memcpy(items, list->items, list->count * list->item_bytes);
		}
		list->items = items;
		list->capacity = capacity;
	}
	void *item = list->items + list->count++ * list->item_bytes;
	memset(item, 0, list->item_bytes);
	return item;
}

/* ---- resources ---- */

static bool take_packed(sqlite3_stmt *row, struct arena *arena, struct store_resource *resource)
{
	size_t size;
	bool ok = true;

	if (sqlite3_column_type(row, 12) == SQLITE_NULL) {
		resource->apps.all = true;
	} else {
		const void *apps = sql_col_bytes(row, 12, &size);
		ok = unpack_apps(arena, apps, size, &resource->apps);
	}
	const void *keys = sql_col_bytes(row, 13, &size);
	return ok && unpack_keys(arena, keys, size, &resource->keys, &resource->key_count);
}

bool reader_take_resource(sqlite3_stmt *row, struct arena *arena, struct store_resource *resource)
{
	size_t size;

	resource->rid = sql_col_int(row, 0);
	const void *id = sql_col_bytes(row, 1, &size);
	if (size != UUID_BYTES) {
		return false;
	}
	memcpy(resource->id, id, UUID_BYTES);
	resource->tenant = store_rid_tenant(resource->rid);
	resource->type = store_rid_type(resource->rid);
	resource->origin = (int)sql_col_int(row, 2);
	resource->active = sql_col_int(row, 3) != 0;
	resource->deleted = sql_col_int(row, 4) != 0;
	resource->version = sql_col_int(row, 5);
	resource->created_us = sql_col_int(row, 6);
	resource->modified_us = sql_col_int(row, 7);
	resource->doc_entry = sql_col_int(row, 8);
	resource->members = sql_col_int(row, 9);
	resource->active_members = sql_col_int(row, 10);
	resource->name = sql_col_text(row, 11, arena, NULL);
	resource->doc = sql_col_text(row, 14, arena, &resource->doc_size);
	return take_packed(row, arena, resource);
}

static bool find(struct store_reader *reader, struct arena *arena, sqlite3_stmt *row,
	struct store_resource **resource, struct error *err)
{
	*resource = NULL;
	if (sql_next(&reader->sql, row) == SQL_ROW) {
		*resource = arena_calloc(arena, 1, sizeof(**resource));
		if (!reader_take_resource(row, arena, *resource)) {
			reader->sql.rc = SQLITE_CORRUPT;
		}
		sql_end(row);
	}
	return reader_state(reader, err, "read a resource");
}

bool store_find_id(struct store_reader *reader, struct arena *arena, int tenant,
	enum store_type type, const uint8_t id[UUID_BYTES], const struct store_resource **resource,
	struct error *err)
{
	struct store_resource *found;

	*resource = NULL;
	if (!find(reader, arena, SQL_QUERY(&reader->sql, R_BY_ID, sql_blob(id, UUID_BYTES)), &found,
		    err)) {
		return false;
	}
	if (found != NULL && found->tenant == tenant && found->type == type && !found->deleted) {
		*resource = found;
	}
	return true;
}

bool store_find_rid(struct store_reader *reader, struct arena *arena, int64_t rid,
	const struct store_resource **resource, struct error *err)
{
	struct store_resource *found;
	bool ok = find(reader, arena, SQL_QUERY(&reader->sql, R_BY_RID, sql_int(rid)), &found, err);

	*resource = found;
	return ok;
}

bool store_find_key(struct store_reader *reader, struct arena *arena, int kind, int64_t scope,
	const char *value, size_t size, const struct store_resource **resource, struct error *err)
{
	struct store_resource *found;
	bool ok = find(reader, arena,
		SQL_QUERY(&reader->sql, R_BY_KEY, sql_int(kind), sql_int(scope),
			sql_blob(value, size)),
		&found, err);

	*resource = found;
	return ok;
}

bool store_find_key_all(struct store_reader *reader, struct arena *arena,
	const struct store_key *key, int64_t after, size_t limit, const int64_t **rids,
	size_t *count, struct error *err)
{
	struct reader_list list = { .item_bytes = sizeof(int64_t) };
	sqlite3_stmt *row = SQL_QUERY(&reader->sql, key->unique ? R_KEY_ALL : R_LOOKUP_ALL,
		sql_int(key->kind), sql_int(key->scope), sql_blob(key->value, key->size),
		sql_int(after), sql_int((int64_t)limit));

	while (sql_next(&reader->sql, row) == SQL_ROW) {
		*(int64_t *)reader_list_add(&list, arena) = sql_col_int(row, 0);
	}
	*rids = (const int64_t *)(void *)list.items;
	*count = list.count;
	return reader_state(reader, err, "look up a value");
}

int64_t reader_first_of(int tenant, enum store_type type, int64_t after)
{
	int64_t start = store_rid(tenant, type, 0);

	return after > start ? after : start;
}

int64_t reader_end_of(int tenant, enum store_type type)
{
	return store_rid(tenant, type, ((int64_t)1 << STORE_RID_NUMBER_BITS) - 1);
}

bool store_list(struct store_reader *reader, struct arena *arena, int tenant, enum store_type type,
	int64_t after, size_t limit, const struct store_resource **list, size_t *count,
	struct error *err)
{
	struct reader_list found = { .item_bytes = sizeof(struct store_resource) };
	sqlite3_stmt *row =
		SQL_QUERY(&reader->sql, R_LIST, sql_int(reader_first_of(tenant, type, after)),
			sql_int(reader_end_of(tenant, type)), sql_int((int64_t)limit));

	while (sql_next(&reader->sql, row) == SQL_ROW) {
		if (!reader_take_resource(row, arena, reader_list_add(&found, arena))) {
			reader->sql.rc = SQLITE_CORRUPT;
			sql_end(row);
			break;
		}
	}
	*list = (const struct store_resource *)(void *)found.items;
	*count = found.count;
	return reader_state(reader, err, "list resources");
}

bool store_list_skip(struct store_reader *reader, int tenant, enum store_type type,
	struct store_skip *skip, struct error *err)
{
	int64_t rows = skip->left < STORE_SKIP_ROWS ? skip->left : STORE_SKIP_ROWS;
	bool found = true;

	if (rows <= 0) {
		skip->left = 0;
		return true;
	}
	int64_t rid = SQL_NUMBER(&reader->sql, R_SKIP, &found,
		sql_int(reader_first_of(tenant, type, skip->after)),
		sql_int(reader_end_of(tenant, type)), sql_int(rows - 1));
	if (found) {
		skip->after = rid;
		skip->left -= rows;
	} else if (reader->sql.rc == SQLITE_OK) { /* the list ends before */
		rid = SQL_NUMBER(&reader->sql, R_LAST, &found,
			sql_int(reader_first_of(tenant, type, skip->after)),
			sql_int(reader_end_of(tenant, type)));
		skip->after = found ? rid : skip->after;
		skip->left = 0;
	}
	return reader_state(reader, err, "step over resources");
}

bool store_population(struct store_reader *reader, int tenant, struct store_population *population,
	struct error *err)
{
	sqlite3_stmt *row = SQL_QUERY(&reader->sql, R_POPULATION, sql_int(tenant));

	*population = (struct store_population){ 0 };
	if (sql_next(&reader->sql, row) == SQL_ROW) {
		population->users = sql_col_int(row, 0);
		population->active_users = sql_col_int(row, 1);
		population->groups = sql_col_int(row, 2);
		population->memberships = sql_col_int(row, 3);
		sql_end(row);
	}
	return reader_state(reader, err, "count resources");
}

bool store_count(struct store_reader *reader, int tenant, enum store_type type, int64_t *count,
	struct error *err)
{
	struct store_population population;

	if (type >= STORE_CUSTOM) {
		*count = SQL_NUMBER(
			&reader->sql, R_TYPE_COUNT, NULL, sql_int(tenant), sql_int(type));
		return reader_state(reader, err, "count resources");
	}
	if (!store_population(reader, tenant, &population, err)) {
		return false;
	}
	*count = type == STORE_GROUP ? population.groups : population.users;
	return true;
}
