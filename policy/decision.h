/*
 * decision: from the value that a policy gave to what the gateway acts on.
 *
 * The shape is that of product.md, "Decision contract":
 *
 *     effect       "allow", "deny" or "hold"; must be there
 *     reasons      list of {"code": text, "message": text}; absent: none
 *     obligations  list of objects (SCIM PATCH operations, which scim/ reads); absent: none
 *     approval     {"groups": list of texts, "min": ≥ 1, "expires_s": ≥ 1}; of a hold, where it
 *                  must be there, and of nothing else
 *     apps         list of texts; absent is not the same as empty
 *     observed     list of {"code": text, "message": text}: reasons of rule packages that do not
 *                  act (level observe, or soft and overridden); of any effect; absent: none
 *     overridable  true or false; true only of a denial: all its reasons are of soft packages, so
 *                  an admin may override them with a reason (docs/enforcement-levels.md)
 *
 * A list is an array or a set. Anything else - another member, another type, null, an empty
 * code or name - is no decision: better none than one that was meant otherwise.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct policy_failure;
struct value;

enum policy_effect { POLICY_DENY, POLICY_ALLOW, POLICY_HOLD };

struct policy_reason {
	const char *code;    /* stable, for programs: "sod.payments" */
	const char *message; /* for people */
};

struct policy_approval {
	const char *const *groups; /* whose members may approve; may be empty */
	size_t group_count;
	int64_t min;       /* how many of them */
	int64_t expires_s; /* after how many seconds it is off */
};

/* All of it lives in the arena, or in the value that was read. */
struct policy_decision {
	enum policy_effect effect;
	const struct policy_reason *reasons;
	size_t reason_count;
	const struct value *obligations; /* array or set of objects; NULL: none */
	struct policy_approval approval; /* of a hold */
	bool has_apps;
	const char *const *apps;
	size_t app_count;
	const struct policy_reason *observed; /* recorded and counted; they do nothing */
	size_t observed_count;
	bool overridable;          /* of a denial */
	const struct value *value; /* as the policy gave it */
};

/* "deny", "allow", "hold". */
const char *policy_effect_name(enum policy_effect effect);

/* Adds those of `more` whose code is not there yet; the list is made anew in arena. */
void policy_reasons_join(struct arena *arena, const struct policy_reason **list, size_t *count,
	const struct policy_reason *more, size_t more_count);
/*
 * The answer to an operation of several slices: the value of the strongest one, with what was
 * observed in all of them, and overridable only if each denial is.
 */
const struct value *policy_decision_of_slices(struct arena *arena, const struct value *strongest,
	const struct policy_reason *observed, size_t observed_count, bool overridable);

/*
 * value NULL: POLICY_FAILURE_UNDEFINED; of another shape: POLICY_FAILURE_INVALID, with the path
 * of what is wrong: "decision.reasons[0].code: must be a text that is not empty".
 */
bool policy_decision_read(struct arena *arena, const struct value *value,
	struct policy_decision *decision, struct policy_failure *failure);
