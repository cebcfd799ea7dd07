#include "store/write_resource.h"

#include <assert.h>
#include "base/error.h"
#include "store/delivery.h"
#include "store/pack.h"
#include "store/write_keys.h"
#include "store/write_members.h"
#include "store/writer_sql.h"

/* ---- checks ---- */

static enum writer_result check_before(struct operation *op, const struct store_resource *before)
{
	bool is_there = false;
	sqlite3_stmt *row = SQL_QUERY(op->sql, W_RESOURCE_STATE, sql_int(before->rid));

	if (sql_next(op->sql, row) == SQL_ROW) {
		is_there = sql_col_int(row, 0) == before->version && sql_col_int(row, 1) == 0;
		sql_end(row);
	}
	if (op->sql->rc == SQLITE_OK && !is_there) {
		return writer_refuse(
			op->commit, ERROR_CONFLICT, "the resource has changed in the meantime");
	}
	return writer_state(op->writer);
}

enum writer_result write_resource_check(struct operation *op)
{
	const struct store_write *write = op->commit->write;
	enum writer_result result = WRITER_DONE;

	if (write == NULL) {
		return WRITER_DONE;
	}
	const struct store_resource *before = write->before;
	assert((before == NULL) == (write->action == STORE_CREATE));
	if (before != NULL) {
		assert(before->tenant == op->commit->tenant);
		result = check_before(op, before);
	}
	if (result == WRITER_DONE && write->action != STORE_DELETE && write->doc != NULL) {
		result = write_keys_check(op, before != NULL ? before->keys : NULL,
			before != NULL ? before->key_count : 0, write->keys, write->key_count);
	}
	if (result == WRITER_DONE && write->added_count > 0) {
		result = write_members_check(op);
	}
	return result;
}

/* ---- columns ---- */

static struct sql_value packed_keys(struct buf *buf, const struct store_write *write)
{
	buf_clear(buf);
	pack_keys(buf, write->keys, write->key_count);
	return sql_blob(buf->data, buf->size);
}

/* Behind the keys in the same scratch buffer; reserve first, so that it does not move. */
static struct sql_value packed_apps(struct buf *buf, const struct store_apps *apps)
{
	if (apps == NULL || apps->all) {
		return sql_null();
	}
	size_t start = buf->size;
	pack_apps(buf, apps);
	return sql_blob(buf->data + start, buf->size - start);
}

static struct sql_value name_of(const struct store_write *write)
{
	return sql_text(write->name, write->name != NULL ? strlen(write->name) : 0);
}

static size_t packed_limit(const struct store_write *write)
{
	size_t bytes = write->apps != NULL ? write->apps->count * 10 : 0;

	for (size_t i = 0; i < write->key_count; i++) {
		bytes += write->keys[i].size + 30; /* three varints */
	}
	return bytes + 1;
}

/* ---- writes ---- */

static void count_resource(struct operation *op, enum store_type type, bool active, int by)
{
	struct writer_tenant *tenant;

	if (type >= STORE_CUSTOM) {
		SQL_RUN(op->sql, W_TYPE_COUNT, sql_int(op->commit->tenant), sql_int(type),
			sql_int(by > 0), sql_int(by));
		return;
	}
	tenant = writer_tenant(op->writer, op->commit->tenant);
	if (type == STORE_USER) {
		tenant->population.users += by;
		tenant->population.active_users += active ? by : 0;
	} else {
		tenant->population.groups += by;
	}
	tenant->dirty = true;
}

static void count_active(struct operation *op, int by)
{
	struct writer_tenant *tenant = writer_tenant(op->writer, op->commit->tenant);

	tenant->population.active_users += by;
	tenant->dirty = true;
}

/* Numbers are never given twice: a rid stands in the journal's rows. */
static int64_t next_number(struct operation *op, enum store_type type)
{
	int tenant = op->commit->tenant;

	if (type >= STORE_CUSTOM) {
		return 1 + SQL_NUMBER(op->sql, W_TYPE_LAST, NULL, sql_int(tenant), sql_int(type));
	}
	return ++writer_tenant(op->writer, tenant)->last[type];
}

static enum writer_result create(struct operation *op)
{
	const struct store_write *write = op->commit->write;
	struct buf *packed = &op->writer->packed;

