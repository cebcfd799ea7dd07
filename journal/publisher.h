/*
 * publisher: the thread that keeps the public log at most a second behind the store.
 *
 * It is woken by the committer, lets entries gather, and has the writer (writer.h) publish what is
 * new. Failures (disk full, store unreadable) do not end it: it tells, and tries again after 1, 2,
 * 4 … 30 s. What the writer refuses for good is refused at start.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "journal/writer.h"

struct error;
struct journal_publisher;

struct journal_publisher_options {
	/* The source is used by the calling thread until start returns, then by the publisher's. */
	struct journal_writer_options writer;
	unsigned interval_ms; /* between two checkpoints; 0: 500 */

	/* From the publisher's thread; all may be NULL. Keep them short; post to a loop. */
	void (*on_entries)(
		void *user, uint64_t size); /* followers may read on; at most every 25 ms */
	void (*on_published)(void *user, uint64_t size); /* a checkpoint of that size is public */
	void (*on_failed)(void *user, const struct error *err); /* nothing is published; once per
								   new sentence */
	void *user;
};

/* NULL: as journal_writer_open(); ERROR_INTERNAL: no thread to be had. */
struct journal_publisher *journal_publisher_start(
	const struct journal_publisher_options *options, struct error *err);
/* Publishes what the source has by then (one attempt), ends the thread, frees. NULL is fine. */
void journal_publisher_stop(struct journal_publisher *publisher);

/*
 * There are new rows. From any thread, never blocks, is one atomic operation while a wake-up is
 * pending. Meant for store_watch(STORE_NEWS_ENTRIES) without a loop.
 */
void journal_publisher_notify(struct journal_publisher *publisher);

/* For /readyz and metrics; from any thread. */
struct journal_publisher_status {
	uint64_t published;      /* size of the public checkpoint */
	int64_t published_at_us; /* clock_now_us() of it; 0: none since start */
	uint64_t seen;           /* size of the source when it was last asked */
	uint64_t checkpoints;    /* since start */
	uint64_t failures;       /* since start */
	bool failing;            /* the last attempt failed */
};
void journal_publisher_status(
	const struct journal_publisher *publisher, struct journal_publisher_status *status);
