#include "tests/support/fault_vfs.h"

#include <assert.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/memory.h"

enum { SECTOR = 512, FILES = 64, PATH_BYTES = 512 };

/* A write or, with size 0, a truncation to `offset`, that no fsync has confirmed. */
struct pending {
	struct pending *next;
	int64_t offset;
	size_t size;
	char bytes[];
};

/* One path: what the disk surely has, and what it may have. Shared by all handles. */
struct disk_file {
	char path[PATH_BYTES]; /* "": free */
	struct buf durable;
	bool is_durable; /* its name, too */
	struct pending *first;
	struct pending **last;
};

struct fault_file {
	sqlite3_file base;
	struct disk_file *disk; /* NULL: a temporary file, of no interest */
	bool sync_failed;
	sqlite3_file *real; /* behind this struct */
};

static pthread_mutex_t mutex =
	PTHREAD_MUTEX_INITIALIZER; /* guards everything below and every write */
static struct disk_file files[FILES];
static enum fault_kind fault;
static int fault_skip;
static char fault_ending[32];
static struct fault_counts counts;
static sqlite3_vfs *real_vfs;

/* ---- the disk; the mutex is held ---- */

static struct disk_file *disk_of(const char *path, bool make)
{
	struct disk_file *spare = NULL;

	for (size_t i = 0; i < FILES; i++) {
		if (strcmp(files[i].path, path) == 0) {
			return &files[i];
		}
		if (spare == NULL && files[i].path[0] == 0) {
			spare = &files[i];
		}
	}
	if (!make) {
		return NULL;
	}
	assert(spare != NULL && strlen(path) < PATH_BYTES);
	snprintf(spare->path, PATH_BYTES, "%s", path);
	spare->last = &spare->first;
	return spare;
}

static void drop_pending(struct disk_file *disk)
{
	while (disk->first != NULL) {
		struct pending *it = disk->first;
		disk->first = it->next;
		counts.writes_unsynced--;
		memory_free(it);
	}
	disk->last = &disk->first;
}

static void forget(struct disk_file *disk)
{
	drop_pending(disk);
	buf_fini(&disk->durable);
	*disk = (struct disk_file){ 0 };
}

static void add_pending(struct disk_file *disk, const void *bytes, size_t size, int64_t offset)
{
	struct pending *it = must_malloc(sizeof(*it) + size);

	it->next = NULL;
	it->offset = offset;
	it->size = size;
	memcpy(it->bytes, bytes, size);
	*disk->last = it;
	disk->last = &it->next;
	counts.writes_unsynced++;
}

static void put(struct buf *image, const char *bytes, size_t size, size_t offset)
{
	static const char zero[4096];

	while (image->size < offset + size) {
		size_t more = offset + size - image->size;
		buf_append(image, zero, more < sizeof(zero) ? more : sizeof(zero));
	}
	memcpy(image->data + offset, bytes, size);
}

static void truncate_to(struct buf *image, size_t size)
{
	if (image->size > size) {
		image->size = size;
	}
}

static void apply_whole(struct buf *image, const struct pending *it)
{
	if (it->size == 0) {
		truncate_to(image, (size_t)it->offset);
	} else {
		put(image, it->bytes, it->size, (size_t)it->offset);
	}
}

static void apply_sectors(struct buf *image, const struct pending *it, unsigned *seed)
{
	if (it->size == 0) {
		if (rand_r(seed) % 2 == 0) {
			truncate_to(image, (size_t)it->offset);
		}
		return;
	}
	size_t at = 0;
	while (at < it->size) {
		size_t in_sector = SECTOR - (size_t)(it->offset + (int64_t)at) % SECTOR;
		size_t size = it->size - at < in_sector ? it->size - at : in_sector;
		if (rand_r(seed) % 2 == 0) {
			put(image, it->bytes + at, size, (size_t)it->offset + at);
		}
		at += size;
	}
}

/* ---- faults; the mutex is held ---- */

static bool is_fault(const struct fault_file *file, enum fault_kind kind)
{
	const char *path = file->disk != NULL ? file->disk->path : "";
	size_t size = strlen(path);
	size_t ending = strlen(fault_ending);

	if (fault != kind || size < ending || strcmp(path + size - ending, fault_ending) != 0) {
		return false;
	}
	if (fault_skip > 0) {
		fault_skip--;
		return false;
	}
	counts.failed++;
	return true;
}

/* ---- file methods ---- */

static int on_close(sqlite3_file *base)
{
	struct fault_file *file = (struct fault_file *)base;

	return file->real->pMethods->xClose(file->real);
}

