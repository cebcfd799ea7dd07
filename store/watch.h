/*
 * Who wants to hear of commits. Internal to store/; the door is store_watch().
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include "store/store.h"

enum { WATCH_LIMIT = 32 };

struct store_watch {
	bool used;
	bool closed;         /* given back while a post was under way: that post frees the slot */
	atomic_bool pending; /* a post is under way */
	unsigned mask;
	struct loop *loop; /* NULL: told in the committer's thread */
	store_watch_fn *fn;
	void *user;
	struct watches *all;
};

struct watches {
	pthread_mutex_t mutex;
	struct store_watch slots[WATCH_LIMIT];
};

void watches_init(struct watches *watches);
void watches_fini(struct watches *watches);
void watches_tell(struct watches *watches, unsigned news);
