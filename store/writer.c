#include "store/writer.h"

#include <assert.h>
#include <stdarg.h>
#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "store/migrate.h"
#include "store/naming.h"
#include "store/store.h"
#include "store/write_delivery.h"
#include "store/write_rekey.h"
#include "store/write_resource.h"
#include "store/write_scope.h"
#include "store/writer_sql.h"

static const char *const texts[] = {
#define X(number, text) [number] = text,
	WRITER_STATEMENTS(X)
#undef X
};

enum { RATE_KEEP_MINUTES = 7 * 24 * 60, MINUTE_US = 60000000 };

/* ---- connection ---- */

static int on_wal(void *user, sqlite3 *db, const char *name, int frames)
{
	struct writer *writer = user;

	(void)db;
	(void)name;
	writer->wal_frames = frames;
	return SQLITE_OK;
}

static bool prepare_database(
	struct writer *writer, const struct writer_open *open, struct error *err)
{
	struct sql *sql = &writer->sql;
	int version;

	if (!open->first) {
		return migrate_check(sql, &migrate_store, &version, err);
	}
	if (!migrate(sql, open->path, &migrate_store, err)) {
		return false;
	}
	if (!sql_run(sql, W_RELEASE_LEASES, NULL, 0)) {
		return sql_error(sql, err, "release the leases of deliveries");
	}
	return true;
}

static bool load_counters(struct writer *writer)
{
	writer->next_index = sql_number(&writer->sql, W_NEXT_INDEX, NULL, 0, NULL);
	writer->next_scope = sql_number(&writer->sql, W_NEXT_SCOPE, NULL, 0, NULL);
	writer->tenant_count = 0;
	return writer->sql.rc == SQLITE_OK;
}

bool writer_open(struct writer *writer, const struct writer_open *open, struct error *err)
{
	*writer = (struct writer){ 0 };
	if (!sql_open(&writer->sql,
		    &(struct sql_open){ .path = open->path,
			    .vfs = open->vfs,
			    .role = SQL_WRITER,
			    .create = open->first,
			    .no_sync = open->no_sync,
			    .texts = texts,
			    .count = WRITER_STATEMENT_COUNT },
		    err)) {
		return false;
	}
	writer->is_open = true;
	sqlite3_wal_hook(writer->sql.db, on_wal, writer);
	if (!prepare_database(writer, open, err)) {
		writer_close(writer);
		return error_wrap(err, "%s", open->path);
	}
	if (!load_counters(writer)) {
		sql_error(&writer->sql, err, "read its counters");
		writer_close(writer);
		return error_wrap(err, "%s", open->path);
	}
	return true;
}

void writer_close(struct writer *writer)
{
	sql_close(&writer->sql);
	buf_fini(&writer->packed);
	memory_free(writer->tenants);
	*writer = (struct writer){ 0 };
}

/* ---- transaction ---- */

bool writer_begin(struct writer *writer)
{
	return sql_run(&writer->sql, W_BEGIN, NULL, 0);
}

static void put_tenants(struct writer *writer)
{
	for (size_t i = 0; i < writer->tenant_count; i++) {
		struct writer_tenant *it = &writer->tenants[i];
		if (it->dirty) {
			SQL_RUN(&writer->sql, W_TENANT_PUT, sql_int(it->id),
				sql_int(it->last[STORE_GROUP]), sql_int(it->last[STORE_USER]),
				sql_int(it->population.users), sql_int(it->population.active_users),
				sql_int(it->population.groups),
				sql_int(it->population.memberships));
			it->dirty = false;
		}
	}
}

bool writer_end(struct writer *writer)
{
	put_tenants(writer);
	return writer->sql.rc == SQLITE_OK && sql_run(&writer->sql, W_COMMIT, NULL, 0);
}

bool writer_abort(struct writer *writer)
{
	struct sql *sql = &writer->sql;

	sql_clear(sql);
	if (sqlite3_get_autocommit(sql->db) == 0) { /* some failures have rolled back already */
		sql_run(sql, W_ROLLBACK, NULL, 0);
	}
	return load_counters(writer);
}

bool writer_probe(struct writer *writer)
{
	char now[CLOCK_TEXT_BYTES];

	clock_format(clock_now_us(), now);
	return writer_begin(writer) && SQL_RUN(&writer->sql, W_PROBE, sql_text(now, strlen(now))) &&
	       writer_end(writer);
}

