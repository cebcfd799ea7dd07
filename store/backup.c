#include "store/backup.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/error.h"
#include "store/copy.h"
#include "store/lock.h"
#include "store/migrate.h"
#include "store/sql.h"

enum { PATH_BYTES = 4096 };

enum statement { COUNT_ENTRIES, COUNT_PEOPLE, COUNT_GROUPS, WELL, MARK_RESTORED, STATEMENTS };

static const char *const texts[STATEMENTS] = {
	[COUNT_ENTRIES] = "SELECT coalesce(max(idx) + 1, 0) FROM entry",
	[COUNT_PEOPLE] = "SELECT coalesce(sum(users), 0) FROM tenant",
	[COUNT_GROUPS] = "SELECT coalesce(sum(groups), 0) FROM tenant",
	[WELL] = "SELECT integrity_check = 'ok' FROM pragma_integrity_check(1)",
	[MARK_RESTORED] = ("INSERT INTO setting (name, value) VALUES ('store.restored', ?1)"
			   " ON CONFLICT (name) DO UPDATE SET value = excluded.value"),
};

static bool open_tool(struct sql *sql, const char *path, struct error *err)
{
	return sql_open(sql,
		&(struct sql_open){
			.path = path, .role = SQL_TOOL, .texts = texts, .count = STATEMENTS },
		err);
}

bool store_backup(const char *path, const char *to, struct error *err)
{
	struct sql sql;
	int version;

	if (!open_tool(&sql, path, err)) {
		return false;
	}
	bool ok =
		migrate_check(&sql, &migrate_store, &version, err) && copy_database(&sql, to, err);
	sql_close(&sql);
	return ok && store_backup_check(to, &(struct store_copy_info){ 0 }, err);
}

static bool read_info(struct sql *sql, struct store_copy_info *info, struct error *err)
{
	if (!migrate_check(sql, &migrate_store, &info->schema, err)) {
		return false;
	}
	if (sql_number(sql, WELL, NULL, 0, NULL) != 1) {
		return error_set(err, ERROR_STORE, "the copy is damaged (integrity_check)");
	}
	info->entries = sql_number(sql, COUNT_ENTRIES, NULL, 0, NULL);
	info->users = sql_number(sql, COUNT_PEOPLE, NULL, 0, NULL);
	info->groups = sql_number(sql, COUNT_GROUPS, NULL, 0, NULL);
	return sql->rc == SQLITE_OK ? true : sql_error(sql, err, "be read");
}

bool store_backup_check(const char *path, struct store_copy_info *info, struct error *err)
{
	struct sql sql;
	struct stat stat_of;

	*info = (struct store_copy_info){ 0 };
	if (stat(path, &stat_of) != 0) {
		return error_set(err, ERROR_IO, "%s: %s", path, strerror(errno));
	}
	info->bytes = stat_of.st_size;
	if (!open_tool(&sql, path, err)) {
		return false;
	}
	bool ok = read_info(&sql, info, err);
	sql_close(&sql);
	return ok ? true : error_wrap(err, "%s", path);
}

/* Empties the WAL of the store that goes, so that it is one file. A damaged one keeps its WAL: it
 * is set aside. */
static void settle_old(const char *path)
{
	struct sql sql;
	struct error ignored;

	if (open_tool(&sql, path, &ignored)) {
		sql_script(&sql, "PRAGMA wal_checkpoint(TRUNCATE);");
		sql_close(&sql);
	}
}

static bool set_aside(const char *path, const char *ending, struct error *err)
{
	char from[PATH_BYTES];
	char to[PATH_BYTES];

	snprintf(from, sizeof(from), "%s%s", path, ending);
	snprintf(to, sizeof(to), "%s.before-restore%s", path, ending);
	unlink(to);
	/* A link, not a rename: at no moment is there no store, or a start would make an empty one.
	 */
	if (link(from, to) != 0 && errno != ENOENT) {
		return error_set(err, ERROR_IO, "%s: %s", to, strerror(errno));
	}
	return true;
}

static void remove_beside(const char *path, const char *ending)
{
	char name[PATH_BYTES];

	snprintf(name, sizeof(name), "%s%s", path, ending);
	unlink(name);
}

static bool replace(const char *fresh, const char *path, struct error *err)
{
	settle_old(path);
	if (!set_aside(path, "", err) || !set_aside(path, "-wal", err)) {
		return false;
	}
	remove_beside(path, "-wal");
	remove_beside(path, "-shm");
	if (rename(fresh, path) != 0) {
		return error_set(err, ERROR_IO, "%s: %s", path, strerror(errno));
	}
	return copy_sync_folder(path, err);
}

static bool mark_restored(const char *path, struct error *err)
{
	struct sql sql;
	char now[32];

	if (!open_tool(&sql, path, err)) {
		return false;
	}
	snprintf(now, sizeof(now), "%lld", (long long)clock_now_us());
	bool ok = SQL_RUN(&sql, MARK_RESTORED, sql_text(now, strlen(now)));
	if (!ok) {
		sql_error(&sql, err, "be marked as restored");
	}
	sql_close(&sql);
	return ok;
}

static bool copy_of_copy(const char *from, const char *to, struct error *err)
{
	struct sql sql;

	if (!open_tool(&sql, from, err)) {
		return false;
	}
	bool ok = copy_database(&sql, to, err);
	sql_close(&sql);
	return ok && mark_restored(to, err);
}

bool store_restore(const char *from, const char *path, struct error *err)
{
	struct store_copy_info info;
	char fresh[PATH_BYTES];
	int lock;

	if (!store_backup_check(from, &info, err) || !lock_take(path, &lock, err)) {
		return false;
	}
	snprintf(fresh, sizeof(fresh), "%s.restoring", path);
	bool ok = copy_of_copy(from, fresh, err) && replace(fresh, path, err);
	lock_release(lock);
	return ok;
}
