#include "io/worker.h"

#include <pthread.h>
#include <signal.h>
#include "base/error.h"
#include "base/memory.h"
#include "io/loop.h"

struct task {
	struct loop *answer;
	worker_fn *run;
	worker_fn *done;
	void *job;
};

struct worker {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stopping;      /* under lock, like all below */
	struct task *tasks; /* a ring */
	size_t limit;
	size_t first;
	size_t count;
};

static bool next_task(struct worker *worker, struct task *task)
{
	bool found = false;

	pthread_mutex_lock(&worker->lock);
	while (worker->count == 0 && !worker->stopping) {
		pthread_cond_wait(&worker->wake, &worker->lock);
	}
	if (worker->count > 0) {
		*task = worker->tasks[worker->first];
		worker->first = (worker->first + 1) % worker->limit;
		worker->count--;
		found = true;
	}
	pthread_mutex_unlock(&worker->lock);
	return found;
}

static void *worker_main(void *user)
{
	struct worker *worker = user;
	struct task task;

	while (next_task(worker, &task)) {
		task.run(task.job);
		if (task.done != NULL) {
			loop_post(task.answer, task.done, task.job);
		}
	}
	return NULL;
}

static void worker_release(struct worker *worker)
{
	pthread_mutex_destroy(&worker->lock);
	pthread_cond_destroy(&worker->wake);
	memory_free(worker->tasks);
	memory_free(worker);
}

struct worker *worker_new(const char *name, size_t queue_limit, struct error *err)
{
	struct worker *worker = must_calloc(1, sizeof(*worker));
	sigset_t all;
	sigset_t before;

	worker->limit = queue_limit > 0 ? queue_limit : 1;
	worker->tasks = must_calloc(worker->limit, sizeof(worker->tasks[0]));
	pthread_mutex_init(&worker->lock, NULL);
	pthread_cond_init(&worker->wake, NULL);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before); /* signals belong to the main thread */
	int failed = pthread_create(&worker->thread, NULL, worker_main, worker);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (failed != 0) {
		worker_release(worker);
		error_set(err, ERROR_INTERNAL, "cannot start thread '%s': %s", name,
			strerror(failed));
		return NULL;
	}
	pthread_setname_np(worker->thread, name);
	return worker;
}

bool worker_submit(
	struct worker *worker, struct loop *answer, worker_fn *run, worker_fn *done, void *job)
{
	pthread_mutex_lock(&worker->lock);
	bool taken = !worker->stopping && worker->count < worker->limit;

	if (taken) {
		size_t last = (worker->first + worker->count) % worker->limit;
		worker->tasks[last] = (struct task){ answer, run, done, job };
		worker->count++;
		pthread_cond_signal(&worker->wake);
	}
	pthread_mutex_unlock(&worker->lock);
	return taken;
}

size_t worker_waiting(struct worker *worker)
{
	pthread_mutex_lock(&worker->lock);
	size_t count = worker->count;
	pthread_mutex_unlock(&worker->lock);
	return count;
}

void worker_free(struct worker *worker)
{
	if (worker == NULL) {
		return;
	}
	pthread_mutex_lock(&worker->lock);
	worker->stopping = true;
	pthread_cond_signal(&worker->wake);
	pthread_mutex_unlock(&worker->lock);
	pthread_join(worker->thread, NULL);
	worker_release(worker);
}
