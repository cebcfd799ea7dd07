/*
 * context: one evaluation as builtins see it: where results go, what is left of the budget, and
 * work on values that pays for itself.
 *
 * A charge that cannot be paid does not return: it leaves the whole evaluation by longjmp
 * (policy.budget). So nothing may be held across a charge but arena memory, what policy_buf()
 * gave, and what is in the cache. CLEANUP() does not run.
 *
 * Threads: a context belongs to one worker.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/value.h"

struct arena;
struct buf;

/* One evaluation, as builtins see it. Read the fields; change none but through the functions. */
struct policy_context {
	struct arena *arena;        /* results and scratch; ends with the decision */
	struct value_charge charge; /* steps left; pass &context->charge to value_*_charged() */
	uint64_t clock_at;          /* the clock is looked at when charge.left falls below this */
	size_t bytes_end;           /* arena_used() may not pass this */
	int64_t time_us; /* the decision's time: what time.now_ns() answers, in microseconds */
	bool failed;     /* builtin_error() was called */
	struct policy_notes *notes; /* NULL: nobody listens */
};

/* ---- budget: none of these returns when the budget is spent ---- */

/* What happens when a charge cannot be paid, and when the clock is due. Use the inline below. */
void policy_charge_slow(struct policy_context *context, uint64_t steps);

/* One step is about 10 ns of work: a value touched, or 64 bytes of text read or written. */
static inline void policy_charge(struct policy_context *context, uint64_t steps)
{
	uint64_t left = context->charge.left;

	if (left < context->clock_at || left - context->clock_at < steps) {
		policy_charge_slow(context, steps); /* pays as well */
		return;
	}
	context->charge.left = left - steps;
}

/* For text: one step and one for each 64 bytes begun. */
static inline void policy_charge_text(struct policy_context *context, size_t bytes)
{
	policy_charge(context, 1 + bytes / 64);
}

/*
 * Looks at the clock now, whatever the steps say: after a library call whose cost nobody can
 * foresee (a regex). About 25 ns; not for every call of something cheap.
 */
void policy_charge_clock(struct policy_context *context);

/* Keeps what trace() says, when somebody listens. text lives in the arena or longer. */
void policy_note(struct policy_context *context, const char *text);

/* Memory about to be taken from the arena in a way that policy_alloc() does not see. */
void policy_charge_bytes(struct policy_context *context, size_t bytes);

/* Arena memory, charged (bytes, and steps for filling it). count * bytes may overflow: charged as
 * such. */
void *policy_alloc(struct policy_context *context, size_t bytes);
void *policy_alloc_array(struct policy_context *context, size_t count, size_t bytes);

/* ---- work on values, charged: values may be graphs of 2^24 paths ---- */

int policy_compare(struct policy_context *context, const struct value *a, const struct value *b);
bool policy_equals(struct policy_context *context, const struct value *a, const struct value *b);
/* NULL: not there. Object: the member's value; array: item by its number; set: the item itself. */
const struct value *policy_lookup(
	struct policy_context *context, const struct value *container, const struct value *key);
/* Stable merge sort in the arena. */
void policy_sort(struct policy_context *context, const struct value **items, size_t count);
/* As value_of_array() and its kin: NULL items are left out; of equal keys the last one stands. */
const struct value *policy_array(
	struct policy_context *context, const struct value *const *items, size_t count);
const struct value *policy_set(
	struct policy_context *context, const struct value *const *items, size_t count);
const struct value *policy_object(
	struct policy_context *context, const struct value_member *members, size_t count);
/* Appends the canonical JSON text. */
void policy_print(struct policy_context *context, struct buf *buf, const struct value *value);
/* The contents of a buf as a string value, charged; the buf may be used again. */
const struct value *policy_text_of_buf(struct policy_context *context, const struct buf *buf);

/*
 * A growing buf that the worker owns and that survives a longjmp; empty at each call. There are
 * POLICY_BUFS of them, so that a builtin may use more than one; nobody else uses them while a
 * builtin runs. Its growth is not charged: charge what is appended (policy_charge_text() and
 * policy_charge_bytes()); policy_print() charges by itself.
 */
#define POLICY_BUFS 3
struct buf *policy_buf(struct policy_context *context, unsigned index);

/* ---- things that are expensive to make: compiled regexes and globs ---- */

/*
 * A cache of the worker thread: no locks; it outlives decisions and policies, so an entry must
 * depend on nothing but its kind and key. Bounded (POLICY_CACHE_SLOTS; a newer one takes the
 * place of an older one). `kind` tells users of the cache apart: a static string, compared as
 * a pointer. The maker frees what it could not finish; policy_cache_add() does not longjmp.
 */
#define POLICY_CACHE_SLOTS 512
typedef void policy_cache_free_fn(void *object);
/* NULL: not there. The object stays valid until the next policy_cache_add() of this worker. */
void *policy_cache_find(
	struct policy_context *context, const char *kind, const char *key, size_t key_size);
/* Takes over `object`; free_fn is called with it when it is evicted or the worker ends. */
void policy_cache_add(struct policy_context *context, const char *kind, const char *key,
	size_t key_size, void *object, policy_cache_free_fn *free_fn);
