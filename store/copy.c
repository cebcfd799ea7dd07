#include "store/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include "base/error.h"
#include "store/sql.h"

enum { PATH_BYTES = 4096 };

bool copy_sync_folder(const char *path, struct error *err)
{
	char folder[PATH_BYTES];
	const char *slash = strrchr(path, '/');

	if (slash == NULL) {
		snprintf(folder, sizeof(folder), ".");
	} else {
		snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path + 1), path);
	}
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok = fd >= 0 && fsync(fd) == 0;
	if (!ok) {
		error_set(err, ERROR_IO, "%s: %s", folder, strerror(errno));
	}
	if (fd >= 0) {
		close(fd);
	}
	return ok;
}

/* An empty file that only we may read: what is copied into it is about people. */
static bool make_file(const char *path, struct error *err)
{
	unlink(path);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0) {
		return error_set(err, ERROR_IO, "%s: %s", path, strerror(errno));
	}
	close(fd);
	return true;
}

/* One step with all pages: one snapshot, never a start from the beginning because somebody wrote.
 */
static bool copy_pages(struct sql *from, struct sql *to, struct error *err)
{
	sqlite3_backup *backup = sqlite3_backup_init(to->db, "main", from->db, "main");

	if (backup != NULL) {
		sqlite3_backup_step(backup, -1);
		to->rc = sqlite3_backup_finish(backup);
	} else {
		to->rc = sqlite3_extended_errcode(to->db);
	}
	/* The copy is one file: without the mark that asks for a WAL beside it. */
	sql_script(to, "PRAGMA journal_mode=DELETE;");
	return to->rc == SQLITE_OK ? true : sql_error(to, err, "be copied");
}

static bool sync_file(const char *path, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool ok = fd >= 0 && fsync(fd) == 0;

	if (!ok) {
		error_set(err, ERROR_IO, "%s: %s", path, strerror(errno));
	}
	if (fd >= 0) {
		close(fd);
	}
	return ok;
}

bool copy_database(struct sql *from, const char *to, struct error *err)
{
	char temporary[PATH_BYTES];
	struct sql target;

	if (snprintf(temporary, sizeof(temporary), "%s.tmp", to) >= (int)sizeof(temporary)) {
		return error_set(err, ERROR_IO, "%s: the path is too long", to);
	}
	if (!make_file(temporary, err) ||
		!sql_open(
			&target, &(struct sql_open){ .path = temporary, .role = SQL_TOOL }, err)) {
		return false;
	}
	bool ok = copy_pages(from, &target, err);
	sql_close(&target);
	ok = ok && sync_file(temporary, err);
	if (ok && rename(temporary, to) != 0) {
		ok = error_set(err, ERROR_IO, "%s: %s", to, strerror(errno));
	}
	if (!ok) {
		unlink(temporary);
		return false;
	}
	return copy_sync_folder(to, err);
}
