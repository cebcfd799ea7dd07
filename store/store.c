#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/error.h"
#include "base/memory.h"
#include "store/committer.h"
#include "store/inside.h"
#include "store/lock.h"
#include "store/migrate.h"

enum { QUEUE_LIMIT = 4096 };

/* The file holds people: only we may read it. SQLite gives WAL and index the same mode. */
static bool make_private(const char *path, struct error *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0) {
		return error_set(err, ERROR_STORE, "%s: %s", path, strerror(errno));
	}
	close(fd);
	return true;
}

static bool open_writing(struct store *store, struct error *err)
{
	if (!lock_take(store->path, &store->lock, err) || !make_private(store->path, err)) {
		return false;
	}
	if (!writer_open(&store->writer,
		    &(struct writer_open){ .path = store->path,
			    .vfs = store->vfs,
			    .no_sync = store->no_sync,
			    .first = true },
		    err)) {
		return false;
	}
	store->checkpoint = checkpoint_start(&(struct checkpoint_options){ .path = store->path,
						     .vfs = store->vfs,
						     .no_sync = store->no_sync,
						     .frames = store->checkpoint_frames },
		err);
	return store->checkpoint != NULL && committer_start(store, err);
}

static bool open_reading(struct store *store, struct error *err)
{
	struct sql sql;
	int version;

	if (access(store->path, R_OK) != 0) {
		return error_set(err, ERROR_STORE, "%s: %s", store->path, strerror(errno));
	}
	if (!sql_open(&sql,
		    &(struct sql_open){
			    .path = store->path, .vfs = store->vfs, .role = SQL_READER },
		    err)) {
		return false;
	}
	bool ok = migrate_check(&sql, &migrate_store, &version, err);
	if (ok && version != migrate_store.version) {
		ok = error_set(err, ERROR_CONFIG,
			"the store has the older schema %d: start the gateway once to change it",
			version);
	}
	sql_close(&sql);
	return ok ? true : error_wrap(err, "%s", store->path);
}

struct store *store_open(const struct store_options *options, struct error *err)
{
	struct store *store = must_calloc(1, sizeof(*store));

	store->path = must_strdup(options->path);
	store->vfs = options->vfs != NULL ? must_strdup(options->vfs) : NULL;
	store->read_only = options->read_only;
	store->no_sync = options->unsafe_no_sync;
	store->checkpoint_frames = options->checkpoint_frames;
	store->lock = -1;
	atomic_store(&store->healthy, true);
	watches_init(&store->watches);
	queue_init(&store->queue, options->queue_limit != 0 ? options->queue_limit : QUEUE_LIMIT);
	bool ok = store->read_only ? open_reading(store, err) : open_writing(store, err);
	if (!ok) {
		store_close(store);
		return NULL;
	}
	return store;
}

void store_close(struct store *store)
{
	if (store == NULL) {
		return;
	}
	committer_stop(store);
	/* The checkpointer goes last: while it is open, nobody has to read the WAL again. */
	bool is_well = store->writer.is_open;
	if (is_well) {
		writer_close(&store->writer);
	}
	checkpoint_stop(store->checkpoint, is_well);
	queue_fini(&store->queue);
	watches_fini(&store->watches);
	lock_release(store->lock);
	memory_free(store->vfs);
	memory_free(store->path);
	memory_free(store);
}

static int64_t bytes_of(const char *path, const char *ending)
{
	char name[4096];
	struct stat stat_of;

	snprintf(name, sizeof(name), "%s%s", path, ending);
	return stat(name, &stat_of) == 0 ? stat_of.st_size : 0;
}

void store_stats(struct store *store, struct store_stats *stats)
{
	*stats = (struct store_stats){
		.wal_bytes = bytes_of(store->path, "-wal"),
		.commits = atomic_load(&store->commits),
		.operations = atomic_load(&store->operations),
		.conflicts = atomic_load(&store->conflicts),
		.failures = atomic_load(&store->failures),
		.rejected = atomic_load(&store->rejected),
		.commit_us = atomic_load(&store->commit_us),
		.queued = queue_count(&store->queue),
		.healthy = atomic_load(&store->healthy),
	};
	stats->bytes = bytes_of(store->path, "") + stats->wal_bytes;
}