	assert(write->type >= STORE_GROUP && write->type <= STORE_TYPE_MAX);
	op->rid = store_rid(op->commit->tenant, write->type, next_number(op, write->type));
	op->version = 1;
	buf_reserve(packed, packed_limit(write));
	struct sql_value keys = packed_keys(packed, write);
	SQL_RUN(op->sql, W_RESOURCE_ADD, sql_int(op->rid), sql_blob(write->id, UUID_BYTES),
		sql_int(op->commit->source), sql_int(write->type != STORE_USER || write->active),
		sql_int(op->commit->now_us), sql_int(op->index), name_of(write),
		packed_apps(packed, write->apps), keys, sql_text(write->doc, write->doc_size));
	if (op->sql->rc == SQLITE_OK && sql_changes(op->sql) == 0) {
		return writer_refuse(op->commit, ERROR_CONFLICT, "a resource with this id exists");
	}
	write_keys(op, NULL, 0, write->keys, write->key_count);
	count_resource(op, write->type, write->active, 1);
	return WRITER_DONE;
}

static void put_doc(struct operation *op)
{
	const struct store_write *write = op->commit->write;
	const struct store_resource *before = write->before;
	struct buf *packed = &op->writer->packed;
	bool active = before->type != STORE_USER || write->active;

	buf_reserve(packed, packed_limit(write) + before->apps.count * 10);
	struct sql_value keys = packed_keys(packed, write);
	SQL_RUN(op->sql, W_RESOURCE_PUT, sql_int(op->rid), sql_int(active), sql_int(op->version),
		sql_int(op->commit->now_us),
		sql_int(op->index >= 0 ? op->index : before->doc_entry), name_of(write),
		packed_apps(packed, write->apps != NULL ? write->apps : &before->apps), keys,
		sql_text(write->doc, write->doc_size));
	write_keys(op, before->keys, before->key_count, write->keys, write->key_count);
	if (active != before->active) {
		write_members_switch(op, active ? 1 : -1);
		count_active(op, active ? 1 : -1);
	}
}

static void update(struct operation *op)
{
	const struct store_write *write = op->commit->write;

	op->rid = write->before->rid;
	op->version = write->before->version + 1;
	if (write->doc != NULL) {
		put_doc(op);
		return;
	}
	SQL_RUN(op->sql, W_RESOURCE_TOUCH, sql_int(op->rid), sql_int(op->version),
		sql_int(op->commit->now_us));
	if (write->apps != NULL) {
		struct buf *packed = &op->writer->packed;
		buf_clear(packed);
		buf_reserve(packed, packed_limit(write));
		SQL_RUN(op->sql, W_RESOURCE_APPS, sql_int(op->rid),
			packed_apps(packed, write->apps));
	}
}

static void bury(struct operation *op)
{
	const struct store_resource *before = op->commit->write->before;

	op->rid = before->rid;
	op->version = before->version + 1;
	if (before->type == STORE_USER) {
		write_members_leave(op, before->active);
	} else if (before->type == STORE_GROUP) {
		write_members_disband(op);
	}
	write_keys(op, before->keys, before->key_count, NULL, 0);
	SQL_RUN(op->sql, W_RESOURCE_BURY, sql_int(op->rid), sql_int(op->version),
		sql_int(op->commit->now_us));
	count_resource(op, before->type, before->active, -1);
}

enum writer_result write_resource(struct operation *op)
{
	const struct store_write *write = op->commit->write;
	enum writer_result result = WRITER_DONE;

	if (write == NULL) {
		op->rid = op->commit->entry != NULL ? op->commit->entry->rid : 0;
		return WRITER_DONE;
	}
	switch (write->action) {
	case STORE_CREATE:
		result = create(op);
		break;
	case STORE_UPDATE:
		update(op);
		break;
	case STORE_DELETE:
		bury(op);
		break;
	}
	if (result == WRITER_DONE && (write->added_count > 0 || write->removed_count > 0)) {
		write_members(op);
	}
	return result;
}

void write_resource_reap(struct operation *op)
{
	struct store_commit *commit = op->commit;

	if (commit->write != NULL && commit->write->action == STORE_DELETE) {
		SQL_RUN(op->sql, W_RESOURCE_REAP, sql_int(op->rid));
		commit->tombstone = op->sql->rc == SQLITE_OK && sql_changes(op->sql) == 0;
	} else if (commit->outcome != NULL) {
		SQL_RUN(op->sql, W_RESOURCE_REAP, sql_int(commit->outcome->rid));
	}
}
