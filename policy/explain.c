#include "policy/explain.h"

#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/cleanup.h"
#include "base/value.h"
#include "policy/decision.h"
#include "policy/explain_inside.h"
#include "policy/ir.h"
#include "policy/trace.h"

#define RULES_MOST 5    /* that gave one and the same reason */
#define REASONS_MOST 50 /* explained */
#define CHANGES_MOST 60 /* proposed for one reason */

/* What the two evaluations gave. */
struct answer {
	bool ok;
	struct policy_decision decision;
	struct policy_failure failure;
};

static uint32_t body_at(const struct explain *it, uint32_t event)
{
	return it->body_of[explain_event(it, event)->point];
}

/* ---- reasons ---- */

struct told_reason {
	const struct value *document;
	const struct explain_change *best; /* NULL: none helps */
	bool has_condition;                /* a rule with a condition of its own made it */
};

static void propose_against(
	struct explain *it, const uint32_t *events, size_t count, struct explain_changes *changes)
{
	for (size_t i = 0; i < count; i++) {
		explain_unmake(it, body_at(it, events[i]), events[i], changes, 0);
	}
}

/* Nearest first: what is told is what was found first. */
static void propose_for(struct explain *it, const struct value *reason, const uint32_t *makers,
	size_t count, struct explain_changes *changes)
{
	uint32_t handers[RULES_MOST];

	changes->list = arena_calloc(it->arena, CHANGES_MOST, sizeof(*changes->list));
	changes->most = CHANGES_MOST;
	explain_propose_samples(it, changes);
	propose_against(it, makers, count, changes);
	propose_against(it, handers, explain_handers(it, reason, handers, RULES_MOST), changes);
}

static void tell_reason(
	struct explain *it, const struct value *reason, bool tries, struct told_reason *told)
{
	uint32_t events[RULES_MOST];
	size_t count = explain_makers(it, reason, events, RULES_MOST);
	struct explain_changes changes = { .count = 0 };
	struct value_builder document = { .arena = it->arena };
	struct value_builder rules = { .arena = it->arena };

	*told = (struct told_reason){ .best = NULL };
	memset(it->shown, 0, it->trace->evaluation_count * sizeof(*it->shown));
	for (size_t i = 0; i < count; i++) {
		uint32_t body = body_at(it, events[i]);

		told->has_condition |= it->bodies[body].condition_count > 0;
		value_add_item(&rules, explain_clause(it, body, events[i], 0));
	}
	value_add(&document, "code", value_find(reason, "code"));
	value_add(&document, "message", value_find(reason, "message"));
	value_add(&document, "rules", value_finish_array(&rules));
	if (tries) {
		propose_for(it, reason, events, count, &changes);
		value_add(&document, "changes",
			explain_tried(it, &changes, value_find_text(reason, "code"), &told->best));
	}
	told->document = value_finish_object(&document);
}

/* ---- what could have said "allow" ---- */

/* What is to be told of one run of a rule: where those of its bodies stopped that could allow. */
struct allowing {
	struct explain *it;
	uint32_t evaluation;
	uint32_t first; /* bodies */
	uint32_t count;
	struct value_builder *clauses;
	struct explain_changes *changes;
};

static bool has_fired(const struct allowing *at, uint32_t body)
{
	return at->it->bodies[body].is_rule &&
	       explain_fired(at->it, at->evaluation, body, TRACE_NONE) != TRACE_NONE;
}

/*
 * None of the ways that it took could have said so, and one that it did not take could: else
 * nothing stopped here.
 */
static bool is_in_question(const struct allowing *at)
{
	bool could = false;

	for (uint32_t i = at->first; i < at->first + at->count; i++) {
		if (!at->it->bodies[i].is_rule || !explain_says_allow(at->it, i)) {
			continue;
		}
		if (has_fired(at, i)) {
			return false;
		}
		could = true;
	}
	return could;
}

/* There was no need for it, since something else was true: that is what stands in the way. */
static void tell_in_the_way(const struct allowing *at)
{
	for (uint32_t i = at->first; i < at->first + at->count; i++) {
		uint32_t event = explain_fired(at->it, at->evaluation, i, TRACE_NONE);

		if (at->it->bodies[i].is_rule && event != TRACE_NONE) {
			value_add_item(at->clauses, explain_clause(at->it, i, event, 0));
			explain_unmake(at->it, i, event, at->changes, 0);
		}
	}
}

static void tell_allowing(const struct allowing *at)
{
	bool told = false;

	if (!is_in_question(at)) {
		return;
	}
	for (uint32_t i = at->first; i < at->first + at->count; i++) {
		if (!at->it->bodies[i].is_rule || !explain_says_allow(at->it, i)) {
			continue;
		}
		if (!explain_was_not_needed(at->it, at->evaluation, i)) {
			value_add_item(at->clauses, explain_stopped(at->it, at->evaluation, i, 0));
			explain_make(at->it, at->evaluation, i, at->changes, 0);
		} else if (!told) {
			told = true;
			tell_in_the_way(at);
		}
	}
}

