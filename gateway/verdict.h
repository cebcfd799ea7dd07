/*
 * verdict: what a policy says to one recorded operation: all slices asked, as the gateway asked
 * them, and their answers joined as it joined them (write_decide.c).
 *
 * Nothing is guessed: an input that does not have the form of a recorded one is ERROR_VALUE.
 * One worker, one thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "policy/decision.h"
#include "policy/engine.h"

struct arena;
struct error;
struct scim_model;
struct value;

enum { VERDICT_REASONS = 64 };

struct verdict_asker {
	const struct policy *policy;
	struct policy_worker *worker;
	struct policy_budget budget;
	const struct scim_model *model; /* what obligations are held against; NULL: nothing */
	const char *mode;               /* of the input; NULL: as it was recorded */
};

struct verdict {
	const char *effect;                  /* "allow", "deny", "hold", "error" */
	const struct policy_reason *reasons; /* as the journal has them, with their messages */
	size_t reason_count;
	const struct value *output; /* the policy's answer; NULL: none */
	const char *failure;        /* of "error": why there is no answer */
};

/* How many slices the operation is asked in, and the input of one of them. In arena. */
size_t verdict_slices(const struct value *input);
const struct value *verdict_slice(struct arena *arena, const struct value *input, size_t slice);

/* input: whole, as journal_resolve_input() gives it. The verdict lives in arena, and as long as
 * input and policy. ERROR_VALUE. */
bool verdict_of(const struct verdict_asker *asker, struct arena *arena, const struct value *input,
	struct verdict *verdict, struct error *err);
