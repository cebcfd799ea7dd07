#include "cli/explain_print.h"

#include <stdarg.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/value.h"
#include "cli/cli.h"
#include "cli/markdown.h"
#include "cli/output.h"

#define VALUE_SHOWN 240
#define MEMBERS_SHOWN 10

struct telling {
	const struct cli *cli;
	struct arena *arena;
	const char *prefix;
	bool markdown;
};

/* ---- lines ---- */

/*
 * One line, set in by its depth. `words` is talk; `code` (may be NULL) is what somebody wrote: in
 * Markdown it goes between backquotes, so that nothing in it is markup.
 */
static void line(const struct telling *it, unsigned depth, enum cli_tone tone, const char *words,
	const char *code)
{
	CLEANUP(buf_fini) struct buf text = { 0 };

	for (unsigned i = 0; i < depth; i++) {
		buf_append_text(&text, "  ");
	}
	if (it->markdown) {
		buf_append_text(&text, "- ");
		markdown_add_text(&text, words);
		if (code != NULL) {
			buf_append_text(&text, " `` ");
			for (const char *at = code; *at != '\0'; at++) {
				buf_append_char(&text, *at == '`' ? '\'' : *at);
			}
			buf_append_text(&text, " ``");
		}
	} else {
		buf_append_text(&text, words);
		buf_append_text(&text, code != NULL && words[0] != '\0' ? " " : "");
		buf_append_text(&text, code != NULL ? code : "");
	}
	fputs(it->markdown ? "" : cli_tone_begin(it->cli, tone), it->cli->out);
	cli_print_safe(it->cli->out, buf_text(&text));
	fputs(it->markdown ? "" : cli_tone_end(it->cli, tone), it->cli->out);
	fputc('\n', it->cli->out);
}

static void heading(const struct telling *it, const char *text)
{
	CLEANUP(buf_fini) struct buf safe = { 0 };

	fputs(it->markdown ? "\n### " : "\n", it->cli->out);
	if (it->markdown) {
		markdown_add_text(&safe, text);
		cli_print_safe(it->cli->out, buf_text(&safe));
		fputs("\n\n", it->cli->out);
		return;
	}
	fputs(cli_tone_begin(it->cli, CLI_STRONG), it->cli->out);
	cli_print_safe(it->cli->out, text);
	fprintf(it->cli->out, "%s\n", cli_tone_end(it->cli, CLI_STRONG));
}

static const char *text_of(const struct value *object, const char *name)
{
	const char *text = value_find_text(object, name);

	return text != NULL ? text : "";
}

static const char *place_of(const struct telling *it, const struct value *clause)
{
	return arena_printf(it->arena, "%s%s:%lld", it->prefix, text_of(clause, "file"),
		(long long)value_find_int(clause, "line", 0));
}

/* ---- what was asked ---- */

static const char *subject_of(const struct telling *it, const struct value *asked)
{
	const struct value *subject = value_find(asked, "subject");
	const char *name = value_find_text(subject, "userName");

	name = name != NULL ? name : value_find_text(subject, "displayName");
	return name != NULL ? arena_printf(it->arena, " %s", name) : "";
}

static void print_members(const struct telling *it, const struct value *asked, const char *which)
{
	const struct value *names = value_find(asked, which);

	for (size_t i = 0; i < value_count(names) && i < MEMBERS_SHOWN; i++) {
		line(it, 1, CLI_PLAIN, which, value_preview(it->arena, value_at(names, i), 100));
	}
	if (value_count(names) > MEMBERS_SHOWN) {
		line(it, 1, CLI_DIM,
			arena_printf(it->arena, "and %zu more %s",
				value_count(names) - MEMBERS_SHOWN, which),
			NULL);
	}
}

static void print_change_asked(const struct telling *it, const struct value *change)
{
	const struct value *before = value_find(change, "before");
	const struct value *after = value_find(change, "after");

	line(it, 1, CLI_PLAIN, "changes",
		arena_printf(it->arena, "%s: %s -> %s", text_of(change, "path"),
			before != NULL ? value_preview(it->arena, before, 100) : "nothing",
			after != NULL ? value_preview(it->arena, after, 100) : "nothing"));
}