static void get_tenant(struct writer *writer, struct writer_tenant *tenant)
{
	sqlite3_stmt *row = SQL_QUERY(&writer->sql, W_TENANT_GET, sql_int(tenant->id));

	if (sql_next(&writer->sql, row) == SQL_ROW) {
		tenant->last[STORE_GROUP] = sql_col_int(row, 0);
		tenant->last[STORE_USER] = sql_col_int(row, 1);
		tenant->population.users = sql_col_int(row, 2);
		tenant->population.active_users = sql_col_int(row, 3);
		tenant->population.groups = sql_col_int(row, 4);
		tenant->population.memberships = sql_col_int(row, 5);
		sql_end(row);
	}
}

struct writer_tenant *writer_tenant(struct writer *writer, int id)
{
	for (size_t i = 0; i < writer->tenant_count; i++) {
		if (writer->tenants[i].id == id) {
			return &writer->tenants[i];
		}
	}
	writer->tenants = must_realloc(
		writer->tenants, (writer->tenant_count + 1) * sizeof(*writer->tenants));
	struct writer_tenant *tenant = &writer->tenants[writer->tenant_count++];
	*tenant = (struct writer_tenant){ .id = id };
	get_tenant(writer, tenant);
	return tenant;
}

/* ---- one operation ---- */

enum writer_result writer_refuse(
	struct store_commit *commit, enum error_code code, const char *format, ...)
{
	va_list args;
	char text[ERROR_TEXT_BYTES];

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	error_set(&commit->err, code, "%s", text);
	return WRITER_REFUSED;
}

enum writer_result writer_state(const struct writer *writer)
{
	return writer->sql.rc == SQLITE_OK ? WRITER_DONE : WRITER_BROKEN;
}

static enum writer_result check_expected(struct operation *op)
{
	for (size_t i = 0; i < op->commit->expect_count; i++) {
		const struct store_expect *it = &op->commit->expect[i];
		bool found;
		int64_t version = SQL_NUMBER(op->sql, W_RESOURCE_VERSION, &found, sql_int(it->rid));
		if (op->sql->rc == SQLITE_OK && (!found || version != it->version)) {
			return writer_refuse(op->commit, ERROR_CONFLICT,
				"a resource that the decision relied on has changed");
		}
	}
	return writer_state(op->writer);
}

static enum writer_result check_token(struct operation *op)
{
	const struct store_token_change *change = op->commit->token_change;
	bool found;

	if (change == NULL) {
		return WRITER_DONE;
	}
	if (change->revoke != 0) {
		SQL_NUMBER(op->sql, W_TOKEN_STATE, &found, sql_int(change->revoke));
		if (op->sql->rc == SQLITE_OK && !found) {
			return writer_refuse(op->commit, ERROR_NOT_FOUND, "no token %lld",
				(long long)change->revoke);
		}
	}
	if (change->add != NULL) {
		SQL_NUMBER(
			op->sql, W_TOKEN_FIND, &found, sql_blob(change->add->sha256, DIGEST_BYTES));
		if (op->sql->rc == SQLITE_OK && found) {
			return writer_refuse(op->commit, ERROR_UNIQUENESS, "this token exists");
		}
	}
	return writer_state(op->writer);
}

static enum writer_result check_entry(struct operation *op)
{
	const struct store_entry *entry = op->commit->entry;

	if (entry != NULL && entry->leaf_size > STORE_LEAF_BYTES) {
		return writer_refuse(op->commit, ERROR_TOO_LARGE,
			"the journal entry has %zu bytes, at most %d fit", entry->leaf_size,
			STORE_LEAF_BYTES);
	}
	return WRITER_DONE;
}

static enum writer_result check(struct operation *op)
{
	static enum writer_result (*const checks[])(struct operation *) = {
		check_entry,
		check_expected,
		check_token,
		write_resource_check,
		write_delivery_check,
	};

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		enum writer_result result = checks[i](op);
		if (result != WRITER_DONE) {
			return result;
		}
	}
	return WRITER_DONE;
}

