/*
 * What waits for the committer, and how answers go back. Internal to store/.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/list.h"
#include "store/commit.h"

enum { QUEUE_BATCH = 512 /* operations of one transaction */ };

struct queue {
	pthread_mutex_t mutex;
	pthread_cond_t filled;
	struct list urgent;
	struct list normal;
	size_t count;
	size_t limit;
	bool sleeping; /* the committer waits on `filled` */
	bool stopping;
};

void queue_init(struct queue *queue, size_t limit);
void queue_fini(struct queue *queue);

/* False: full, or stopping. */
bool queue_push(struct queue *queue, struct store_commit *commit);

/*
 * Waits for work, at most `timeout_ms` (< 0: as long as it takes). Fills batch, urgent ones first,
 * each kind in the order of its coming. 0: nothing came in time, or *stopping and nothing is left.
 */
size_t queue_take(struct queue *queue, struct store_commit *batch[QUEUE_BATCH], int timeout_ms,
	bool *stopping);
void queue_stop(struct queue *queue);
size_t queue_count(struct queue *queue);

/* Posts the answers: one post per loop, in the order of the batch. The commits are no longer ours
 * afterwards. */
void queue_answer(struct store_commit *const *batch, size_t count);
