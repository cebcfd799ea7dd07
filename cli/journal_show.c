#include "cli/journal_show.h"

#include <string.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "cli/cli.h"
#include "cli/output.h"

static const char *text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static void field(const struct cli *cli, const char *name, const char *text)
{
	if (text != NULL && text[0] != '\0') {
		fprintf(cli->out, "%-11s", name);
		cli_print_safe(cli->out, text);
		fputc('\n', cli->out);
	}
}

static void print_value(const struct cli *cli, const json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

	if (text != NULL) {
		cli_print_safe(cli->out, text);
		free(text);
	}
}

static void diff_line(const struct cli *cli, char sign, const char *path, const json_t *value)
{
	enum cli_tone tone = sign == '-' ? CLI_BAD : CLI_GOOD;

	if (value == NULL) {
		return;
	}
	fprintf(cli->out, "  %s%c ", cli_tone_begin(cli, tone), sign);
	cli_print_safe(cli->out, path);
	fputs(": ", cli->out);
	print_value(cli, value);
	fprintf(cli->out, "%s\n", cli_tone_end(cli, tone));
}

static void print_changes(const struct cli *cli, const json_t *answer)
{
	const json_t *changes = json_object_get(answer, "changes");
	size_t index;
	json_t *change;

	if (json_array_size(changes) == 0) {
		return;
	}
	fputs("\nchanges\n", cli->out);
	json_array_foreach(changes, index, change)
	{
		const char *path = text_of(change, "path");

		diff_line(cli, '-', path != NULL ? path : "?", json_object_get(change, "before"));
		diff_line(cli, '+', path != NULL ? path : "?", json_object_get(change, "after"));
	}
}

static void print_members(const struct cli *cli, const json_t *input, const char *name, char sign)
{
	enum { SHOWN = 20 };
	const json_t *list = json_object_get(json_object_get(input, "members"), name);
	size_t index;
	json_t *member;

	json_array_foreach(list, index, member)
	{
		const char *user = text_of(json_object_get(member, "user"), "userName");

		if (index == SHOWN) {
			fprintf(cli->out, "    and %zu more\n", json_array_size(list) - SHOWN);
			break;
		}
		fprintf(cli->out,
			"  %s%c member: ", cli_tone_begin(cli, sign == '-' ? CLI_BAD : CLI_GOOD),
			sign);
		cli_print_safe(cli->out, user != NULL ? user : text_of(member, "id"));
		fprintf(cli->out, "%s\n", cli_tone_end(cli, CLI_GOOD));
	}
}

static void print_reason_list(const struct cli *cli, const char *title, const json_t *reasons)
{
	size_t index;
	json_t *reason;

	if (json_array_size(reasons) > 0) {
		fprintf(cli->out, "\n%s\n", title);
	}
	json_array_foreach(reasons, index, reason)
	{
		fprintf(cli->out, "  %s", cli_tone_begin(cli, CLI_STRONG));
		cli_print_safe(
			cli->out, text_of(reason, "code") != NULL ? text_of(reason, "code") : "?");
		fprintf(cli->out, "%s  ", cli_tone_end(cli, CLI_STRONG));
		cli_print_safe(cli->out,
			text_of(reason, "message") != NULL ? text_of(reason, "message") : "");
		fputc('\n', cli->out);
	}
}

static void print_reasons(const struct cli *cli, const json_t *entry)
{
	const json_t *output = json_object_get(entry, "output");

	print_reason_list(cli, "reasons", json_object_get(output, "reasons"));
	print_reason_list(
		cli, "observed (recorded, without effect)", json_object_get(output, "observed"));
	field(cli, "error", text_of(json_object_get(entry, "detail"), "error"));
}

/* An admin asked for it although what is soft refuses it. */
static void print_override(const struct cli *cli, const json_t *entry, const json_t *input)
{
	const char *reason = text_of(json_object_get(input, "override"), "reason");
	bool mattered = json_is_true(json_object_get(entry, "overridden"));

	if (reason != NULL || mattered) {
		fprintf(cli->out, "%-11s%s%s: ", "override", cli_tone_begin(cli, CLI_WARN),
			mattered ? "made it pass" : "changed nothing");
		cli_print_safe(cli->out, reason != NULL ? reason : "(erased)");
		fprintf(cli->out, "%s\n", cli_tone_end(cli, CLI_WARN));
	}
	if (json_is_true(json_object_get(json_object_get(entry, "output"), "overridable"))) {
		field(cli, "overridable", "by an admin");
	}
}

static void print_obligations(const struct cli *cli, const json_t *entry)
{
	const json_t *list = json_object_get(json_object_get(entry, "output"), "obligations");
	size_t index;
	json_t *it;

	if (json_array_size(list) > 0) {
		fputs("\nobligations\n", cli->out);
	}
	json_array_foreach(list, index, it)
	{
		fputs("  ", cli->out);
		print_value(cli, it);
		fputc('\n', cli->out);
	}
}