static int on_read(sqlite3_file *base, void *bytes, int size, sqlite3_int64 offset)
{
	struct fault_file *file = (struct fault_file *)base;

	pthread_mutex_lock(&mutex);
	bool fails = is_fault(file, FAULT_READ);
	pthread_mutex_unlock(&mutex);
	return fails ? SQLITE_IOERR_READ
		     : file->real->pMethods->xRead(file->real, bytes, size, offset);
}

static int write_locked(struct fault_file *file, const void *bytes, int size, sqlite3_int64 offset)
{
	sqlite3_int64 end = 0;

	counts.writes++;
	if (is_fault(file, FAULT_WRITE)) {
		return SQLITE_IOERR_WRITE;
	}
	file->real->pMethods->xFileSize(file->real, &end);
	if (offset + size > end && is_fault(file, FAULT_FULL)) {
		return SQLITE_FULL;
	}
	int rc = file->real->pMethods->xWrite(file->real, bytes, size, offset);
	if (rc == SQLITE_OK && file->disk != NULL) {
		add_pending(file->disk, bytes, (size_t)size, offset);
	}
	return rc;
}

static int on_write(sqlite3_file *base, const void *bytes, int size, sqlite3_int64 offset)
{
	pthread_mutex_lock(&mutex);
	int rc = write_locked((struct fault_file *)base, bytes, size, offset);
	pthread_mutex_unlock(&mutex);
	return rc;
}

static int on_truncate(sqlite3_file *base, sqlite3_int64 size)
{
	struct fault_file *file = (struct fault_file *)base;

	pthread_mutex_lock(&mutex);
	int rc = file->real->pMethods->xTruncate(file->real, size);
	if (rc == SQLITE_OK && file->disk != NULL) {
		add_pending(file->disk, "", 0, size);
	}
	pthread_mutex_unlock(&mutex);
	return rc;
}

static int sync_locked(struct fault_file *file)
{
	counts.syncs++;
	if (file->sync_failed) {
		counts.syncs_after_failure++;
	}
	if (is_fault(file, FAULT_SYNC)) {
		file->sync_failed = true;
		if (file->disk != NULL) {
			drop_pending(file->disk); /* as Linux does: clean pages that the disk never
						     got */
		}
		return SQLITE_IOERR_FSYNC;
	}
	if (file->disk != NULL) {
		for (struct pending *it = file->disk->first; it != NULL; it = it->next) {
			apply_whole(&file->disk->durable, it);
		}
		drop_pending(file->disk);
		file->disk->is_durable = true;
	}
	return SQLITE_OK;
}

/* The real fsync is left out: what counts here is the order, and tests are many. */
static int on_sync(sqlite3_file *base, int flags)
{
	(void)flags;
	pthread_mutex_lock(&mutex);
	int rc = sync_locked((struct fault_file *)base);
	pthread_mutex_unlock(&mutex);
	return rc;
}

#define REAL(base) ((struct fault_file *)(base))->real
#define CALL(base, method, ...) REAL(base)->pMethods->method(REAL(base), __VA_ARGS__)

static int on_size(sqlite3_file *base, sqlite3_int64 *size)
{
	return CALL(base, xFileSize, size);
}

static int on_lock(sqlite3_file *base, int lock)
{
	return CALL(base, xLock, lock);
}

static int on_unlock(sqlite3_file *base, int lock)
{
	return CALL(base, xUnlock, lock);
}

static int on_check_lock(sqlite3_file *base, int *result)
{
	return CALL(base, xCheckReservedLock, result);
}

static int on_control(sqlite3_file *base, int op, void *arg)
{
	return CALL(base, xFileControl, op, arg);
}

static int on_sector(sqlite3_file *base)
{
	return REAL(base)->pMethods->xSectorSize(REAL(base));
}

/* No promise that the test does not keep: writes are neither atomic nor in order. */
static int on_traits(sqlite3_file *base)
{
	(void)base;
	return 0;
}

static int on_shm_map(sqlite3_file *base, int page, int size, int extend, void volatile **memory)
{
	return CALL(base, xShmMap, page, size, extend, memory);
}

static int on_shm_lock(sqlite3_file *base, int offset, int n, int flags)
{
	return CALL(base, xShmLock, offset, n, flags);
}

static void on_shm_barrier(sqlite3_file *base)
{
	REAL(base)->pMethods->xShmBarrier(REAL(base));
}

static int on_shm_unmap(sqlite3_file *base, int delete_flag)
{
	return CALL(base, xShmUnmap, delete_flag);
}

static const sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = on_close,
	.xRead = on_read,
	.xWrite = on_write,
	.xTruncate = on_truncate,
	.xSync = on_sync,
	.xFileSize = on_size,
	.xLock = on_lock,
	.xUnlock = on_unlock,
	.xCheckReservedLock = on_check_lock,
	.xFileControl = on_control,
	.xSectorSize = on_sector,
	.xDeviceCharacteristics = on_traits,
	.xShmMap = on_shm_map,
	.xShmLock = on_shm_lock,
	.xShmBarrier = on_shm_barrier,
	.xShmUnmap = on_shm_unmap,
};