static void tell_allow(struct explain *it, struct value_builder *document)
{
	struct value_builder clauses = { .arena = it->arena };
	struct explain_changes changes = { .most = CHANGES_MOST };
	const struct explain_change *best;

	changes.list = arena_calloc(it->arena, CHANGES_MOST, sizeof(*changes.list));
	memset(it->shown, 0, it->trace->evaluation_count * sizeof(*it->shown));
	for (uint32_t i = 0; i < it->trace->evaluation_count; i++) {
		struct allowing at = {
			.it = it, .evaluation = i, .clauses = &clauses, .changes = &changes
		};

		at.first = explain_bodies_of(it, it->trace->evaluations[i].function, &at.count);
		tell_allowing(&at);
	}
	value_add(document, "allow", value_finish_array(&clauses));
	value_add(document, "changes", explain_tried(it, &changes, NULL, &best));
}

/* ---- the answer ---- */

static void tell_reasons(struct explain *it, bool is_allowed, struct value_builder *document)
{
	const struct value *reasons = value_find(it->decision, "reasons");
	const struct explain_change *best[REASONS_MOST];
	struct value_builder list = { .arena = it->arena };
	bool speaks_against = false;
	bool all_help = true;
	size_t count = 0;

	for (size_t i = 0; i < value_count(reasons) && i < REASONS_MOST; i++) {
		struct told_reason told;

		tell_reason(it, value_at(reasons, i), !is_allowed, &told);
		value_add_item(&list, told.document);
		speaks_against |= told.has_condition || told.best != NULL;
		all_help &= told.best != NULL;
		if (told.best != NULL) {
			best[count++] = told.best;
		}
	}
	value_add(document, "reasons", value_finish_array(&list));
	if (!is_allowed && !speaks_against) {
		tell_allow(it, document);
	} else if (!is_allowed && all_help) {
		value_add(document, "together", explain_together(it, best, count));
	}
}

/* Members of the decision that rules fill as well. */
static void tell_makers(struct explain *it, const char *member, const char *item_name,
	struct value_builder *document)
{
	const struct value *items = value_find(it->decision, member);
	struct value_builder list = { .arena = it->arena };

	for (size_t i = 0; i < value_count(items) && i < REASONS_MOST; i++) {
		uint32_t events[RULES_MOST];
		size_t count = explain_makers(it, value_at(items, i), events, RULES_MOST);
		struct value_builder one = { .arena = it->arena };
		struct value_builder rules = { .arena = it->arena };

		memset(it->shown, 0, it->trace->evaluation_count * sizeof(*it->shown));
		for (size_t j = 0; j < count; j++) {
			value_add_item(
				&rules, explain_clause(it, body_at(it, events[j]), events[j], 1));
		}
		value_add(&one, item_name, value_at(items, i));
		value_add(&one, "rules", value_finish_array(&rules));
		value_add_item(&list, value_finish_object(&one));
	}
	if (list.count > 0) {
		value_add(document, member, value_finish_array(&list));
	}
}

/* The rules that had the whole decision as their value, the outermost first. */
static const struct value *tell_decided_by(struct explain *it)
{
	struct value_builder list = { .arena = it->arena };

	memset(it->shown, 0, it->trace->evaluation_count * sizeof(*it->shown));
	it->only_true = true;
	for (uint32_t i = (uint32_t)it->trace->event_count; i-- > 0 && list.count < RULES_MOST;) {
		const struct value *made = explain_made(it, i);

		if (made != NULL && explain_equals(it, made, it->decision)) {
			value_add_item(&list, explain_clause(it, body_at(it, i), i, 1));
		}
	}
	it->only_true = false;
	return value_finish_array(&list);
}

/* ---- no answer ---- */

/* "rules/a.rego:12:3: …" → the file and 12. */
static const char *place_in(struct arena *arena, const char *text, int64_t *line)
{
	const char *end = strstr(text, ".rego:");

	*line = end != NULL ? strtol(end + 6, NULL, 10) : 0;
	return *line > 0 ? arena_text(arena, text, (size_t)(end - text) + 5) : NULL;
}

static const struct value *values_at_end(struct explain *it, uint32_t *body)
{
	uint32_t last = (uint32_t)it->trace->event_count;

	while (last > 0 && explain_event(it, last - 1)->outcome != TRACE_RUNNING) {
		last--;
	}
	if (last == 0) {
		return NULL;
	}
	uint32_t event = last - 1; /* the innermost that did not end */
	*body = body_at(it, event);
	uint32_t first = event;
	for (uint32_t at = it->trace->evaluations[explain_event(it, event)->evaluation].first;
		at != TRACE_NONE && at <= event; at = explain_event(it, at)->next) {
		const struct trace_point *a = explain_point(it, at);
		const struct trace_point *b = explain_point(it, event);

		if (a->place.row != b->place.row) {
			first = TRACE_NONE;
		} else if (first == TRACE_NONE || at < first) {
			first = at;
		}
	}
	return explain_condition(
		it, *body, EXPLAIN_HEAD, (struct explain_run){ first, event }, false, 4);
}

