/*
 * Between the files of policy_live: what it knows, and one try to change it.
 */
#pragma once

#include "base/error.h"
#include "gateway/policy_gate.h"
#include "gateway/policy_live.h"
#include "io/loop.h"

struct policy_server;
struct worker;

enum { STEPS_MAX = 16 }; /* at least as many as the gate has */

/* One try: a job of the thread "policy". While it runs, the main thread changes nothing of `live`
 * that it reads. */
struct attempt {
	struct policy_live *live;
	struct policy_gate gate;
	struct error err;
	struct error not_kept;
	bool forced;    /* somebody asked; else the timer */
	bool cancelled; /* atomic */
};

struct refusal {
	struct error err; /* .code ERROR_NONE: none */
	const char *step;
	int64_t at_us;
};

/* What differs between the policy in force and the candidate beside it. */
struct policy_role {
	const char *operation; /* of its entries in the journal */
	const char *folder;    /* beside the store */
	const char *thread;
	const char *loaded; /* events of the log */
	const char *failed;
	bool decides; /* then it is kept on disk, and counted as the load of the policy */
	/* Hands it to the workers. Takes over the reference, also when it fails. */
	bool (*take)(struct gateway *gateway, struct policy *policy, struct error *err);
};
extern const struct policy_role policy_role_in_force, policy_role_candidate;

struct policy_live {
	const struct policy_role *role;
	struct gateway *gateway;
	const struct config_policy *config;
	struct worker *worker;
	struct loop_timer timer;
	char *folder; /* beside the store: repository, last good policy */
	char *kept_path;
	char *archive_path;           /* policy_archive.h */
	struct policy_server *server; /* policy.engine: opa; then nothing of what follows is used
				       * but reloads and done */
	struct attempt *attempt;      /* under way; NULL */
	bool again;                   /* asked for meanwhile */
	bool again_older;
	bool follows;

	struct arena *arena;       /* of `active` */
	struct policy_kept active; /* without plan and data */
	bool from_kept;
	int64_t since_us;

	char *seen; /* what was fetched last, good or not; NULL: try whatever comes */
	bool holds;
	struct refusal refused;
	struct refusal unreachable;
	int64_t tried_us;
	int64_t fine_us;
	uint64_t reloads;
	uint64_t refusals[STEPS_MAX];
	gateway_done_fn *done; /* the gateway stops and waits for the attempt; else NULL */
	void *done_user;
};

/* NULL inside when there is no thread to be had: free it. */
struct policy_live *policy_live_new(struct gateway *gateway, const struct policy_role *role,
	const struct config_policy *config, struct error *err);
/* From now on this is what decides. */
void policy_live_set(
	struct policy_live *live, const struct policy_kept *kept, bool from_kept, int64_t now_us);

struct attempt *policy_attempt_new(struct policy_live *live, bool forced, bool allow_older);
void policy_attempt_free(struct attempt *attempt);
void policy_attempt_run(void *attempt); /* blocks; in the thread "policy" */
/* Main thread: takes over what came, or notes why nothing did. */
void policy_attempt_finish(struct policy_live *live, struct attempt *attempt);
