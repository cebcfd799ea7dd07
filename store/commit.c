#include "store/commit.h"

#include <assert.h>
#include "base/error.h"
#include "store/inside.h"
#include "store/waiter.h"

static void reject(struct store *store, struct store_commit *commit)
{
	atomic_fetch_add(&store->rejected, 1);
	commit->ok = false;
	commit->index = -1;
	error_set(&commit->err, ERROR_STORE,
		"too many operations wait for the store; try again in a moment");
	queue_answer(&commit, 1);
}

void store_commit(struct store *store, struct store_commit *commit, struct loop *loop,
	store_commit_fn *fn, void *user)
{
	assert(!store->read_only);
	commit->loop = loop;
	commit->fn = fn;
	commit->user = user;
	commit->waiter = NULL;
	if (!queue_push(&store->queue, commit)) {
		reject(store, commit);
	}
}

bool store_commit_wait(struct store *store, struct store_commit *commit, struct error *err)
{
	struct store_waiter waiter;

	assert(!store->read_only);
	waiter_init(&waiter);
	commit->waiter = &waiter;
	if (!queue_push(&store->queue, commit)) {
		reject(store, commit);
	}
	waiter_wait(&waiter);
	waiter_fini(&waiter);
	if (!commit->ok && err != NULL) {
		*err = commit->err;
	}
	return commit->ok;
}
