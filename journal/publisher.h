/*
 * publisher: new entries → bundles and tiles → signed checkpoint.
 *
 * A thread of its own. It is woken by the committer, waits until `interval_ms` have passed since
 * the last checkpoint, reads what is new, and writes in this order, each step durable before the
 * next:
 *
 *     1. full tiles and bundles, then the partial ones of the new size
 *     2. the signed checkpoint into `state_path`: what we have signed we remember, whatever happens
 *     3. the same bytes as <directory>/checkpoint: now it is public
 *
 * So a crash on any line leaves a log whose checkpoint is covered by its tiles.
 *
 * Rules that it refuses to break (facts of the C2SP specifications):
 * - It never signs a checkpoint that is smaller than, or inconsistent with, one signed before. When
 * the store has fewer entries than were signed (a restored backup), start fails: the operator must
 * choose a new origin and a new directory.
 * - At start the tail is derived again from the store and must be byte-identical to the stored
 * tiles and to the signed root; when tiles are missing, all are derived again and held against that
 * root.
 * - A published file is never changed. Partial tiles go when their full one is public (readers fall
 * back to it).
 *
 * Failures later (disk full, store unreadable) do not end it: it tells, and tries again after 1, 2,
 * 4 … 30 s.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "journal/source.h"

struct journal_key;
struct error;
struct journal_files;
struct journal_publisher;

struct journal_publisher_options {
	const char *directory; /* made when it is not there; log.vkey is written into it */
	const char
		*state_path; /* the last signed checkpoint; beside the key, not in the directory */
	const struct journal_key *key; /* stays the caller's, must live until stop */
	struct journal_source
		source; /* used by the calling thread until start returns, then by the thread */
	const struct journal_files *files; /* NULL: POSIX */
	unsigned interval_ms;              /* between two checkpoints; 0: 500 */

	/* From the publisher's thread; all may be NULL. Keep them short; post to a loop. */
	void (*on_entries)(void *user,
		uint64_t size); /* there are new rows: followers may read; at most every 50 ms */
	void (*on_published)(void *user, uint64_t size); /* a checkpoint of that size is public */
	void (*on_failed)(void *user,
		const struct error *err); /* publishing stands still; once per new failure */
	void *user;
};

/* Texts are copied. NULL: ERROR_CONFIG (the operator must decide), ERROR_IO (names the file),
 * ERROR_STORE. */
struct journal_publisher *journal_publisher_start(
	const struct journal_publisher_options *options, struct error *err);
/* Publishes what the source has by then (one attempt), ends the thread, frees. NULL is fine. */
void journal_publisher_stop(struct journal_publisher *publisher);

/* There are new rows. From any thread, never blocks, costs nothing while a wake-up is pending. */
void journal_publisher_notify(struct journal_publisher *publisher);

/* For /readyz and metrics; from any thread. */
struct journal_publisher_status {
	uint64_t published;      /* size of the public checkpoint */
	int64_t published_at_us; /* clock_now_us() of it; 0: none yet */
	uint64_t seen;           /* size of the source when it was last asked */
	uint64_t checkpoints;    /* since start */
	uint64_t failures;       /* since start */
	bool failing;            /* the last attempt failed */
};
void journal_publisher_status(
	const struct journal_publisher *publisher, struct journal_publisher_status *status);

/* One round in the calling thread, for tests and one-shot tools: no thread is started. */
struct journal_log;
struct journal_log *journal_log_open(
	const struct journal_publisher_options *options, struct error *err);
bool journal_log_publish(struct journal_log *log, struct error *err); /* all that the source has */
uint64_t journal_log_size(const struct journal_log *log); /* of the last signed checkpoint */
void journal_log_close(struct journal_log *log);
