/*
 * scenario_judge: what `then` asks for × what came of a request. Internal to the scenario runner.
 * Pure.
 */
#pragma once

#include <stdbool.h>
#include "gateway/scenario_text.h"

struct arena;
struct policy_coverage;
struct scenario_differences;
struct scenario_result;
struct scenario_then;
struct trial_answer;
struct value;

struct scenario_came {
	const struct trial_answer *answer;
	const char *detail;           /* "409 userName is already taken …", for messages */
	const struct value *resource; /* as the source sees it afterwards; NULL: there is none */
	bool has_state;
	bool changed;           /* of all resources, since before the request */
	scenario_find_fn *find; /* name → id */
	scenario_find_fn *call; /* id → name */
	void *user;
};

/* Notes everything that came otherwise. */
void scenario_judge(const struct scenario_then *then, const struct scenario_came *came,
	struct arena *scratch, struct scenario_differences *differences);

/*
 * Which rules made the effect, as far as the marks of the coverage tell: the rules of sets called
 * deny, hold or allow that were true. Fills result->rules.
 */
void scenario_rules_of(const struct policy_coverage *coverage, const char *effect,
	struct arena *arena, struct scenario_result *result);
