/*
 * Claims: writes that touch the same things wait for each other, first come, first served.
 *
 * A decision reads more than one resource (a person's groups), so two writes that are each fine
 * could pass together what neither may pass alone. A write claims the resource and every member it
 * touches, all at once, before it loads, and releases after its commit was answered.
 *
 * One mutex, no thread. All keys of a claim are queued in one step and a claim runs when it is
 * first in all its queues: so there is no deadlock, no starvation, and a claim passes another only
 * when they share no key. A claim of a whole tenant waits for all of the tenant before it and holds
 * back all after it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/encode.h"
#include "base/list.h"
#include "io/loop.h"

struct store_claims;

struct store_claims *store_claims_new(void);
/* Asserts that nothing is held or waits. NULL is fine. */
void store_claims_free(struct store_claims *claims);

enum { STORE_CLAIM_KEYS = 256 /* more: claim the tenant */ };

/* The caller fills in `id`; the rest belongs to claim.c until the release. */
struct store_claim_key {
	uint8_t id[UUID_BYTES];
	struct list_node node;
	struct claim_queue *queue;
	struct store_claim *claim;
};

/* In the loop that asked, exactly once. ok false: ERROR_TIMEOUT, nothing is held. */
typedef void store_claim_fn(void *user, bool ok);

/*
 * Memory of the caller, `{ 0 }` at first; it and `keys` must stay until the release, or until fn
 * came with false. The fields below the line belong to claim.c.
 */
struct store_claim {
	int tenant;
	bool whole_tenant;            /* keys are ignored */
	struct store_claim_key *keys; /* duplicates are fine */
	size_t count; /* ≤ STORE_CLAIM_KEYS; 0: waits for whole-tenant claims only */
	/* ---- */
	struct store_claims *claims;
	struct loop *loop;
	store_claim_fn *fn;
	void *user;
	struct loop_timer timer;
	struct list_node node;
	struct claim_tenant *in;
	size_t blocked; /* queues in which it is not first */
	int state;
	bool passed_tenant;
};

/*
 * True: granted at once, fn never comes. False: it waits; fn comes in `loop` (of the calling
 * thread) when it is granted or when `timeout_ms` have passed.
 */
bool store_claim(struct store_claims *claims, struct store_claim *claim, struct loop *loop,
	int timeout_ms, store_claim_fn *fn, void *user);

/*
 * Gives back what is held and posts to those who can run now. In the loop that claimed. Nothing is
 * done for a claim that was never made, has timed out or was released. One that waits cannot be
 * given up before fn came: every wait ends by itself.
 */
void store_claim_release(struct store_claim *claim);

/* How many wait or hold now: for metrics and tests. */
size_t store_claims_count(struct store_claims *claims);
