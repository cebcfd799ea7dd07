/*
 * A server on a free port of loopback, in a thread of its own, for tests. `{ 0 }` and
 * fixture_start().
 */
#pragma once

#include <assert.h>
#include <pthread.h>
#include <string.h>
#include "base/error.h"
#include "base/memory.h"
#include "io/loop.h"
#include "io/server.h"

struct server_fixture {
	struct server *server;
	struct loop_thread *thread;
	struct loop *home; /* where the end is told */
	unsigned port;
	bool stopped;
	void *user;
	pthread_mutex_t lock;
	pthread_cond_t attached_changed;
	bool attached;
};

static inline void fixture_attach(void *user)
{
	struct server_fixture *fixture = user;

	server_attach(fixture->server, 0, loop_thread_loop(fixture->thread), fixture->user);
	pthread_mutex_lock(&fixture->lock);
	fixture->attached = true;
	pthread_cond_signal(&fixture->attached_changed);
	pthread_mutex_unlock(&fixture->lock);
}

/* options->address NULL: a free port. `user` is what the handlers get. */
static inline void fixture_start(
	struct server_fixture *fixture, const struct server_options *options, void *user)
{
	struct server_options mine = *options;
	struct error err = { 0 };

	mine.address = mine.address != NULL ? mine.address : "127.0.0.1:0";
	fixture->user = user;
	fixture->home = loop_new();
	fixture->server = server_new(&mine, &err);
	fixture->thread = loop_thread_start("server", &err);
	assert(fixture->server != NULL && fixture->thread != NULL);
	fixture->port = server_port(fixture->server);
	pthread_mutex_init(&fixture->lock, NULL);
	pthread_cond_init(&fixture->attached_changed, NULL);
	loop_post(loop_thread_loop(fixture->thread), fixture_attach, fixture);
	pthread_mutex_lock(&fixture->lock);
	while (!fixture->attached) {
		pthread_cond_wait(&fixture->attached_changed, &fixture->lock);
	}
	pthread_mutex_unlock(&fixture->lock);
}

static inline void fixture_on_stopped(void *user)
{
	struct server_fixture *fixture = user;

	fixture->stopped = true;
	loop_stop(fixture->home);
}

/* Asks it to stop; fixture_stop() waits for it. */
static inline void fixture_drain(struct server_fixture *fixture, int64_t drain_ms)
{
	server_stop(fixture->server, drain_ms, fixture->home, fixture_on_stopped, fixture);
}

static inline void fixture_join(struct server_fixture *fixture)
{
	loop_run(fixture->home);
	assert(fixture->stopped);
	loop_thread_join(fixture->thread);
	server_free(fixture->server);
	loop_free(fixture->home);
	pthread_mutex_destroy(&fixture->lock);
	pthread_cond_destroy(&fixture->attached_changed);
}

static inline void fixture_stop(struct server_fixture *fixture)
{
	fixture_drain(fixture, 0);
	fixture_join(fixture);
}
