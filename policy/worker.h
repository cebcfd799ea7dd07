/*
 * worker: what one thread keeps for evaluating, and the state of the evaluation under way.
 *
 * Internal to policy/. The context that builtins get is the first member, so the way from one to
 * the other is a cast. Nothing here is shared between threads.
 */
#pragma once

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/value.h"
#include "policy/cache.h"
#include "policy/context.h"
#include "policy/engine.h"
#include "policy/program.h"

struct frame;
struct growing;
struct policy_coverage;
struct policy_trace;

/* A loop under way. */
struct scan {
	const struct value_member *members; /* of an object, else NULL */
	const struct value *const *items;   /* of an array or set */
	uint32_t next;
	uint32_t count;
	bool is_set;
};

/*
 * What a rule gave for one pair of documents. Two per rule: those of the call, and the last
 * others, which a `with` made. So a `with` costs no rule its memo.
 */
struct memo {
	uint64_t generation; /* the evaluation it belongs to */
	const struct value *input;
	const struct value *data;
	const struct value *result; /* NULL: undefined */
};

#define WORKER_STACK_SLOTS (256 * 1024) /* locals of all frames; untouched pages cost nothing */
#define WORKER_STACK_SCANS (16 * 1024)
#define WORKER_CLOCK_STEPS 4096
#define WORKER_CPU_UNKNOWN INT64_MIN

struct policy_worker {
	struct policy_context context; /* must be first */

	/* the evaluation under way */
	const struct policy_budget *budget;
	const struct program *program;
	const struct op *op; /* under way, of `function`: for messages */
	const struct function *function;
	struct frame *frame;
	bool spared; /* of the frame that ended last */
	struct policy_failure *failure;
	jmp_buf exit;
	int64_t deadline_us;  /* of the monotonic clock: when to look at the CPU time */
	int64_t cpu_start_us; /* CPU time of the thread at the first look, or _UNKNOWN */
	size_t bytes_start;
	unsigned depth;
	bool lenient;
	const struct value *input; /* of the call: its documents have a memo of their own */
	const struct value *data;
	struct growing *results;
	char builtin_error[256];
	struct policy_coverage
		*coverage;          /* NULL: nobody wants to know; see policy_worker_watch() */
	struct policy_trace *trace; /* the same; see policy_worker_trace() */

	/* kept */
	const struct value **stack;
	size_t stack_used;
	struct scan *scans;
	size_t scans_used;
	struct memo (*memos)[2]; /* by number of the function */
	size_t memo_count;
	uint64_t generation;
	struct buf bufs[POLICY_BUFS];
	struct policy_cache cache;

	/* the last evaluation */
	uint64_t steps_used;
	size_t bytes_used;
};

static inline struct policy_worker *policy_worker_of(struct policy_context *context)
{
	return (struct policy_worker *)context;
}

#define POLICY_DEPTH_MAX 2000 /* containers within each other */
_Noreturn void policy_leave_depth(struct policy_context *context);
/* Walks recurse: values that a plan nests in a loop must not exhaust the C stack. */
static inline void policy_check_depth(struct policy_context *context, const struct value *value)
{
	if (value_depth(value) > POLICY_DEPTH_MAX) {
		policy_leave_depth(context);
	}
}

/* Ends the evaluation: fills its failure ("file:row:col: …") and jumps out. */
_Noreturn void policy_leave(struct policy_worker *worker, enum policy_failure_kind kind,
	const char *format, ...) __attribute__((format(printf, 3, 4)));
