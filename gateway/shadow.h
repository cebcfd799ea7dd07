/*
 * shadow: a candidate is asked beside the policy in force (policy.shadow), and where it would have
 * decided otherwise is counted and journaled. It decides nothing and holds nobody up.
 *
 *     worker:  … commit ▶ reply ▶ end of the request: shadow_offer() copies the input ─┐
 *     thread "shadow":  ask the candidate (verdict.h) ▶ compare ▶ count ▶ journal  ◀───┘
 *
 * The queue is bounded by operations and bytes: when the thread does not keep up, operations are
 * passed over and counted. Of the differences so many are journaled a second as policy.shadow says;
 * the others are counted. An operation of several slices is read back from the journal.
 *
 * Entries of the kind shadow:
 *
 *     decision            index of the decision in force
 *     effect, reasons     what the candidate said; source, operation, resource are the decision's
 *     revision            the candidate's
 *     outcome             what differs (replay_compare.h): effect | obligations | apps | approval |
 *                         reasons | answer
 *     payload             output: the candidate's answer; detail {live {effect, reasons [code],
 *                         obligations, apps, revision}, error}; subject
 *
 * The counters are the only thing that threads share; a mutex is held for a few of them at a time,
 * never on the way of a request. See docs/decisions/0016.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/encode.h"
#include "gateway/gateway.h"
#include "gateway/replay_compare.h"

struct error;
struct policy;
struct request;
struct shadow;

/* When the configuration has a candidate: gateway->shadow, and its thread. ERROR_INTERNAL,
 * ERROR_STORE. */
bool shadow_start(struct gateway *gateway, struct error *err);
/* Behind the last request: what is queued is passed over; done(user) comes in the main loop when
 * nothing is under way any more. NULL is fine. Main thread. */
void shadow_stop(struct shadow *shadow, gateway_done_fn *done, void *user);
void shadow_free(struct shadow *shadow); /* NULL is fine */

/* A new candidate: from now on the counts are its own. Main thread. */
void shadow_begin(struct shadow *shadow, const struct policy *candidate);

/*
 * The end of a write whose snapshot has a candidate: its reply is out, its arena still there.
 * Copies what is needed when it was decided; else nothing. In the worker's thread.
 */
void shadow_offer(struct request *request);

/* ---- what came of it: any thread ---- */

enum { SHADOW_NEWEST = 100, SHADOW_CODES_BYTES = 160 };

/* In one word: "effect", "obligations", "apps", "approval", "reasons", "answer". */
const char *shadow_change_word(enum replay_change change);

struct shadow_counts {
	uint64_t asked;
	uint64_t effects[REPLAY_EFFECTS]
			[REPLAY_EFFECTS]; /* that are others: [in force][candidate] */
	uint64_t changes[REPLAY_CHANGES]; /* of what was asked; the gravest alone, as in replay */
	uint64_t passed_over;             /* the thread did not keep up */
	uint64_t unreadable; /* the operation could not be asked about: it was erased, … */
	uint64_t journaled;
	uint64_t not_journaled; /* beyond the limit, or the store refused */
};

/* One difference; no personal data. Texts are the candidate's codes and those in force, cut. */
struct shadow_difference {
	int64_t decision; /* index in the journal */
	int64_t at_us;
	enum replay_change change;
	enum replay_effect live;
	enum replay_effect candidate;
	char live_codes[SHADOW_CODES_BYTES];
	char candidate_codes[SHADOW_CODES_BYTES];
	const char *operation;
	const char *type;
	char id[UUID_TEXT_BYTES];
};

struct shadow_status {
	int64_t since_us;           /* when the candidate took its place; 0: there is none yet */
	struct shadow_counts since; /* … and its counts */
	struct shadow_counts total; /* of this process; for metrics */
	int64_t waiting;            /* operations that wait to be asked about */
};
void shadow_status(struct shadow *shadow, struct shadow_status *status);

/* The newest first; at most SHADOW_NEWEST. Returns how many. */
size_t shadow_newest(struct shadow *shadow, struct shadow_difference *list, size_t most);
