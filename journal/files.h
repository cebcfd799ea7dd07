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

struct journal_files {
	/* Makes or empties a file for writing. */
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
	/* Names in a folder but for those that begin with a dot. */
	int (*list)(void *user, const char *path, void (*fn)(void *fn_user, const char *name),
		void *fn_user);
	void *user;
};

extern const struct journal_files JOURNAL_FILES_POSIX;

/*
 * A batch of files that appear whole or not at all: each is written beside its place, synced,
 * renamed; then the folders are synced. Nothing is visible before journal_batch_commit(). A file
 * that exists is never changed: with the same bytes it is left as it is, with others the batch
 * fails (ERROR_IO, names the file).
 */
struct journal_batch;
struct journal_batch *journal_batch_new(const struct journal_files *files, const char *directory);
void journal_batch_free(struct journal_batch *batch); /* drops what was not committed */
/* `path` is relative to the directory; folders are made. */
bool journal_batch_add(struct journal_batch *batch, const char *path, const void *bytes,
	size_t size, struct error *err);
/* True: all files are durable under their names. False: some may be there; adding them again is
 * fine. */
bool journal_batch_commit(struct journal_batch *batch, struct error *err);

/* One file, replaced atomically and durably. `path` is absolute or relative to the working
 * directory. */
bool journal_files_replace(const struct journal_files *files, const char *path, const void *bytes,
	size_t size, unsigned mode, struct error *err);
