#include "store/queue.h"

#include <assert.h>
#include <errno.h>
#include "io/loop.h"
#include "store/waiter.h"

void queue_init(struct queue *queue, size_t limit)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	*queue = (struct queue){ .limit = limit };
	pthread_mutex_init(&queue->mutex, NULL);
	pthread_cond_init(&queue->filled, &attributes);
	pthread_condattr_destroy(&attributes);
	list_init(&queue->urgent);
	list_init(&queue->normal);
}

void queue_fini(struct queue *queue)
{
	assert(queue->count == 0);
	pthread_cond_destroy(&queue->filled);
	pthread_mutex_destroy(&queue->mutex);
}

bool queue_push(struct queue *queue, struct store_commit *commit)
{
	bool is_taken = false;
	bool wake = false;

	pthread_mutex_lock(&queue->mutex);
	if (!queue->stopping && queue->count < queue->limit) {
		list_push(commit->urgent ? &queue->urgent : &queue->normal, &commit->node);
		queue->count++;
		is_taken = true;
		wake = queue->sleeping;
		queue->sleeping = false;
	}
	pthread_mutex_unlock(&queue->mutex);
	if (wake) {
		pthread_cond_signal(&queue->filled);
	}
	return is_taken;
}

static struct timespec deadline_in(int ms)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += ms / 1000;
	at.tv_nsec += (ms % 1000) * 1000000L;
	if (at.tv_nsec >= 1000000000L) {
		at.tv_sec++;
		at.tv_nsec -= 1000000000L;
	}
	return at;
}

static void wait_filled(struct queue *queue, int timeout_ms)
{
	struct timespec until = deadline_in(timeout_ms < 0 ? 0 : timeout_ms);
	int rc = 0;

	while (queue->count == 0 && !queue->stopping && rc != ETIMEDOUT) {
		queue->sleeping = true;
		rc = timeout_ms < 0 ? pthread_cond_wait(&queue->filled, &queue->mutex)
				    : pthread_cond_timedwait(&queue->filled, &queue->mutex, &until);
	}
	queue->sleeping = false;
}

static size_t take_from(
	struct queue *queue, struct list *list, struct store_commit **batch, size_t count)
{
	while (count < QUEUE_BATCH) {
		struct list_node *node = list_pop(list);
		if (node == NULL) {
			break;
		}
		batch[count++] = LIST_ITEM(node, struct store_commit, node);
		queue->count--;
	}
	return count;
}

size_t queue_take(struct queue *queue, struct store_commit *batch[QUEUE_BATCH], int timeout_ms,
	bool *stopping)
{
	pthread_mutex_lock(&queue->mutex);
	wait_filled(queue, timeout_ms);
	size_t count = take_from(queue, &queue->urgent, batch, 0);
	count = take_from(queue, &queue->normal, batch, count);
	*stopping = queue->stopping;
	pthread_mutex_unlock(&queue->mutex);
	return count;
}

void queue_stop(struct queue *queue)
{
	pthread_mutex_lock(&queue->mutex);
	queue->stopping = true;
	pthread_mutex_unlock(&queue->mutex);
	pthread_cond_signal(&queue->filled);
}

size_t queue_count(struct queue *queue)
{
	pthread_mutex_lock(&queue->mutex);
	size_t count = queue->count;
	pthread_mutex_unlock(&queue->mutex);
	return count;
}

/* ---- answers ---- */

/* In the loop that asked: a chain of commits. fn may end the life of its commit. */
static void on_answers(void *user)
{
	struct store_commit *commit = user;

	while (commit != NULL) {
		struct store_commit *next = commit->next;
		commit->fn(commit->user);
		commit = next;
	}
}

/* Workers are few: a loop beyond these gets more than one post, which is only slower. */
enum { LOOPS = 64 };

struct chain {
	struct loop *loop;
	struct store_commit *first;
	struct store_commit *last;
};

static struct chain *chain_of(struct chain *chains, size_t *count, struct loop *loop)
{
	for (size_t i = 0; i < *count; i++) {
		if (chains[i].loop == loop) {
			return &chains[i];
		}
	}
	if (*count == LOOPS) {
		loop_post(chains[0].loop, on_answers, chains[0].first);
		chains[0] = (struct chain){ .loop = loop };
		return &chains[0];
	}
	chains[*count] = (struct chain){ .loop = loop };
	return &chains[(*count)++];
}

void queue_answer(struct store_commit *const *batch, size_t count)
{
	struct chain chains[LOOPS];
	size_t chain_count = 0;

	for (size_t i = 0; i < count; i++) {
		struct store_commit *commit = batch[i];
		commit->next = NULL;
		if (commit->waiter != NULL) {
			waiter_wake(commit->waiter);
			continue;
		}
		struct chain *chain = chain_of(chains, &chain_count, commit->loop);
		if (chain->last == NULL) {
			chain->first = commit;
		} else {
			chain->last->next = commit;
		}
		chain->last = commit;
	}
	for (size_t i = 0; i < chain_count; i++) {
		loop_post(chains[i].loop, on_answers, chains[i].first);
	}
}
