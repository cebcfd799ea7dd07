/* What a difference says: how it is counted, whom it concerns, which rules made it. */
#include "gateway/policy_replay_inside.h"

#include <string.h>
#include "base/arena.h"
#include "base/value.h"
#include "gateway/replay_policies.h"
#include "gateway/replay_rules.h"
#include "journal/query.h"
#include "policy/decision.h"

enum { MEMBER_SHOWN = 400, PEOPLE_OF_ONE = 1000 };

/* ---- who is affected ---- */

static const char *name_of(const struct value *resource)
{
	const char *name = value_find_text(resource, "userName");

	return name != NULL ? name : value_find_text(resource, "displayName");
}

static void count_members(struct replaying *it, const struct value *list)
{
	for (size_t i = 0; i < value_count(list) && i < PEOPLE_OF_ONE; i++) {
		const struct value *member = value_at(list, i);
		const char *id = value_find_text(member, "id");

		if (id != NULL) {
			tally_add(&it->report->people, id, name_of(value_find(member, "user")), 1);
		}
	}
}

static void count_affected(struct replaying *it, const struct replayed *one)
{
	const struct value *members = value_find(one->input, "members");
	const struct value *after = value_find(one->input, "after");
	const char *id = value_find_text(one->input, "id");
	const char *name = name_of(after != NULL ? after : value_find(one->input, "before"));

	if (id != NULL && value_find(one->input, "groups") != NULL) {
		tally_add(&it->report->people, id, name, 1);
	} else if (id != NULL && members != NULL) {
		tally_add(&it->report->groups, id, name, 1);
		count_members(it, value_find(members, "added"));
		count_members(it, value_find(members, "removed"));
	}
}

/* ---- which rules ---- */

static struct rule_watch *watch_against(struct replaying *it)
{
	if (it->watch == NULL && !it->has_no_watch) {
		it->watch = rule_watch_new(it->options->against, NULL);
		it->has_no_watch = it->watch == NULL;
	}
	return it->watch;
}

static size_t add_rules(struct replaying *it, struct arena *arena, const struct rule_hits *hits,
	bool is_new, struct policy_replay_rule *rules)
{
	for (size_t i = 0; i < hits->count; i++) {
		const struct rule_hit *rule = &hits->list[i];

		rules[i] = (struct policy_replay_rule){ is_new, arena_strdup(arena, rule->file),
			rule->row, arena_strdup(arena, rule->name) };
		tally_add(&it->report->rules,
			arena_printf(arena, "%c %s:%u %s", is_new ? '+' : '-', rule->file,
				rule->row, rule->name),
			NULL, 1);
	}
	return hits->count;
}

/* deny before hold before allow: a rule that denies explains more than one that allows. No answer
 * is none of them. */
static int strength(enum replay_effect effect)
{
	static const int strengths[REPLAY_EFFECTS] = {
		[REPLAY_ERROR] = 0, [REPLAY_ALLOW] = 1, [REPLAY_HOLD] = 2, [REPLAY_DENY] = 3
	};

	return strengths[effect];
}

static const char *stronger_effect(const struct replayed *one)
{
	enum replay_effect fresh = replay_effect_of(one->verdict.effect);

	return replay_effect_name(
		strength(fresh) > strength(one->recorded.effect) ? fresh : one->recorded.effect);
}

static const char *weaker_effect(const struct replayed *one)
{
	enum replay_effect fresh = replay_effect_of(one->verdict.effect);

	return replay_effect_name(
		strength(fresh) > strength(one->recorded.effect) ? one->recorded.effect : fresh);
}

/* Those that are true now and were not, and those that were and are not. */
static void find_rules(struct replaying *it, const struct replayed *one,
	const struct verdict_asker *asker, struct policy_replay_difference *difference)
{
	struct arena *arena = one->arena;
	struct rule_watch *watch = watch_against(it);
	struct rule_watch *before;
	struct verdict_asker as_it_was = *asker;
	struct rule_hits now = { 0 };
	struct rule_hits then = { 0 };
	struct rule_hits fresh;
	struct rule_hits gone;
	struct policy_replay_rule *rules;

	if (watch == NULL || it->report->changed > POLICY_REPLAY_RULED) {
		it->report->unruled++;
		return;
	}
	as_it_was.mode = NULL;
	before = replay_policies_watch(it->recorded, difference->revision);
	rule_watch_ask(watch, asker, arena, one->input, &now);
	if (before != NULL) {
		rule_watch_ask(before, &as_it_was, arena, one->input, &then);
	}
	rule_hits_between(
		arena, &then, &now, stronger_effect(one), weaker_effect(one), &gone, &fresh);
	rules = arena_calloc(arena, fresh.count + gone.count + 1, sizeof(*rules));
	difference->rules = rules;
	difference->rule_count = add_rules(it, arena, &fresh, true, rules);
	difference->rule_count +=
		add_rules(it, arena, &gone, false, rules + difference->rule_count);
}

