/*
 * The step decide: asks the policy. It never fails for "no": deny and hold are answers, and no
 * answer is recorded as such. A group operation of more than WRITE_SLICE member changes is decided
 * slice by slice, one per turn of the loop; it is allowed if every slice is.
 *
 * The own evaluator answers at once. An OPA server is asked (policy_asker.h), and the step waits:
 *
 *     start ─▶ own ─────────────────▶ take ─▶ the next slice, or the next step
 *        └───▶ OPA ─wait─▶ finish ──────┘
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
#include "gateway/policy_asker.h"
#include "gateway/slices.h"
#include "gateway/snapshot.h"
#include "gateway/write.h"
#include "io/loop.h"
#include "policy/engine.h"

enum { REASONS_MAX = sizeof(((struct write *)0)->reasons) / sizeof(const char *) };

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
	write->revision = NULL;
	write->weighs = false;
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
static bool needs_weighing(const struct request *request, const struct policy_decision *decision)
{
	return request->override != NULL && !request->write->overridden &&
	       decision->effect != POLICY_DENY;
}

static const struct value *without_override(struct request *request)
{
	return value_with(request->arena, request->write->input, "override", NULL);
}

static void weigh_override(struct request *request, const struct policy_decision *decision)
{
	struct write *write = request->write;
	struct policy_decision without;
	struct policy_failure ignored;
	struct policy_budget budget;

	if (!needs_weighing(request, decision)) {
		return;
	}
	struct policy_call call = ask_call(request, without_override(request), &budget);
	write->overridden = !policy_decide(request->snapshot->policy, request->snapshot->decision,
				    &call, &without, &ignored) ||
			    without.effect != decision->effect;
}

/* Of several slices each code once. */
static void add_observed(struct request *request, const struct policy_decision *decision)
{
	struct write *write = request->write;

	if (write->slice == 0) {
		write->observed = decision->observed;
		write->observed_count = decision->observed_count;
		return;
	}
	policy_reasons_join(request->arena, &write->observed, &write->observed_count,
		decision->observed, decision->observed_count);
}

/* The answer to one slice joins those before. The strongest "no" speaks first. */
static void join(struct request *request, const struct policy_decision *decision)
{
	struct write *write = request->write;
	enum slices_reasons reasons;

	add_observed(request, decision);
	reasons = slices_join(&write->decision, decision, write->slice);
	write->effect = policy_effect_name(write->decision.effect);
	write->overridable = write->decision.overridable;
	if (reasons == SLICES_LEAVE) {
		return;
	}
	if (reasons == SLICES_REPLACE) {
		write->reason_count = 0;
	}
	for (size_t i = 0; i < decision->reason_count; i++) {
		add_reason(write, decision->reasons[i].code, decision->reasons[i].message);
	}
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
	write->overridden =
		write->overridden && write->has_answer && write->decision.effect != POLICY_DENY;
	if (strcmp(write->effect, "allow") != 0) {
		rate_settle(request->worker->gateway->rate, &write->rate, false, request->time_us);
	}
	return STEP_NEXT;
}

/* The answer to one slice is there, or there is none. */
static enum step_result take(struct request *request, const struct policy_decision *decision)
{
	struct write *write = request->write;

	write->has_answer = decision != NULL &&
			    slices_agree(&write->decision, decision, write->slice, &write->failure);
	if (!write->has_answer) {
		no_answer(write);
		return end(request);
	}
	join(request, decision);
	write->slice++;
	return write->slice < write->slice_count ? STEP_AGAIN : end(request);
}

/* ---- the own evaluator ---- */

static enum step_result decide(struct request *request)
{
	struct write *write = request->write;
	struct policy_decision decision = { 0 };
	int64_t started_us = loop_now_us();
	bool answered = ask(request, &decision);

	write->revision = policy_revision(request->snapshot->policy);
	if (answered) {
		weigh_override(request, &decision);
	}
	write->decide_us += loop_now_us() - started_us;
	return take(request, answered ? &decision : NULL);
}

/* ---- an OPA server ---- */

static void on_answered(void *user)
{
	request_resume(user);
}

static enum step_result ask_server(struct request *request, const struct value *input)
{
	struct write *write = request->write;

	if (write->question == NULL) {
		write->question = arena_alloc(request->arena, sizeof(*write->question));
	}
	*write->question = (struct policy_question){
		.input = input,
		.arena = write->slice_arena != NULL ? write->slice_arena : request->arena,
		.deadline_us = write->deadline_us,
		.decides = true,
		.done = on_answered,
		.user = request,
	};
	write->asked_us = loop_now_us();
	policy_asker_ask(request->worker->asker, write->question);
	return STEP_WAIT;
}

/* One operation is decided by one policy: the server may get another between two slices. */
static bool is_same_revision(struct request *request)
{
	struct write *write = request->write;
	const char *revision = write->question->reply.revision;

	if (write->revision != NULL && strcmp(write->revision, revision) != 0) {
		write->failure.kind = POLICY_FAILURE_CONFLICT;
		snprintf(write->failure.text, sizeof(write->failure.text),
			"the OPA server got another policy in between: %s, then %s",
			write->revision, revision);
		return false;
	}
	write->revision = arena_strdup(request->arena, revision);
	return true;
}

static bool read_answer(struct request *request, struct policy_decision *decision)
{
	struct write *write = request->write;
	const struct policy_question *question = write->question;

	write->decide_us += loop_now_us() - write->asked_us;
	if (!question->answered) {
		write->failure = question->failure;
		return false;
	}
	return is_same_revision(request) &&
	       policy_decision_read(
		       request->arena, question->reply.result, decision, &write->failure) &&
	       keep(request, decision);
}

/* It was asked without the override: was it worth anything? */
static enum step_result finish_weighing(struct request *request)
{
	struct write *write = request->write;
	struct policy_decision without = { 0 };

	write->weighs = false;
	write->overridden =
		!read_answer(request, &without) || without.effect != write->weighed.effect;
	return take(request, &write->weighed);
}

enum step_result write_decide_finish(struct request *request)
{
	struct write *write = request->write;
	struct policy_decision decision = { 0 };

	if (write->weighs) {
		return finish_weighing(request);
	}
	if (!read_answer(request, &decision)) {
		return take(request, NULL);
	}
	if (needs_weighing(request, &decision)) {
		write->weighs = true;
		write->weighed = decision;
		return ask_server(request, without_override(request));
	}
	return take(request, &decision);
}

/* ---- */

enum step_result write_decide_start(struct request *request)
{
	struct write *write = request->write;

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
	return request->snapshot->policy != NULL ? decide(request)
						 : ask_server(request, write->input);
}
