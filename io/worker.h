/*
 * A worker: one thread with a queue of jobs, for what would block a loop
 * (fsync, SQL, a slow library). The answer comes back in the loop that asked.
 *
 * A job is a struct of the caller. It is handed over with worker_submit(),
 * belongs to the worker until `done` is called, and the worker touches nothing
 * else: that is why no job needs a lock.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct error;
struct loop;
struct worker;

typedef void worker_fn(void *job);

/*
 * name: at most 15 bytes, shown by ps and gdb. queue_limit: jobs that may wait.
 * NULL: ERROR_INTERNAL, no thread to be had.
 */
struct worker *worker_new(const char *name, size_t queue_limit, struct error *err);

/*
 * Thread-safe. run(job) is called in the worker, jobs of one thread in the order of
 * their submission; then done(job) in `answer`, exactly once, never from inside this call.
 * done NULL: nobody wants to know (answer may be NULL then).
 *
 * False: the queue is full or the worker is being freed; nothing was taken. The
 * caller answers "busy, try later" (503) rather than waiting.
 */
bool worker_submit(
	struct worker *worker, struct loop *answer, worker_fn *run, worker_fn *done, void *job);

/* Thread-safe: jobs that wait, for metrics. */
size_t worker_waiting(struct worker *worker);

/*
 * Runs what is queued, ends the thread, waits for it. The answers of those jobs are
 * posted as always: their loops must live on until they have run them. NULL is fine.
 */
void worker_free(struct worker *worker);