static void tell_failure(
	struct explain *it, const struct policy_failure *failure, struct value_builder *document)
{
	struct value_builder told = { .arena = it->arena };
	int64_t line;
	const char *file = place_in(it->arena, failure->text, &line);
	uint32_t body;

	value_add_text(&told, "code", policy_failure_code(failure->kind));
	value_add_text(&told, "message", arena_strdup(it->arena, failure->text));
	if (file != NULL) {
		struct trace_point point = { .place = { .row = (uint32_t)line, .col = 1 } };

		value_add_text(&told, "file", file);
		value_add_int(&told, "line", line);
		for (uint32_t i = 0; i < it->program->file_count; i++) {
			if (strcmp(it->program->files[i], file) == 0) {
				point.place.file = i;
				value_add_text(&told, "text", explain_text(it, &point));
			}
		}
		const struct value *end = values_at_end(it, &body);
		if (end != NULL) {
			value_add_text(&told, "rule",
				trace_function_name(
					trace_function(it->program, it->bodies[body].function)));
			value_add(&told, "values", value_find(end, "values"));
		}
	}
	value_add(document, "error", value_finish_object(&told));
}

/* ---- the whole ---- */

static void decide(const struct policy_question *question, struct policy *policy,
	const struct policy_call *call, struct answer *answer)
{
	*answer = (struct answer){ .ok = false };
	answer->ok = policy_decide(policy, policy_find_entrypoint(policy, question->entrypoint),
		call, &answer->decision, &answer->failure);
}

/* The traced one may take longer: it decides nothing. */
static void decide_traced(const struct policy_question *question, struct policy_trace *trace,
	bool has_answer, struct answer *answer)
{
	struct policy_call call = *question->call;
	struct policy_budget budget = call.budget != NULL ? *call.budget : policy_budget_default;

	budget.time_us *= 20;
	if (has_answer) {
		budget.steps *= 4;
		budget.bytes *= 2;
	}
	call.budget = &budget;
	policy_worker_trace(call.worker, trace);
	decide(question, question->traced, &call, answer);
	policy_worker_trace(call.worker, NULL);
}

static bool agree(struct explain *it, const struct answer *a, const struct answer *b)
{
	if (a->ok != b->ok) {
		return false;
	}
	return a->ok ? explain_equals(it, a->decision.value, b->decision.value)
		     : a->failure.kind == b->failure.kind;
}

static const struct value *tell(
	struct explain *it, const struct answer *plain, const struct answer *traced)
{
	struct value_builder document = { .arena = it->arena };

	value_add(&document, "decision", plain->ok ? plain->decision.value : NULL);
	if (plain->ok && traced->ok) {
		it->decision = traced->decision.value;
		value_add(&document, "decided_by", tell_decided_by(it));
		tell_reasons(it, plain->decision.effect == POLICY_ALLOW, &document);
		tell_makers(it, "observed", "reason", &document);
		tell_makers(it, "obligations", "obligation", &document);
	} else {
		tell_failure(it, plain->ok ? &traced->failure : &plain->failure, &document);
	}
	if (policy_trace_is_cut(it->trace) || it->clauses_left == 0 || it->charge.exhausted) {
		value_add(&document, "cut", value_of_bool(true));
	}
	if (it->lines_only) {
		value_add(&document, "lines_only", value_of_bool(true));
	}
	return value_finish_object(&document);
}

/* A decision that is a graph of too many paths is no document for anybody. */
static const struct value *copied(
	struct explain *it, const struct value *document, const struct answer *plain)
{
	struct value_charge charge = { .left = EXPLAIN_COMPARES };
	struct value_builder told = { .arena = it->arena };
	const struct value *copy = value_copy_charged(it->arena, document, &charge);

	if (copy != NULL) {
		return copy;
	}
	value_add(&told, "decision", plain->ok ? plain->decision.value : NULL);
	value_add(&told, "cut", value_of_bool(true));
	return value_finish_object(&told);
}

const struct value *policy_explain(const struct policy_question *question, bool *same)
{
	CLEANUP(policy_trace_cleanup)
	struct policy_trace *trace = policy_trace_new(question->traced, NULL);
	struct answer plain;
	struct answer traced;
	struct explain it = {
		.question = question,
		.arena = question->call->arena,
		.trace = trace,
		.program = trace->program,
		.clauses_left = EXPLAIN_CLAUSES,
		.tries_left = EXPLAIN_TRIES,
		.flips_left = EXPLAIN_FLIPS,
		.steps_left = EXPLAIN_TRY_STEPS,
		.charge = { .left = EXPLAIN_COMPARES },
	};

	decide(question, question->policy, question->call, &plain);
	decide_traced(question, trace, plain.ok, &traced);
	if (same != NULL) {
		*same = agree(&it, &plain, &traced);
	}
	explain_prepare(&it);
	/* Nodes live in the trace, which ends here: the document must not point into it. */
	return copied(&it, tell(&it, &plain, &traced), &plain);
}
