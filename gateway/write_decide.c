/*
 * The step decide: asks the policy. It never fails for "no": deny and hold are answers, and no
 * answer is recorded as such. A group operation of more than WRITE_SLICE member changes is decided
 * slice by slice, one per turn of the loop; it is allowed if every slice is.
 */
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/value.h"
#include "gateway/ask.h"
#include "gateway/gateway.h"
#include "gateway/input.h"
#include "gateway/members.h"
#include "gateway/snapshot.h"
#include "gateway/write.h"
#include "io/loop.h"
#include "policy/engine.h"

enum { REASONS_MAX = sizeof(((struct write *)0)->reasons) / sizeof(const char *) };

static size_t slices_of(size_t changes)
{
	return changes == 0 ? 1 : (changes + WRITE_SLICE - 1) / WRITE_SLICE;
}

static void free_slice_arena(void *arena)
{
	arena_free(arena);
}

/* Before the first slice: counts what would be removed and reserves it. */
static void begin(struct request *request)
{
	struct write *write = request->write;
	bool deletes = write->operation == WRITE_DELETE;
	int64_t removed = (int64_t)write->removed_count;

	if (deletes) {
		removed = request->type->has_members ? write->before->members
						     : (int64_t)write->group_count;
	}
	write->rate = (struct rate_claim){ .tenant = request->source->tenant,
		.source = request->source->id };
	write->rate.counts[STORE_RATE_DEACTIVATIONS - 1] = write->leaves ? 1 : 0;
	write->rate.counts[STORE_RATE_REMOVALS - 1] = removed;
	rate_reserve(request->worker->gateway->rate, &write->rate, request->time_us);

	write->slice_count = slices_of(write->judged_count + write->removed_count);
	if (write->slice_count > 1 && write->slice_arena == NULL) {
		write->slice_arena = arena_new();
		arena_defer(request->arena, free_slice_arena, write->slice_arena);
	}
	write->judged_values = (struct value_builder){ .arena = request->arena };
	write->removed_values = (struct value_builder){ .arena = request->arena };
	write->judged_entries = arena_alloc(
		request->arena, (write->judged_count + 1) * sizeof(*write->judged_entries));
	write->removed_entries = arena_alloc(
		request->arena, (write->removed_count + 1) * sizeof(*write->removed_entries));
	write->reason_count = 0;
	write->message = "";
	write->code = "";
	write->effect = "allow";
	write->observed = NULL;
	write->observed_count = 0;
	write->overridable = false;
	write->overridden = false;
	write->decide_us = 0;
}

/* A decision of one slice of several must not point into what goes with the slice. */
static bool keep(struct request *request, struct policy_decision *decision)
{
	if (request->write->slice_arena == NULL) {
		return true;
	}
	return policy_decision_read(request->arena, value_copy(request->arena, decision->value),
		decision, &request->write->failure);
}

static bool ask(struct request *request, struct policy_decision *decision)
{
	struct write *write = request->write;
	struct snapshot *snapshot = request->snapshot;
	struct policy_budget budget;
	struct policy_call call = ask_call(request, write->input, &budget);

	return policy_decide(
		       snapshot->policy, snapshot->decision, &call, decision, &write->failure) &&
	       keep(request, decision);
}

static void add_reason(struct write *write, const char *code, const char *message)
{
	for (size_t i = 0; i < write->reason_count; i++) {
		if (strcmp(write->reasons[i], code) == 0) {
			return;
		}
	}
	if (write->reason_count == 0) {
		write->code = code;
		write->message = message;
	}
	if (write->reason_count < REASONS_MAX) {
		write->reasons[write->reason_count++] = code;
	}
}

/*
 * Did the override matter to this slice? The policy alone knows, so it is asked again without it;
 * there is an override only when an admin sent one.
 */
static void weigh_override(struct request *request, const struct policy_decision *decision)
{
	struct write *write = request->write;
	const struct value *input;
	struct policy_decision without;
	struct policy_failure ignored;
	struct policy_budget budget;

	if (request->override == NULL || write->overridden || decision->effect == POLICY_DENY) {
		return;
	}
	input = value_with(request->arena, write->input, "override", NULL);
	struct policy_call call = ask_call(request, input, &budget);
	write->overridden = !policy_decide(request->snapshot->policy, request->snapshot->decision,
				    &call, &without, &ignored) ||
			    without.effect != decision->effect;
}