static void write_entry(struct operation *op)
{
	const struct store_entry *entry = op->commit->entry;

	if (entry == NULL) {
		return;
	}
	SQL_RUN(op->sql, W_ENTRY_ADD, sql_int(op->index), sql_int(entry->kind),
		sql_int(entry->tenant), sql_int(op->rid != 0 ? op->rid : entry->rid),
		sql_int(entry->at_us), sql_blob(entry->leaf, entry->leaf_size));
	if (entry->payload != NULL) {
		SQL_RUN(op->sql, W_PAYLOAD_ADD, sql_int(op->index),
			sql_blob(entry->payload, entry->payload_size));
	}
	op->writer->next_index = op->index + 1;
	op->writer->news |= STORE_NEWS_ENTRIES;
}

static void write_rates(struct operation *op)
{
	const struct store_commit *commit = op->commit;
	int64_t minute = commit->now_us / MINUTE_US;

	for (int kind = 1; kind <= STORE_RATE_KINDS; kind++) {
		if (commit->rates[kind - 1] != 0) {
			SQL_RUN(op->sql, W_RATE_ADD, sql_int(commit->tenant),
				sql_int(commit->source), sql_int(kind), sql_int(minute),
				sql_int(commit->rates[kind - 1]));
			SQL_RUN(op->sql, W_RATE_PRUNE, sql_int(commit->tenant),
				sql_int(commit->source), sql_int(kind),
				sql_int(minute - RATE_KEEP_MINUTES));
		}
	}
}

static void write_token(struct operation *op)
{
	const struct store_token_change *change = op->commit->token_change;

	if (change == NULL) {
		return;
	}
	if (change->add != NULL) {
		const struct store_token *token = change->add;
		op->commit->token = sql_number(op->sql, W_TOKEN_LAST, NULL, 0, NULL) + 1;
		SQL_RUN(op->sql, W_TOKEN_ADD, sql_int(op->commit->token),
			sql_blob(token->sha256, DIGEST_BYTES), sql_int(token->source),
			sql_text(token->label, token->label != NULL ? strlen(token->label) : 0),
			sql_int(op->commit->now_us), sql_int(token->expires_us),
			token->has_subject ? sql_blob(token->subject, UUID_BYTES) : sql_null());
	}
	if (change->revoke != 0) {
		SQL_RUN(op->sql, W_TOKEN_REVOKE, sql_int(change->revoke),
			sql_int(op->commit->now_us));
	}
	op->writer->news |= STORE_NEWS_TOKENS;
}

static void write_settings(struct operation *op)
{
	for (size_t i = 0; i < op->commit->setting_count; i++) {
		const struct store_setting *it = &op->commit->settings[i];
		if (it->value != NULL) {
			SQL_RUN(op->sql, W_SETTING_PUT, sql_text(it->name, strlen(it->name)),
				sql_text(it->value, strlen(it->value)));
		} else {
			SQL_RUN(op->sql, W_SETTING_DROP, sql_text(it->name, strlen(it->name)));
		}
		op->writer->news |= STORE_NEWS_TOKENS;
	}
}

static enum writer_result write_all(struct operation *op)
{
	struct store_commit *commit = op->commit;
	enum writer_result result = write_resource(op);

	if (result != WRITER_DONE) {
		return result;
	}
	if (op->commit->rekey_count > 0) {
		result = write_rekeys(op);
		if (result != WRITER_DONE) {
			return result;
		}
	}
	write_entry(op);
	write_delivery(op);
	write_scope(op);
	write_resource_reap(op);
	write_rates(op);
	write_token(op);
	write_settings(op);
	commit->index = op->index;
	commit->rid = op->rid;
	commit->version = op->version;
	return writer_state(op->writer);
}

enum writer_result writer_apply(struct writer *writer, struct store_commit *commit)
{
	struct operation op = {
		.writer = writer,
		.sql = &writer->sql,
		.commit = commit,
		.index = commit->entry != NULL ? writer->next_index : -1,
	};

	commit->ok = false;
	commit->err.code = ERROR_NONE;
	commit->err.text[0] = 0;
	commit->index = -1;
	commit->key_kind = 0;
	commit->members = 0;
	commit->token = 0;
	commit->tombstone = false;
	if (commit->naming != NULL) {
		return naming_apply(writer, commit);
	}
	enum writer_result result = check(&op);
	if (result == WRITER_DONE) {
		result = write_all(&op);
	}
	buf_fini(&op.flags);
	buf_fini(&op.gone);
	buf_fini(&op.pairs);
	return result;
}
