#include "gateway/scenario_judge.h"

#include <string.h>
#include "base/arena.h"
#include "base/value.h"
#include "gateway/scenario.h"
#include "gateway/scenario_match.h"
#include "gateway/scenario_read.h"
#include "gateway/trial.h"
#include "policy/coverage.h"

enum { SHOWN_BYTES = 600 };

struct judge {
	const struct scenario_then *then;
	const struct scenario_came *came;
	struct arena *scratch;
	struct scenario_differences *differences;
};

static void differ(struct judge *judge, const char *what, const struct scenario_want *want,
	const char *expected, const char *got)
{
	scenario_differ(judge->differences, what, want->line, expected, got);
}

static const char *preview(struct judge *judge, const struct value *value)
{
	return value != NULL ? value_preview(judge->scratch, value, SHOWN_BYTES) : "nothing";
}

/* ---- the decision ---- */

static void judge_effect(struct judge *judge)
{
	const struct scenario_want *want = &judge->then->effect;
	const struct trial_answer *answer = judge->came->answer;
	const char *got = answer->effect;

	if (strcmp(got, value_text(want->value)) == 0) {
		return;
	}
	if (!answer->is_decided) {
		got = arena_printf(judge->scratch, "no decision: %s", judge->came->detail);
	} else if (answer->failure != NULL) {
		got = arena_printf(judge->scratch, "%s: %s", got, answer->failure);
	}
	differ(judge, "effect", want, value_text(want->value), got);
}

static const struct value *codes_of(struct judge *judge)
{
	const struct trial_answer *answer = judge->came->answer;
	struct value_builder codes = { .arena = judge->scratch };

	for (size_t i = 0; i < answer->reason_count; i++) {
		value_add_item(&codes, value_of_text(judge->scratch, answer->reasons[i].code));
	}
	return value_finish_array(&codes);
}

static void judge_reasons(struct judge *judge)
{
	const struct scenario_want *want = &judge->then->reasons;
	const struct value *codes = codes_of(judge);

	if (!scenario_same_texts(want->value, codes)) {
		differ(judge, "reasons", want, preview(judge, want->value), preview(judge, codes));
	}
}

static void judge_message(struct judge *judge)
{
	const struct scenario_want *want = &judge->then->message;
	const struct trial_answer *answer = judge->came->answer;
	const char *part = value_text(want->value);

	for (size_t i = 0; i < answer->reason_count; i++) {
		if (strstr(answer->reasons[i].message, part) != NULL) {
			return;
		}
	}
	differ(judge, "message", want, part,
		answer->reason_count > 0 ? answer->reasons[0].message : judge->came->detail);
}

/* Sets come as they are ordered; what is no obligation at all is an empty list. */
static void judge_obligations(struct judge *judge)
{
	const struct scenario_want *want = &judge->then->obligations;
	const struct value *got = judge->came->answer->obligations;
	struct value_builder list = { .arena = judge->scratch };

	for (size_t i = 0; i < value_count(got); i++) {
		value_add_item(&list, value_at(got, i));
	}
	got = value_finish_array(&list);
	if (!value_equals(want->value, got)) {
		differ(judge, "obligations", want, preview(judge, want->value),
			preview(judge, got));
	}
}

static void judge_apps(struct judge *judge)
{
	const struct scenario_want *want = &judge->then->apps;
	const struct value *got = judge->came->answer->apps;

	if (got == NULL || !scenario_same_texts(want->value, got)) {
		differ(judge, "apps", want, preview(judge, want->value),
			got != NULL ? preview(judge, got) : "the decision names none");
	}
}

static void judge_noop(struct judge *judge)
{
	const struct scenario_want *want = &judge->then->noop;
	bool got = judge->came->answer->noop;

	if (got != value_bool(want->value)) {
		differ(judge, "noop", want, got ? "a change" : "no change",
			got ? "no change" : "a change");
	}
}

static void judge_observed(struct judge *judge)
{
	const struct scenario_want *want = &judge->then->observed;
	const struct trial_answer *answer = judge->came->answer;
	struct value_builder codes = { .arena = judge->scratch };
	const struct value *got;

	for (size_t i = 0; i < answer->observed_count; i++) {
		value_add_item(&codes, value_of_text(judge->scratch, answer->observed[i]));
	}
	got = value_finish_array(&codes);
	if (!scenario_same_texts(want->value, got)) {
		differ(judge, "observed", want, preview(judge, want->value), preview(judge, got));
	}
}

static void judge_overridable(struct judge *judge)
{
	const struct scenario_want *want = &judge->then->overridable;
	bool got = judge->came->answer->overridable;

	if (got != value_bool(want->value)) {
		differ(judge, "overridable", want, got ? "no" : "yes", got ? "yes" : "no");
	}
}

static void judge_overridden(struct judge *judge)
{
	const struct scenario_want *want = &judge->then->overridden;
	bool got = judge->came->answer->overridden;

	if (got != value_bool(want->value)) {
		differ(judge, "overridden", want, got ? "no" : "yes", got ? "yes" : "no");
	}
}

/* ---- what is there afterwards ---- */

static void judge_status(struct judge *judge)
{
	const struct scenario_want *want = &judge->then->status;
	int64_t status = 0;

	if (!value_int(want->value, &status) || status != judge->came->answer->status) {
		differ(judge, "status", want, preview(judge, want->value), judge->came->detail);
	}
}

