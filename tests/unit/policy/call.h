/*
 * Calls one builtin outside of any policy, within a budget: what the tests of builtins share.
 */
#pragma once

#include <stddef.h>
#include "policy/engine.h"

struct value;

/*
 * args: a JSON array of the arguments; {"$set": […]} in it is a set. The answer's canonical text
 * (a set as {"$set": […]}), "undefined", "error: …" or "budget: …". It stays until the next call.
 */
const char *call_builtin(const char *name, const char *args);

/* The same within a budget of its own. */
const char *call_builtin_within(
	const char *name, const char *args, const struct policy_budget *budget);

/* Of arguments that are there; at most 8. */
const char *call_builtin_values(
	const char *name, const struct value *const *args, const struct policy_budget *budget);

/* A row of a table of calls and what they give. */
struct call_case {
	const char *name, *args, *want;
};
/* Fails with a message that shows the row. */
void call_check(const struct call_case *cases, size_t count);
#define CALL_CHECK(cases) call_check(cases, sizeof(cases) / sizeof((cases)[0]))
