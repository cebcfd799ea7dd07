/*
 * policy_live: a policy that is followed: where it comes from, when it is looked for again, what
 * became of the last try. There are two of them: the one in force (gateway->policy), and the
 * candidate beside it (gateway->candidate, of policy.shadow; see shadow.h).
 *
 *     start, SIGHUP, `policy reload`, timer ─▶ thread "policy": gate (policy_gate.h), keep on disk
 *          ─▶ main thread: snapshot, journal entry, hand to the workers
 *
 * What does not pass changes nothing: the policy before stays, and status, metrics, log and journal
 * say why. When the one in force does not pass at the start, what was kept of the same source
 * (policy_kept.h) decides until something good comes. The candidate has a thread and a folder of
 * its own and is not waited for: whatever becomes of it, decisions go on.
 *
 * Belongs to the main thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "gateway/gateway.h"

struct error;
struct policy_live;

/* The first policy, in the calling thread, before there are workers. ERROR_CONFIG, ERROR_POLICY,
 * ERROR_IO, ERROR_TIMEOUT, ERROR_STORE: there is none, and nothing was kept. */
bool policy_live_start(struct gateway *gateway, struct error *err);
/* The candidate, when there shall be one; it comes when it is followed. ERROR_INTERNAL. */
bool policy_live_start_candidate(struct gateway *gateway, struct error *err);
/* From now on it is looked for by itself, if it comes from elsewhere. NULL is fine. */
void policy_live_follow(struct policy_live *live);
/*
 * Now, whether there is something new or not. allow_older: once, without rollback protection.
 * Returns what status.reloads will be when this one has ended.
 */
uint64_t policy_live_reload(struct policy_live *live, bool allow_older);
/* done(user) comes in the main loop, perhaps at once, when nothing is under way any more. What is,
 * changes nothing any more. live NULL is fine. */
void policy_live_stop(struct policy_live *live, gateway_done_fn *done, void *user);
void policy_live_free(struct policy_live *live); /* NULL is fine */

struct policy_trouble {
	const char *step;  /* of the gate; NULL: there is no trouble */
	const char *error; /* for people */
	int64_t at_us;
};

/* Texts are valid until the loop goes on. */
struct policy_live_status {
	const char *source;
	const char *revision;
	const char *digest;
	const char *commit;                /* NULL: not from git */
	int64_t serial;                    /* -1: none */
	int64_t since_us;                  /* when it took over here */
	bool from_kept;                    /* it was kept by an earlier run */
	int64_t tried_us;                  /* when something was looked for last */
	int64_t fine_us;                   /* when that went well last */
	uint64_t reloads;                  /* asked for and finished, however they ended */
	struct policy_trouble refused;     /* what came last did not pass */
	struct policy_trouble unreachable; /* nothing could be fetched */
};
void policy_live_status(const struct policy_live *live, struct policy_live_status *status);
/* The revision that decides, "" while none is known. Valid until the loop goes on. */
const char *policy_live_revision(const struct gateway *gateway);
/* How often the gate's i-th step said no. */
uint64_t policy_live_refusals(const struct policy_live *live, size_t step);
