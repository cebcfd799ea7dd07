/*
 * reload: makes snapshots and hands them to the workers: a policy, the tokens and paused sources of
 * now. Main thread; before there are workers as well.
 */
#pragma once

#include <stdbool.h>

struct error;
struct gateway;
struct policy;

/*
 * From now on this policy decides, with tokens as the store has them. NULL: an OPA server does.
 * Takes over its reference,
 * also when it fails: ERROR_POLICY without an entry point scimward/decision, ERROR_STORE; then
 * nothing has changed.
 */
bool reload_policy(struct gateway *gateway, struct policy *policy, struct error *err);
/* The same of the candidate beside it (shadow.h); the policy in force stays. */
bool reload_candidate(struct gateway *gateway, struct policy *candidate, struct error *err);