/* A refusal changes nothing, whether the scenario asks for it or not. */
static void judge_unchanged(struct judge *judge)
{
	const struct scenario_want *want = &judge->then->unchanged;
	bool expects = want->value == NULL || value_bool(want->value);

	if (judge->came->changed == expects) {
		const struct scenario_want *at = want->value != NULL ? want : &judge->then->effect;

		differ(judge, "unchanged", at, expects ? "nothing changed" : "something changed",
			expects ? "something changed" : "nothing changed");
	}
}

/* Names in it stand for ids. Unknown ones were found when the file was read. */
static const struct value *with_ids(struct judge *judge, const struct value *value)
{
	const char *unknown = NULL;
	const struct value *result = scenario_replace_in(
		judge->scratch, value, judge->came->find, judge->came->user, &unknown);

	return result != NULL ? result : value;
}

static void judge_resource(struct judge *judge)
{
	const struct scenario_want *want = &judge->then->resource;

	scenario_match(judge->differences, "resource", want->line, with_ids(judge, want->value),
		judge->came->resource);
}

/* As the scenario calls it, if it does. */
static const struct value *called(struct judge *judge, const char *id)
{
	const char *name = id != NULL ? judge->came->call(judge->came->user, id) : NULL;

	return id != NULL ? value_of_text(judge->scratch, name != NULL ? name : id) : NULL;
}

static void judge_members(struct judge *judge)
{
	const struct scenario_want *want = &judge->then->members;
	const struct value *members = value_find(judge->came->resource, "members");
	struct value_builder expected = { .arena = judge->scratch };
	struct value_builder got = { .arena = judge->scratch };
	struct value_builder shown = { .arena = judge->scratch };

	for (size_t i = 0; i < value_count(want->value); i++) {
		const char *name = value_text(value_at(want->value, i));
		const char *id = judge->came->find(judge->came->user, name);

		value_add_item(&expected, value_of_text(judge->scratch, id != NULL ? id : name));
	}
	for (size_t i = 0; i < value_count(members); i++) {
		value_add_item(&got, value_find(value_at(members, i), "value"));
		value_add_item(
			&shown, called(judge, value_find_text(value_at(members, i), "value")));
	}
	if (!scenario_same_texts(value_finish_array(&expected), value_finish_array(&got))) {
		differ(judge, "members", want, preview(judge, want->value),
			preview(judge, value_finish_array(&shown)));
	}
}

static void judge_reply(struct judge *judge)
{
	static const struct value_limits limits = {
		.bytes = TRIAL_REPLY_BYTES, .depth = 64, .values = 10000000
	};
	const struct trial_answer *answer = judge->came->answer;
	const struct scenario_want *want = &judge->then->reply;
	const struct value *body =
		value_parse(judge->scratch, answer->body, answer->body_size, &limits, NULL);

	scenario_match(judge->differences, "reply", want->line, with_ids(judge, want->value), body);
}

/* ---- all of it ---- */

void scenario_judge(const struct scenario_then *then, const struct scenario_came *came,
	struct arena *scratch, struct scenario_differences *differences)
{
	struct judge judge = { then, came, scratch, differences };
	const struct {
		const struct scenario_want *want;
		void (*fn)(struct judge *judge);
	} rows[] = {
		{ &then->effect, judge_effect },
		{ &then->reasons, judge_reasons },
		{ &then->message, judge_message },
		{ &then->status, judge_status },
		{ &then->obligations, judge_obligations },
		{ &then->apps, judge_apps },
		{ &then->noop, judge_noop },
		{ &then->observed, judge_observed },
		{ &then->overridable, judge_overridable },
		{ &then->overridden, judge_overridden },
		{ &then->resource, judge_resource },
		{ &then->members, judge_members },
		{ &then->reply, judge_reply },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].want->value != NULL) {
			rows[i].fn(&judge);
		}
	}
	if (came->has_state) {
		judge_unchanged(&judge);
	}
}

/* ---- which rules ---- */

/* "g0.data.scimward.rules.deny" ends with ".deny". */
static bool is_rule_of(const char *function, const char *effect)
{
	const char *last = strrchr(function, '.');

	return last != NULL && strcmp(last + 1, effect) == 0;
}

enum { RULES_MAX = 20 };

/* Points of one rule stand together. */
static bool is_noted(const struct scenario_result *result, const char *rule)
{
	return result->rule_count > 0 && strcmp(result->rules[result->rule_count - 1], rule) == 0;
}

void scenario_rules_of(const struct policy_coverage *coverage, const char *effect,
	struct arena *arena, struct scenario_result *result)
{
	const char **rules = arena_calloc(arena, RULES_MAX, sizeof(*rules));

	result->rules = rules;
	result->rule_count = 0;
	for (size_t i = 0; i < policy_coverage_count(coverage); i++) {
		struct policy_point point = policy_coverage_at(coverage, i);

		if (policy_coverage_is_marked(coverage, i) && point.is_head &&
			is_rule_of(point.function, effect) && result->rule_count < RULES_MAX) {
			const char *rule = arena_printf(arena, "%s:%u", point.file, point.row);

			if (!is_noted(result, rule)) {
				rules[result->rule_count++] = rule;
			}
		}
	}
}
