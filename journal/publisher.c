#include "journal/publisher.h"

#include <stdatomic.h>
#include <string.h>
#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "io/loop.h"

#define INTERVAL_MS 500
#define GATHER_MS 25 /* so that many commits wake followers once */
#define RETRY_MS 1000
#define RETRY_LIMIT_MS 30000

struct journal_publisher {
	struct journal_publisher_options options;
	struct journal_writer *writer;
	struct loop_thread *thread;
	struct loop *loop;

	/* ---- of the thread ---- */
	struct loop_timer gather;
	struct loop_timer publish;
	int64_t started_us; /* the last round, monotonic */
	unsigned retry_ms;  /* 0: the last round was fine */
	struct error failure;

	/* ---- of all ---- */
	_Atomic bool is_notified;
	_Atomic bool is_failing;
	_Atomic uint64_t published;
	_Atomic int64_t published_at_us;
	_Atomic uint64_t seen;
	_Atomic uint64_t checkpoints;
	_Atomic uint64_t failures;
};

/* ---- one round ---- */

static void tell_published(struct journal_publisher *publisher, uint64_t before)
{
	uint64_t size = journal_writer_size(publisher->writer);

	publisher->retry_ms = 0;
	publisher->failure = (struct error){ 0 };
	atomic_store(&publisher->is_failing, false);
	if (size == before) {
		return;
	}
	atomic_store(&publisher->published, size);
	atomic_store(&publisher->published_at_us, clock_now_us());
	atomic_fetch_add(&publisher->checkpoints, 1);
	if (publisher->options.on_published != NULL) {
		publisher->options.on_published(publisher->options.user, size);
	}
}

static void tell_failure(struct journal_publisher *publisher, const struct error *err)
{
	bool is_news = strcmp(publisher->failure.text, err->text) != 0;

	publisher->retry_ms = publisher->retry_ms == 0 ? RETRY_MS : publisher->retry_ms * 2;
	if (publisher->retry_ms > RETRY_LIMIT_MS) {
		publisher->retry_ms = RETRY_LIMIT_MS;
	}
	atomic_store(&publisher->is_failing, true);
	atomic_fetch_add(&publisher->failures, 1);
	publisher->failure = *err;
	if (is_news && publisher->options.on_failed != NULL) {
		publisher->options.on_failed(publisher->options.user, err);
	}
}

/* True: there is more to publish at once. */
static bool do_round(struct journal_publisher *publisher)
{
	uint64_t before = journal_writer_size(publisher->writer);
	struct error err = { 0 };
	bool more = false;

	publisher->started_us = loop_now_us();
	if (journal_writer_publish(publisher->writer, &more, &err)) {
		tell_published(publisher, before);
	} else {
		tell_failure(publisher, &err);
	}
	atomic_store(&publisher->seen, journal_writer_seen(publisher->writer));
	return more;
}

static void on_publish(void *user)
{
	struct journal_publisher *publisher = user;
	bool more = do_round(publisher);

	if (more || publisher->retry_ms > 0) {
		loop_timer_start(&publisher->publish, publisher->retry_ms);
	}
}

/* ---- wake-ups ---- */

static void start_publish(struct journal_publisher *publisher)
{
	int64_t passed_ms = (loop_now_us() - publisher->started_us) / 1000;
	int64_t wait_ms = publisher->options.interval_ms - passed_ms;

	if (!loop_timer_is_running(&publisher->publish)) {
		loop_timer_start(&publisher->publish, wait_ms > 0 ? wait_ms : 0);
	}
}

static void on_gathered(void *user)
{
	struct journal_publisher *publisher = user;
	const struct journal_source *source = &publisher->options.writer.source;
	struct error ignored; /* the next round fails with it, and tells */
	uint64_t size;

	atomic_store(&publisher->is_notified, false); /* first: what comes now wakes us again */
	start_publish(publisher);
	if (source->size(source->user, &size, &ignored)) {
		atomic_store(&publisher->seen, size);
		if (publisher->options.on_entries != NULL) {
			publisher->options.on_entries(publisher->options.user, size);
		}
	}
}

static void on_notified(void *user)
{
	struct journal_publisher *publisher = user;

	loop_timer_start(&publisher->gather, GATHER_MS);
}

void journal_publisher_notify(struct journal_publisher *publisher)
{
	if (!atomic_exchange(&publisher->is_notified, true)) {
		loop_post(publisher->loop, on_notified, publisher);
	}
}

/* ---- start and stop ---- */

static void on_start(void *user)
{
	struct journal_publisher *publisher = user;

	loop_timer_init(&publisher->gather, publisher->loop, on_gathered, publisher);
	loop_timer_init(&publisher->publish, publisher->loop, on_publish, publisher);
	loop_timer_start(&publisher->publish, 0); /* what a crash left unpublished */
}

static void on_stop(void *user)
{
	struct journal_publisher *publisher = user;

	loop_timer_fini(&publisher->gather);
	loop_timer_fini(&publisher->publish);
	while (do_round(publisher)) {
	}
}

struct journal_publisher *journal_publisher_start(
	const struct journal_publisher_options *options, struct error *err)
{
	struct journal_writer *writer = journal_writer_open(&options->writer, err);

	if (writer == NULL) {
		return NULL;
	}
	struct journal_publisher *publisher = must_calloc(1, sizeof(*publisher));

	publisher->options = *options;
	if (options->interval_ms == 0) {
		publisher->options.interval_ms = INTERVAL_MS;
	}
	publisher->writer = writer;
	atomic_store(&publisher->published, journal_writer_size(writer));
	atomic_store(&publisher->seen, journal_writer_seen(writer));
	publisher->thread = loop_thread_start("publisher", err);
	if (publisher->thread == NULL) {
		journal_writer_close(writer);
		memory_free(publisher);
		return NULL;
	}
	publisher->loop = loop_thread_loop(publisher->thread);
	loop_post(publisher->loop, on_start, publisher);
	return publisher;
}

void journal_publisher_stop(struct journal_publisher *publisher)
{
	if (publisher == NULL) {
		return;
	}
	loop_post(publisher->loop, on_stop, publisher);
	loop_thread_join(publisher->thread);
	journal_writer_close(publisher->writer);
	memory_free(publisher);
}

void journal_publisher_status(
	const struct journal_publisher *publisher, struct journal_publisher_status *status)
{
	status->published = atomic_load(&publisher->published);
	status->published_at_us = atomic_load(&publisher->published_at_us);
	status->seen = atomic_load(&publisher->seen);
	status->checkpoints = atomic_load(&publisher->checkpoints);
	status->failures = atomic_load(&publisher->failures);
	status->failing = atomic_load(&publisher->is_failing);
}
