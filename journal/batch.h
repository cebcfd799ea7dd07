/*
 * batch: many files of one folder that become durable together.
 *
 * Each is written beside its place; at the commit all are synced, renamed, and the folders synced:
 * one wait of the disk for many files instead of one for each. Nothing is visible before the
 * commit, and a file that is visible is whole.
 *
 * A file that exists is never changed: with the same bytes it is left as it is, with others the
 * batch fails.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct error;
struct journal_batch;
struct journal_files;

/* Both must live as long as the batch; the folder must exist at the commit. */
struct journal_batch *journal_batch_new(const struct journal_files *files, const char *folder);
void journal_batch_free(
	struct journal_batch *batch); /* drops what was not committed. NULL is fine */

/* `path` is relative to the folder; folders below it are made. ERROR_IO names the file. */
bool journal_batch_add(struct journal_batch *batch, const char *path, const void *bytes,
	size_t size, struct error *err);

/*
 * True: all files are durable under their names, and the batch is empty. False (ERROR_IO): some may
 * be there, the batch is empty, too; adding them again is fine.
 */
bool journal_batch_commit(struct journal_batch *batch, struct error *err);
void journal_batch_drop(struct journal_batch *batch); /* forgets what was added */
