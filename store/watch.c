#include "store/watch.h"

#include <assert.h>
#include "io/loop.h"
#include "store/inside.h"

void watches_init(struct watches *watches)
{
	*watches = (struct watches){ 0 };
	pthread_mutex_init(&watches->mutex, NULL);
}

void watches_fini(struct watches *watches)
{
	pthread_mutex_destroy(&watches->mutex);
}

/* In the watch's loop. What is told after `pending` was cleared brings another post, so nothing is
 * lost. */
static void on_news(void *user)
{
	struct store_watch *watch = user;

	atomic_store(&watch->pending, false);
	pthread_mutex_lock(&watch->all->mutex);
	bool is_closed = watch->closed;
	if (is_closed) {
		watch->used = false;
	}
	pthread_mutex_unlock(&watch->all->mutex);
	if (!is_closed) {
		watch->fn(watch->user);
	}
}

void watches_tell(struct watches *watches, unsigned news)
{
	if (news == 0) {
		return;
	}
	pthread_mutex_lock(&watches->mutex);
	for (size_t i = 0; i < WATCH_LIMIT; i++) {
		struct store_watch *it = &watches->slots[i];
		if (!it->used || it->closed || (it->mask & news) == 0) {
			continue;
		}
		if (it->loop == NULL) {
			it->fn(it->user);
		} else if (!atomic_exchange(&it->pending, true)) {
			loop_post(it->loop, on_news, it);
		}
	}
	pthread_mutex_unlock(&watches->mutex);
}

struct store_watch *store_watch(
	struct store *store, unsigned mask, struct loop *loop, store_watch_fn *fn, void *user)
{
	struct watches *watches = &store->watches;
	struct store_watch *watch = NULL;

	pthread_mutex_lock(&watches->mutex);
	for (size_t i = 0; watch == NULL && i < WATCH_LIMIT; i++) {
		if (!watches->slots[i].used) {
			watch = &watches->slots[i];
		}
	}
	assert(watch != NULL); /* ours: 32 are enough for the program's parts */
	*watch = (struct store_watch){
		.used = true, .mask = mask, .loop = loop, .fn = fn, .user = user, .all = watches
	};
	pthread_mutex_unlock(&watches->mutex);
	return watch;
}

void store_unwatch(struct store *store, struct store_watch *watch)
{
	if (watch == NULL) {
		return;
	}
	pthread_mutex_lock(&store->watches.mutex);
	watch->closed = true;
	watch->used = atomic_load(&watch->pending);
	pthread_mutex_unlock(&store->watches.mutex);
}
