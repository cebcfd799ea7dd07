/*
 * policy_source: a policy for whoever just wants one, as the configuration or a command names it:
 * a folder, a bundle, a repository. The gateway itself takes the whole gate (policy_gate.h).
 */
#pragma once

#include <stdbool.h>

struct arena;
struct config_policy;
struct error;
struct policy;
struct value;

/*
 * Fetches, checks, compiles and loads; runs no tests. Blocks for as long as that takes
 * (config->opa_timeout_ms and config->timeout_ms bound each part). A bundle is held
 * against the signers that config has.
 * NULL: ERROR_POLICY with what opa or the loader said, file:line first; ERROR_CONFIG when the
 * folder, the file or the program is not there; ERROR_IO, ERROR_TIMEOUT. cancelled (atomic, may be
 * NULL): set by another thread, it gives up at once.
 */
struct policy *policy_source_load(
	const struct config_policy *config, const bool *cancelled, struct error *err);

/* The same for policy/coverage.h: for tests of policies, never for a gateway. */
struct policy *policy_source_load_covered(
	const struct config_policy *config, const bool *cancelled, struct error *err);

/* A made-up operation, as the policy sees one. In arena. */
const struct value *policy_source_trial_input(struct arena *arena);

/* One decision over a made-up operation: an entry point must be there and give an answer of the
 * contract's shape. ERROR_POLICY. */
bool policy_source_try(struct policy *policy, struct error *err);
