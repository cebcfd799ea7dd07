/*
 * policy_asker: asks the OPA server of policy_remote.h, from one thread's loop, without holding it.
 *
 *     policy_asker_ask ─▶ (waits for a place) ─▶ POST /v1/data/… ─▶ policy/reply.h ─▶ done
 *
 * Connections are kept. Questions beyond the limit wait in order. Every question ends by its
 * deadline, the time it waited included. A question changes nothing at the server, so one that was
 * lost with its kept connection is sent once more; nothing else is tried again.
 *
 * Belongs to its loop's thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/list.h"
#include "io/loop.h"
#include "policy/engine.h"
#include "policy/reply.h"

struct arena;
struct policy_asker;
struct policy_remote;
struct value;

typedef void policy_answered_fn(void *user);

/* Of the asker's user, in memory that stays until done. */
struct policy_question {
	/* ---- asked ---- */
	const char *path;          /* "scimward/authzen/decision"; NULL: the rule that decides */
	const struct value *input; /* must live until done */
	struct arena *arena;       /* where the result goes, and what is needed on the way */
	int64_t deadline_us; /* monotonic; the configuration's limit counts as well, from now on */
	bool decides;        /* an answer shows that the server decides operations */
	policy_answered_fn *done; /* once, from the loop, never from inside policy_asker_ask() */
	void *user;

	/* ---- answered ---- */
	bool answered; /* `reply` is there; else `failure` */
	struct policy_reply reply;
	struct policy_failure failure;

	/* ---- the asker's ---- */
	struct policy_asker *asker;
	struct list_node node;   /* while it waits */
	struct loop_timer timer; /* likewise */
	unsigned tries;
};

/* limit: questions under way at once. */
struct policy_asker *policy_asker_new(
	struct policy_remote *remote, struct loop *loop, size_t limit);
/* What is still open is answered inside this call, as failed. NULL is fine. */
void policy_asker_free(struct policy_asker *asker);

void policy_asker_ask(struct policy_asker *asker, struct policy_question *question);
