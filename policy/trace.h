/*
 * trace: what an evaluation did, op by op: which condition failed, which values it saw, and where
 * they came from.
 *
 * Only of a policy that was loaded with policy_limits.trace: its program has an op more in front of
 * each op, and nothing was optimised away. All other policies have none of it, so it costs them
 * nothing. The answer is the same.
 *
 * Bounded: beyond the limits nothing more is written down, and the evaluation goes on. What was
 * written down points into the evaluation's arena, input and data, and is good as long as these.
 * Not thread-safe: one trace, one worker at a time. policy/explain.h makes sentences of it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct policy;
struct policy_trace;
struct policy_worker;

struct policy_trace_limits {
	size_t events; /* ops that ran */
	size_t bytes;  /* of the trace's own memory */
};
extern const struct policy_trace_limits policy_trace_limits_default; /* 200,000; 64 MiB */

/* NULL: the policy was not loaded for it. Holds a reference of the policy. limits NULL: default. */
struct policy_trace *policy_trace_new(
	struct policy *policy, const struct policy_trace_limits *limits);
void policy_trace_free(struct policy_trace *trace); /* NULL is fine */
void policy_trace_cleanup(struct policy_trace **trace);

/* What the worker evaluates of this policy is written down; each evaluation begins anew. NULL: no
 * more. */
void policy_worker_trace(struct policy_worker *worker, struct policy_trace *trace);

/* A limit was reached: what came behind is not known. */
bool policy_trace_is_cut(const struct policy_trace *trace);
size_t policy_trace_events(const struct policy_trace *trace);
