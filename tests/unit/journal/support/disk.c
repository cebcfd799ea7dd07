#include "tests/unit/journal/support/disk.h"

#include <errno.h>
#include <string.h>
#include "base/buf.h"
#include "base/memory.h"

/* A file's bytes: as the process sees them, and as the disk has them for sure. */
struct disk_file {
	struct buf live;
	struct buf durable;
};

#define NONE ((size_t)-1)
#define FOLDER ((size_t)-2)

/* A name: where it leads for the process, and for sure. */
struct disk_name {
	char *path;
	size_t live; /* NONE, FOLDER, or a file */
	size_t durable;
};

static uint32_t chance(struct disk *disk)
{
	disk->seed = disk->seed * 1664525 + 1013904223;
	return disk->loses_all ? 0 : disk->seed >> 8; /* of each choice 0 is the worst */
}

static struct disk_name *find(const struct disk *disk, const char *path)
{
	for (size_t i = 0; i < disk->name_count; i++) {
		if (strcmp(disk->names[i].path, path) == 0) {
			return &disk->names[i];
		}
	}
	return NULL;
}

static struct disk_name *get(struct disk *disk, const char *path)
{
	struct disk_name *name = find(disk, path);

	if (name != NULL) {
		return name;
	}
	if (disk->name_count == disk->name_capacity) {
		disk->name_capacity = disk->name_capacity * 2 + 64;
		disk->names = must_realloc(disk->names, disk->name_capacity * sizeof(*disk->names));
	}
	disk->names[disk->name_count] = (struct disk_name){ must_strdup(path), NONE, NONE };
	return &disk->names[disk->name_count++];
}

static size_t new_file(struct disk *disk)
{
	if (disk->file_count == disk->file_capacity) {
		disk->file_capacity = disk->file_capacity * 2 + 64;
		disk->files = must_realloc(disk->files, disk->file_capacity * sizeof(*disk->files));
	}
	disk->files[disk->file_count] = must_calloc(1, sizeof(struct disk_file));
	return disk->file_count++;
}

/* Length of the folder's part: "/j/tile" of "/j/tile/0". */
static size_t folder_size(const char *path)
{
	return (size_t)(strrchr(path, '/') - path);
}

static bool has_folder(const struct disk *disk, const char *path)
{
	for (size_t i = 0; i < disk->name_count; i++) {
		const struct disk_name *name = &disk->names[i];

		if (name->live == FOLDER && strlen(name->path) == folder_size(path) &&
			memcmp(name->path, path, folder_size(path)) == 0) {
			return true;
		}
	}
	return folder_size(path) == 0;
}

static bool is_off(struct disk *disk)
{
	disk->done++;
	if (disk->left == 0) {
		return true;
	}
	disk->left -= disk->left > 0;
	return false;
}

/* ---- the table ---- */

static int disk_create(void *user, const char *path, unsigned mode, int *fd)
{
	struct disk *disk = user;
	(void)mode;

	if (is_off(disk)) {
		return EIO;
	}
	if (!has_folder(disk, path)) {
		return ENOENT;
	}
	struct disk_name *name = get(disk, path);

	if (name->live == NONE) {
		name->live = new_file(disk);
	}
	buf_clear(&disk->files[name->live]->live);
	*fd = (int)name->live;
	return 0;
}

static int disk_write(void *user, int fd, const void *bytes, size_t size)
{
	struct disk *disk = user;

	if (is_off(disk)) {
		return EIO;
	}
	if (disk->is_full) {
		buf_append(&disk->files[fd]->live, bytes, size / 2);
		return ENOSPC;
	}
	buf_append(&disk->files[fd]->live, bytes, size);
	return 0;
}

static int disk_sync(void *user, int fd)
{
	struct disk *disk = user;
	struct disk_file *file = disk->files[fd];

	if (is_off(disk)) {
		return EIO;
	}
	if (!disk->no_sync) {
		buf_clear(&file->durable);
		buf_append(&file->durable, buf_text(&file->live), file->live.size);
	}
	return 0;
}

static int disk_close(void *user, int fd)
{
	(void)user;
	(void)fd;
	return 0;
}

static int disk_rename(void *user, const char *from, const char *to)
{
	struct disk *disk = user;

	if (is_off(disk)) {
		return EIO;
	}
	struct disk_name *old = find(disk, from);

	if (old == NULL || old->live == NONE) {
		return ENOENT;
	}
	size_t file = old->live;

	old->live = NONE;
	get(disk, to)->live = file; /* may move the names */
	if (disk->on_rename != NULL) {
		disk->on_rename(disk->on_rename_user, to);
	}
	return 0;
}

static int disk_remove(void *user, const char *path)
{
	struct disk *disk = user;

	if (is_off(disk)) {
		return EIO;
	}
	struct disk_name *name = find(disk, path);

	if (name == NULL || name->live == NONE) {
		return ENOENT;
	}
	name->live = NONE;
	return 0;
}

static int disk_make_folder(void *user, const char *path)
{
	struct disk *disk = user;

	if (is_off(disk)) {
		return EIO;
	}
	if (!has_folder(disk, path)) {
		return ENOENT;
	}
	struct disk_name *name = get(disk, path);

	if (name->live != NONE) {
		return EEXIST;
	}
	name->live = FOLDER;
	return 0;
}