static void print_deliveries(const struct cli *cli, const json_t *answer)
{
	const json_t *done = json_object_get(answer, "outcomes");
	const json_t *open = json_object_get(answer, "deliveries");
	size_t index;
	json_t *it;

	if (json_array_size(done) + json_array_size(open) > 0) {
		fputs("\ndeliveries\n", cli->out);
	}
	json_array_foreach(done, index, it)
	{
		fprintf(cli->out, "  %s: %s at %.19sZ (entry %lld)\n", text_of(it, "app"),
			text_of(it, "outcome"), text_of(it, "time"),
			(long long)json_integer_value(json_object_get(it, "index")));
	}
	json_array_foreach(open, index, it)
	{
		fprintf(cli->out, "  %s: %s now, %lld tries", text_of(it, "app"),
			text_of(it, "state"),
			(long long)json_integer_value(json_object_get(it, "attempts")));
		if (text_of(it, "error") != NULL) {
			fputs(": ", cli->out);
			cli_print_safe(cli->out, text_of(it, "error"));
		}
		fputc('\n', cli->out);
	}
}

/* Who did it, where it was not the source itself. */
static void print_actor(const struct cli *cli, const json_t *actor)
{
	CLEANUP(buf_fini) struct buf line = { 0 };

	if (actor != NULL) {
		buf_printf(&line, "%s %s", text_of(actor, "type"), text_of(actor, "id"));
		field(cli, "by", buf_text(&line));
	}
}

/* Of an entry of the kind policy: what took over from what, and how it came. */
static void print_policy(const struct cli *cli, const json_t *entry)
{
	static const char *const names[] = { "before", "digest", "commit", "from", "step" };
	static const char *const members[] = { "before", "digest", "commit", "source", "step" };
	const json_t *detail = json_object_get(entry, "detail");
	const json_t *serial = json_object_get(detail, "serial");
	char number[32];

	if (strcmp(text_of(entry, "kind"), "policy") != 0) {
		return;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		field(cli, names[i], text_of(detail, members[i]));
	}
	if (serial != NULL) {
		snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(serial));
		field(cli, "serial", number);
	}
	if (json_is_true(json_object_get(detail, "kept"))) {
		field(cli, "kept", "by an earlier run: the source had nothing good");
	}
	if (json_is_true(json_object_get(detail, "allow_older"))) {
		field(cli, "older", "somebody allowed it");
	}
}

/* Of an entry of the kind shadow: which decision, and what was in force. */
static void print_shadow(const struct cli *cli, const json_t *entry)
{
	const json_t *live = json_object_get(json_object_get(entry, "detail"), "live");
	const json_t *reasons = json_object_get(live, "reasons");
	CLEANUP(buf_fini) struct buf line = { 0 };
	size_t index;
	json_t *code;

	if (strcmp(text_of(entry, "kind"), "shadow") != 0) {
		return;
	}
	buf_printf(
		&line, "%lld", (long long)json_integer_value(json_object_get(entry, "decision")));
	field(cli, "decision", buf_text(&line));
	buf_clear(&line);
	buf_printf(&line, "%s", text_of(live, "effect") != NULL ? text_of(live, "effect") : "?");
	json_array_foreach(reasons, index, code)
	{
		buf_printf(&line, "%s%s", index > 0 ? ", " : ": ", json_string_value(code));
	}
	buf_printf(&line, " by %s",
		text_of(live, "revision") != NULL ? text_of(live, "revision") : "?");
	field(cli, "in force", buf_text(&line));
}

void journal_show_print(const struct cli *cli, const json_t *answer)
{
	const json_t *entry = json_object_get(answer, "entry");
	const json_t *input = json_object_get(answer, "input");
	const json_t *resource = json_object_get(entry, "resource");
	const json_t *subject = json_object_get(entry, "subject");
	CLEANUP(buf_fini) struct buf line = { 0 };
	const char *effect = text_of(entry, "effect");

	if (input == NULL) {
		input = json_object_get(entry, "input");
	}
	buf_printf(&line, "%lld, %s",
		(long long)json_integer_value(json_object_get(entry, "index")),
		text_of(entry, "time"));
	field(cli, "entry", buf_text(&line));
	field(cli, "kind", text_of(entry, "kind"));
	field(cli, "source", text_of(entry, "source"));
	print_actor(cli, json_object_get(entry, "actor"));
	field(cli, "app", text_of(entry, "app"));
	field(cli, "operation", text_of(entry, "operation"));
	field(cli, "resource", text_of(resource, "type"));
	field(cli, "name",
		text_of(subject, "userName") != NULL ? text_of(subject, "userName")
						     : text_of(subject, "displayName"));
	field(cli, "id", text_of(resource, "id"));
	if (effect != NULL) {
		bool allowed = strcmp(effect, "allow") == 0;

		fprintf(cli->out, "%-11s%s%s%s%s\n", "effect",
			cli_tone_begin(cli, allowed ? CLI_GOOD : CLI_BAD), effect,
			cli_tone_end(cli, CLI_GOOD),
			json_is_true(json_object_get(entry, "noop")) ? " (nothing to change)" : "");
	}
	print_shadow(cli, entry);
	print_override(cli, entry, input);
	field(cli, "outcome", text_of(entry, "outcome"));
	field(cli, "policy", text_of(entry, "revision"));
	print_policy(cli, entry);
	field(cli, "request", text_of(entry, "request"));
	print_changes(cli, answer);
	print_members(cli, input, "added", '+');
	print_members(cli, input, "removed", '-');
	print_reasons(cli, entry);
	print_obligations(cli, entry);
	print_deliveries(cli, answer);
}
