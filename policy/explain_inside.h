/*
 * What the files of explain share. Internal to policy/.
 *
 *     explain.c         the document
 *     explain_body.c    bodies of rules and their conditions: from places in the source
 *     explain_run.c     what a trace says of them: which were true, where others stopped
 *     explain_maker.c   which rules made a reason
 *     explain_tell.c    clauses, conditions and values as JSON
 *     explain_flip.c    single values whose change would turn a condition
 *     explain_set.c     … and the places that they were made of
 *     explain_try.c     … and whether it does
 *
 * A body is one rule: `deny contains … if { … }`. A condition is an expression of it: whatever
 * stands within the same outermost span of the source, outside the rule's head.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/value.h"
#include "policy/engine.h"
#include "policy/explain.h"
#include "policy/trace_inside.h"

#define EXPLAIN_HEAD UINT32_MAX
#define EXPLAIN_DEPTH 5     /* rules that explain rules */
#define EXPLAIN_CLAUSES 400 /* in the whole document */
#define EXPLAIN_VALUES 12   /* of a condition */
#define EXPLAIN_STOPS 3     /* of a rule, told one by one */
#define EXPLAIN_VALUE_BYTES 1000
#define EXPLAIN_TEXT_BYTES 400
#define EXPLAIN_CHANGES 5 /* told of a reason */
#define EXPLAIN_FLIPS 20000
#define EXPLAIN_TRIES 100           /* in the whole */
#define EXPLAIN_TRY_STEPS 100000000 /* of all of them together: about a second */
#define EXPLAIN_COMPARES 50000000   /* values and bytes compared; copied: as many again */

struct explain_body {
	uint32_t function;
	uint32_t first; /* points */
	uint32_t count;
	bool is_rule;
	uint32_t *conditions; /* points that stand for them: the outermost spans, in order */
	uint32_t condition_count;
};

struct explain {
	const struct policy_question *question;
	struct arena *arena;
	const struct policy_trace *trace;
	const struct program *program;
	const struct value *decision; /* NULL: none */
	struct explain_body *bodies;
	uint32_t body_count;
	uint32_t *body_of; /* of a point */
	uint32_t *outer;   /* of a point: its condition's number in the body, or EXPLAIN_HEAD */
	bool *shown;       /* of an evaluation: told already, for this reason */
	size_t clauses_left;
	size_t tries_left;
	size_t flips_left;              /* rules looked into for what would turn them */
	uint64_t steps_left;            /* of tries */
	struct value_charge charge;     /* of comparisons */
	uint8_t *says;                  /* of a body and a depth: see explain_body.c */
	struct explain_result *results; /* of evaluations: containers, by address */
	size_t result_count;
	bool lines_only;
	bool only_true; /* why rules were not true is of no interest */
};

struct explain_result {
	const struct value *value;
	uint32_t evaluation;
};

/* Events of one evaluation, one after the other (event.next), all of one condition. */
struct explain_run {
	uint32_t first; /* TRACE_NONE: it did not run */
	uint32_t last;
};

/* ---- explain_body.c ---- */

void explain_prepare(struct explain *it);
/* Bodies of a function stand together: the first, and how many. */
uint32_t explain_bodies_of(const struct explain *it, uint32_t function, uint32_t *count);
bool explain_is_not(const struct explain *it, uint32_t body, uint32_t condition);
/* Whether the head of the body, or a rule that it takes its value from, says "allow". */
bool explain_says_allow(struct explain *it, uint32_t body);
const char *explain_file(const struct explain *it, const struct trace_point *point);
/* Of a condition. Where the plan gives a short `else` the place of all that comes behind it, the
 * line behind the head. */
const char *explain_condition_text(const struct explain *it, uint32_t body, uint32_t condition);
/* The source between the ends of the point's span, on one line. In arena; NULL: not known. */
const char *explain_text(const struct explain *it, const struct trace_point *point);

/* ---- explain_run.c ---- */

static inline const struct trace_event *explain_event(const struct explain *it, uint32_t event)
{
	return &it->trace->events[event];
}

static inline const struct trace_point *explain_point(const struct explain *it, uint32_t event)
{
	return &it->program->traced[it->trace->events[event].point];
}

/* The last run of each condition before `event`, by number; as many as the body has. In arena. */
struct explain_run *explain_runs_before(const struct explain *it, uint32_t body, uint32_t event);
/* The event at which the body was true, after `after` (TRACE_NONE: from the start); TRACE_NONE. */
uint32_t explain_fired(
	const struct explain *it, uint32_t evaluation, uint32_t body, uint32_t after);

