#include "gateway/verdict.h"

#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/value.h"
#include "gateway/slices.h"
#include "gateway/write.h"
#include "scim/datatype.h"
#include "scim/patch.h"
#include "scim/schema.h"

struct asking {
	const struct verdict_asker *asker;
	struct arena *arena;
	const struct value *input; /* whole */
	const struct policy_entrypoint *decision;
	int64_t time_us;
	size_t slices;

	struct policy_decision joined;
	struct policy_failure failure;
	const char *effect;
	struct policy_reason reasons[VERDICT_REASONS];
	size_t reason_count;
	const struct policy_reason *observed; /* of all slices */
	size_t observed_count;
};

static bool broken(struct error *err, const char *what)
{
	return error_set(err, ERROR_VALUE, "its input has no %s", what);
}

/* ---- the input of one slice ---- */

static const struct value *range_of(
	struct arena *arena, const struct value *list, size_t from, size_t to)
{
	struct value_builder it = { .arena = arena };

	for (size_t i = from; i < to && i < value_count(list); i++) {
		value_add_item(&it, value_at(list, i));
	}
	return value_finish_array(&it);
}

/* The added come first, then the removed; a slice is a range over both (input.c). */
static const struct value *slice_members(
	struct arena *arena, const struct value *members, size_t slice, size_t of)
{
	const struct value *added = value_find(members, "added");
	const struct value *removed = value_find(members, "removed");
	size_t from = slice * WRITE_SLICE;
	size_t to = from + WRITE_SLICE;
	size_t first = value_count(added); /* of the removed ones */
	struct value_builder place = { .arena = arena };

	value_add_int(&place, "index", (int64_t)slice);
	value_add_int(&place, "of", (int64_t)of);
	members = value_with(arena, members, "added", range_of(arena, added, from, to));
	members = value_with(arena, members, "removed",
		range_of(arena, removed, from > first ? from - first : 0,
			to > first ? to - first : 0));
	return value_with(arena, members, "slice", value_finish_object(&place));
}

size_t verdict_slices(const struct value *input)
{
	const struct value *members = value_find(input, "members");
	size_t changes = value_count(value_find(members, "added")) +
			 value_count(value_find(members, "removed"));

	return slices_of(changes);
}

const struct value *verdict_slice(struct arena *arena, const struct value *input, size_t slice)
{
	size_t of = verdict_slices(input);

	if (of == 1) {
		return input;
	}
	return value_with(arena, input, "members",
		slice_members(arena, value_find(input, "members"), slice, of));
}

static const struct value *input_of_slice(const struct asking *asking, size_t slice)
{
	const struct value *input = asking->input;

	if (asking->asker->mode != NULL) {
		input = value_with(asking->arena, input, "mode",
			value_of_text(asking->arena, asking->asker->mode));
	}
	return verdict_slice(asking->arena, input, slice);
}

/* How many slices there were, and that the members are those of so many. */
static bool count_slices(struct asking *asking, struct error *err)
{
	const struct value *members = value_find(asking->input, "members");
	int64_t of = value_find_int(value_find(members, "slice"), "of", 1);

	asking->slices = verdict_slices(asking->input);
	return (uint64_t)of == asking->slices || broken(err, "whole list of its members");
}

static bool read_input(struct asking *asking, struct error *err)
{
	const char *time = value_find_text(asking->input, "time");

	if (time == NULL || !scim_datetime_parse(time, strlen(time), true, &asking->time_us)) {
		return broken(err, "time");
	}
	asking->decision = policy_find_entrypoint(asking->asker->policy, "scimward/decision");
	if (asking->decision == NULL) {
		return error_set(err, ERROR_VALUE, "the policy has no data.scimward.decision");
	}
	return count_slices(asking, err);
}

/* ---- joining ---- */

static void add_reason(struct asking *asking, const char *code, const char *message)
{
	for (size_t i = 0; i < asking->reason_count; i++) {
		if (strcmp(asking->reasons[i].code, code) == 0) {
			return;
		}
	}
	if (asking->reason_count < VERDICT_REASONS) {
		asking->reasons[asking->reason_count++] = (struct policy_reason){ code, message };
	}
}

static void join(struct asking *asking, const struct policy_decision *decision, size_t slice)
{
	enum slices_reasons reasons = slices_join(&asking->joined, decision, slice);

	policy_reasons_join(asking->arena, &asking->observed, &asking->observed_count,
		decision->observed, decision->observed_count);
	asking->effect = policy_effect_name(asking->joined.effect);
	if (reasons == SLICES_LEAVE) {
		return;
	}
	if (reasons == SLICES_REPLACE) {
		asking->reason_count = 0;
	}
	for (size_t i = 0; i < decision->reason_count; i++) {
		add_reason(asking, decision->reasons[i].code, decision->reasons[i].message);
	}
}

