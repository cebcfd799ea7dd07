/*
 * The committer thread: batch after batch, one transaction each.
 *
 *     take ▶ BEGIN ▶ apply each ▶ COMMIT (fsync) ▶ answer all ▶ tell the watches
 *
 * A bad operation (a constraint that its checks did not see) breaks the transaction of its batch;
 * the batch is then run again, each operation in a transaction of its own, so that only the bad one
 * fails. A bad disk fails the whole batch. The connection is then closed, never synced again, and a
 * new one is probed with a small write before it is used; without traffic the probe is tried every
 * second, so that the store becomes well by itself.
 */
#include "store/committer.h"

#include <signal.h>
#include "base/clock.h"
#include "base/error.h"
#include "store/inside.h"

enum { PROBE_MS = 1000 };

struct batch {
	struct store_commit *commits[QUEUE_BATCH];
	enum writer_result results[QUEUE_BATCH];
	size_t count;
};

static void fail_all(struct store *store, struct batch *batch, const struct error *err)
{
	atomic_fetch_add(&store->failures, 1);
	atomic_store(&store->healthy, false);
	for (size_t i = 0; i < batch->count; i++) {
		batch->commits[i]->ok = false;
		batch->commits[i]->index = -1;
		batch->commits[i]->err = *err;
	}
}

static bool reopen(struct store *store, struct error *err)
{
	if (store->writer.is_open) {
		return true;
	}
	if (!writer_open(&store->writer,
		    &(struct writer_open){
			    .path = store->path, .vfs = store->vfs, .no_sync = store->no_sync },
		    err)) {
		return false;
	}
	if (!writer_probe(&store->writer)) {
		sql_error(&store->writer.sql, err, "write");
		writer_close(&store->writer);
		return false;
	}
	atomic_store(&store->healthy, true);
	return true;
}

/* The statement was at fault, not the disk. */
static bool is_fault_of_operation(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_CONSTRAINT:
	case SQLITE_MISMATCH:
	case SQLITE_TOOBIG:
	case SQLITE_RANGE:
		return true;
	default:
		return false;
	}
}

static bool end_measured(struct store *store)
{
	int64_t start_us = clock_monotonic_us();
	bool ok = writer_end(&store->writer);

	atomic_fetch_add(&store->commit_us, clock_monotonic_us() - start_us);
	return ok;
}

/* False: writer.sql.rc says why. */
static bool run_together(struct store *store, struct batch *batch)
{
	if (!writer_begin(&store->writer)) {
		return false;
	}
	for (size_t i = 0; i < batch->count; i++) {
		batch->results[i] = writer_apply(&store->writer, batch->commits[i]);
		if (batch->results[i] == WRITER_BROKEN) {
			return false;
		}
	}
	return end_measured(store);
}

static bool run_alone(struct store *store, struct batch *batch, size_t i)
{
	if (!writer_begin(&store->writer)) {
		return false;
	}
	batch->results[i] = writer_apply(&store->writer, batch->commits[i]);
	if (batch->results[i] != WRITER_BROKEN) {
		return end_measured(store);
	}
	if (!is_fault_of_operation(store->writer.sql.rc)) {
		return false;
	}
	error_set(&batch->commits[i]->err, ERROR_INTERNAL,
		"the store refuses this operation: %s; please report it",
		sqlite3_errmsg(store->writer.sql.db));
	return writer_abort(&store->writer);
}

static bool run_one_by_one(struct store *store, struct batch *batch)
{
	if (!writer_abort(&store->writer)) {
		return false;
	}
	for (size_t i = 0; i < batch->count; i++) {
		if (!run_alone(store, batch, i)) {
			return false;
		}
	}
	return true;
}

static void note_results(struct store *store, struct batch *batch)
{
	uint64_t done = 0;
	uint64_t conflicts = 0;

	for (size_t i = 0; i < batch->count; i++) {
		struct store_commit *commit = batch->commits[i];
		commit->ok = batch->results[i] == WRITER_DONE;
		done += commit->ok;
		conflicts += commit->err.code == ERROR_CONFLICT;
		if (!commit->ok) {
			commit->index = -1;
		}
	}
	atomic_fetch_add(&store->commits, 1);
	atomic_fetch_add(&store->operations, done);
	atomic_fetch_add(&store->conflicts, conflicts);
}

/* Returns the news of the batch. */
static unsigned run(struct store *store, struct batch *batch)
{
	struct error err = { 0 };

	if (!reopen(store, &err)) {
		fail_all(store, batch, &err);
		return 0;
	}
	store->writer.news = 0;
	bool ok = run_together(store, batch);
	if (!ok && is_fault_of_operation(store->writer.sql.rc)) {
		ok = run_one_by_one(store, batch);
	}
	if (!ok) {
		sql_error(&store->writer.sql, &err, "write");
		writer_close(&store->writer);
		fail_all(store, batch, &err);
		return 0;
	}
	note_results(store, batch);
	checkpoint_notify(store->checkpoint, store->writer.wal_frames);
	return store->writer.news;
}

static void *committer_main(void *user)
{
	struct store *store = user;
	struct sched_param no_priority = { 0 };
	struct batch batch;
	bool stopping = false;

	pthread_setname_np(pthread_self(), "committer");
	/* A worker on the same core goes on with what it has: larger batches, fewer commits. */
	pthread_setschedparam(pthread_self(), SCHED_BATCH, &no_priority);
	do {
		int timeout_ms = store->writer.is_open ? -1 : PROBE_MS;
		batch.count = queue_take(&store->queue, batch.commits, timeout_ms, &stopping);
		if (batch.count > 0) {
			unsigned news = run(store, &batch);
			queue_answer(batch.commits, batch.count);
			watches_tell(&store->watches, news);
		} else if (!stopping) {
			struct error ignored;
			reopen(store, &ignored);
		}
	} while (!stopping || batch.count > 0);
	return NULL;
}

bool committer_start(struct store *store, struct error *err)
{
	sigset_t all;
	sigset_t before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the main thread's */
	int rc = pthread_create(&store->thread, NULL, committer_main, store);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc != 0) {
		return error_set(err, ERROR_INTERNAL, "no thread for the store: %s", strerror(rc));
	}
	store->has_thread = true;
	return true;
}

void committer_stop(struct store *store)
{
	if (store->has_thread) {
		queue_stop(&store->queue);
		pthread_join(store->thread, NULL);
		store->has_thread = false;
	}
}
