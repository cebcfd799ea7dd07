#include "store/checkpoint.h"

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include "base/error.h"
#include "base/memory.h"
#include "store/sql.h"

enum {
	DEFAULT_FRAMES = 4096,
	REST_FRAMES = 256,   /* little enough to hold up the writer for */
	AGAIN_FRAMES = 1024, /* more than that must come before it is tried again in vain */
	ROUNDS = 6,
	WAIT_MS = 20, /* for the writer and for readers, in the last round */
};

struct checkpoint {
	char *path;
	char *vfs;
	bool no_sync;
	int frames;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	bool is_due;
	atomic_int due_frames; /* below it a notice is dropped */
	bool stopping;
	struct sql sql;
	bool is_open;
};

static bool open_connection(struct checkpoint *checkpoint, struct error *err)
{
	if (!checkpoint->is_open) {
		checkpoint->is_open = sql_open(&checkpoint->sql,
			&(struct sql_open){ .path = checkpoint->path,
				.vfs = checkpoint->vfs,
				.role = SQL_CHECKPOINT,
				.no_sync = checkpoint->no_sync },
			err);
		if (checkpoint->is_open) {
			sqlite3_busy_timeout(checkpoint->sql.db, WAIT_MS);
		}
	}
	return checkpoint->is_open;
}

static void close_connection(struct checkpoint *checkpoint)
{
	if (checkpoint->is_open) {
		sql_close(&checkpoint->sql);
		checkpoint->is_open = false;
	}
}

/* Returns the frames that are left, or -1: it failed, and the connection is gone with its
 * descriptors. */
static int move(struct checkpoint *checkpoint, int mode)
{
	int frames = 0;
	int moved = 0;
	int rc = sqlite3_wal_checkpoint_v2(checkpoint->sql.db, NULL, mode, &frames, &moved);

	if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_BUSY) {
		close_connection(checkpoint);
		return -1;
	}
	bool is_restarted = mode == SQLITE_CHECKPOINT_RESTART && rc == SQLITE_OK;
	atomic_store(
		&checkpoint->due_frames, is_restarted ? checkpoint->frames : frames + AGAIN_FRAMES);
	return frames > moved ? frames - moved : 0;
}

static void run(struct checkpoint *checkpoint)
{
	struct error ignored;
	int rest = INT_MAX;

	if (!open_connection(checkpoint, &ignored)) {
		return; /* the committer will meet the same disk and tell */
	}
	for (int i = 0; i < ROUNDS && rest > REST_FRAMES; i++) {
		rest = move(checkpoint, SQLITE_CHECKPOINT_PASSIVE);
		if (rest < 0) {
			return;
		}
	}
	/* An old snapshot (a backup) keeps the rest: do not hold up the writer for nothing. */
	if (rest <= REST_FRAMES) {
		move(checkpoint, SQLITE_CHECKPOINT_RESTART);
	}
}

static void *checkpoint_main(void *user)
{
	struct checkpoint *checkpoint = user;

	pthread_setname_np(pthread_self(), "checkpoint");
	pthread_mutex_lock(&checkpoint->mutex);
	while (!checkpoint->stopping) {
		if (!checkpoint->is_due) {
			pthread_cond_wait(&checkpoint->wake, &checkpoint->mutex);
			continue;
		}
		pthread_mutex_unlock(&checkpoint->mutex);
		run(checkpoint);
		pthread_mutex_lock(&checkpoint->mutex);
		checkpoint->is_due = false; /* the next commit tells whether there is more */
	}
	pthread_mutex_unlock(&checkpoint->mutex);
	return NULL;
}

static void free_all(struct checkpoint *checkpoint)
{
	close_connection(checkpoint);
	pthread_cond_destroy(&checkpoint->wake);
	pthread_mutex_destroy(&checkpoint->mutex);
	memory_free(checkpoint->path);
	memory_free(checkpoint->vfs);
	memory_free(checkpoint);
}

struct checkpoint *checkpoint_start(const struct checkpoint_options *options, struct error *err)
{
	struct checkpoint *checkpoint = must_calloc(1, sizeof(*checkpoint));
	sigset_t all;
	sigset_t before;

	checkpoint->path = must_strdup(options->path);
	checkpoint->vfs = options->vfs != NULL ? must_strdup(options->vfs) : NULL;
	checkpoint->no_sync = options->no_sync;
	checkpoint->frames = options->frames != 0 ? options->frames : DEFAULT_FRAMES;
	atomic_store(&checkpoint->due_frames, checkpoint->frames);
	pthread_mutex_init(&checkpoint->mutex, NULL);
	pthread_cond_init(&checkpoint->wake, NULL);
	if (!open_connection(checkpoint, err)) {
		free_all(checkpoint);
		return NULL;
	}
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int rc = pthread_create(&checkpoint->thread, NULL, checkpoint_main, checkpoint);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc != 0) {
		error_set(err, ERROR_INTERNAL, "no thread for the store: %s", strerror(rc));
		free_all(checkpoint);
		return NULL;
	}
	return checkpoint;
}

void checkpoint_stop(struct checkpoint *checkpoint, bool settle)
{
	if (checkpoint == NULL) {
		return;
	}
	pthread_mutex_lock(&checkpoint->mutex);
	checkpoint->stopping = true;
	pthread_cond_signal(&checkpoint->wake);
	pthread_mutex_unlock(&checkpoint->mutex);
	pthread_join(checkpoint->thread, NULL);
	if (settle && checkpoint->is_open) {
		move(checkpoint, SQLITE_CHECKPOINT_TRUNCATE);
	}
	free_all(checkpoint);
}

void checkpoint_notify(struct checkpoint *checkpoint, int wal_frames)
{
	if (wal_frames < checkpoint->frames) {
		atomic_store(&checkpoint->due_frames, checkpoint->frames); /* the WAL began anew */
		return;
	}
	if (wal_frames < atomic_load(&checkpoint->due_frames)) {
		return;
	}
	pthread_mutex_lock(&checkpoint->mutex);
	if (!checkpoint->is_due) {
		checkpoint->is_due = true;
		pthread_cond_signal(&checkpoint->wake);
	}
	pthread_mutex_unlock(&checkpoint->mutex);
}
