/*
 * Do decisions scale with threads, and what does a reload cost those that are under way?
 *
 *     bench_policy_threads [--rounds N] [--reload-ms N] BUNDLE ENTRYPOINT INPUT THREADS…
 *
 * For each number of threads: decisions per second, CPU per decision, p50 and p99. Threads share
 * one snapshot of the policy, and nothing else. With --reload-ms a further thread loads the bundle
 * anew all the time, with a pause of so many ms, and swaps the snapshot, as the gateway does.
 */
#include <getopt.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/value.h"
#include "policy/bundle.h"
#include "policy/engine.h"

enum { FILE_BYTES = 1 << 28, ROUNDS = 100000, THREADS_MAX = 64 };

struct shared {
	pthread_mutex_t lock; /* of policy, while it is taken or swapped */
	struct policy *policy;
	struct buf bundle;
	const char *entrypoint;
	const struct value *input;
	size_t rounds;
	useconds_t pause_us;
	atomic_bool stop;
	unsigned reloads;
};

struct thread {
	pthread_t id;
	struct shared *shared;
	int64_t *times;
	int64_t cpu_ns;
};

static void die(const char *what, const char *why)
{
	fprintf(stderr, "bench_policy_threads: %s: %s\n", what, why);
	exit(1);
}

static int64_t now_ns(clockid_t clock)
{
	struct timespec at;

	clock_gettime(clock, &at);
	return (int64_t)at.tv_sec * 1000000000 + at.tv_nsec;
}

static struct policy *load(const struct shared *shared)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	struct policy_files files;
	struct error err = { 0 };

	if (!policy_bundle_read(
		    arena, shared->bundle.data, shared->bundle.size, NULL, &files, &err)) {
		die("bundle", err.text);
	}
	struct policy *policy = policy_load(&files, NULL, &err);
	if (policy == NULL) {
		die("load", err.text);
	}
	return policy;
}

static struct policy *take(struct shared *shared)
{
	pthread_mutex_lock(&shared->lock);
	struct policy *policy = policy_ref(shared->policy);
	pthread_mutex_unlock(&shared->lock);
	return policy;
}

static void *reload(void *user)
{
	struct shared *shared = user;

	while (!atomic_load(&shared->stop)) {
		struct policy *policy = load(shared);
		pthread_mutex_lock(&shared->lock);
		struct policy *old = shared->policy;
		shared->policy = policy;
		pthread_mutex_unlock(&shared->lock);
		policy_unref(old);
		shared->reloads++;
		usleep(shared->pause_us);
	}
	return NULL;
}

static void decide(const struct shared *shared, const struct policy *policy,
	struct policy_worker *worker, struct arena *arena)
{
	struct policy_call call = { .worker = worker, .arena = arena, .input = shared->input };
	struct policy_failure failure;
	const struct value *value = NULL;

	if (!policy_evaluate(policy, policy_find_entrypoint(policy, shared->entrypoint), &call,
		    &value, &failure) ||
		value == NULL) {
		die("decide", value == NULL ? "undefined, or failed" : failure.text);
	}
}

static void *run(void *user)
{
	struct thread *thread = user;
	struct shared *shared = thread->shared;
	struct policy_worker *worker = policy_worker_new();
	struct arena *arena = arena_new();

	int64_t cpu = now_ns(CLOCK_THREAD_CPUTIME_ID);
	for (size_t i = 0; i < shared->rounds; i++) {
		arena_reset(arena);
		int64_t start = now_ns(CLOCK_MONOTONIC);
		struct policy *policy = take(shared);
		decide(shared, policy, worker, arena);
		policy_unref(policy);
		thread->times[i] = now_ns(CLOCK_MONOTONIC) - start;
	}
	thread->cpu_ns = now_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
	arena_free(arena);
	policy_worker_free(worker);
	return NULL;
}

static int by_size(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a;
	int64_t right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

static void measure(struct shared *shared, size_t count)
{
	struct thread threads[THREADS_MAX] = { 0 };
	pthread_t reloader;
	size_t all = count * shared->rounds;
	int64_t *times = must_calloc(all, sizeof(*times));
	int64_t cpu = 0;

	shared->reloads = 0;
	atomic_store(&shared->stop, false);
	if (shared->pause_us > 0) {
		pthread_create(&reloader, NULL, reload, shared);
	}
	int64_t start = now_ns(CLOCK_MONOTONIC);
	for (size_t i = 0; i < count; i++) {
		threads[i] =
			(struct thread){ .shared = shared, .times = times + i * shared->rounds };
		pthread_create(&threads[i].id, NULL, run, &threads[i]);
	}
	for (size_t i = 0; i < count; i++) {
		pthread_join(threads[i].id, NULL);
		cpu += threads[i].cpu_ns;
	}
	double seconds = (double)(now_ns(CLOCK_MONOTONIC) - start) / 1e9;
	atomic_store(&shared->stop, true);
	if (shared->pause_us > 0) {
		pthread_join(reloader, NULL);
	}
	qsort(times, all, sizeof(*times), by_size);
	printf("%7zu %12.0f %9.2f %8.2f %8.2f %8u\n", count, (double)all / seconds,
		(double)cpu / 1e3 / (double)all, (double)times[all / 2] / 1e3,
		(double)times[all * 99 / 100] / 1e3, shared->reloads);
	memory_free(times);
}

static void read_files(struct shared *shared, struct arena *arena, char **paths)
{
	static const struct value_limits limits = {
		.bytes = FILE_BYTES, .depth = 512, .values = 1u << 22
	};
	CLEANUP(buf_fini) struct buf text = { 0 };
	struct error err = { 0 };

	if (!file_read(paths[0], FILE_BYTES, &shared->bundle, &err) ||
		!file_read(paths[2], FILE_BYTES, &text, &err)) {
		die("read", err.text);
	}
	shared->entrypoint = paths[1];
	shared->input = value_parse(arena, buf_text(&text), text.size, &limits, &err);
	if (shared->input == NULL) {
		die(paths[2], err.text);
	}
	shared->policy = load(shared);
	if (policy_find_entrypoint(shared->policy, shared->entrypoint) == NULL) {
		die(shared->entrypoint, "the bundle has no such entry point");
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "rounds", required_argument, NULL, 'r' },
		{ "reload-ms", required_argument, NULL, 'l' }, { 0 } };
	struct shared shared = { .lock = PTHREAD_MUTEX_INITIALIZER, .rounds = ROUNDS };
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'r') {
			shared.rounds = strtoull(optarg, NULL, 10);
		} else if (option == 'l') {
			shared.pause_us = (useconds_t)strtoul(optarg, NULL, 10) * 1000;
		}
	}
	if (argc - optind < 4 || shared.rounds == 0) {
		die("usage", "[--rounds N] [--reload-ms N] BUNDLE ENTRYPOINT INPUT THREADS…");
	}
	struct arena *arena = arena_new();
	read_files(&shared, arena, argv + optind);
	printf("threads  decisions/s   CPU µs   p50 µs   p99 µs  reloads\n");
	for (int i = optind + 3; i < argc; i++) {
		size_t count = strtoull(argv[i], NULL, 10);
		measure(&shared, count >= 1 && count <= THREADS_MAX ? count : 1);
	}
	policy_unref(shared.policy);
	buf_fini(&shared.bundle);
	arena_free(arena);
	return 0;
}
