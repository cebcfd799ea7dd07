/*
 * builtin: what a builtin function of Rego gets, may do and must not do; the table of them.
 *
 * A builtin is a pure C function of its arguments and of the decision's time. A new one is
 * one row in policy/builtin_rows.h and one function in a policy/builtin_*.c.
 * A plan which names a builtin that has no row is refused when it loads. Never add a row
 * whose function answers "undefined" for what it does not do: `not that(x)` would be true.
 *
 *     const struct value *builtin_upper(
 *             struct policy_context *context, const struct value *const *args)
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
 * complete and immutable values, as many as the row says: the loader checked it.
 *
 * Answers, three kinds:
 *   - a value, in context->arena, in a longer-lived one, or an argument or a part of one;
 *   - NULL with nothing reported: undefined (`min([])`);
 *   - NULL after builtin_error() or a failed builtin_is(): an error. Strict, as the gateway
 *     runs, it ends the decision (policy.builtin); lenient, as OPA's cases want it, it is
 *     undefined.
 *
 * Budgets: everything whose work or memory grows with an argument is charged BEFORE it is done
 * (see policy/context.h; the call itself and value_size(args) need no charge). A charge that
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
#include "policy/context.h"

typedef const struct value *policy_builtin_fn(
	struct policy_context *context, const struct value *const *args);

struct policy_builtin {
	const char *name; /* as plans write it: "object.get" */
	unsigned args;    /* how many */
	policy_builtin_fn *fn;
};

/* The row of that name; NULL: there is none. The table is sorted; a test holds it so. */
const struct policy_builtin *policy_builtin_find(const char *name);
/* Why there is none of that name; NULL: nobody knows such a builtin (policy/builtin_refused.c). */
const char *policy_builtin_refusal(const char *name);
/* The name of the i-th refused one; NULL behind the last. */
const char *policy_builtin_refused_at(size_t index);
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

/* ---- the functions, one for each row ---- */

#define ROW(name, args, function) policy_builtin_fn function;
#include "policy/builtin_rows.h"
#undef ROW
