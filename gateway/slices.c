#include "gateway/slices.h"

#include <stdio.h>
#include "base/value.h"
#include "gateway/write.h"
#include "policy/decision.h"
#include "policy/engine.h"

size_t slices_of(size_t changes)
{
	return changes == 0 ? 1 : (changes + WRITE_SLICE - 1) / WRITE_SLICE;
}

static bool is_same(const struct value *a, const struct value *b)
{
	return a == b || (a != NULL && b != NULL && value_equals(a, b));
}

bool slices_agree(const struct policy_decision *joined, const struct policy_decision *next,
	size_t slice, struct policy_failure *failure)
{
	if (slice == 0 || joined->effect != POLICY_ALLOW || next->effect != POLICY_ALLOW ||
		(is_same(joined->obligations, next->obligations) &&
			is_same(value_find(joined->value, "apps"),
				value_find(next->value, "apps")))) {
		return true;
	}
	failure->kind = POLICY_FAILURE_CONFLICT;
	snprintf(failure->text, sizeof(failure->text),
		"slice %zu got other obligations or apps than those before", slice);
	return false;
}

static int rank(enum policy_effect effect)
{
	return effect == POLICY_DENY ? 2 : (effect == POLICY_HOLD ? 1 : 0);
}

enum slices_reasons slices_join(
	struct policy_decision *joined, const struct policy_decision *next, size_t slice)
{
	if (slice == 0 || rank(next->effect) > rank(joined->effect)) {
		*joined = *next;
		return SLICES_REPLACE;
	}
	if (rank(next->effect) < rank(joined->effect)) {
		return SLICES_LEAVE;
	}
	joined->overridable = joined->overridable && next->overridable;
	return SLICES_ADD;
}
