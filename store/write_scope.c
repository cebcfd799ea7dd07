#include "store/write_scope.h"

#include "store/delivery.h"
#include "store/pack.h"
#include "store/store.h"
#include "store/write_delivery.h"
#include "store/writer_sql.h"

enum { RID_BYTES = 8, NO_WALK = -1 };

/* ---- writing one ---- */

static void put_parts(struct operation *op, int64_t seq, const struct buf *rids)
{
	size_t chunk = (size_t)STORE_EXPAND_CHUNK * RID_BYTES;
	int64_t part = 0;

	for (size_t at = 0; at < rids->size; at += chunk) {
		size_t bytes = rids->size - at < chunk ? rids->size - at : chunk;
		SQL_RUN(op->sql, W_PART_ADD, sql_int(seq), sql_int(part++),
			sql_blob(rids->data + at, bytes));
	}
}

/* Whose membership changes with this commit. */
static void list_changed(const struct operation *op, struct buf *rids)
{
	const struct store_write *write = op->commit->write;

	for (size_t i = 0; i < write->removed_count; i++) {
		pack_rid(rids, write->removed[i]);
	}
	for (size_t i = 0; i < write->added_count; i++) {
		pack_rid(rids, write->added[i]);
	}
}

static void put_scope(struct operation *op, const struct store_scope *scope, const struct buf *rids)
{
	bool is_walk = scope->all && op->commit->write->action != STORE_DELETE;
	int64_t count = (int64_t)(rids->size / RID_BYTES);
	int64_t seq = op->writer->next_scope;

	if (count == 0 && !is_walk) {
		return;
	}
	op->writer->next_scope++;
	SQL_RUN(op->sql, W_SCOPE_ADD, sql_int(seq), sql_int(scope->app), sql_int(op->rid),
		sql_int(op->index), sql_int(scope->urgent ? 0 : 1), sql_int(is_walk ? 0 : NO_WALK),
		sql_int(is_walk ? -1 : count));
	put_parts(op, seq, rids);
	op->writer->news |= STORE_NEWS_DELIVERIES;
}

static void put_scopes(struct operation *op)
{
	const struct store_commit *commit = op->commit;
	struct buf listed = { 0 };
	const struct buf *rids = &op->gone;

	if (commit->scope_count == 0 || commit->write == NULL) {
		return;
	}
	if (commit->write->action != STORE_DELETE) {
		list_changed(op, &listed);
		rids = &listed;
	}
	for (size_t i = 0; i < commit->scope_count; i++) {
		put_scope(op, &commit->scopes[i], rids);
	}
	buf_fini(&listed);
}

/* ---- expanding one ---- */

struct scope_row {
	int64_t seq;
	int app;
	int64_t group;
	int64_t decision;
	bool urgent;
	int64_t walk;
};

static bool get_scope(struct operation *op, struct scope_row *scope)
{
	sqlite3_stmt *row = SQL_QUERY(op->sql, W_SCOPE_GET, sql_int(scope->seq));

	if (sql_next(op->sql, row) != SQL_ROW) {
		return false;
	}
	scope->app = (int)sql_col_int(row, 0);
	scope->group = sql_col_int(row, 1);
	scope->decision = sql_col_int(row, 2);
	scope->urgent = sql_col_int(row, 3) == 0;
	scope->walk = sql_col_int(row, 4);
	sql_end(row);
	return true;
}

/* The next listed part, if there is one, is moved into `rids`. */
static bool next_part(struct operation *op, const struct scope_row *scope, struct buf *rids)
{
	sqlite3_stmt *row = SQL_QUERY(op->sql, W_PART_FIRST, sql_int(scope->seq));
	size_t size;

	if (sql_next(op->sql, row) != SQL_ROW) {
		return false;
	}
	int64_t part = sql_col_int(row, 0);
	const void *bytes = sql_col_bytes(row, 1, &size);
	buf_append(rids, bytes, size);
	sql_end(row);
	SQL_RUN(op->sql, W_PART_DROP, sql_int(scope->seq), sql_int(part));
	return true;
}

/* The next members of the group as it is now: later changes of members write scope changes of their
 * own. */
static void next_members(struct operation *op, struct scope_row *scope, struct buf *rids)
{
	sqlite3_stmt *row = SQL_QUERY(op->sql, W_MEMBERS_AFTER, sql_int(scope->group),
		sql_int(scope->walk), sql_int(STORE_EXPAND_CHUNK));

	while (sql_next(op->sql, row) == SQL_ROW) {
		scope->walk = sql_col_int(row, 0);
		pack_rid(rids, scope->walk);
	}
	if (rids->size < (size_t)STORE_EXPAND_CHUNK * RID_BYTES) {
		scope->walk = NO_WALK;
	}
}

static void want_members(
	struct operation *op, const struct scope_row *scope, const struct buf *rids)
{
	for (size_t i = 0; i < rids->size; i += RID_BYTES) {
		write_delivery_want(op, &(struct delivery_want){ .app = scope->app,
						.rid = unpack_rid((const uint8_t *)rids->data + i),
						.decision = scope->decision,
						.urgent = scope->urgent });
	}
}

static void expand(struct operation *op, struct store_expand *it)
{
	struct scope_row scope = { .seq = it->seq };
	struct buf rids = { 0 };
	bool has_more = false;

	it->written = 0;
	it->finished = true;
	if (!get_scope(op, &scope)) {
		return;
	}
	if (!next_part(op, &scope, &rids) && scope.walk != NO_WALK) {
		next_members(op, &scope, &rids);
	}
	want_members(op, &scope, &rids);
	it->written = (int64_t)(rids.size / RID_BYTES);
	SQL_NUMBER(op->sql, W_PART_ANY, &has_more, sql_int(it->seq));
	it->finished = !has_more && scope.walk == NO_WALK;
	if (it->finished) {
		SQL_RUN(op->sql, W_SCOPE_DROP, sql_int(it->seq));
	} else {
		SQL_RUN(op->sql, W_SCOPE_STEP, sql_int(it->seq), sql_int(scope.walk),
			sql_int(it->written));
	}
	buf_fini(&rids);
}

void write_scope(struct operation *op)
{
	put_scopes(op);
	if (op->commit->expand != NULL) {
		expand(op, op->commit->expand);
	}
}