struct explain_stop {
	uint32_t condition; /* EXPLAIN_HEAD: the value of the rule is undefined */
	struct explain_run run;
};
/* Where the body stopped: at most `most`, the furthest first; returns how often it did. */
size_t explain_stops(const struct explain *it, uint32_t evaluation, uint32_t body,
	struct explain_stop *stops, size_t most);
/* A default, or an `else`, for which there was no need. */
bool explain_was_not_needed(const struct explain *it, uint32_t evaluation, uint32_t body);
#define EXPLAIN_RULES 32 /* that one event or head asked */
/* Evaluations of the rules that an event asked, or whose value is what it looked at. */
size_t explain_rules_of(const struct explain *it, uint32_t event, uint32_t *list, size_t most);
/* Those that the head of a body asked. Without a condition of its own it only hands them on. */
size_t explain_handed_on(
	const struct explain *it, uint32_t evaluation, uint32_t body, uint32_t *list, size_t most);
/* The rule whose whole value a member of another's value is. TRACE_NONE: none. */
uint32_t explain_source(const struct explain *it, const struct trace_node *node);
/* Is it there, not false and not empty? */
bool explain_is_true(const struct value *value);
/* The first event of a body that has no condition, before the one at which it was true. */
uint32_t explain_head_of(const struct explain *it, uint32_t body, uint32_t event);
/* Where that came from; NULL as below. */
const struct trace_node *explain_maker(const struct explain *it, uint32_t event);
/* What a rule's head put into its set, object or value at this event. NULL: it is no such event. */
const struct value *explain_made(const struct explain *it, uint32_t event);

/* ---- explain_maker.c ---- */

/* False as well when too much was compared: it->charge.exhausted. */
bool explain_equals(struct explain *it, const struct value *a, const struct value *b);
/* Events at which rules made the item; where it is handed on only, the first of these; else the
 * first whose value has it within. */
size_t explain_makers(struct explain *it, const struct value *item, uint32_t *events, size_t most);
/* Those that only handed it on: their conditions have a say, too. */
size_t explain_handers(struct explain *it, const struct value *item, uint32_t *events, size_t most);

/* ---- explain_tell.c ---- */

const struct value *explain_condition(struct explain *it, uint32_t body, uint32_t condition,
	struct explain_run run, bool holds, unsigned depth);
/* A body that was true at `event`. */
const struct value *explain_clause(
	struct explain *it, uint32_t body, uint32_t event, unsigned depth);
/* A body that was not. NULL: it did not run, or has nothing to tell. */
const struct value *explain_stopped(
	struct explain *it, uint32_t evaluation, uint32_t body, unsigned depth);

/* ---- explain_flip.c ---- */

struct explain_change {
	bool of_data;
	const struct value *path;
	enum { CHANGE_SET, CHANGE_ADD, CHANGE_REMOVE } op;
	const struct value *value; /* of a removed member of an object or set index: NULL */
	const struct value *before;
};

struct explain_changes {
	struct explain_change *list;
	size_t count;
	size_t most;
};

/* What an operation may have and this one has not. */
void explain_propose_samples(struct explain *it, struct explain_changes *changes);
/* What would keep the body from being true at `event`. */
void explain_unmake(struct explain *it, uint32_t body, uint32_t event,
	struct explain_changes *changes, unsigned depth);
/* What would let the body get beyond where it stopped. */
void explain_make(struct explain *it, uint32_t evaluation, uint32_t body,
	struct explain_changes *changes, unsigned depth);

/* ---- explain_set.c ---- */

/* A condition that is to be turned. */
struct explain_flip {
	struct explain *it;
	struct explain_changes *changes;
	uint32_t body;
	uint32_t condition;
	struct explain_run run;
	bool want; /* of the expression, without a `not` before it */
	unsigned depth;
};

void explain_propose_at(struct explain_flip *flip, bool of_data, const struct value *path, int op,
	const struct value *value, const struct value *before);
/* At the node's place, if it has one. */
void explain_propose(struct explain_flip *flip, const struct trace_node *node, int op,
	const struct value *value);
bool explain_is_of_data(const struct explain_flip *flip, const struct trace_node *node);
/* The node would have to be `wanted`: it is a place, or was made of some. */
void explain_set(
	struct explain_flip *flip, const struct trace_node *node, const struct value *wanted);

/* ---- explain_try.c ---- */

/* The answer with the changes. False: they cannot be made, or there is no answer. */
struct policy_decision;
bool explain_try(struct explain *it, const struct explain_change *const *changes, size_t count,
	struct policy_decision *decision);
/* Those that turn the decision, or at least take `code` (NULL: none) away, best first. */
const struct value *explain_tried(struct explain *it, const struct explain_changes *changes,
	const char *code, const struct explain_change **best);
const struct value *explain_together(
	struct explain *it, const struct explain_change *const *changes, size_t count);
