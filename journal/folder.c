#include "journal/folder.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/memory.h"
#include "journal/files.h"

static bool read_one(const struct journal_folder *folder, const struct journal_tile *tile,
	struct buf *buf, bool *found, struct error *err)
{
	char name[JOURNAL_TILE_PATH_BYTES];

	journal_tile_path(tile, name);
	CLEANUP(memory_cleanup) char *path = journal_files_join(folder->directory, name);

	return journal_files_read(folder->files, path, JOURNAL_BUNDLE_LIMIT, buf, found, err);
}

bool journal_folder_read(const struct journal_folder *folder, const struct journal_tile *tile,
	struct buf *buf, bool *found, bool *is_longer, struct error *err)
{
	struct journal_tile full = { tile->level, tile->index, JOURNAL_TILE_HASHES };

	*is_longer = false;
	if (!read_one(folder, tile, buf, found, err)) {
		return false;
	}
	if (*found || tile->width == JOURNAL_TILE_HASHES) {
		return true;
	}
	*is_longer = true;
	return read_one(folder, &full, buf, found, err);
}

bool journal_folder_load(
	void *user, const struct journal_tile *tile, struct buf *buf, struct error *err)
{
	size_t wanted = buf->size + tile->width * sizeof(struct journal_hash);
	bool is_longer;
	bool found;

	if (!journal_folder_read(user, tile, buf, &found, &is_longer, err)) {
		return false;
	}
	if (!found) {
		return error_set(err, ERROR_IO, "it is missing; run `journal verify`");
	}
	if (is_longer && buf->size > wanted) {
		buf->size = wanted;
	}
	return true;
}
