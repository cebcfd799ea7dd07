/*
 * builtin: what a builtin function of Rego gets, may do and must not do; the table of them.
 *
 * A builtin is a pure C function of its arguments and of the decision's time. A new one is
 * one row in policy/builtin_rows.h and one function in a policy/builtin_*.c.
 * A plan which names a builtin that has no row is refused when it loads. Never add a row
 * whose function answers "undefined" for what it does not do: `not that(x)` would be true.
 *
 *     const struct value *builtin_upper(
 *             struct policy_context *context, const struct value *const *args, size_t count)
 *     {
 *             if (!builtin_is(context, args, 0, VALUE_STRING)) {
 *                     return NULL;
 *             }
 *             char *text = policy_alloc(context, value_size(args[0]) + 1);
 *             …
 *             return value_of_text_n(context->arena, text, value_size(args[0]));
 *     }
 *
 * Arguments: never NULL (a call with an undefined argument is undefined before it gets here),
 * complete and immutable values; `count` lies within the row's limits, which the loader checked.
 *
 * Answers, three kinds:
 *   - a value, in context->arena, in a longer-lived one, or an argument or a part of one;
 *   - NULL with nothing reported: undefined (`min([])`);
 *   - NULL after builtin_error() or a failed builtin_is(): an error. Strict, as the gateway
 *     runs, it ends the decision (policy.builtin); lenient, as OPA's cases want it, it is
 *     undefined.
 *
 * Budgets: everything whose work or memory grows with an argument is charged BEFORE it is done
 * (see the functions below; the call itself and value_size(args) need no charge). A charge that
 * cannot be paid does not return: it leaves the whole evaluation by longjmp (policy.budget).
 * So a builtin may hold nothing across a charge but arena memory, what policy_buf() gave, and
 * what is in the cache: no heap memory, no locks, no files. CLEANUP() does not run.
 *
 * Threads: a context belongs to one worker. No static state that is written after start.
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
};

typedef const struct value *policy_builtin_fn(
	struct policy_context *context, const struct value *const *args, size_t count);

struct policy_builtin {
	const char *name; /* as plans write it: "object.get" */
	unsigned args_min;
	unsigned args_max;
	policy_builtin_fn *fn;
};

/* The row of that name; NULL: there is none. The table is sorted; a test holds it so. */
const struct policy_builtin *policy_builtin_find(const char *name);
/* The i-th row in order of names; NULL behind the last. For listings and tests. */
const struct policy_builtin *policy_builtin_at(size_t index);

/* ---- errors ---- */

/*
 * Reports an error and returns NULL. The sentence starts with what is wrong ("division by
 * zero"); name of the builtin and place in the policy are put in front by the evaluator.
 * The first error of a call stands.
 */
const struct value *builtin_error(struct policy_context *context, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* True if args[index] is of that type; else reports "operand 1 must be string but got number". */
bool builtin_is(struct policy_context *context, const struct value *const *args, size_t index,
	enum value_type type);
/* The same for several types: a set of (1u << VALUE_…); the message names them all. */
bool builtin_is_any(struct policy_context *context, const struct value *const *args, size_t index,
	unsigned types);

/* ---- budget: none of these returns when the budget is spent ---- */

/* What happens when a charge cannot be paid, and when the clock is due. Use the inline below. */
void policy_charge_slow(struct policy_context *context, uint64_t steps);

/* One step is about 10 ns of work: a value touched, or 64 bytes of text read or written. */
static inline void policy_charge(struct policy_context *context, uint64_t steps)
{
	if (context->charge.left < context->clock_at + steps) {
		policy_charge_slow(context, steps); /* pays as well */
		return;
	}
	context->charge.left -= steps;
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

/* Memory about to be taken from the arena in a way that policy_alloc() does not see. */
void policy_charge_bytes(struct policy_context *context, size_t bytes);

/* Arena memory, charged (bytes, and steps for filling it). policy_array() checks the product. */
void *policy_alloc(struct policy_context *context, size_t bytes);
void *policy_alloc_array(struct policy_context *context, size_t count, size_t bytes);

/* ---- work on values, charged: values may be graphs of 2^24 paths ---- */

int policy_compare(struct policy_context *context, const struct value *a, const struct value *b);
bool policy_equals(struct policy_context *context, const struct value *a, const struct value *b);
/* NULL: not there. Object: the member's value; array: by a number; set: the item itself. */
const struct value *policy_lookup(
	struct policy_context *context, const struct value *container, const struct value *key);
/* Stable merge sort in the arena. */
void policy_sort(struct policy_context *context, const struct value **items, size_t count);
/* As value_of_array(), value_of_set(), value_of_object() (NULL items left out; the last equal key
 * stands). */
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
 * a pointer.
 *
 *     pcre2_code *code = policy_cache_find(context, kind_regex, text, size);
 *     if (code == NULL) { code = compile(…); policy_cache_add(context, kind_regex, text, size,
 * code, free_code); }
 */
#define POLICY_CACHE_SLOTS 512
typedef void policy_cache_free_fn(void *object);
/* NULL: not there. The object stays valid until the next policy_cache_add() of this worker. */
void *policy_cache_find(
	struct policy_context *context, const char *kind, const char *key, size_t key_size);
/* Takes over `object` (frees it with free_fn when it is evicted or the worker ends). No longjmp. */
void policy_cache_add(struct policy_context *context, const char *kind, const char *key,
	size_t key_size, void *object, policy_cache_free_fn *free_fn);
