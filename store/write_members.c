#include "store/write_members.h"

#include "base/error.h"
#include "store/pack.h"
#include "store/writer_sql.h"

/* version, deleted, active of W_RESOURCE_STATE */
static bool get_state(struct operation *op, int64_t rid, bool *active)
{
	sqlite3_stmt *row = SQL_QUERY(op->sql, W_RESOURCE_STATE, sql_int(rid));
	bool is_live = false;

	if (sql_next(op->sql, row) == SQL_ROW) {
		is_live = sql_col_int(row, 1) == 0;
		*active = sql_col_int(row, 2) != 0;
		sql_end(row);
	}
	return is_live;
}

enum writer_result write_members_check(struct operation *op)
{
	const struct store_write *write = op->commit->write;

	for (size_t i = 0; i < write->added_count; i++) {
		int64_t rid = write->added[i];
		bool active = false;

		if (store_rid_type(rid) != STORE_USER ||
			store_rid_tenant(rid) != op->commit->tenant) {
			return writer_refuse(op->commit, ERROR_VALUE,
				"only people of the same tenant can be members of a group");
		}
		bool is_live = get_state(op, rid, &active);
		if (op->sql->rc != SQLITE_OK) {
			return WRITER_BROKEN;
		}
		if (!is_live) {
			return writer_refuse(op->commit, ERROR_CONFLICT,
				"a member that was to be added is gone");
		}
		buf_append_char(&op->flags, active ? 1 : 0);
	}
	return WRITER_DONE;
}

static void add_population(struct operation *op, int64_t memberships)
{
	struct writer_tenant *tenant = writer_tenant(op->writer, op->commit->tenant);

	tenant->population.memberships += memberships;
	tenant->dirty = true;
}

/* Removals first: one that stands in both lists is a member afterwards. */
void write_members(struct operation *op)
{
	const struct store_write *write = op->commit->write;
	int64_t members = 0;
	int64_t active_members = 0;

	for (size_t i = 0; i < write->removed_count; i++) {
		SQL_RUN(op->sql, W_MEMBER_DROP, sql_int(op->rid), sql_int(write->removed[i]));
		if (op->sql->rc == SQLITE_OK && sql_changes(op->sql) > 0) {
			bool active = false;
			get_state(op, write->removed[i], &active);
			members--;
			active_members -= active;
		}
	}
	for (size_t i = 0; i < write->added_count; i++) {
		SQL_RUN(op->sql, W_MEMBER_ADD, sql_int(op->rid), sql_int(write->added[i]));
		if (op->sql->rc == SQLITE_OK && sql_changes(op->sql) > 0) {
			members++;
			active_members += op->flags.data[i];
		}
	}
	op->commit->members = SQL_NUMBER(op->sql, W_RESOURCE_COUNT, NULL, sql_int(op->rid),
		sql_int(members), sql_int(active_members));
	add_population(op, members);
}

void write_members_switch(struct operation *op, int by)
{
	SQL_RUN(op->sql, W_GROUPS_SWITCH, sql_int(op->rid), sql_int(by));
}

/* His groups have to be brought anew to the apps that have them. */
static void remember_linked(struct operation *op)
{
	sqlite3_stmt *row = SQL_QUERY(op->sql, W_GROUPS_LINKED, sql_int(op->rid));

	while (sql_next(op->sql, row) == SQL_ROW) {
		pack_rid(&op->pairs, sql_col_int(row, 0));
		pack_rid(&op->pairs, sql_col_int(row, 1));
	}
}

void write_members_leave(struct operation *op, bool was_active)
{
	if (op->commit->want_linked) {
		remember_linked(op);
	}
	SQL_RUN(op->sql, W_GROUPS_LEAVE, sql_int(op->rid), sql_int(was_active ? 1 : 0),
		sql_int(op->commit->now_us));
	if (SQL_RUN(op->sql, W_USER_LEAVES, sql_int(op->rid))) {
		add_population(op, -sql_changes(op->sql));
	}
}

static void remember_gone(struct operation *op)
{
	sqlite3_stmt *row =
		SQL_QUERY(op->sql, W_MEMBERS_AFTER, sql_int(op->rid), sql_int(0), sql_int(-1));

	while (sql_next(op->sql, row) == SQL_ROW) {
		pack_rid(&op->gone, sql_col_int(row, 0));
	}
}

void write_members_disband(struct operation *op)
{
	if (op->commit->scope_count > 0) {
		remember_gone(op);
	}
	if (SQL_RUN(op->sql, W_MEMBERS_DROP, sql_int(op->rid))) {
		add_population(op, -sql_changes(op->sql));
	}
}
