#include "store/sql.h"

#include <assert.h>
#include <pthread.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/memory.h"

/*
 * Page caches in KiB. Measured: a large cache of the writer is slower than 16 MiB (it is searched
 * and flushed), and readers share the kernel's page cache anyway.
 */
static const int cache_kib[] = {
	[SQL_WRITER] = 16 << 10,
	[SQL_READER] = 4 << 10,
	[SQL_CHECKPOINT] = 256,
	[SQL_TOOL] = 1 << 10,
};

enum { BUSY_MS = 5000, JOURNAL_LIMIT_BYTES = 64 << 20 };

/* SQLite's memory statistics cost a process-wide mutex at every allocation. Too late (MISUSE) is no
 * harm. */
static void configure_once(void)
{
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static bool apply_pragmas(struct sql *sql, const struct sql_open *open)
{
	char text[512];

	snprintf(text, sizeof(text),
		"PRAGMA cache_size=-%d; PRAGMA mmap_size=0; PRAGMA synchronous=%s;"
		"PRAGMA wal_autocheckpoint=0; PRAGMA journal_size_limit=%d; PRAGMA "
		"temp_store=MEMORY;"
		"PRAGMA secure_delete=FAST; PRAGMA foreign_keys=OFF; PRAGMA trusted_schema=OFF;"
		"PRAGMA cell_size_check=ON; PRAGMA query_only=%s;",
		cache_kib[open->role], open->no_sync ? "OFF" : "FULL", JOURNAL_LIMIT_BYTES,
		open->role == SQL_READER ? "ON" : "OFF");
	return sql_script(sql, text);
}

bool sql_open(struct sql *sql, const struct sql_open *open, struct error *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
		    (open->create ? SQLITE_OPEN_CREATE : 0);

	pthread_once(&once, configure_once);
	*sql = (struct sql){ .texts = open->texts, .count = open->count };
	sql->statements = must_calloc(open->count + 1, sizeof(sqlite3_stmt *));
	sql->rc = sqlite3_open_v2(open->path, &sql->db, flags, open->vfs);
	if (sql->rc == SQLITE_OK) {
		sqlite3_busy_timeout(sql->db, BUSY_MS);
		sqlite3_db_config(sql->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
		sqlite3_db_config(sql->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	}
	if (sql->rc != SQLITE_OK || !apply_pragmas(sql, open)) {
		sql_error(sql, err, "open it");
		sql_close(sql);
		return error_wrap(err, "%s", open->path);
	}
	return true;
}

void sql_close(struct sql *sql)
{
	for (size_t i = 0; i < sql->count; i++) {
		sqlite3_finalize(sql->statements[i]);
	}
	memory_free(sql->statements);
	int rc = sqlite3_close(sql->db);
	assert(rc == SQLITE_OK); /* ours: a statement or a backup was left open */
	*sql = (struct sql){ 0 };
}

/* What a person can do about it. */
static const char *advice(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_FULL:
		return "the disk is full; free some space, it goes on by itself";
	case SQLITE_IOERR:
		return "the disk reports an error; see the kernel's log";
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return "the file is damaged; restore a backup";
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
	case SQLITE_READONLY:
		return "check that file and folder exist and belong to this user";
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return "another program holds the database";
	default:
		return "unexpected; please report it";
	}
}

bool sql_error(const struct sql *sql, struct error *err, const char *what)
{
	return error_set(err, ERROR_STORE, "the store cannot %s: %s (%s, %d)", what,
		advice(sql->rc), sqlite3_errstr(sql->rc), sql->rc);
}

void sql_clear(struct sql *sql)
{
	sql->rc = SQLITE_OK;
}

bool sql_script(struct sql *sql, const char *text)
{
	if (sql->rc == SQLITE_OK) {
		sql->rc = sqlite3_exec(sql->db, text, NULL, NULL, NULL);
	}
	return sql->rc == SQLITE_OK;
}

int64_t sql_pragma(struct sql *sql, const char *name)
{
	char text[64];
	sqlite3_stmt *row = NULL;
	int64_t result = -1;

	snprintf(text, sizeof(text), "PRAGMA %s", name);
	if (sql->rc == SQLITE_OK) {
		sql->rc = sqlite3_prepare_v2(sql->db, text, -1, &row, NULL);
	}
	if (sql->rc == SQLITE_OK) {
		int rc = sqlite3_step(row);
		result = rc == SQLITE_ROW ? sqlite3_column_int64(row, 0) : -1;
		sql->rc = rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
	}
	sqlite3_finalize(row);
	return result;
}

static sqlite3_stmt *prepared(struct sql *sql, int statement)
{
	assert(statement >= 0 && (size_t)statement < sql->count);
	if (sql->rc == SQLITE_OK && sql->statements[statement] == NULL) {
		sql->rc = sqlite3_prepare_v3(sql->db, sql->texts[statement], -1,
			SQLITE_PREPARE_PERSISTENT, &sql->statements[statement], NULL);
	}
	return sql->rc == SQLITE_OK ? sql->statements[statement] : NULL;
}

static int bind(sqlite3_stmt *row, int at, const struct sql_value *value)
{
	switch (value->type) {
	case SQL_VALUE_INT:
		return sqlite3_bind_int64(row, at, value->number);
	case SQL_VALUE_TEXT:
		return sqlite3_bind_text64(row, at, value->bytes, (sqlite3_uint64)value->number,
			SQLITE_STATIC, SQLITE_UTF8);
	case SQL_VALUE_BLOB:
		return sqlite3_bind_blob64(
			row, at, value->bytes, (sqlite3_uint64)value->number, SQLITE_STATIC);
	case SQL_VALUE_NULL:
		break;
	}
	return sqlite3_bind_null(row, at);
}

sqlite3_stmt *sql_query(
	struct sql *sql, int statement, const struct sql_value *values, size_t count)
{
	sqlite3_stmt *row = prepared(sql, statement);

	for (size_t i = 0; row != NULL && i < count; i++) {
		int rc = bind(row, (int)i + 1, &values[i]);
		if (rc != SQLITE_OK) {
			sql->rc = rc;
			return NULL;
		}
	}
	return row;
}

enum sql_step sql_next(struct sql *sql, sqlite3_stmt *row)
{
	if (row == NULL) {
		assert(sql->rc != SQLITE_OK);
		return SQL_FAILED;
	}
	int rc = sqlite3_step(row);
	if (rc == SQLITE_ROW) {
		return SQL_ROW;
	}
	sqlite3_reset(row);
	if (rc == SQLITE_DONE) {
		return SQL_DONE;
	}
	sql->rc = rc;
	return SQL_FAILED;
}

void sql_end(sqlite3_stmt *row)
{
	sqlite3_reset(row);
}

bool sql_run(struct sql *sql, int statement, const struct sql_value *values, size_t count)
{
	sqlite3_stmt *row = sql_query(sql, statement, values, count);
	enum sql_step step = sql_next(sql, row);

	if (step == SQL_ROW) {
		sql_end(row);
	}
	return step != SQL_FAILED;
}

int64_t sql_number(
	struct sql *sql, int statement, const struct sql_value *values, size_t count, bool *found)
{
	sqlite3_stmt *row = sql_query(sql, statement, values, count);
	bool is_row = sql_next(sql, row) == SQL_ROW;
	int64_t number = 0;

	if (is_row) {
		number = sql_col_int(row, 0);
		sql_end(row);
	}
	if (found != NULL) {
		*found = is_row;
	}
	return number;
}

/* column_blob, not column_text: of a text it is the same bytes without a copy for the NUL. */
const void *sql_col_bytes(sqlite3_stmt *row, int column, size_t *size)
{
	const void *bytes = sqlite3_column_blob(row, column);

	*size = (size_t)sqlite3_column_bytes(row, column);
	return bytes != NULL ? bytes : "";
}

const char *sql_col_text(sqlite3_stmt *row, int column, struct arena *arena, size_t *size)
{
	size_t bytes;
	const void *text = sql_col_bytes(row, column, &bytes);

	if (size != NULL) {
		*size = bytes;
	}
	return arena_text(arena, text, bytes);
}
