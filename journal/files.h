/*
 * files: the few file operations with which a log is written, as a table.
 *
 * The real ones are POSIX; a test hands in others that keep unsynced writes aside and drop or tear
 * them at a cut. All return 0 or an errno value. One thread at a time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct error;

typedef void journal_files_name_fn(void *user, const char *name);

struct journal_files {
	/* Makes or empties a file for writing. Its folder must exist (ENOENT). */
	int (*create)(void *user, const char *path, unsigned mode, int *fd);
	int (*write)(void *user, int fd, const void *bytes, size_t size); /* all of it */
	int (*sync)(void *user, int fd);
	int (*close)(void *user, int fd);
	int (*rename)(void *user, const char *from, const char *to);
	int (*remove)(void *user, const char *path);      /* a file, or an empty folder */
	int (*make_folder)(void *user, const char *path); /* EEXIST when it is there */
	int (*sync_folder)(void *user, const char *path);
	/* Appends the whole file. ENOENT; EFBIG beyond the limit. */
	int (*read)(void *user, const char *path, size_t limit_bytes, struct buf *buf);
	/* Every name in a folder but "." and "..". */
	int (*list)(void *user, const char *path, journal_files_name_fn *fn, void *fn_user);
	void *user;
};

extern const struct journal_files JOURNAL_FILES_POSIX;

/* Always false: ERROR_IO, "cannot <what> <path>: <reason>". */
bool journal_files_failed(struct error *err, int error_number, const char *what, const char *path);

/* "folder/name" on the heap (memory_free), and the folder that `path` stands in ("." if none). */
char *journal_files_join(const char *folder, const char *name);
char *journal_files_folder(const char *path);

/* The file's bytes, appended. *found false: it is not there. ERROR_IO. */
bool journal_files_read(const struct journal_files *files, const char *path, size_t limit_bytes,
	struct buf *buf, bool *found, struct error *err);

/* The folder and those above it, durably. ERROR_IO. */
bool journal_files_make_folders(
	const struct journal_files *files, const char *path, struct error *err);

/* One file, made or replaced atomically and durably. ERROR_IO: the old one may be there still. */
bool journal_files_replace(const struct journal_files *files, const char *path, const void *bytes,
	size_t size, unsigned mode, struct error *err);
