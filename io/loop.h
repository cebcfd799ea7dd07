/*
 * A loop: one thread that waits for sockets, timers and other threads' posts.
 *
 * Built on libevent's event_base (epoll). A loop belongs to the thread that
 * runs it; every function here must be called from that thread, or before
 * loop_run(), unless its comment says "thread-safe". Times are milliseconds of
 * the monotonic clock, never of the one that tests fake: a wait in the kernel
 * cannot be faked.
 */
#pragma once

#include <event2/event_struct.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct error;
struct event_base;
struct loop;

typedef void loop_fn(void *user);

/* Ends the process when the system gives no epoll or eventfd: there is no program without a loop.
 */
struct loop *loop_new(void);
/* The loop must not be running. Posts that were not run are dropped. NULL is fine. */
void loop_free(struct loop *loop);

/* Runs until loop_stop(). What was posted before the stop is run first. */
void loop_run(struct loop *loop);
/* Thread-safe; also before loop_run(), which then returns after the posts that wait. */
void loop_stop(struct loop *loop);

/*
 * Thread-safe: fn(user) is called in the loop, in the order of the posts of one
 * thread, never from inside this call. Costs no memory allocation (the queue
 * grows and stays), and one wake-up (an eventfd) for all posts that come before
 * the loop looks. From the loop's own thread it costs no system call.
 *
 * What user points to has changed hands: the poster does not touch it again.
 */
void loop_post(struct loop *loop, loop_fn *fn, void *user);

/* Monotonic microseconds, the real ones. Cheap (vDSO). Any thread. */
int64_t loop_now_us(void);

/* True in the thread that runs the loop (or that made it, as long as it does not run). Any thread.
 */
bool loop_is_mine(const struct loop *loop);

/* For the other files of io/ only. */
struct event_base *loop_base(struct loop *loop);

/*
 * A timer lives in the struct of its owner: no allocation. init once, then
 * start and cancel as often as one likes, fini (= cancel) before the memory
 * goes. fn(user) is called once per start, never from inside start. Starting a
 * running timer moves it. Precision: a millisecond, late rather than early.
 */
struct loop_timer {
	struct event event;
	loop_fn *fn;
	void *user;
};

void loop_timer_init(struct loop_timer *timer, struct loop *loop, loop_fn *fn, void *user);
void loop_timer_start(struct loop_timer *timer, int64_t delay_ms);
void loop_timer_cancel(struct loop_timer *timer);
bool loop_timer_is_running(const struct loop_timer *timer);
void loop_timer_fini(struct loop_timer *timer);

/* fn(user) once, after delay_ms; cannot be cancelled. What is still waiting at loop_free() is
 * dropped. */
void loop_after(struct loop *loop, int64_t delay_ms, loop_fn *fn, void *user);

/*
 * A thread that runs a loop of its own. `name` (at most 15 bytes) is what ps and gdb show.
 *
 * The thread blocks all signals: they belong to the main thread (io/signal.h).
 * Give it work with loop_post().
 */
struct loop_thread;

/* ERROR_INTERNAL: no thread to be had. */
struct loop_thread *loop_thread_start(const char *name, struct error *err);
struct loop *loop_thread_loop(struct loop_thread *thread); /* valid until loop_thread_join() */
/* Stops the loop, waits for the thread's end, frees both. Not from that thread. NULL is fine. */
void loop_thread_join(struct loop_thread *thread);
