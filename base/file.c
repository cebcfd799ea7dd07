#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/memory.h"

static void close_fd(int *fd)
{
	if (*fd >= 0) {
		close(*fd);
	}
}

static bool fail(struct error *err, const char *what, const char *path)
{
	return error_set(err, ERROR_IO, "cannot %s %s: %s", what, path, strerror(errno));
}

bool file_read(const char *path, size_t limit_bytes, struct buf *buf, struct error *err)
{
	CLEANUP(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t total = 0;

	if (fd < 0) {
		return fail(err, "open", path);
	}
	for (;;) {
		buf_reserve(buf, 16384);
		ssize_t got = read(fd, buf->data + buf->size, 16384);

		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got < 0) {
			return fail(err, "read", path);
		}
		if (got == 0) {
			return true;
		}
		buf->size += (size_t)got;
		buf->data[buf->size] = '\0';
		total += (size_t)got;
		if (total > limit_bytes) {
			return error_set(err, ERROR_TOO_LARGE,
				"%s is larger than the %zu bytes allowed", path, limit_bytes);
		}
	}
}

static bool write_all(int fd, const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t written = write(fd, bytes, size);

		if (written < 0 && errno == EINTR) {
			continue;
		}
		if (written < 0) {
			return false;
		}
		bytes += written;
		size -= (size_t)written;
	}
	return true;
}

/* The folder of path; "." when it names none. On the heap. */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL) {
		return must_strdup(".");
	}
	char *folder = must_strdup(path);

	folder[slash == path ? 1 : slash - path] = '\0';
	return folder;
}

static bool sync_folder_of(const char *path, struct error *err)
{
	CLEANUP(memory_cleanup) char *folder = folder_of(path);
	CLEANUP(close_fd) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0) {
		return fail(err, "open", folder);
	}
	if (fsync(fd) != 0) {
		return fail(err, "sync", folder);
	}
	return true;
}

static bool write_and_rename(int fd, const char *temporary, const char *path, const void *bytes,
	size_t size, unsigned mode, struct error *err)
{
	if (fchmod(fd, (mode_t)mode) != 0) {
		return fail(err, "set the mode of", temporary);
	}
	if (!write_all(fd, bytes, size)) {
		return fail(err, "write", temporary);
	}
	if (fdatasync(fd) != 0) {
		return fail(err, "sync", temporary);
	}
	if (rename(temporary, path) != 0) {
		return fail(err, "replace", path);
	}
	return true;
}

bool file_replace(
	const char *path, const void *bytes, size_t size, unsigned mode, struct error *err)
{
	CLEANUP(buf_fini) struct buf temporary = { 0 };

	buf_printf(&temporary, "%s.XXXXXX", path);
	CLEANUP(close_fd) int fd = mkostemp(temporary.data, O_CLOEXEC);

	if (fd < 0) {
		return fail(err, "make a temporary file beside", path);
	}
	if (!write_and_rename(fd, temporary.data, path, bytes, size, mode, err)) {
		unlink(temporary.data);
		return false;
	}
	return sync_folder_of(path, err);
}

bool file_exists(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0;
}

static bool is_folder(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static bool make_folder(const char *path, unsigned mode, struct error *err)
{
	if (mkdir(path, (mode_t)mode) == 0) {
		return true;
	}
	int reason = errno;

	if (is_folder(path)) {
		return true;
	}
	errno = reason;
	return fail(err, "make the folder", path);
}

bool file_make_folders(const char *path, unsigned mode, struct error *err)
{
	CLEANUP(memory_cleanup) char *part = must_strdup(path);

	for (char *slash = part + 1; *part != '\0' && (slash = strchr(slash, '/')) != NULL;
		slash++) {
		*slash = '\0';
		if (!make_folder(part, mode, err)) {
			return false;
		}
		*slash = '/';
	}
	return make_folder(part, mode, err);
}