static void print_asked(const struct telling *it, const struct value *explanation)
{
	const struct value *asked = value_find(explanation, "asked");
	const struct value *changes = value_find(asked, "changes");
	int64_t index = value_find_int(explanation, "index", -1);

	heading(it, index >= 0 ? arena_printf(it->arena, "entry %lld", (long long)index)
			       : "the operation");
	line(it, 1, CLI_PLAIN, "asked",
		arena_printf(it->arena, "source %s (%s) wants to %s %s%s, id %s, at %s",
			text_of(value_find(asked, "source"), "name"),
			text_of(value_find(asked, "source"), "kind"), text_of(asked, "operation"),
			text_of(asked, "resource_type"), subject_of(it, asked),
			text_of(asked, "id"), text_of(asked, "time")));
	if (value_find(asked, "actor") != NULL) {
		line(it, 1, CLI_PLAIN, "acting",
			value_preview(it->arena, value_find(asked, "actor"), VALUE_SHOWN));
	}
	for (size_t i = 0; i < value_count(changes) && i < MEMBERS_SHOWN; i++) {
		print_change_asked(it, value_at(changes, i));
	}
	print_members(it, asked, "added");
	print_members(it, asked, "removed");
	line(it, 1, CLI_PLAIN, "policy", text_of(explanation, "policy"));
	if (value_find(explanation, "slice") != NULL) {
		line(it, 1, CLI_PLAIN, "slice",
			value_preview(it->arena, value_find(explanation, "slice"), 60));
	}
}

/* ---- conditions and rules ---- */

static void print_value(const struct telling *it, const struct value *value, unsigned depth)
{
	const struct value *is = value_find(value, "value");
	const char *ref = text_of(value, "ref");

	if (value_find(value, "undefined") != NULL) {
		line(it, depth, CLI_DIM, "", arena_printf(it->arena, "%s is undefined", ref));
	} else {
		line(it, depth, CLI_DIM, "",
			arena_printf(it->arena, "%s = %s", ref,
				is != NULL ? value_preview(it->arena, is, VALUE_SHOWN)
					   : text_of(value, "preview")));
	}
}

static void print_clause(const struct telling *it, const struct value *clause, unsigned depth);

static void print_condition(const struct telling *it, const struct value *condition, unsigned depth)
{
	const struct value *values = value_find(condition, "values");
	const struct value *because = value_find(condition, "because");
	const char *text = value_find_text(condition, "text");

	line(it, depth, CLI_PLAIN,
		arena_printf(
			it->arena, "line %lld:", (long long)value_find_int(condition, "line", 0)),
		text != NULL ? text : "(the source is not at hand)");
	for (size_t i = 0; i < value_count(values); i++) {
		print_value(it, value_at(values, i), depth + 1);
	}
	for (size_t i = 0; i < value_count(because); i++) {
		print_clause(it, value_at(because, i), depth + 1);
	}
}

static const char *short_name(const char *rule)
{
	const char *dot = strrchr(rule, '.');

	return dot != NULL ? dot + 1 : rule;
}

static void print_clause(const struct telling *it, const struct value *clause, unsigned depth)
{
	bool holds = value_find_bool(clause, "holds", true);
	const struct value *conditions = value_find(clause, holds ? "conditions" : "stopped");
	int64_t times = value_find_int(clause, "times", 1);
	const char *rule = short_name(text_of(clause, "rule"));
	const char *place = place_of(it, clause);
	size_t count = value_count(conditions);

	if (holds) {
		line(it, depth, CLI_PLAIN,
			arena_printf(it->arena, "%s at %s was true%s", rule, place,
				count > 0 ? ", because of" : ": it needs nothing"),
			NULL);
	} else {
		line(it, depth, CLI_PLAIN,
			times > 1 ? arena_printf(it->arena,
					    "%s at %s was not true: it stopped %lld times, at",
					    rule, place, (long long)times)
				  : arena_printf(it->arena, "%s at %s was not true: it stopped at",
					    rule, place),
			NULL);
	}
	for (size_t i = 0; i < count; i++) {
		print_condition(it, value_at(conditions, i), depth + 1);
	}
	const struct value *others = value_find(clause, "instead_of");
	if (value_count(others) > 0) {
		line(it, depth + 1, CLI_PLAIN, "and because, before it,", NULL);
	}
	for (size_t i = 0; i < value_count(others); i++) {
		print_clause(it, value_at(others, i), depth + 2);
	}
}