/* ---- one difference ---- */

static const char *member_text(
	struct arena *arena, const struct value *output, enum replay_change change)
{
	const char *member = replay_change_member(change);
	const struct value *value = member != NULL ? value_find(output, member) : output;

	return value != NULL && change != REPLAY_OTHER_EFFECT
		       ? value_preview(arena, value, MEMBER_SHOWN)
		       : NULL;
}

static const char *copy_text(struct arena *arena, const char *text)
{
	return text != NULL ? arena_strdup(arena, text) : NULL;
}

static const struct policy_reason *copy_reasons(
	struct arena *arena, const struct policy_reason *reasons, size_t count)
{
	struct policy_reason *copy = arena_calloc(arena, count + 1, sizeof(*copy));

	for (size_t i = 0; i < count; i++) {
		copy[i] = (struct policy_reason){ arena_strdup(arena, reasons[i].code),
			arena_strdup(arena, reasons[i].message) };
	}
	return copy;
}

static struct policy_replay_side copy_side(
	struct arena *arena, const struct policy_replay_side *side)
{
	struct policy_replay_side copy = *side;

	copy.reasons = copy_reasons(arena, side->reasons, side->reason_count);
	copy.member = copy_text(arena, side->member);
	return copy;
}

/* What goes with the entry is copied to where the report lives. */
static void show(struct replaying *it, const struct policy_replay_difference *difference)
{
	struct policy_replay_difference *copy = &it->shown[it->report->shown_count];
	struct policy_replay_rule *rules;

	if (it->report->shown_count == POLICY_REPLAY_SHOWN) {
		return;
	}
	rules = arena_calloc(it->arena, difference->rule_count + 1, sizeof(*rules));
	*copy = *difference;
	copy->time = copy_text(it->arena, difference->time);
	copy->source = copy_text(it->arena, difference->source);
	copy->operation = copy_text(it->arena, difference->operation);
	copy->type = copy_text(it->arena, difference->type);
	copy->id = copy_text(it->arena, difference->id);
	copy->name = copy_text(it->arena, difference->name);
	copy->revision = copy_text(it->arena, difference->revision);
	copy->old = copy_side(it->arena, &difference->old);
	copy->fresh = copy_side(it->arena, &difference->fresh);
	for (size_t i = 0; i < difference->rule_count; i++) {
		rules[i] = difference->rules[i];
		rules[i].file = copy_text(it->arena, rules[i].file);
		rules[i].name = copy_text(it->arena, rules[i].name);
	}
	copy->rules = rules;
	it->report->shown_count++;
}

static void count_difference(struct replaying *it, const struct replayed *one)
{
	struct policy_replay_report *report = it->report;
	enum replay_effect fresh = replay_effect_of(one->verdict.effect);

	report->changed++;
	if (one->change == REPLAY_OTHER_EFFECT) {
		report->effects[one->recorded.effect][fresh]++;
		report->newly_denied += one->recorded.effect == REPLAY_ALLOW &&
					(fresh == REPLAY_DENY || fresh == REPLAY_ERROR);
	}
}

void replay_note(
	struct replaying *it, const struct replayed *one, const struct verdict_asker *asker)
{
	const struct journal_record *record = one->record;
	const struct value *resource = value_find(record->leaf, "resource");
	const char *revision = replay_leaf_text(record, "revision");
	struct policy_replay_difference difference = {
		.index = record->index,
		.time = replay_leaf_text(record, "time"),
		.source = replay_leaf_text(record, "source"),
		.operation = replay_leaf_text(record, "operation"),
		.type = value_find_text(resource, "type"),
		.id = value_find_text(resource, "id"),
		.name = name_of(value_find(record->payload, "subject")),
		.revision = revision != NULL ? revision : "",
		.change = one->change,
		.old = { one->recorded.effect, one->recorded.reasons, one->recorded.reason_count,
			member_text(one->arena, one->recorded.output, one->change) },
		.fresh = { replay_effect_of(one->verdict.effect), one->verdict.reasons,
			one->verdict.reason_count,
			member_text(one->arena, one->verdict.output, one->change) },
	};

	count_difference(it, one);
	count_affected(it, one);
	if (it->against != NULL) {
		find_rules(it, one, asker, &difference);
	}
	show(it, &difference);
}
