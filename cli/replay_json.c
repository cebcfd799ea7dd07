#include "cli/replay_report.h"

#include <jansson.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "cli/output.h"
#include "policy/decision.h"

enum { LISTED = 100 }; /* of each list but the differences */

static json_t *text_json(const char *text)
{
	return text != NULL ? json_string(text) : json_null();
}

static json_t *tally_json(const struct tally *tally, const char *name, size_t shown)
{
	json_t *list = json_array();

	for (size_t i = 0; i < tally->count && i < shown; i++) {
		const struct tally_row *row = &tally->rows[i];
		json_t *it = json_object();

		json_object_set_new(it, name, json_string(row->text));
		if (row->label != row->text) {
			json_object_set_new(it, "label", json_string(row->label));
		}
		json_object_set_new(it, "decisions", json_integer((json_int_t)row->count));
		json_array_append_new(list, it);
	}
	return list;
}

static json_t *affected_json(const struct tally *tally)
{
	json_t *it = json_object();

	json_object_set_new(it, "count", json_integer((json_int_t)tally->count));
	json_object_set_new(it, "more", json_boolean(tally->others > 0));
	json_object_set_new(it, "first", tally_json(tally, "id", LISTED));
	return it;
}

static json_t *side_json(const struct policy_replay_side *side)
{
	json_t *it = json_object();
	json_t *reasons = json_array();

	json_object_set_new(it, "effect", json_string(replay_effect_name(side->effect)));
	for (size_t i = 0; i < side->reason_count; i++) {
		json_t *reason = json_object();

		json_object_set_new(reason, "code", json_string(side->reasons[i].code));
		json_object_set_new(reason, "message", json_string(side->reasons[i].message));
		json_array_append_new(reasons, reason);
	}
	json_object_set_new(it, "reasons", reasons);
	if (side->member != NULL) {
		json_object_set_new(it, "answer", json_string(side->member));
	}
	return it;
}

static json_t *rules_json(
	const struct replay_report *report, const struct policy_replay_difference *difference)
{
	json_t *list = json_array();

	for (size_t i = 0; i < difference->rule_count; i++) {
		const struct policy_replay_rule *rule = &difference->rules[i];
		CLEANUP(buf_fini) struct buf file = { 0 };
		json_t *it = json_object();

		buf_printf(&file, "%s%s", rule->is_new ? report->prefix : "", rule->file);
		json_object_set_new(it, "file", json_string(buf_text(&file)));
		json_object_set_new(it, "line", json_integer((json_int_t)rule->row));
		json_object_set_new(it, "rule", json_string(rule->name));
		json_object_set_new(it, "now", json_boolean(rule->is_new));
		json_array_append_new(list, it);
	}
	return list;
}

static json_t *difference_json(
	const struct replay_report *report, const struct policy_replay_difference *difference)
{
	CLEANUP(buf_fini) struct buf kind = { 0 };
	json_t *it = json_object();

	replay_kind_of(difference, &kind);
	json_object_set_new(it, "index", json_integer((json_int_t)difference->index));
	json_object_set_new(it, "time", text_json(difference->time));
	json_object_set_new(it, "source", text_json(difference->source));
	json_object_set_new(it, "operation", text_json(difference->operation));
	json_object_set_new(it, "resource_type", text_json(difference->type));
	json_object_set_new(it, "id", text_json(difference->id));
	json_object_set_new(it, "name", text_json(difference->name));
	json_object_set_new(it, "revision", text_json(difference->revision));
	json_object_set_new(it, "kind", json_string(buf_text(&kind)));
	json_object_set_new(it, "before", side_json(&difference->old));
	json_object_set_new(it, "now", side_json(&difference->fresh));
	json_object_set_new(it, "rules", rules_json(report, difference));
	return it;
}

static json_t *kinds_json(const struct policy_replay_report *found)
{
	struct replay_kind kinds[REPLAY_KINDS];
	size_t count = replay_kinds(found, kinds);
	json_t *it = json_object();

	for (size_t i = 0; i < count; i++) {
		json_object_set_new(it, kinds[i].name, json_integer((json_int_t)kinds[i].count));
	}
	return it;
}

static json_t *all_rules_json(const struct replay_report *report)
{
	const struct tally *rules = &report->found->rules;
	json_t *list = json_array();

	for (size_t i = 0; i < rules->count && i < LISTED; i++) {
		CLEANUP(buf_fini) struct buf text = { 0 };
		json_t *it = json_object();

		replay_rule_row(report, rules->rows[i].text, &text);
		json_object_set_new(it, "rule", json_string(buf_text(&text)));
		json_object_set_new(
			it, "decisions", json_integer((json_int_t)rules->rows[i].count));
		json_array_append_new(list, it);
	}
	return list;
}

void replay_json(const struct cli *cli, const struct replay_report *report)
{
	const struct policy_replay_report *found = report->found;
	CLEANUP(buf_fini) struct buf exceeded = { 0 };
	json_t *differences = json_array();
	json_t *it = json_object();

	for (size_t i = 0; i < found->shown_count; i++) {
		json_array_append_new(differences, difference_json(report, &found->shown[i]));
	}
	json_object_set_new(
		it, "against", json_string(report->against != NULL ? report->against : "recorded"));
	json_object_set_new(it, "alarm", json_boolean(replay_is_alarm(report)));
	json_object_set_new(it, "exceeded",
		replay_exceeds(report, &exceeded) ? json_string(buf_text(&exceeded)) : json_null());
	json_object_set_new(it, "from", json_integer((json_int_t)found->from));
	json_object_set_new(it, "to", json_integer((json_int_t)found->to));
	json_object_set_new(it, "decisions", json_integer((json_int_t)found->decisions));
	json_object_set_new(it, "replayed", json_integer((json_int_t)found->replayed));
	json_object_set_new(it, "changed", json_integer((json_int_t)found->changed));
	json_object_set_new(it, "newly_denied", json_integer((json_int_t)found->newly_denied));
	json_object_set_new(it, "damaged", json_integer((json_int_t)found->damaged));
	json_object_set_new(it, "kinds", kinds_json(found));
	json_object_set_new(it, "rules", all_rules_json(report));
	json_object_set_new(it, "people", affected_json(&found->people));
	json_object_set_new(it, "groups", affected_json(&found->groups));
	json_object_set_new(it, "revisions", tally_json(&found->revisions, "revision", LISTED));
	json_object_set_new(it, "not_replayed", tally_json(&found->reasons, "why", LISTED));
	json_object_set_new(it, "differences", differences);
	json_object_set_new(it, "took_ms", json_integer((json_int_t)(found->took_us / 1000)));
	cli_print_json(cli, "replay", it);
}
