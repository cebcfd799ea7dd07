/*
 * Between the files of shadow: the thread, and one operation on its way through it.
 */
#pragma once

#include <pthread.h>
#include "base/value.h"
#include "gateway/shadow.h"
#include "journal/entry.h"
#include "store/commit.h"

struct arena;
struct journal_packer;
struct loop;
struct loop_thread;
struct policy_worker;
struct store_reader;
struct verdict;

enum { SHADOW_IDLE = 16 };

/*
 * What a worker has gathered in this turn of its loop: handed over as one, at the turn's end, so
 * that the thread is woken once and not by each.
 */
struct shadow_lane {
	struct shadow *shadow;
	struct shadow_job *jobs; /* the newest first; NULL: none, and no turn's end is waited for */
};

struct shadow {
	struct gateway *gateway;
	struct loop_thread *thread;
	struct loop *loop;
	struct policy_worker *policy;
	struct journal_packer *packer;
	struct store_reader *reader;

	int64_t waiting; /* atomic, like the next */
	int64_t waiting_bytes;
	bool stopping;             /* atomic */
	struct shadow_lane *lanes; /* one per worker, its own */

	/* the thread's own */
	int64_t second; /* the one that `in_second` is about */
	int64_t in_second;
	size_t under_way; /* entries that the store has not answered */
	gateway_done_fn *done;
	void *done_user;

	pthread_mutex_t mutex;           /* of all below */
	struct arena *idle[SHADOW_IDLE]; /* of jobs that are done, for the next */
	size_t idle_count;
	char *revision; /* of the candidate; NULL: none yet */
	int64_t since_us;
	struct shadow_counts since;
	struct shadow_counts total;
	struct shadow_difference newest[SHADOW_NEWEST]; /* a ring */
	size_t newest_at;
	size_t newest_count;
};

/* One operation; everything of it lives in its arena. */
struct shadow_job {
	struct shadow *shadow;
	struct shadow_job *next;
	struct arena *arena;
	int64_t bytes;            /* of the arena when it was queued */
	struct policy *candidate; /* a reference */
	int64_t index;            /* of the decision */
	int64_t rid;
	int tenant_id;
	const struct value *input;   /* NULL: of several slices; the journal has it */
	struct replay_recorded live; /* without messages */
	const char *live_revision;

	/* for the entry */
	const char *tenant;
	const char *source;
	const char *operation;
	const char *type;
	const struct value *subject;
	char id[UUID_TEXT_BYTES];
	struct journal_packed packed;
	struct store_commit commit;
	struct store_entry entry;
};

/* ---- shadow_record.c: in the thread ---- */

/* Writes the entry unless this second has had its share; the job is freed when that is done. */
void shadow_record(
	struct shadow_job *job, const struct verdict *verdict, enum replay_change change);

/* ---- shadow.c ---- */
void shadow_job_free(struct shadow_job *job);
/* One counter of both, `since` and `total`; offset in struct shadow_counts. */
void shadow_count(struct shadow *shadow, size_t offset);
/* Tells who waits for the end, when nothing is under way any more. */
void shadow_tell_stopped(struct shadow *shadow);