static bool is_in(const char *path, const char *folder)
{
	return folder_size(path) == strlen(folder) && memcmp(path, folder, strlen(folder)) == 0;
}

static int disk_sync_folder(void *user, const char *path)
{
	struct disk *disk = user;

	if (is_off(disk)) {
		return EIO;
	}
	for (size_t i = 0; i < disk->name_count && !disk->no_sync_folder; i++) {
		struct disk_name *name = &disk->names[i];

		if (is_in(name->path, strcmp(path, "/") == 0 ? "" : path)) {
			name->durable = name->live;
		}
	}
	return 0;
}

static int disk_read(void *user, const char *path, size_t limit_bytes, struct buf *buf)
{
	struct disk *disk = user;
	const struct disk_name *name = find(disk, path);

	if (name == NULL || name->live == NONE || name->live == FOLDER) {
		return ENOENT;
	}
	const struct buf *live = &disk->files[name->live]->live;

	if (live->size > limit_bytes) {
		return EFBIG;
	}
	buf_append(buf, buf_text(live), live->size);
	return 0;
}

static int disk_list(void *user, const char *path, journal_files_name_fn *fn, void *fn_user)
{
	struct disk *disk = user;
	const struct disk_name *folder = find(disk, path);

	if (folder == NULL || folder->live != FOLDER) {
		return ENOENT;
	}
	for (size_t i = 0; i < disk->name_count; i++) {
		if (disk->names[i].live != NONE && is_in(disk->names[i].path, path)) {
			fn(fn_user, strrchr(disk->names[i].path, '/') + 1);
		}
	}
	return 0;
}

struct journal_files disk_files(struct disk *disk)
{
	return (struct journal_files){ disk_create, disk_write, disk_sync, disk_close, disk_rename,
		disk_remove, disk_make_folder, disk_sync_folder, disk_read, disk_list, disk };
}

/* ---- life and death ---- */

void disk_init(struct disk *disk, uint32_t seed)
{
	*disk = (struct disk){ .seed = seed, .left = -1 };
	*get(disk, "/j") = (struct disk_name){ get(disk, "/j")->path, FOLDER, FOLDER };
}

void disk_fini(struct disk *disk)
{
	for (size_t i = 0; i < disk->name_count; i++) {
		memory_free(disk->names[i].path);
	}
	for (size_t i = 0; i < disk->file_count; i++) {
		buf_fini(&disk->files[i]->live);
		buf_fini(&disk->files[i]->durable);
		memory_free(disk->files[i]);
	}
	memory_free(disk->names);
	memory_free(disk->files);
}

/* What is found of a file whose last bytes were not synced. */
static void lose_data(struct disk *disk, struct disk_file *file)
{
	struct buf *live = &file->live;

	if (live->size == file->durable.size &&
		memcmp(buf_text(live), buf_text(&file->durable), live->size) == 0) {
		return;
	}
	switch (chance(disk) % 4) {
	case 0: /* as it was when it was synced last */
		buf_clear(live);
		buf_append(live, buf_text(&file->durable), file->durable.size);
		break;
	case 1: /* torn */
		live->size = live->size > 0 ? chance(disk) % live->size : 0;
		break;
	case 2: /* its length, but zeroes */
		if (live->size > 0) {
			memset(live->data, 0, live->size);
		}
		break;
	default: /* it had the time */
		break;
	}
}

static bool survives(const struct disk *disk, const struct disk_name *name)
{
	return name->live == NONE || has_folder(disk, name->path);
}

void disk_cut(struct disk *disk)
{
	bool is_settled = false;

	for (size_t i = 0; i < disk->name_count; i++) {
		struct disk_name *name = &disk->names[i];

		if (chance(disk) % 2 == 0) {
			name->live = name->durable;
		}
	}
	while (!is_settled) { /* what a lost folder held is lost */
		is_settled = true;
		for (size_t i = 0; i < disk->name_count; i++) {
			if (!survives(disk, &disk->names[i])) {
				disk->names[i].live = NONE;
				is_settled = false;
			}
		}
	}
	for (size_t i = 0; i < disk->file_count; i++) {
		lose_data(disk, disk->files[i]);
	}
	/* What is found now is what the disk has. */
	for (size_t i = 0; i < disk->name_count; i++) {
		disk->names[i].durable = disk->names[i].live;
	}
	for (size_t i = 0; i < disk->file_count; i++) {
		struct disk_file *file = disk->files[i];

		buf_clear(&file->durable);
		buf_append(&file->durable, buf_text(&file->live), file->live.size);
	}
	disk->left = -1;
}

void disk_kill(struct disk *disk)
{
	disk->left = -1;
}

uint8_t *disk_bytes(struct disk *disk, const char *path, size_t *size)
{
	const struct disk_name *name = find(disk, path);

	if (name == NULL || name->live == NONE || name->live == FOLDER) {
		return NULL;
	}
	*size = disk->files[name->live]->live.size;
	return (uint8_t *)disk->files[name->live]->live.data;
}

void disk_forget(struct disk *disk, const char *path)
{
	struct disk_name *name = find(disk, path);

	if (name != NULL) {
		name->live = NONE;
		name->durable = NONE;
	}
}
