/* The body of a comment: what matters first, and never more than a forge takes. */
#include "cli/replay_report.h"

#include <inttypes.h>
#include <string.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "cli/cli.h"
#include "cli/markdown.h"

enum {
	ROOM = 400,       /* for what says that there is more */
	NAME_SHOWN = 120, /* bytes of a name */
	CELL_SHOWN = 400, /* bytes of a cell */
};

static void add_buf(struct buf *out, struct buf *text)
{
	markdown_add_short(out, buf_text(text), CELL_SHOWN);
	buf_fini(text);
	*text = (struct buf){ 0 };
}

static void add_verdict(struct buf *out, const struct replay_report *report)
{
	const struct policy_replay_report *found = report->found;
	struct buf text = { 0 };

	if (replay_is_alarm(report)) {
		buf_printf(out,
			"\n**ALARM: %" PRIu64
			" decisions are not what the policy that made them says, "
			"%" PRIu64 " cannot be computed again because something is damaged.**\n",
			found->changed, found->damaged);
	} else if (replay_exceeds(report, &text)) {
		buf_append_text(out, "\n**Too much changes**: ");
		add_buf(out, &text);
		buf_append_text(out, "\n");
	} else if (found->changed == 0) {
		buf_append_text(out, "\n**No decision changes.**\n");
	}
	buf_fini(&text);
}

static void add_head(struct buf *out, const struct replay_report *report)
{
	const struct policy_replay_report *found = report->found;
	struct buf text = { 0 };

	buf_append_text(out, MARKDOWN_MARKER "## scimward policy replay\n");
	add_verdict(out, report);
	buf_append_text(out, "\nDecisions of the journal ");
	if (found->replayed > 0) {
		buf_printf(out, "from %.10s to %.10s ", found->first_time, found->last_time);
	}
	buf_append_text(out, "against ");
	markdown_add_text(
		out, report->against != NULL ? report->against : "the policies that decided");
	buf_append_text(out, "\n\n| replayed | changed | newly denied |\n|---|---|---|\n| ");
	replay_share(found->replayed, found->decisions, &text);
	add_buf(out, &text);
	buf_append_text(out, " | ");
	replay_share(found->changed, found->replayed, &text);
	add_buf(out, &text);
	buf_append_text(out, " | ");
	replay_share(found->newly_denied, found->replayed, &text);
	add_buf(out, &text);
	buf_append_text(out, " |\n");
}

static void add_kinds(struct buf *out, const struct policy_replay_report *found)
{
	struct replay_kind kinds[REPLAY_KINDS];
	size_t count = replay_kinds(found, kinds);

	if (count > 0) {
		buf_append_text(out, "\n| kind of change | decisions |\n|---|---:|\n");
	}
	for (size_t i = 0; i < count; i++) {
		buf_printf(out, "| %s | %" PRIu64 " |\n", kinds[i].name, kinds[i].count);
	}
}

static void add_rules(struct buf *out, const struct replay_report *report)
{
	const struct tally *rules = &report->found->rules;
	struct buf text = { 0 };

	if (rules->count > 0) {
		buf_append_text(out, "\n| rule responsible | decisions |\n|---|---:|\n");
	}
	for (size_t i = 0; i < rules->count && i < REPLAY_SHOWN_RULES; i++) {
		replay_rule_row(report, rules->rows[i].text, &text);
		buf_append_text(out, "| ");
		add_buf(out, &text);
		buf_printf(out, " | %" PRIu64 " |\n", rules->rows[i].count);
	}
}

static void add_names(struct buf *out, const char *title, const struct tally *tally)
{
	if (tally->count == 0) {
		return;
	}
	buf_printf(out, "\n%s (%zu%s): ", title, tally->count, tally->others > 0 ? "+" : "");
	for (size_t i = 0; i < tally->count && i < REPLAY_SHOWN_NAMES; i++) {
		buf_append_text(out, i > 0 ? ", " : "");
		markdown_add_short(out, tally->rows[i].label, NAME_SHOWN);
	}
	buf_append_text(out, tally->count > REPLAY_SHOWN_NAMES ? ", …\n" : "\n");
}

static void add_side(struct buf *out, const struct policy_replay_side *side)
{
	struct buf text = { 0 };

	buf_append_text(&text, replay_effect_name(side->effect));
	if (side->reason_count > 0) {
		buf_append_text(&text, " ");
		replay_reasons(side, false, &text);
	}
	if (side->member != NULL) {
		buf_printf(&text, " %.200s", side->member);
	}
	add_buf(out, &text);
}

static void add_difference(struct buf *out, const struct replay_report *report,
	const struct policy_replay_difference *it)
{
	struct buf text = { 0 };

	buf_printf(out, "| %" PRIu64 " | %.19sZ | ", it->index, it->time != NULL ? it->time : "-");
	buf_printf(&text, "%s %s %s", it->operation != NULL ? it->operation : "-",
		it->type != NULL ? it->type : "", it->name != NULL ? it->name : it->id);
	add_buf(out, &text);
	buf_append_text(out, " | ");
	add_side(out, &it->old);
	buf_append_text(out, " | ");
	add_side(out, &it->fresh);
	buf_append_text(out, " | ");
	for (size_t i = 0; i < it->rule_count; i++) {
		buf_append_text(out, i > 0 ? "<br>" : "");
		replay_rule(report, &it->rules[i], &text);
		add_buf(out, &text);
	}
	buf_append_text(out, " |\n");
}

static void add_differences(struct buf *out, const struct replay_report *report)
{
	const struct policy_replay_report *found = report->found;
	uint64_t told = 0;

	if (found->shown_count == 0) {
		return;
	}
	buf_append_text(out, "\n<details><summary>Differences</summary>\n\n"
			     "| entry | time | operation | before | now | rules |\n"
			     "|---:|---|---|---|---|---|\n");
	for (; told < found->shown_count; told++) {
		size_t before = out->size;

		add_difference(out, report, &found->shown[told]);
		if (out->size + ROOM > MARKDOWN_CHARACTERS) {
			out->size = before;
			break;
		}
	}
	if (told < found->changed) {
		buf_printf(out, "\n… and %" PRIu64 " more\n", found->changed - told);
	}
	buf_append_text(out, "\n</details>\n");
}

static void add_not_replayed(struct buf *out, const struct policy_replay_report *found)
{
	if (found->not_replayed > 0) {
		buf_printf(out, "\n%" PRIu64 " decisions could not be replayed:\n\n",
			found->not_replayed);
	}
	for (size_t i = 0; i < found->reasons.count && i < REPLAY_SHOWN_WHY; i++) {
		buf_printf(out, "- %" PRIu64 ": ", found->reasons.rows[i].count);
		markdown_add_short(out, found->reasons.rows[i].label, CELL_SHOWN);
		buf_append_char(out, '\n');
	}
}

/* Bytes are at least characters, so what fits in bytes fits. */
void replay_markdown(const struct cli *cli, const struct replay_report *report)
{
	CLEANUP(buf_fini) struct buf out = { 0 };

	add_head(&out, report);
	add_kinds(&out, report->found);
	add_rules(&out, report);
	add_names(&out, "People affected", &report->found->people);
	add_names(&out, "Groups affected", &report->found->groups);
	add_not_replayed(&out, report->found);
	add_differences(&out, report);
	fwrite(out.data, 1, out.size, cli->out);
}
