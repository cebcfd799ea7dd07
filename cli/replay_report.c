#include "cli/replay_report.h"

#include <inttypes.h>
#include <string.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "cli/cli.h"
#include "cli/output.h"
#include "policy/decision.h"

replay_print_fn *replay_format_of(const struct cli *cli, const char *name)
{
	static const struct {
		const char *name;
		replay_print_fn *print;
	} formats[] = { { "json", replay_json }, { "markdown", replay_markdown },
		{ "table", replay_table } };

	if (name == NULL) {
		name = cli->format == CLI_JSON ? "json" : "table";
	}
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(formats[i].name, name) == 0) {
			return formats[i].print;
		}
	}
	cli_usage(cli, "there is no format '%s': table, json, markdown", name);
	return NULL;
}

/* ---- judging ---- */

bool replay_is_alarm(const struct replay_report *report)
{
	return report->against == NULL &&
	       (report->found->changed > 0 || report->found->damaged > 0);
}

static bool exceeds(const struct replay_limit *limit, uint64_t count, uint64_t of, const char *what,
	struct buf *text)
{
	double bound = limit->is_percent ? limit->value * (double)of / 100 : limit->value;

	if (!limit->is_set || (double)count <= bound) {
		return false;
	}
	buf_append_text(text, text->size > 0 ? "; " : "");
	replay_share(count, of, text);
	buf_printf(text, " %s, and %g%s is the most that is allowed", what, limit->value,
		limit->is_percent ? " %" : "");
	return true;
}

bool replay_exceeds(const struct replay_report *report, struct buf *text)
{
	const struct policy_replay_report *found = report->found;
	bool much = exceeds(&report->max_changed, found->changed, found->replayed,
		"decisions are others", text);

	return exceeds(&report->max_newly_denied, found->newly_denied, found->replayed,
		       "decisions are newly denied", text) ||
	       much;
}

/* ---- words ---- */

static void add_number(struct buf *text, uint64_t number)
{
	char digits[24];
	int size = snprintf(digits, sizeof(digits), "%" PRIu64, number);

	for (int i = 0; i < size; i++) {
		if (i > 0 && (size - i) % 3 == 0) {
			buf_append_char(text, ',');
		}
		buf_append_char(text, digits[i]);
	}
}

void replay_share(uint64_t count, uint64_t of, struct buf *text)
{
	add_number(text, count);
	buf_append_text(text, " of ");
	add_number(text, of);
	if (of > 0) {
		double percent = 100.0 * (double)count / (double)of;

		buf_printf(text, count > 0 && percent < 0.1 ? " (%.3f %%)" : " (%.1f %%)", percent);
	}
}

size_t replay_kinds(
	const struct policy_replay_report *found, struct replay_kind kinds[REPLAY_KINDS])
{
	size_t count = 0;

	for (int old = 0; old < REPLAY_EFFECTS; old++) {
		for (int fresh = 0; fresh < REPLAY_EFFECTS; fresh++) {
			struct replay_kind *kind = &kinds[count];

			if (found->effects[old][fresh] > 0) {
				snprintf(kind->name, sizeof(kind->name), "%s → %s",
					replay_effect_name(old), replay_effect_name(fresh));
				kind->count = found->effects[old][fresh];
				count++;
			}
		}
	}
	for (int i = 1; i <= REPLAY_CHANGES; i++) {
		int change = i % REPLAY_CHANGES; /* REPLAY_SAME comes last */

		if (change != REPLAY_OTHER_EFFECT && found->changes[change] > 0) {
			snprintf(kinds[count].name, sizeof(kinds[count].name), "%s",
				replay_change_name(change));
			kinds[count++].count = found->changes[change];
		}
	}
	return count;
}

void replay_kind_of(const struct policy_replay_difference *difference, struct buf *text)
{
	if (difference->change == REPLAY_OTHER_EFFECT) {
		buf_printf(text, "%s → %s", replay_effect_name(difference->old.effect),
			replay_effect_name(difference->fresh.effect));
	} else {
		buf_printf(text, "%s: %s", replay_effect_name(difference->old.effect),
			replay_change_name(difference->change));
	}
}

void replay_reasons(const struct policy_replay_side *side, bool with_messages, struct buf *text)
{
	for (size_t i = 0; i < side->reason_count; i++) {
		const struct policy_reason *reason = &side->reasons[i];

		buf_append_text(text, i > 0 ? (with_messages ? "; " : ", ") : "");
		buf_append_text(text, reason->code);
		if (with_messages && reason->message[0] != '\0') {
			buf_printf(text, ": %s", reason->message);
		}
	}
}

