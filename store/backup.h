/*
 * Copies of the store as a whole, made while it is in use. Both calls block for as long as reading
 * and writing the file takes: from a worker thread or a tool, never in a loop.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct error;

/*
 * A consistent copy of the store at `path` (in use or not) as one file at `to`: temporary file,
 * checked, fsync, rename. Commits go on meanwhile; the WAL cannot be reused until it is done.
 * ERROR_IO, ERROR_STORE.
 */
bool store_backup(const char *path, const char *to, struct error *err);

struct store_copy_info {
	int schema;
	int64_t entries;
	int64_t users;
	int64_t groups;
	int64_t bytes;
};
/* Checks a copy: is it a store, of which schema, is every page well (integrity_check), what is in
 * it. */
bool store_backup_check(const char *path, struct store_copy_info *info, struct error *err);

/*
 * Puts a checked copy in the place of the store at `path`. ERROR_CONFIG: the store is open in a
 * process, or the copy is newer than this program. The replaced store stays as
 * "<path>.before-restore". The journal may now be shorter than what was published: the setting
 * "store.restored" (time in µs) tells the journal to refuse signing until an operator starts a new
 * origin (facts: journal.md, 1.6).
 */
bool store_restore(const char *from, const char *path, struct error *err);
