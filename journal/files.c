#include "journal/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/memory.h"

#define READ_BYTES 16384

/* ---- POSIX ---- */

static void close_fd(int *fd)
{
	if (*fd >= 0) {
		close(*fd);
	}
}

static int posix_create(void *user, const char *path, unsigned mode, int *fd)
{
	(void)user;
	*fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
	return *fd < 0 ? errno : 0;
}

static int posix_write(void *user, int fd, const void *bytes, size_t size)
{
	const char *at = bytes;
	(void)user;

	while (size > 0) {
		ssize_t written = write(fd, at, size);

		if (written < 0 && errno == EINTR) {
			continue;
		}
		if (written < 0) {
			return errno;
		}
		at += written;
		size -= (size_t)written;
	}
	return 0;
}

static int posix_sync(void *user, int fd)
{
	(void)user;
	return fdatasync(fd) == 0 ? 0 : errno;
}

static int posix_close(void *user, int fd)
{
	(void)user;
	return close(fd) == 0 ? 0 : errno;
}

static int posix_rename(void *user, const char *from, const char *to)
{
	(void)user;
	return rename(from, to) == 0 ? 0 : errno;
}

static int posix_remove(void *user, const char *path)
{
	(void)user;
	return remove(path) == 0 ? 0 : errno;
}

static int posix_make_folder(void *user, const char *path)
{
	(void)user;
	return mkdir(path, 0755) == 0 ? 0 : errno;
}

static int posix_sync_folder(void *user, const char *path)
{
	CLEANUP(close_fd) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	(void)user;

	if (fd < 0 || fsync(fd) != 0) {
		return errno;
	}
	return 0;
}

static int posix_read(void *user, const char *path, size_t limit_bytes, struct buf *buf)
{
	CLEANUP(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t total = 0;
	(void)user;

	if (fd < 0) {
		return errno;
	}
	for (;;) {
		buf_reserve(buf, READ_BYTES);
		ssize_t got = read(fd, buf->data + buf->size, READ_BYTES);

		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got <= 0) {
			return got < 0 ? errno : 0;
		}
		buf->size += (size_t)got;
		buf->data[buf->size] = '\0';
		total += (size_t)got;
		if (total > limit_bytes) {
			return EFBIG;
		}
	}
}

static int posix_list(void *user, const char *path, journal_files_name_fn *fn, void *fn_user)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;
	(void)user;

	if (folder == NULL) {
		return errno;
	}
	while ((entry = readdir(folder)) != NULL) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
			fn(fn_user, entry->d_name);
		}
	}
	closedir(folder);
	return 0;
}

const struct journal_files JOURNAL_FILES_POSIX = {
	.create = posix_create,
	.write = posix_write,
	.sync = posix_sync,
	.close = posix_close,
	.rename = posix_rename,
	.remove = posix_remove,
	.make_folder = posix_make_folder,
	.sync_folder = posix_sync_folder,
	.read = posix_read,
	.list = posix_list,
};

/* ---- helpers over any table ---- */

bool journal_files_failed(struct error *err, int error_number, const char *what, const char *path)
{
	return error_set(err, ERROR_IO, "cannot %s %s: %s", what, path, strerror(error_number));
}

char *journal_files_join(const char *folder, const char *name)
{
	size_t size = strlen(folder) + 1 + strlen(name) + 1;
	char *path = must_malloc(size);

	snprintf(path, size, "%s/%s", folder, name);
	return path;
}

char *journal_files_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t size = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);
	char *folder = must_calloc(1, size + 2);

	memcpy(folder, slash == NULL ? "." : path, slash == NULL ? 1 : size);
	return folder;
}

bool journal_files_read(const struct journal_files *files, const char *path, size_t limit_bytes,
	struct buf *buf, bool *found, struct error *err)
{
	int result = files->read(files->user, path, limit_bytes, buf);

	*found = result == 0;
	return result == 0 || result == ENOENT || journal_files_failed(err, result, "read", path);
}

bool journal_files_make_folders(
	const struct journal_files *files, const char *path, struct error *err)
{
	CLEANUP(memory_cleanup) char *parent = NULL;
	int result = files->make_folder(files->user, path);

	if (result == EEXIST) {
		return true;
	}
	parent = journal_files_folder(path);
	if (result == ENOENT && strcmp(parent, path) != 0) {
		if (!journal_files_make_folders(files, parent, err)) {
			return false;
		}
		result = files->make_folder(files->user, path);
	}
	if (result != 0 && result != EEXIST) {
		return journal_files_failed(err, result, "make the folder", path);
	}
	result = files->sync_folder(files->user, parent);
	return result == 0 || journal_files_failed(err, result, "sync the folder", parent);
}

static int write_synced(const struct journal_files *files, const char *path, const void *bytes,
	size_t size, unsigned mode)
{
	int fd;
	int result = files->create(files->user, path, mode, &fd);

	if (result != 0) {
		return result;
	}
	result = files->write(files->user, fd, bytes, size);
	if (result == 0) {
		result = files->sync(files->user, fd);
	}
	int closed = files->close(files->user, fd);

	return result != 0 ? result : closed;
}

bool journal_files_replace(const struct journal_files *files, const char *path, const void *bytes,
	size_t size, unsigned mode, struct error *err)
{
	CLEANUP(memory_cleanup) char *folder = journal_files_folder(path);
	CLEANUP(memory_cleanup) char *fresh = must_malloc(strlen(path) + 5);

	snprintf(fresh, strlen(path) + 5, "%s.new", path);
	int result = write_synced(files, fresh, bytes, size, mode);

	if (result == 0) {
		result = files->rename(files->user, fresh, path);
	}
	if (result != 0) {
		files->remove(files->user, fresh);
		return journal_files_failed(err, result, "write", path);
	}
	result = files->sync_folder(files->user, folder);
	return result == 0 || journal_files_failed(err, result, "sync the folder", folder);
}