static const char *short_name(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot != NULL ? dot + 1 : name;
}

void replay_rule(
	const struct replay_report *report, const struct policy_replay_rule *rule, struct buf *text)
{
	buf_printf(text, "%s%s:%u %s %s", rule->is_new ? report->prefix : "", rule->file, rule->row,
		short_name(rule->name), rule->is_new ? "is true now" : "is true no more");
}

void replay_rule_row(const struct replay_report *report, const char *row, struct buf *text)
{
	const char *name = strrchr(row, ' ');
	bool is_new = row[0] == '+';

	buf_printf(text, "%s%.*s %s %s", is_new ? report->prefix : "", (int)(name - row - 2),
		row + 2, short_name(name + 1), is_new ? "is true now" : "is true no more");
}

/* ---- table ---- */

static void print_line(
	const struct cli *cli, const char *name, enum cli_tone tone, const char *text)
{
	fprintf(cli->out, "%-14s%s", name, cli_tone_begin(cli, tone));
	cli_print_safe(cli->out, text);
	fprintf(cli->out, "%s\n", cli_tone_end(cli, tone));
}

static void print_alarm(const struct cli *cli, const struct replay_report *report)
{
	CLEANUP(buf_fini) struct buf text = { 0 };

	if (report->found->changed > 0) {
		buf_printf(&text,
			"%" PRIu64
			" decisions are not what the policy that made them says. Journal, "
			"archive or program is not what it was.",
			report->found->changed);
	}
	if (report->found->damaged > 0) {
		buf_printf(&text,
			"%s%" PRIu64 " decisions cannot be computed again: what they need is "
			"damaged. Run `scimward journal verify`.",
			text.size > 0 ? " " : "", report->found->damaged);
	}
	fprintf(cli->out, "%sALARM%s: ", cli_tone_begin(cli, CLI_BAD), cli_tone_end(cli, CLI_BAD));
	cli_print_safe(cli->out, buf_text(&text));
	fputs("\n\n", cli->out);
}

static void print_head(const struct cli *cli, const struct replay_report *report)
{
	const struct policy_replay_report *found = report->found;
	CLEANUP(buf_fini) struct buf replayed = { 0 };
	CLEANUP(buf_fini) struct buf changed = { 0 };
	CLEANUP(buf_fini) struct buf denied = { 0 };

	print_line(cli, "against", CLI_STRONG,
		report->against != NULL ? report->against : "the policies that decided");
	replay_share(found->replayed, found->decisions, &replayed);
	if (found->replayed > 0) {
		buf_printf(&replayed, ", %.19sZ to %.19sZ, %.1f s", found->first_time,
			found->last_time, (double)found->took_us / 1e6);
	}
	print_line(cli, "replayed", CLI_PLAIN, buf_text(&replayed));
	replay_share(found->changed, found->replayed, &changed);
	print_line(cli, "changed", found->changed > 0 ? CLI_WARN : CLI_GOOD, buf_text(&changed));
	replay_share(found->newly_denied, found->replayed, &denied);
	print_line(cli, "newly denied", found->newly_denied > 0 ? CLI_BAD : CLI_GOOD,
		buf_text(&denied));
}

static void print_kinds(const struct cli *cli, const struct policy_replay_report *found)
{
	struct replay_kind kinds[REPLAY_KINDS];
	size_t count = replay_kinds(found, kinds);

	if (count > 0) {
		fputs("\nkinds of change\n", cli->out);
	}
	for (size_t i = 0; i < count; i++) {
		fprintf(cli->out, "  %8" PRIu64 "  %s\n", kinds[i].count, kinds[i].name);
	}
}

static void print_tally(
	const struct cli *cli, const char *title, const struct tally *tally, size_t shown)
{
	if (tally->count == 0) {
		return;
	}
	fprintf(cli->out, "\n%s (%zu%s)\n", title, tally->count, tally->others > 0 ? "+" : "");
	for (size_t i = 0; i < tally->count && i < shown; i++) {
		fprintf(cli->out, "  %8" PRIu64 "  ", tally->rows[i].count);
		cli_print_safe(cli->out, tally->rows[i].label);
		fputc('\n', cli->out);
	}
	if (tally->count > shown) {
		fprintf(cli->out, "  and %zu more\n", tally->count - shown);
	}
}

