/*
 * Reads that need no document: references, memberships.
 */
#include "store/read.h"

#include "base/arena.h"
#include "store/reader.h"
#include "store/reader_sql.h"

/* REF_COLUMNS. False: a damaged row. */
static bool take_ref(sqlite3_stmt *row, struct arena *arena, struct store_ref *ref)
{
	size_t size;
	const void *id = sql_col_bytes(row, 1, &size);

	if (size != UUID_BYTES) {
		return false;
	}
	memcpy(ref->id, id, UUID_BYTES);
	ref->rid = sql_col_int(row, 0);
	ref->active = sql_col_int(row, 2) != 0;
	ref->deleted = sql_col_int(row, 3) != 0;
	ref->version = sql_col_int(row, 4);
	ref->members = sql_col_int(row, 5);
	ref->active_members = sql_col_int(row, 6);
	ref->name = sql_col_text(row, 7, arena, NULL);
	return true;
}

bool store_find_ref(struct store_reader *reader, struct arena *arena, int tenant,
	enum store_type type, const uint8_t id[UUID_BYTES], bool *found, struct store_ref *ref,
	struct error *err)
{
	sqlite3_stmt *row = SQL_QUERY(&reader->sql, R_REF, sql_blob(id, UUID_BYTES));

	*found = false;
	if (sql_next(&reader->sql, row) == SQL_ROW) {
		if (!take_ref(row, arena, ref)) {
			reader->sql.rc = SQLITE_CORRUPT;
		}
		*found = !ref->deleted && store_rid_tenant(ref->rid) == tenant &&
			 store_rid_type(ref->rid) == type;
		sql_end(row);
	}
	return reader_state(reader, err, "read a resource");
}

static bool take_refs(struct store_reader *reader, struct arena *arena, sqlite3_stmt *row,
	const struct store_ref **refs, size_t *count, struct error *err)
{
	struct reader_list list = { .item_bytes = sizeof(struct store_ref) };

	while (sql_next(&reader->sql, row) == SQL_ROW) {
		if (!take_ref(row, arena, reader_list_add(&list, arena))) {
			reader->sql.rc = SQLITE_CORRUPT;
			sql_end(row);
			break;
		}
	}
	*refs = (const struct store_ref *)(void *)list.items;
	*count = list.count;
	return reader_state(reader, err, "read memberships");
}

bool store_groups_of(struct store_reader *reader, struct arena *arena, int64_t user,
	const struct store_ref **groups, size_t *count, struct error *err)
{
	return take_refs(reader, arena, SQL_QUERY(&reader->sql, R_GROUPS_OF, sql_int(user)), groups,
		count, err);
}

bool store_members_of(struct store_reader *reader, struct arena *arena, int64_t group,
	int64_t after, size_t limit, const struct store_ref **members, size_t *count,
	struct error *err)
{
	return take_refs(reader, arena,
		SQL_QUERY(&reader->sql, R_MEMBERS_OF, sql_int(group), sql_int(after),
			sql_int((int64_t)limit)),
		members, count, err);
}

bool store_is_member(
	struct store_reader *reader, int64_t group, int64_t user, bool *is, struct error *err)
{
	SQL_NUMBER(&reader->sql, R_IS_MEMBER, is, sql_int(group), sql_int(user));
	return reader_state(reader, err, "read memberships");
}
