/*
 * folder: tiles and bundles of a log, read from its directory.
 */
#pragma once

#include <stdbool.h>
#include "journal/tile.h"

struct buf;
struct error;
struct journal_files;

struct journal_folder {
	const struct journal_files *files;
	const char *directory;
};

/*
 * Appends the file. Where a partial one is gone because the tile became full, the full one serves:
 * *is_longer, and the first `width` hashes or entries of it are those that were asked for. *found
 * false: neither is there. ERROR_IO.
 */
bool journal_folder_read(const struct journal_folder *folder, const struct journal_tile *tile,
	struct buf *buf, bool *found, bool *is_longer, struct error *err);

/* For proofs, as journal_tile_load_fn: `user` is a struct journal_folder. A missing tile is
 * ERROR_IO. */
bool journal_folder_load(
	void *user, const struct journal_tile *tile, struct buf *buf, struct error *err);