/* ---- what would have to be different ---- */

static const char *codes_of(const struct telling *it, const struct value *answer)
{
	CLEANUP(buf_fini) struct buf text = { 0 };
	const struct value *codes = value_find(answer, "reasons");

	for (size_t i = 0; i < value_count(codes) && i < MEMBERS_SHOWN; i++) {
		buf_printf(&text, "%s%s", i > 0 ? ", " : " (", value_text(value_at(codes, i)));
	}
	buf_append_text(&text, text.size > 0 ? ")" : "");
	return arena_text(it->arena, buf_text(&text), text.size);
}

static const char *change_text(const struct telling *it, const struct value *change)
{
	const struct value *value = value_find(change, "value");
	const struct value *before = value_find(change, "before");
	const char *ref = text_of(change, "ref");
	const char *op = text_of(change, "op");
	const char *shown = value != NULL ? value_preview(it->arena, value, VALUE_SHOWN) : "";

	if (strcmp(op, "add") == 0) {
		return arena_printf(it->arena, "%s with %s in it", ref, shown);
	}
	if (strcmp(op, "remove") == 0) {
		return value != NULL ? arena_printf(it->arena, "%s without %s", ref, shown)
				     : arena_printf(it->arena, "without %s", ref);
	}
	return before != NULL ? arena_printf(it->arena, "%s = %s instead of %s", ref, shown,
					value_preview(it->arena, before, 100))
			      : arena_printf(it->arena, "%s = %s, which is not there", ref, shown);
}

static void print_changes(
	const struct telling *it, const struct value *explained, const char *conditions)
{
	const struct value *changes = value_find(explained, "changes");

	line(it, 1, CLI_PLAIN, conditions, NULL);
	if (value_count(changes) == 0) {
		line(it, 1, CLI_PLAIN, "no change of one single value was found that does it",
			NULL);
		return;
	}
	for (size_t i = 0; i < value_count(changes); i++) {
		const struct value *change = value_at(changes, i);

		line(it, 2, CLI_PLAIN, "", change_text(it, change));
		line(it, 3, CLI_GOOD,
			arena_printf(it->arena, "checked: with this the answer is %s%s",
				text_of(change, "effect"), codes_of(it, change)),
			NULL);
	}
}

static void print_together(const struct telling *it, const struct value *together)
{
	const struct value *changes = value_find(together, "changes");

	if (together == NULL) {
		return;
	}
	heading(it, "all of it together");
	for (size_t i = 0; i < value_count(changes); i++) {
		line(it, 1, CLI_PLAIN, "", change_text(it, value_at(changes, i)));
	}
	line(it, 2, CLI_GOOD,
		arena_printf(it->arena, "checked: with these the answer is %s%s",
			text_of(together, "effect"), codes_of(it, together)),
		NULL);
}

/* ---- the answer ---- */

static void print_reason(const struct telling *it, const struct value *reason, bool wants_changes)
{
	const struct value *rules = value_find(reason, "rules");

	heading(it, arena_printf(it->arena, "%s: %s", text_of(reason, "code"),
			    text_of(reason, "message")));
	if (value_count(rules) == 0) {
		line(it, 1, CLI_PLAIN, "no rule was found that made it as it is", NULL);
	}
	for (size_t i = 0; i < value_count(rules); i++) {
		print_clause(it, value_at(rules, i), 1);
	}
	if (wants_changes) {
		print_changes(it, reason,
			"for this reason to go, one of these conditions would have to be false");
	}
}

static void print_allow(const struct telling *it, const struct value *explanation)
{
	const struct value *allow = value_find(explanation, "allow");

	if (allow == NULL) {
		return;
	}
	heading(it, "what could have allowed it, and where that stopped");
	for (size_t i = 0; i < value_count(allow); i++) {
		print_clause(it, value_at(allow, i), 1);
	}
	print_changes(
		it, explanation, "to be allowed, it would have to get beyond one of these points");
}

