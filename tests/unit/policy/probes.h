/*
 * Loads the plan of plans/probes.rego and evaluates its entry points: what several tests of
 * policy/ share. One policy and one worker for a test program.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include "policy/engine.h"

struct arena;

#define PROBES_PLAN "tests/unit/policy/plans/probes.json"

/* Ends the program when the plan does not load. data NULL: {}. */
struct policy *probes_load(const char *data);

/* JSON text → value; ends the program for malformed text. NULL gives NULL. */
const struct value *probes_value(struct arena *arena, const char *json);

/*
 * Evaluates data.probes.<name>. The answer's canonical text, "undefined", or the failure's code,
 * in arena. `call` may preset budget and lenient; failure may be NULL.
 */
const char *probes_run(struct policy *policy, struct policy_call *call, const char *name,
	const char *input, struct policy_failure *failure);