/* ---- vfs methods ---- */

static int on_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *base, int flags, int *out)
{
	struct fault_file *file = (struct fault_file *)base;

	(void)vfs;
	*file = (struct fault_file){ .real = (sqlite3_file *)(file + 1) };
	int rc = real_vfs->xOpen(real_vfs, path, file->real, flags, out);
	if (rc != SQLITE_OK) {
		return rc;
	}
	if (path != NULL && (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)) != 0) {
		pthread_mutex_lock(&mutex);
		file->disk = disk_of(path, true);
		pthread_mutex_unlock(&mutex);
	}
	base->pMethods = &methods;
	return SQLITE_OK;
}

static int on_delete(sqlite3_vfs *vfs, const char *path, int sync)
{
	(void)vfs;
	pthread_mutex_lock(&mutex);
	struct disk_file *disk = disk_of(path, false);
	if (disk != NULL) {
		forget(disk);
	}
	pthread_mutex_unlock(&mutex);
	return real_vfs->xDelete(real_vfs, path, sync);
}

void fault_vfs_register(void)
{
	static sqlite3_vfs vfs;

	if (real_vfs != NULL) {
		return;
	}
	real_vfs = sqlite3_vfs_find(NULL);
	vfs = *real_vfs;
	vfs.zName = FAULT_VFS;
	vfs.szOsFile = (int)sizeof(struct fault_file) + real_vfs->szOsFile;
	vfs.xOpen = on_open;
	vfs.xDelete = on_delete;
	vfs.pNext = NULL;
	sqlite3_vfs_register(&vfs, 0);
}

void fault_vfs_reset(void)
{
	pthread_mutex_lock(&mutex);
	for (size_t i = 0; i < FILES; i++) {
		if (files[i].path[0] != 0) {
			forget(&files[i]);
		}
	}
	fault = FAULT_NONE;
	fault_ending[0] = 0;
	counts = (struct fault_counts){ 0 };
	pthread_mutex_unlock(&mutex);
}

void fault_vfs_fail(enum fault_kind kind, int skip)
{
	pthread_mutex_lock(&mutex);
	fault = kind;
	fault_skip = skip;
	pthread_mutex_unlock(&mutex);
}

void fault_vfs_only(const char *ending)
{
	pthread_mutex_lock(&mutex);
	snprintf(fault_ending, sizeof(fault_ending), "%s", ending != NULL ? ending : "");
	pthread_mutex_unlock(&mutex);
}

void fault_vfs_counts(struct fault_counts *result)
{
	pthread_mutex_lock(&mutex);
	*result = counts;
	pthread_mutex_unlock(&mutex);
}

/* ---- the cut ---- */

static void apply_by_mode(
	struct buf *image, const struct disk_file *disk, enum cut_mode mode, unsigned *seed)
{
	size_t pending = 0;
	size_t keep;
	size_t i = 0;

	for (const struct pending *it = disk->first; it != NULL; it = it->next) {
		pending++;
	}
	keep = mode == CUT_PREFIX && pending > 0 ? (size_t)rand_r(seed) % (pending + 1) : pending;
	for (const struct pending *it = disk->first; it != NULL && mode != CUT_DROP;
		it = it->next) {
		if (mode == CUT_RANDOM || (mode == CUT_PREFIX && i == keep)) {
			apply_sectors(image, it, seed);
		} else if (i < keep) {
			apply_whole(image, it);
		}
		i++;
	}
}

static void write_image(const char *folder, const char *path, const struct buf *image)
{
	char name[PATH_BYTES * 2];
	const char *base = strrchr(path, '/');

	snprintf(name, sizeof(name), "%s%s", folder, base != NULL ? base : path);
	FILE *file = fopen(name, "w");
	if (file == NULL || fwrite(buf_text(image), 1, image->size, file) != image->size ||
		fclose(file) != 0) {
		perror(name);
		abort();
	}
}

void fault_vfs_cut(enum cut_mode mode, unsigned seed, const char *folder,
	void (*at_cut)(void *user), void *user)
{
	pthread_mutex_lock(&mutex);
	at_cut(user);
	for (size_t i = 0; i < FILES; i++) {
		struct disk_file *disk = &files[i];
		struct buf image = { 0 };

		if (disk->path[0] == 0 ||
			(!disk->is_durable && mode != CUT_KEEP && rand_r(&seed) % 2 == 0)) {
			continue;
		}
		buf_append(&image, buf_text(&disk->durable), disk->durable.size);
		apply_by_mode(&image, disk, mode, &seed);
		write_image(folder, disk->path, &image);
		buf_fini(&image);
	}
	pthread_mutex_unlock(&mutex);
}