/* A leaver is never held by an approval, nor is the deletion of who left before. */
static void let_leaver_go(struct asking *asking)
{
	const struct value *input = asking->input;
	const struct value *leaves = value_find(value_find(input, "rate"), "deactivations");
	const char *operation = value_find_text(input, "operation");
	bool is_person = value_find(input, "groups") != NULL;
	bool goes = value_find_int(leaves, "this", 0) > 0 ||
		    (is_person && operation != NULL && strcmp(operation, "delete") == 0);

	if (goes && strcmp(asking->effect, "hold") == 0) {
		asking->effect = "allow";
		asking->reason_count = 0;
		add_reason(asking, "leaver.not_held", "a deactivation is never held");
		asking->joined.obligations = NULL;
	}
}

/* ---- the whole ---- */

static bool ask(struct asking *asking)
{
	for (size_t slice = 0; slice < asking->slices; slice++) {
		struct policy_decision decision;
		const struct policy_call call = {
			.worker = asking->asker->worker,
			.arena = asking->arena,
			.input = input_of_slice(asking, slice),
			.time_us = asking->time_us,
			.budget = &asking->asker->budget,
		};

		if (!policy_decide(asking->asker->policy, asking->decision, &call, &decision,
			    &asking->failure) ||
			!slices_agree(&asking->joined, &decision, slice, &asking->failure)) {
			return false;
		}
		join(asking, &decision, slice);
	}
	return true;
}

/* Obligations that cannot be applied are no answer (decision contract). */
static bool can_oblige(struct asking *asking)
{
	const struct value *after = value_find(asking->input, "after");
	const char *type_name = value_find_text(asking->input, "resource_type");
	const struct scim_resource_type *type =
		type_name != NULL && asking->asker->model != NULL
			? scim_model_type(asking->asker->model, type_name)
			: NULL;
	struct scim_patch_result result = { 0 };
	struct scim_patch patch;
	struct error err = { 0 };

	if (strcmp(asking->effect, "allow") != 0 || asking->joined.obligations == NULL ||
		after == NULL || type == NULL) {
		return true;
	}
	after = value_with(asking->arena, after, "externalId", NULL);
	if (scim_patch_parse_obligations(
		    asking->arena, type, asking->joined.obligations, &patch, &err) &&
		scim_patch_apply(asking->arena, &patch, value_find_text(asking->input, "id"), after,
			&result, &err)) {
		return true;
	}
	asking->failure.kind = POLICY_FAILURE_INVALID;
	snprintf(asking->failure.text, sizeof(asking->failure.text), "obligations: %.400s",
		err.text);
	return false;
}

/* As write_output() has it. */
static const struct value *output_of(const struct asking *asking)
{
	return asking->slices <= 1 ? asking->joined.value
				   : policy_decision_of_slices(asking->arena, asking->joined.value,
					     asking->observed, asking->observed_count,
					     asking->joined.overridable);
}

static void say_failure(const struct asking *asking, struct verdict *verdict)
{
	struct policy_reason *reason = arena_alloc(asking->arena, sizeof(*reason));

	verdict->failure = arena_strdup(asking->arena, asking->failure.text);
	*reason = (struct policy_reason){ policy_failure_code(asking->failure.kind),
		verdict->failure };
	verdict->effect = "error";
	verdict->reasons = reason;
	verdict->reason_count = 1;
}

bool verdict_of(const struct verdict_asker *asker, struct arena *arena, const struct value *input,
	struct verdict *verdict, struct error *err)
{
	struct asking asking = { .asker = asker, .arena = arena, .input = input };
	bool has_answer;

	*verdict = (struct verdict){ 0 };
	if (!read_input(&asking, err)) {
		return false;
	}
	has_answer = ask(&asking);
	if (has_answer) {
		let_leaver_go(&asking);
		has_answer = can_oblige(&asking);
	}
	if (!has_answer) {
		say_failure(&asking, verdict);
		return true;
	}
	verdict->effect = asking.effect;
	verdict->output = output_of(&asking);
	verdict->reasons =
		arena_copy(arena, asking.reasons, asking.reason_count * sizeof(*asking.reasons));
	verdict->reason_count = asking.reason_count;
	return true;
}
