/*
 * A connection and its prepared statements. Internal to store/: the only place that knows how
 * SQLite is called.
 *
 * Statements are known by number, in a table of texts that the module owns (an X-macro keeps both
 * together), and are prepared when they are first used. A connection belongs to one thread.
 *
 *     sqlite3_stmt *row = SQL_QUERY(sql, READ_VERSION, sql_int(rid));
 *     while (sql_next(sql, row) == SQL_ROW) { … sql_col_int(row, 0) … }
 *     if (sql->rc != SQLITE_OK) { return sql_error(sql, err, "read a version"); }
 *
 * A failure is kept in sql->rc until sql_clear(); calls after it do nothing and fail as well, so
 * that one check at the end is enough.
 */
#pragma once

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct error;

struct sql {
	sqlite3 *db;
	const char *const *texts;
	sqlite3_stmt **statements;
	size_t count;
	int rc; /* SQLITE_OK, or the extended code of the first failure */
};

enum sql_role {
	SQL_WRITER,
	SQL_READER,     /* refuses to write */
	SQL_CHECKPOINT, /* moves the WAL into the database, nothing else */
	SQL_TOOL,       /* copies and checks: small cache, journal mode as it is */
};

struct sql_open {
	const char *path;
	const char *vfs; /* NULL: the system's */
	enum sql_role role;
	bool create;
	bool no_sync;
	const char *const *texts; /* must outlive the connection */
	size_t count;
};

/*
 * Opens with the pragmas of the role. No connection checkpoints when it closes: after a failed
 * fsync that would be a second one on the same descriptor. False: ERROR_STORE with the path.
 */
bool sql_open(struct sql *sql, const struct sql_open *open, struct error *err);
/* Also after a failure, and for a `{ 0 }`. */
void sql_close(struct sql *sql);

/* Fills *err with ERROR_STORE and a sentence about sql->rc: "cannot <what>: the disk is full; free
 * some space". */
bool sql_error(const struct sql *sql, struct error *err, const char *what);
void sql_clear(struct sql *sql);

/* Several statements from text, for schema and pragmas. */
bool sql_script(struct sql *sql, const char *text);
/* PRAGMA <name>, as a number; -1 when it failed. */
int64_t sql_pragma(struct sql *sql, const char *name);

struct sql_value {
	enum { SQL_VALUE_NULL, SQL_VALUE_INT, SQL_VALUE_TEXT, SQL_VALUE_BLOB } type;
	int64_t number;
	const void *bytes; /* must stay until the statement was stepped to its end */
};

static inline struct sql_value sql_int(int64_t number)
{
	return (struct sql_value){ SQL_VALUE_INT, number, NULL };
}

/* NULL stands for "": the columns are NOT NULL. */
static inline struct sql_value sql_text(const char *text, size_t size)
{
	return (struct sql_value){ SQL_VALUE_TEXT, (int64_t)size, text != NULL ? text : "" };
}

static inline struct sql_value sql_blob(const void *bytes, size_t size)
{
	return (struct sql_value){ SQL_VALUE_BLOB, (int64_t)size, bytes != NULL ? bytes : "" };
}

static inline struct sql_value sql_null(void)
{
	return (struct sql_value){ SQL_VALUE_NULL, 0, NULL };
}

enum sql_step { SQL_FAILED, SQL_ROW, SQL_DONE };

/* Binds; the first sql_next() runs it. NULL after a failure, which sql_next() takes. */
sqlite3_stmt *sql_query(
	struct sql *sql, int statement, const struct sql_value *values, size_t count);
/* Resets the statement at SQL_DONE and SQL_FAILED. */
enum sql_step sql_next(struct sql *sql, sqlite3_stmt *row);
/* Ends a query before its last row. */
void sql_end(sqlite3_stmt *row);
/* Runs a statement whose rows nobody wants. */
bool sql_run(struct sql *sql, int statement, const struct sql_value *values, size_t count);
/* The one number of the first row; *found tells whether there is a row (NULL: nobody asks). 0 if
 * none. */
int64_t sql_number(
	struct sql *sql, int statement, const struct sql_value *values, size_t count, bool *found);

#define SQL_VALUES(...)                                                                            \
	(const struct sql_value[]){ __VA_ARGS__ },                                                 \
		sizeof((const struct sql_value[]){ __VA_ARGS__ }) / sizeof(struct sql_value)
#define SQL_QUERY(sql, statement, ...) sql_query(sql, statement, SQL_VALUES(__VA_ARGS__))
#define SQL_RUN(sql, statement, ...) sql_run(sql, statement, SQL_VALUES(__VA_ARGS__))
#define SQL_NUMBER(sql, statement, found, ...)                                                     \
	sql_number(sql, statement, SQL_VALUES(__VA_ARGS__), found)

static inline int64_t sql_changes(const struct sql *sql)
{
	return sqlite3_changes64(sql->db);
}

static inline int64_t sql_col_int(sqlite3_stmt *row, int column)
{
	return sqlite3_column_int64(row, column);
}

/* Copies into arena, with a NUL behind; *size may be NULL. */
const char *sql_col_text(sqlite3_stmt *row, int column, struct arena *arena, size_t *size);
/* Valid until the next step. */
const void *sql_col_bytes(sqlite3_stmt *row, int column, size_t *size);
