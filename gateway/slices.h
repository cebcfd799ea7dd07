/*
 * slices: the answers to the slices of one operation become one (product.md, "Decision contract").
 * Used where an operation is decided (write_decide.c) and where it is decided again (verdict.c), so
 * that the two cannot differ. Pure, any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct policy_decision;
struct policy_failure;

/* Of so many member changes; an operation without any has one. */
size_t slices_of(size_t changes);

/*
 * What an allowed operation is obliged to, and where it may go, is one answer. False: the slice
 * `slice` got another one than those before it; *failure is a conflict that says so.
 */
bool slices_agree(const struct policy_decision *joined, const struct policy_decision *next,
	size_t slice, struct policy_failure *failure);

enum slices_reasons {
	SLICES_LEAVE,   /* the answer is weaker than what was said: its reasons do not count */
	SLICES_ADD,     /* as strong: they join those that are there */
	SLICES_REPLACE, /* stronger, or the first: they take the place of those that are there */
};

/*
 * Deny before hold before allow: joined is the strongest answer, the first of its kind, and
 * overridable only if all of that kind are. The first slice, 0, begins it. Reasons and what was
 * observed are the caller's: told is what becomes of the reasons.
 */
enum slices_reasons slices_join(
	struct policy_decision *joined, const struct policy_decision *next, size_t slice);
