/*
 * coverage: which statements of a policy ran.
 *
 * Only of a policy that was loaded with policy_limits.coverage: its program then has an op more in
 * front of each statement. All other policies have none of it, so it costs them nothing.
 *
 * A point is one statement of the plan at its place in the source. Not thread-safe: one coverage,
 * one worker at a time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct policy;
struct policy_coverage;
struct policy_worker;

struct policy_point {
	const char *file;     /* "rules/groups.rego", as the plan names it */
	unsigned row;         /* from 1 */
	const char *function; /* "g0.data.scimward.rules.deny" */
	size_t clause; /* which block of the function: the i-th rule of that name, from 0; behind
			  the last rule come blocks that hand the result on */
	bool is_head;  /* the rule's last: when it ran, the rule was true */
	uint64_t hits;
};

/* NULL: the policy was not loaded for it. Holds a reference of the policy. */
struct policy_coverage *policy_coverage_new(struct policy *policy);
void policy_coverage_free(struct policy_coverage *coverage); /* NULL is fine */
void policy_coverage_cleanup(struct policy_coverage **coverage);

/* What the worker evaluates of this policy counts from now on. NULL: nothing. */
void policy_worker_watch(struct policy_worker *worker, struct policy_coverage *coverage);

/* Points in the order of the plan: those of a function, and of a clause in it, stand together. */
size_t policy_coverage_count(const struct policy_coverage *coverage);
struct policy_point policy_coverage_at(const struct policy_coverage *coverage, size_t index);

/*
 * Marks: which points were hit since the marks were last cleared, beside the sum. So one decision
 * can be looked at within a longer run.
 */
void policy_coverage_clear_marks(struct policy_coverage *coverage);
bool policy_coverage_is_marked(const struct policy_coverage *coverage, size_t index);