/* Observed reasons are those of all slices, each code once. */
static void add_observed(struct request *request, const struct policy_decision *decision)
{
	struct write *write = request->write;
	struct policy_reason *all;

	if (write->slice == 0) {
		write->observed = decision->observed;
		write->observed_count = decision->observed_count;
		return;
	}
	if (decision->observed_count == 0) {
		return;
	}
	all = arena_alloc(
		request->arena, (write->observed_count + decision->observed_count) * sizeof(*all));
	if (write->observed_count > 0) {
		memcpy(all, write->observed, write->observed_count * sizeof(*all));
	}
	for (size_t i = 0; i < decision->observed_count; i++) {
		size_t at = 0;

		while (at < write->observed_count &&
			strcmp(all[at].code, decision->observed[i].code) != 0) {
			at++;
		}
		if (at == write->observed_count) {
			all[write->observed_count++] = decision->observed[i];
		}
	}
	write->observed = all;
}

/* deny before hold before allow. */
static int rank(const char *effect)
{
	return strcmp(effect, "deny") == 0 ? 2 : (strcmp(effect, "hold") == 0 ? 1 : 0);
}

/* The answer to one slice joins those before. The strongest "no" speaks first. */
static void join(struct request *request, const struct policy_decision *decision)
{
	struct write *write = request->write;
	const char *effect = policy_effect_name(decision->effect);

	weigh_override(request, decision);
	add_observed(request, decision);
	if (write->slice == 0 || rank(effect) > rank(write->effect)) {
		write->decision = *decision;
		write->effect = effect;
		write->reason_count = 0;
		write->overridable = decision->overridable;
	}
	if (rank(effect) < rank(write->effect)) {
		return;
	}
	write->overridable = write->overridable && decision->overridable;
	for (size_t i = 0; i < decision->reason_count; i++) {
		add_reason(write, decision->reasons[i].code, decision->reasons[i].message);
	}
}

static bool same(const struct value *a, const struct value *b)
{
	return a == b || (a != NULL && b != NULL && value_equals(a, b));
}

/* What an allowed operation is obliged to, and where it may go, is one answer: slices that
 * contradict each other are a conflict. */
static bool agrees(struct write *write, const struct policy_decision *decision)
{
	if (write->slice == 0 || rank(write->effect) > 0 || decision->effect != POLICY_ALLOW ||
		(same(write->decision.obligations, decision->obligations) &&
			same(value_find(write->decision.value, "apps"),
				value_find(decision->value, "apps")))) {
		return true;
	}
	write->failure.kind = POLICY_FAILURE_CONFLICT;
	snprintf(write->failure.text, sizeof(write->failure.text),
		"slice %zu got other obligations or apps than those before", write->slice);
	return false;
}

/* A leaver is never held by an approval, nor is the deletion of who left before (decision
 * contract). */
static void let_leaver_go(struct request *request)
{
	struct write *write = request->write;
	bool goes = write->leaves || (write->operation == WRITE_DELETE && request->type->is_person);

	if (goes && strcmp(write->effect, "hold") == 0) {
		write->effect = "allow";
		write->reason_count = 0;
		add_reason(write, "leaver.not_held", "a deactivation is never held");
		write->decision.effect = POLICY_ALLOW;
		write->decision.obligations = NULL;
		write->decision.has_apps = false;
	}
}

static void no_answer(struct write *write)
{
	write->has_answer = false;
	write->effect = "error";
	write->observed_count = 0;
	write->overridable = false;
	write->reason_count = 0;
	add_reason(write, policy_failure_code(write->failure.kind), write->failure.text);
}

static enum step_result end(struct request *request)
{
	struct write *write = request->write;

	let_leaver_go(request);
	write->overridden = write->overridden && write->has_answer && rank(write->effect) < 2;
	if (strcmp(write->effect, "allow") != 0) {
		rate_settle(request->worker->gateway->rate, &write->rate, false, request->time_us);
	}
	return STEP_NEXT;
}

enum step_result write_decide_start(struct request *request)
{
	struct write *write = request->write;
	struct policy_decision decision = { 0 };
	int64_t started_us = loop_now_us();

	if (write->slice_count == 0) {
		begin(request);
	}
	if (write->slice_arena != NULL) {
		arena_reset(write->slice_arena);
	}
	write->input = input_build(request, &request->err);
	if (write->input == NULL) {
		rate_settle(request->worker->gateway->rate, &write->rate, false, request->time_us);
		return STEP_FAIL;
	}
	write->has_answer = ask(request, &decision) && agrees(write, &decision);
	write->decide_us += loop_now_us() - started_us;
	if (!write->has_answer) {
		no_answer(write);
		return end(request);
	}
	join(request, &decision);
	write->slice++;
	return write->slice < write->slice_count ? STEP_AGAIN : end(request);
}
