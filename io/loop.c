#include "io/loop.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>
#include "base/error.h"
#include "base/list.h"
#include "base/memory.h"

/*
 * Posts wait in a plain array under a mutex that is held for a few instructions. The poster
 * that finds the array empty wakes the loop, the others know that it will come. The loop
 * swaps the array with an empty one and runs it unlocked.
 *
 * A post from the loop's own thread uses a timer of no delay instead of the
 * eventfd: no system call, and sockets get their turn before it (an event that is
 * made active by hand would starve them when a callback posts itself again and again).
 */

struct post {
	loop_fn *fn;
	void *user;
};

struct posts {
	struct post *items;
	size_t count;
	size_t capacity;
};

struct loop {
	struct event_base *base;
	int wake_fd;
	struct event wake;
	struct event local;
	struct list later; /* struct later: one-shot timers */

	pthread_mutex_t lock;
	struct posts waiting; /* under lock */
	bool signaled;        /* under lock: wake_fd was written and not yet read */

	struct posts running;
};

struct later {
	struct list_node node;
	struct loop_timer timer;
	loop_fn *fn;
	void *user;
};

static _Thread_local struct loop *current;

__attribute__((noreturn, cold)) static void die(const char *what)
{
	perror(what);
	abort();
}

int64_t loop_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

bool loop_is_mine(const struct loop *loop)
{
	return current == loop;
}

struct event_base *loop_base(struct loop *loop)
{
	return loop->base;
}

/* ---- posts ---- */

static void run_posts(struct loop *loop)
{
	pthread_mutex_lock(&loop->lock);
	struct posts taken = loop->waiting;
	loop->waiting = loop->running;
	/* Read under the lock: afterwards it could swallow the wake-up of a post that came since.
	 */
	if (loop->signaled) {
		uint64_t count;
		ssize_t got = read(loop->wake_fd, &count, sizeof(count));
		(void)got; /* EAGAIN: one wake-up more changes nothing */
		loop->signaled = false;
	}
	pthread_mutex_unlock(&loop->lock);

	for (size_t i = 0; i < taken.count; i++) {
		taken.items[i].fn(taken.items[i].user);
	}
	taken.count = 0;
	loop->running = taken;
}

static void on_wake(evutil_socket_t fd, short events, void *user)
{
	(void)fd;
	(void)events;
	run_posts(user);
}

void loop_post(struct loop *loop, loop_fn *fn, void *user)
{
	bool mine = loop_is_mine(loop);

	pthread_mutex_lock(&loop->lock);
	struct posts *waiting = &loop->waiting;
	bool first = waiting->count == 0;
	if (waiting->count == waiting->capacity) {
		waiting->capacity = waiting->capacity != 0 ? waiting->capacity * 2 : 64;
		waiting->items =
			must_realloc(waiting->items, waiting->capacity * sizeof(waiting->items[0]));
	}
	waiting->items[waiting->count++] = (struct post){ fn, user };
	if (first && !mine) {
		uint64_t one = 1;
		loop->signaled = true;
		if (write(loop->wake_fd, &one, sizeof(one)) < 0 && errno != EAGAIN) {
			die("eventfd");
		}
	}
	pthread_mutex_unlock(&loop->lock);
	if (first && mine) {
		static const struct timeval now = { 0, 0 };
		event_add(&loop->local, &now);
	}
}

static void on_stop(void *user)
{
	struct loop *loop = user;

	event_base_loopbreak(loop->base);
}

void loop_stop(struct loop *loop)
{
	loop_post(loop, on_stop, loop);
}

/* ---- life ---- */

static struct event_base *new_base(void)
{
	struct event_config *config = event_config_new();

	if (config == NULL) {
		die("event_config_new");
	}
	/* Only one thread touches a base; other threads come through the eventfd. */
	event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_IGNORE_ENV);
	event_config_require_features(config, EV_FEATURE_O1 | EV_FEATURE_EARLY_CLOSE);
	struct event_base *base = event_base_new_with_config(config);

	event_config_free(config);
	if (base == NULL) {
		die("event_base_new");
	}
	return base;
}

struct loop *loop_new(void)
{
	struct loop *loop = must_calloc(1, sizeof(*loop));