static void print_rules(const struct cli *cli, const struct replay_report *report)
{
	const struct policy_replay_report *found = report->found;

	if (found->rules.count > 0) {
		fputs("\nrules responsible\n", cli->out);
	}
	for (size_t i = 0; i < found->rules.count && i < REPLAY_SHOWN_RULES; i++) {
		CLEANUP(buf_fini) struct buf text = { 0 };

		replay_rule_row(report, found->rules.rows[i].text, &text);
		fprintf(cli->out, "  %8" PRIu64 "  ", found->rules.rows[i].count);
		cli_print_safe(cli->out, buf_text(&text));
		fputc('\n', cli->out);
	}
	if (found->rules.count > REPLAY_SHOWN_RULES) {
		fprintf(cli->out, "  and %zu more\n", found->rules.count - REPLAY_SHOWN_RULES);
	}
	if (found->unruled > 0) {
		fprintf(cli->out, "  (of %" PRIu64 " differences no rules were looked for)\n",
			found->unruled);
	}
}

/* What was and what is, in one line each. */
static void print_side(const struct cli *cli, char sign, const struct policy_replay_side *side)
{
	enum cli_tone tone = sign == '-' ? CLI_BAD : CLI_GOOD;
	CLEANUP(buf_fini) struct buf text = { 0 };

	buf_printf(&text, "%s", replay_effect_name(side->effect));
	if (side->reason_count > 0) {
		buf_append_text(&text, "  ");
		replay_reasons(side, true, &text);
	}
	if (side->member != NULL) {
		buf_printf(&text, "  %s", side->member);
	}
	fprintf(cli->out, "    %s%c ", cli_tone_begin(cli, tone), sign);
	cli_print_safe(cli->out, buf_text(&text));
	fprintf(cli->out, "%s\n", cli_tone_end(cli, tone));
}

static void print_difference(const struct cli *cli, const struct replay_report *report,
	const struct policy_replay_difference *it)
{
	CLEANUP(buf_fini) struct buf head = { 0 };

	buf_printf(&head, "%" PRIu64 "  %.19sZ  %s %s %s", it->index,
		it->time != NULL ? it->time : "-", it->operation != NULL ? it->operation : "-",
		it->type != NULL ? it->type : "", it->name != NULL ? it->name : it->id);
	if (it->source != NULL) {
		buf_printf(&head, "  from %s", it->source);
	}
	buf_append_text(&head, "  ");
	replay_kind_of(it, &head);
	fprintf(cli->out, "  %s", cli_tone_begin(cli, CLI_STRONG));
	cli_print_safe(cli->out, buf_text(&head));
	fprintf(cli->out, "%s\n", cli_tone_end(cli, CLI_STRONG));
	print_side(cli, '-', &it->old);
	print_side(cli, '+', &it->fresh);
	for (size_t i = 0; i < it->rule_count; i++) {
		CLEANUP(buf_fini) struct buf rule = { 0 };

		replay_rule(report, &it->rules[i], &rule);
		fputs("      ", cli->out);
		cli_print_safe(cli->out, buf_text(&rule));
		fputc('\n', cli->out);
	}
}

static void print_differences(const struct cli *cli, const struct replay_report *report)
{
	const struct policy_replay_report *found = report->found;

	if (found->shown_count > 0) {
		fputs("\ndifferences\n", cli->out);
	}
	for (size_t i = 0; i < found->shown_count; i++) {
		print_difference(cli, report, &found->shown[i]);
	}
	if (found->changed > found->shown_count) {
		fprintf(cli->out, "  and %" PRIu64 " more\n", found->changed - found->shown_count);
	}
}

void replay_table(const struct cli *cli, const struct replay_report *report)
{
	const struct policy_replay_report *found = report->found;

	if (replay_is_alarm(report)) {
		print_alarm(cli, report);
	}
	print_head(cli, report);
	print_kinds(cli, found);
	print_rules(cli, report);
	print_tally(cli, "people affected", &found->people, REPLAY_SHOWN_NAMES);
	print_tally(cli, "groups affected", &found->groups, REPLAY_SHOWN_NAMES);
	print_tally(cli, "not replayable", &found->reasons, REPLAY_SHOWN_WHY);
	print_differences(cli, report);
}
