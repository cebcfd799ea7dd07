#include "journal/batch.h"

#include <errno.h>
#include <string.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/memory.h"
#include "journal/files.h"
#include "journal/tile.h"

#define OPEN_FILES 64 /* so many are written before they are synced */

struct file {
	char *path;
	char *fresh; /* where it is written */
	int fd;      /* -1: synced and closed */
};

struct journal_batch {
	const struct journal_files *files;
	const char *folder;
	struct file *pending;
	size_t count;
	size_t capacity;
	size_t synced;  /* the first so many of them are */
	char **folders; /* to be synced */
	size_t folder_count;
	size_t folder_capacity;
	struct buf existing;
};

struct journal_batch *journal_batch_new(const struct journal_files *files, const char *folder)
{
	struct journal_batch *batch = must_calloc(1, sizeof(*batch));

	batch->files = files;
	batch->folder = folder;
	return batch;
}

/* Forgets all; a temporary file that was not renamed is removed. */
static void clear(struct journal_batch *batch, bool is_renamed)
{
	const struct journal_files *files = batch->files;

	for (size_t i = 0; i < batch->count; i++) {
		struct file *file = &batch->pending[i];

		if (file->fd >= 0) {
			files->close(files->user, file->fd);
		}
		if (!is_renamed) {
			files->remove(files->user, file->fresh);
		}
		memory_free(file->path);
		memory_free(file->fresh);
	}
	for (size_t i = 0; i < batch->folder_count; i++) {
		memory_free(batch->folders[i]);
	}
	batch->count = 0;
	batch->synced = 0;
	batch->folder_count = 0;
}

void journal_batch_drop(struct journal_batch *batch)
{
	clear(batch, false);
}

void journal_batch_free(struct journal_batch *batch)
{
	if (batch == NULL) {
		return;
	}
	clear(batch, false);
	memory_free(batch->pending);
	memory_free(batch->folders);
	buf_fini(&batch->existing);
	memory_free(batch);
}

/* Takes the text over. The last ones are the likeliest. */
static void remember_folder(struct journal_batch *batch, char *folder)
{
	for (size_t i = batch->folder_count; i-- > 0;) {
		if (strcmp(batch->folders[i], folder) == 0) {
			memory_free(folder);
			return;
		}
	}
	if (batch->folder_count == batch->folder_capacity) {
		batch->folder_capacity = batch->folder_capacity * 2 + 8;
		batch->folders = must_realloc(
			batch->folders, batch->folder_capacity * sizeof(*batch->folders));
	}
	batch->folders[batch->folder_count++] = folder;
}

/*
 * All folders from that of the file up to the batch's own: those above it may have been made by a
 * run that died before it synced them. Syncing a folder that did not change costs next to nothing.
 */
static void remember_folders(struct journal_batch *batch, const char *path)
{
	char *folder = journal_files_folder(path);

	while (strlen(folder) > strlen(batch->folder)) {
		char *parent = journal_files_folder(folder);

		remember_folder(batch, folder);
		folder = parent;
	}
	remember_folder(batch, folder);
}

static int make_folders(struct journal_batch *batch, const char *folder)
{
	CLEANUP(memory_cleanup) char *parent = journal_files_folder(folder);
	const struct journal_files *files = batch->files;
	int result = files->make_folder(files->user, folder);

	if (result == ENOENT && strlen(folder) > strlen(batch->folder)) {
		result = make_folders(batch, parent);
		if (result == 0) {
			result = files->make_folder(files->user, folder);
		}
	}
	return result == EEXIST ? 0 : result;
}

/* "folder/name" → "folder/.name.new" */
static char *fresh_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t size = strlen(path) + 6;
	char *fresh = must_malloc(size);

	snprintf(fresh, size, "%.*s.%s.new", (int)(slash + 1 - path), path, slash + 1);
	return fresh;
}

static struct file *next_file(struct journal_batch *batch)
{
	if (batch->count == batch->capacity) {
		batch->capacity = batch->capacity * 2 + 16;
		batch->pending =
			must_realloc(batch->pending, batch->capacity * sizeof(*batch->pending));
	}
	return &batch->pending[batch->count];
}

static int sync_pending(struct journal_batch *batch, const char **path)
{
	const struct journal_files *files = batch->files;

	for (; batch->synced < batch->count; batch->synced++) {
		struct file *file = &batch->pending[batch->synced];
		int result = files->sync(files->user, file->fd);
		int closed = files->close(files->user, file->fd);

		file->fd = -1;
		if (result != 0 || closed != 0) {
			*path = file->path;
			return result != 0 ? result : closed;
		}
	}
	return 0;
}

static int write_fresh(struct journal_batch *batch, const char *path, const void *bytes,
	size_t size, const char **failed)
{
	const struct journal_files *files = batch->files;
	CLEANUP(memory_cleanup) char *folder = journal_files_folder(path);
	struct file *file = next_file(batch);

	file->path = must_strdup(path);
	file->fresh = fresh_name(path);
	file->fd = -1;
	int result = files->create(files->user, file->fresh, 0644, &file->fd);

	if (result == ENOENT) {
		result = make_folders(batch, folder);
		if (result == 0) {
			result = files->create(files->user, file->fresh, 0644, &file->fd);
		}
	}
	remember_folders(batch, path);
	batch->count++;
	if (result != 0) {
		file->fd = -1;
		return result;
	}
	result = files->write(files->user, file->fd, bytes, size);
	if (result == 0 && batch->count - batch->synced >= OPEN_FILES) {
		result = sync_pending(batch, failed);
	}
	return result;
}

bool journal_batch_add(struct journal_batch *batch, const char *path, const void *bytes,
	size_t size, struct error *err)
{
	CLEANUP(memory_cleanup) char *full = journal_files_join(batch->folder, path);
	const char *failed = full;
	bool found;

	buf_clear(&batch->existing);
	if (!journal_files_read(
		    batch->files, full, JOURNAL_BUNDLE_LIMIT, &batch->existing, &found, err)) {
		return false;
	}
	if (found) {
		if (batch->existing.size != size ||
			memcmp(buf_text(&batch->existing), bytes, size) != 0) {
			return error_set(err, ERROR_IO,
				"%s differs from what the store says now: one of the two was "
				"changed; run `journal verify`",
				full);
		}
		remember_folders(batch, full);
		return true;
	}
	int result = write_fresh(batch, full, bytes, size, &failed);

	return result == 0 || journal_files_failed(err, result, "write", failed);
}

static int rename_all(struct journal_batch *batch, const char **path)
{
	const struct journal_files *files = batch->files;

	for (size_t i = 0; i < batch->count; i++) {
		int result =
			files->rename(files->user, batch->pending[i].fresh, batch->pending[i].path);

		if (result != 0) {
			*path = batch->pending[i].path;
			return result;
		}
	}
	return 0;
}

static int sync_folders(struct journal_batch *batch, const char **path)
{
	const struct journal_files *files = batch->files;

	for (size_t i = 0; i < batch->folder_count; i++) {
		int result = files->sync_folder(files->user, batch->folders[i]);

		if (result != 0) {
			*path = batch->folders[i];
			return result;
		}
	}
	return 0;
}

bool journal_batch_commit(struct journal_batch *batch, struct error *err)
{
	const char *path = batch->folder;
	int result = sync_pending(batch, &path);

	if (result == 0) {
		result = rename_all(batch, &path);
	}
	if (result == 0) {
		result = sync_folders(batch, &path);
	}
	if (result != 0) {
		journal_files_failed(err, result, "write", path);
	}
	clear(batch, result == 0);
	return result == 0;
}
