/*
 * A thread without a loop that waits for one answer. Internal to store/.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>

struct store_waiter {
	pthread_mutex_t mutex;
	pthread_cond_t done;
	bool is_done;
};

static inline void waiter_init(struct store_waiter *waiter)
{
	pthread_mutex_init(&waiter->mutex, NULL);
	pthread_cond_init(&waiter->done, NULL);
	waiter->is_done = false;
}

static inline void waiter_fini(struct store_waiter *waiter)
{
	pthread_cond_destroy(&waiter->done);
	pthread_mutex_destroy(&waiter->mutex);
}

/* Signals under the mutex: the waiter's memory goes when it has seen the answer. */
static inline void waiter_wake(struct store_waiter *waiter)
{
	pthread_mutex_lock(&waiter->mutex);
	waiter->is_done = true;
	pthread_cond_signal(&waiter->done);
	pthread_mutex_unlock(&waiter->mutex);
}

static inline void waiter_wait(struct store_waiter *waiter)
{
	pthread_mutex_lock(&waiter->mutex);
	while (!waiter->is_done) {
		pthread_cond_wait(&waiter->done, &waiter->mutex);
	}
	pthread_mutex_unlock(&waiter->mutex);
}
