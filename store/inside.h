/*
 * struct store, for the files of this folder.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include "store/checkpoint.h"
#include "store/queue.h"
#include "store/store.h"
#include "store/watch.h"
#include "store/writer.h"

struct store {
	char *path;
	char *vfs; /* NULL: the system's */
	bool read_only;
	bool no_sync;
	int checkpoint_frames; /* 0: the default */
	int lock;              /* -1: none */
	struct queue queue;
	struct watches watches;
	struct checkpoint *checkpoint;

	/* The committer's. */
	pthread_t thread;
	bool has_thread;
	struct writer writer;

	/* Written by the committer, read by any thread. */
	atomic_uint_fast64_t commits;
	atomic_uint_fast64_t operations;
	atomic_uint_fast64_t conflicts;
	atomic_uint_fast64_t failures;
	atomic_uint_fast64_t rejected;
	atomic_int_fast64_t commit_us;
	atomic_bool healthy;
};