	loop->base = new_base();
	loop->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (loop->wake_fd < 0) {
		die("eventfd");
	}
	event_assign(&loop->wake, loop->base, loop->wake_fd, EV_READ | EV_PERSIST, on_wake, loop);
	event_assign(&loop->local, loop->base, -1, 0, on_wake, loop);
	event_add(&loop->wake, NULL);
	list_init(&loop->later);
	pthread_mutex_init(&loop->lock, NULL);
	return loop;
}

void loop_free(struct loop *loop)
{
	if (loop == NULL) {
		return;
	}
	assert(!loop_is_mine(loop));
	for (struct list_node *node; (node = list_pop(&loop->later)) != NULL;) {
		struct later *later = LIST_ITEM(node, struct later, node);
		loop_timer_fini(&later->timer);
		memory_free(later);
	}
	event_del(&loop->wake);
	event_del(&loop->local);
	event_base_free(loop->base);
	close(loop->wake_fd);
	pthread_mutex_destroy(&loop->lock);
	memory_free(loop->waiting.items);
	memory_free(loop->running.items);
	memory_free(loop);
}

void loop_run(struct loop *loop)
{
	struct loop *outer = current;

	assert(outer != loop);
	current = loop;
	event_base_loop(loop->base, EVLOOP_NO_EXIT_ON_EMPTY);
	current = outer;
}

/* ---- timers ---- */

static void on_timer(evutil_socket_t fd, short events, void *user)
{
	struct loop_timer *timer = user;

	(void)fd;
	(void)events;
	timer->fn(timer->user);
}

void loop_timer_init(struct loop_timer *timer, struct loop *loop, loop_fn *fn, void *user)
{
	timer->fn = fn;
	timer->user = user;
	event_assign(&timer->event, loop->base, -1, 0, on_timer, timer);
}

void loop_timer_start(struct loop_timer *timer, int64_t delay_ms)
{
	int64_t delay = delay_ms > 0 ? delay_ms : 0;
	struct timeval interval = { .tv_sec = delay / 1000, .tv_usec = delay % 1000 * 1000 };

	event_add(&timer->event, &interval);
}

void loop_timer_cancel(struct loop_timer *timer)
{
	event_del(&timer->event);
}

bool loop_timer_is_running(const struct loop_timer *timer)
{
	return event_pending(&timer->event, EV_TIMEOUT, NULL) != 0;
}

void loop_timer_fini(struct loop_timer *timer)
{
	event_del(&timer->event);
}

static void on_later(void *user)
{
	struct later *later = user;
	loop_fn *fn = later->fn;
	void *its_user = later->user;

	list_remove(&later->node);
	memory_free(later);
	fn(its_user);
}

void loop_after(struct loop *loop, int64_t delay_ms, loop_fn *fn, void *user)
{
	struct later *later = must_calloc(1, sizeof(*later));

	later->fn = fn;
	later->user = user;
	list_push(&loop->later, &later->node);
	loop_timer_init(&later->timer, loop, on_later, later);
	loop_timer_start(&later->timer, delay_ms);
}

/* ---- threads ---- */

struct loop_thread {
	pthread_t thread;
	struct loop *loop;
};

static void *thread_main(void *user)
{
	struct loop_thread *thread = user;

	loop_run(thread->loop);
	return NULL;
}

struct loop_thread *loop_thread_start(const char *name, struct error *err)
{
	struct loop_thread *thread = must_calloc(1, sizeof(*thread));
	sigset_t all;
	sigset_t before;

	thread->loop = loop_new();
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int failed = pthread_create(&thread->thread, NULL, thread_main, thread);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (failed != 0) {
		loop_free(thread->loop);
		memory_free(thread);
		error_set(err, ERROR_INTERNAL, "cannot start thread '%s': %s", name,
			strerror(failed));
		return NULL;
	}
	pthread_setname_np(thread->thread, name);
	return thread;
}

struct loop *loop_thread_loop(struct loop_thread *thread)
{
	return thread->loop;
}

void loop_thread_join(struct loop_thread *thread)
{
	if (thread == NULL) {
		return;
	}
	assert(!loop_is_mine(thread->loop));
	loop_stop(thread->loop);
	pthread_join(thread->thread, NULL);
	loop_free(thread->loop);
	memory_free(thread);
}
