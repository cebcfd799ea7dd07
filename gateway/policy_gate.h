/*
 * policy_gate: what a policy goes through before it decides anything. A table of steps; the first
 * that says no ends it, and nothing has changed.
 *
 *     fetch ▶ open ▶ signature ▶ unpack ▶ check ▶ compile ▶ load ▶ data ▶ order ▶ test ▶
 *     scenarios ▶ trial
 *
 * A new condition is a new row in policy_gate.c. Everything blocks: for a thread that has nothing
 * else to do. It asks nothing of the gateway and changes nothing in it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "gateway/policy_kept.h"
#include "gateway/policy_tree.h"
#include "policy/bundle.h"
#include "policy/engine.h"

struct config;
struct config_policy;

struct policy_gate {
	/* ---- asked ---- */
	const struct config_policy *config;
	const struct config *whole; /* whose sources and apps scenarios may name; may be NULL */
	const char *state;          /* a folder of ours that stays; NULL: a temporary one */
	const char *seen;           /* new_seen of a run before: nothing newer is no work. NULL */
	const struct policy_kept *last; /* what an older one is told by; NULL: nothing is older */
	bool allow_older;
	int64_t timeout_ms;    /* of fetching; 0: the configuration's */
	int64_t wait_ms;       /* long polling */
	const bool *cancelled; /* atomic; may be NULL */
	bool covers;           /* the policy is loaded for policy/coverage.h: for tools alone */

	/* ---- answered; texts live in the arena ---- */
	struct arena *arena;
	struct policy *policy; /* all steps passed: a reference of the caller's; else NULL */
	struct policy_kept
		found;        /* revision and digest once it was loaded, commit and serial before */
	const char *new_seen; /* names what was fetched: a commit, an ETag; NULL: nothing came */
	bool unchanged;       /* nothing newer than `seen` */
	const char *step;     /* where it ended */
	bool reached; /* something was fetched: a "no" is about the policy, not its source */
	bool holds;   /* the bundle server can hold questions */
	int64_t retry_after_s; /* that the bundle server asks for; < 0: none */

	/* ---- under way ---- */
	char scratch[512]; /* "": not made */
	bool is_written;   /* the files lie in it */
	const char *git_folder;
	struct policy_tree tree;
	struct policy_bundle bundle;
	const char *bytes; /* of the bundle */
	size_t size;
	const char *label; /* where it comes from, for the revision; NULL */
	struct policy_files files;
};

/* Of policy_gate.step, in order; NULL behind the last. For metrics. */
const char *policy_gate_step(size_t index);

/*
 * All steps. True: gate->policy is there, or gate->unchanged. False: err says why, gate->step
 * where. ERROR_POLICY and ERROR_SYNTAX are the policy's fault; with others another try may help.
 */
bool policy_gate_run(struct policy_gate *gate, struct error *err);

/* Only those that make a policy of what is there, without tests and trial: for tools. */
bool policy_gate_load(struct policy_gate *gate, struct error *err);

void policy_gate_init(struct policy_gate *gate, const struct config_policy *config);
void policy_gate_fini(struct policy_gate *gate);

/* "git:https://…#main", "directory:/etc/…": for status and for what is kept. In arena. */
const char *policy_gate_source(struct arena *arena, const struct config_policy *config);