static void print_made(const struct telling *it, const struct value *explanation)
{
	const struct value *obligations = value_find(explanation, "obligations");
	const struct value *observed = value_find(explanation, "observed");

	for (size_t i = 0; i < value_count(observed); i++) {
		const struct value *one = value_at(observed, i);
		const struct value *reason = value_find(one, "reason");
		const struct value *rules = value_find(one, "rules");

		heading(it, arena_printf(it->arena, "observed, did nothing: %s: %s",
				    text_of(reason, "code"), text_of(reason, "message")));
		for (size_t j = 0; j < value_count(rules); j++) {
			print_clause(it, value_at(rules, j), 1);
		}
	}
	for (size_t i = 0; i < value_count(obligations); i++) {
		const struct value *one = value_at(obligations, i);
		const struct value *rules = value_find(one, "rules");

		heading(it, arena_printf(it->arena, "obligation: %s",
				    value_preview(it->arena, value_find(one, "obligation"),
					    VALUE_SHOWN)));
		for (size_t j = 0; j < value_count(rules); j++) {
			print_clause(it, value_at(rules, j), 1);
		}
	}
}

static void print_error(const struct telling *it, const struct value *error)
{
	const struct value *values = value_find(error, "values");

	heading(it, arena_printf(it->arena, "no answer: %s", text_of(error, "code")));
	line(it, 1, CLI_BAD, "", text_of(error, "message"));
	if (value_find(error, "file") != NULL) {
		line(it, 1, CLI_PLAIN,
			arena_printf(it->arena, "it ended at %s:", place_of(it, error)),
			value_find_text(error, "text"));
	}
	for (size_t i = 0; i < value_count(values); i++) {
		print_value(it, value_at(values, i), 2);
	}
}

static void print_effect(const struct telling *it, const struct value *explanation)
{
	const struct value *recorded = value_find(explanation, "recorded");
	const char *effect = text_of(explanation, "effect");

	line(it, 1, strcmp(effect, "allow") == 0 ? CLI_GOOD : CLI_BAD, "answer", effect);
	if (recorded == NULL) {
		return;
	}
	line(it, 1, CLI_PLAIN, "recorded",
		arena_printf(
			it->arena, "%s%s", text_of(recorded, "effect"), codes_of(it, recorded)));
	if (!value_find_bool(explanation, "same", true)) {
		line(it, 1, CLI_BAD,
			"NOT REPRODUCED: the policy that decided gives another answer now", NULL);
	}
}

void explain_print(
	const struct cli *cli, const struct value *explanation, const char *prefix, bool markdown)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	struct telling it = { cli, arena, prefix, markdown };
	const struct value *reasons = value_find(explanation, "reasons");
	const struct value *error = value_find(explanation, "error");
	const struct value *decided_by = value_find(explanation, "decided_by");
	const struct value *allow = value_find(explanation, "allow");
	bool is_no = strcmp(text_of(explanation, "effect"), "allow") != 0;

	print_asked(&it, explanation);
	print_effect(&it, explanation);
	if (error != NULL) {
		print_error(&it, error);
	}
	if (!is_no && value_count(decided_by) > 0) {
		heading(&it, "decided by");
	}
	for (size_t i = 0; !is_no && i < value_count(decided_by); i++) {
		print_clause(&it, value_at(decided_by, i), 1);
	}
	for (size_t i = 0; i < value_count(reasons); i++) {
		print_reason(&it, value_at(reasons, i), is_no && allow == NULL);
	}
	print_allow(&it, explanation);
	print_together(&it, value_find(explanation, "together"));
	print_made(&it, explanation);
	if (value_find(explanation, "cut") != NULL) {
		heading(&it, "there was more than is told here: the trace or this text reached its "
			     "limit");
	}
	if (value_find(explanation, "lines_only") != NULL) {
		heading(&it, "the plan was made by an opa before 1.22, which does not say where "
			     "expressions end: whole lines stand for them");
	}
}
