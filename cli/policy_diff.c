/* policy diff: what is different between two policies. */
#include <jansson.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "cli/markdown.h"
#include "cli/output.h"
#include "cli/policy_compare.h"
#include "cli/policy_history.h"
#include "cli/policy_revision.h"
#include "config/config.h"

const struct cli_row_option cli_policy_diff_options[] = {
	{ 0, "exit-code", NULL, "exit code 2 when there are differences" },
	{ 0, "format", "FORMAT", "table, json, markdown" },
	{ 0 },
};

struct diff {
	struct cli *cli;
	struct cli_policy_named sides[2];
	struct policy_compare found;
};

typedef void diff_print_fn(const struct diff *diff);

static const char *name_of(const struct diff *diff, int side)
{
	return diff->sides[side].shown;
}

/* ---- table ---- */

static void print_change(const struct cli *cli, bool is_new, const char *text)
{
	fprintf(cli->out, "  %s%c ", cli_tone_begin(cli, is_new ? CLI_GOOD : CLI_BAD),
		is_new ? '+' : '-');
	cli_print_safe(cli->out, text);
	fprintf(cli->out, "%s\n", cli_tone_end(cli, CLI_GOOD));
}

static void print_data(const struct cli *cli, const struct policy_compare *found)
{
	for (size_t i = 0; i < found->data_count; i++) {
		const struct policy_compare_datum *it = &found->data[i];
		CLEANUP(buf_fini) struct buf old = { 0 };
		CLEANUP(buf_fini) struct buf fresh = { 0 };

		buf_printf(&old, "%s: %s", it->pointer, it->before != NULL ? it->before : "");
		buf_printf(&fresh, "%s: %s", it->pointer, it->after != NULL ? it->after : "");
		if (it->before != NULL) {
			print_change(cli, false, buf_text(&old));
		}
		if (it->after != NULL) {
			print_change(cli, true, buf_text(&fresh));
		}
	}
	if (found->data_more > 0) {
		fprintf(cli->out, "  and %zu more\n", found->data_more);
	}
}

static enum cli_tone tone_of(const char *line)
{
	switch (line[0]) {
	case '+':
		return CLI_GOOD;
	case '-':
		return CLI_BAD;
	case '@':
		return CLI_DIM;
	default:
		return CLI_PLAIN;
	}
}

static void print_module(const struct cli *cli, const char *diff)
{
	while (*diff != '\0') {
		size_t size = strcspn(diff, "\n");
		CLEANUP(buf_fini) struct buf line = { 0 };

		for (size_t i = 0; i < size; i++) { /* a tab is no trick, it is Rego */
			buf_append_text(&line, diff[i] == '\t' ? "    " : "");
			buf_append(&line, diff + i, diff[i] == '\t' ? 0 : 1);
		}
		fputs(cli_tone_begin(cli, tone_of(diff)), cli->out);
		cli_print_safe(cli->out, buf_text(&line));
		fprintf(cli->out, "%s\n", cli_tone_end(cli, CLI_GOOD));
		diff += size + (diff[size] == '\n');
	}
}

static void print_title(const struct cli *cli, const char *title, size_t count)
{
	if (count > 0) {
		fprintf(cli->out, "\n%s\n", title);
	}
}

static void print_table(const struct diff *diff)
{
	const struct cli *cli = diff->cli;
	const struct policy_compare *found = &diff->found;

	print_change(cli, false, name_of(diff, 0));
	print_change(cli, true, name_of(diff, 1));
	if (found->is_same) {
		fputs("\nno differences\n", cli->out);
	}
	print_title(cli, "rules", found->rule_count);
	for (size_t i = 0; i < found->rule_count; i++) {
		print_change(cli, found->rules[i].is_new, found->rules[i].name);
	}
	print_title(cli, "levels", found->level_count);
	for (size_t i = 0; i < found->level_count; i++) {
		fputs("  ", cli->out);
		cli_print_safe(cli->out, found->levels[i].package);
		fputs(": ", cli->out);
		cli_print_safe(cli->out, found->levels[i].before);
		fputs(" → ", cli->out);
		cli_print_safe(cli->out, found->levels[i].after);
		fputc('\n', cli->out);
	}
	print_title(cli, "data", found->data_count);
	print_data(cli, found);
	print_title(cli, "modules", found->module_count);
	for (size_t i = 0; i < found->module_count; i++) {
		print_module(cli, found->modules[i].diff);
	}
	if (found->lacks_rego && !found->is_same) {
		cli_say(cli,
			"one of them came compiled, without its Rego: modules are not compared");
	}
}

/* ---- JSON ---- */

static json_t *side_json(const struct diff *diff, int side)
{
	const struct policy_kept *kept = &diff->sides[side].kept;
	json_t *it = json_object();

	json_object_set_new(it, "name", json_string(name_of(diff, side)));
	json_object_set_new(it, "revision", json_string(kept->revision));
	json_object_set_new(it, "digest", json_string(kept->digest));
	return it;
}

static json_t *rules_json(const struct policy_compare *found, bool is_new)
{
	json_t *list = json_array();

	for (size_t i = 0; i < found->rule_count; i++) {
		if (found->rules[i].is_new == is_new) {
			json_array_append_new(list, json_string(found->rules[i].name));
		}
	}
	return list;
}

static void set_text(json_t *object, const char *name, const char *text)
{
	json_object_set_new(object, name, text != NULL ? json_string(text) : json_null());
}

static json_t *levels_json(const struct policy_compare *found)
{
	json_t *list = json_array();

	for (size_t i = 0; i < found->level_count; i++) {
		json_t *it = json_object();

		set_text(it, "package", found->levels[i].package);
		set_text(it, "before", found->levels[i].before);
		set_text(it, "after", found->levels[i].after);
		json_array_append_new(list, it);
	}
	return list;
}

static json_t *data_json(const struct policy_compare *found)
{
	json_t *list = json_array();

	for (size_t i = 0; i < found->data_count; i++) {
		json_t *it = json_object();

		set_text(it, "path", found->data[i].pointer);
		set_text(it, "before", found->data[i].before);
		set_text(it, "after", found->data[i].after);
		json_array_append_new(list, it);
	}
	return list;
}

static json_t *modules_json(const struct policy_compare *found)
{
	json_t *list = json_array();

	for (size_t i = 0; i < found->module_count; i++) {
		json_t *it = json_object();

		set_text(it, "file", found->modules[i].file);
		set_text(it, "change", found->modules[i].change);
		set_text(it, "diff", found->modules[i].diff);
		json_array_append_new(list, it);
	}
	return list;
}

static void print_json(const struct diff *diff)
{
	const struct policy_compare *found = &diff->found;
	json_t *rules = json_object();
	json_t *it = json_object();

	json_object_set_new(rules, "added", rules_json(found, true));
	json_object_set_new(rules, "removed", rules_json(found, false));
	json_object_set_new(it, "before", side_json(diff, 0));
	json_object_set_new(it, "after", side_json(diff, 1));
	json_object_set_new(it, "same", json_boolean(found->is_same));
	json_object_set_new(it, "rules", rules);
	json_object_set_new(it, "levels", levels_json(found));
	json_object_set_new(it, "data", data_json(found));
	json_object_set_new(it, "data_more", json_integer((json_int_t)found->data_more));
	json_object_set_new(it, "modules", modules_json(found));
	json_object_set_new(it, "modules_compared", json_boolean(!found->lacks_rego));
	cli_print_json(diff->cli, "diff", it);
}

/* ---- Markdown ---- */

enum { ROOM = 400, NAME_SHOWN = 200 };

/* Does it still fit, with room for a word that there is more? Else it is taken back. */
static bool fits(struct buf *out, size_t before)
{
	if (out->size + ROOM <= MARKDOWN_CHARACTERS) {
		return true;
	}
	out->size = before;
	return false;
}

static void add_lists(struct buf *out, const struct policy_compare *found)
{
	for (size_t i = 0; i < found->rule_count; i++) {
		size_t before = out->size;

		buf_printf(out, i == 0 ? "\n### Rules\n\n- %s " : "- %s ",
			found->rules[i].is_new ? "new:" : "gone:");
		markdown_add_short(out, found->rules[i].name, NAME_SHOWN);
		buf_append_char(out, '\n');
		if (!fits(out, before)) {
			return;
		}
	}
	for (size_t i = 0; i < found->level_count; i++) {
		size_t before = out->size;

		buf_append_text(out, i == 0 ? "\n### Levels\n\n- " : "- ");
		markdown_add_short(out, found->levels[i].package, NAME_SHOWN);
		buf_append_text(out, ": ");
		markdown_add_short(out, found->levels[i].before, NAME_SHOWN);
		buf_append_text(out, " → ");
		markdown_add_short(out, found->levels[i].after, NAME_SHOWN);
		buf_append_char(out, '\n');
		if (!fits(out, before)) {
			return;
		}
	}
}

static void add_data(struct buf *out, const struct policy_compare *found)
{
	static const char absent[] = "–";

	for (size_t i = 0; i < found->data_count; i++) {
		const struct policy_compare_datum *it = &found->data[i];
		size_t before = out->size;

		buf_append_text(
			out, i == 0 ? "\n### Data\n\n| path | before | after |\n|---|---|---|\n| "
				    : "| ");
		markdown_add_short(out, it->pointer, NAME_SHOWN);
		buf_append_text(out, " | ");
		markdown_add_short(out, it->before != NULL ? it->before : absent, NAME_SHOWN);
		buf_append_text(out, " | ");
		markdown_add_short(out, it->after != NULL ? it->after : absent, NAME_SHOWN);
		buf_append_text(out, " |\n");
		if (!fits(out, before)) {
			buf_printf(out, "\n… and %zu more\n",
				found->data_count - i + found->data_more);
			return;
		}
	}
}

static void add_modules(struct buf *out, const struct policy_compare *found)
{
	for (size_t i = 0; i < found->module_count; i++) {
		size_t before = out->size;

		buf_append_text(out, i == 0 ? "\n### Modules\n" : "");
		markdown_add_code(out, found->modules[i].diff);
		if (!fits(out, before)) {
			buf_printf(out, "\n… and %zu more modules\n", found->module_count - i);
			return;
		}
	}
}

static void print_markdown(const struct diff *diff)
{
	CLEANUP(buf_fini) struct buf out = { 0 };

	buf_append_text(&out, MARKDOWN_MARKER "## scimward policy diff\n\nFrom ");
	markdown_add_short(&out, name_of(diff, 0), NAME_SHOWN);
	buf_append_text(&out, " to ");
	markdown_add_short(&out, name_of(diff, 1), NAME_SHOWN);
	buf_append_text(&out, diff->found.is_same ? "\n\n**No differences.**\n" : "\n");
	add_lists(&out, &diff->found);
	add_data(&out, &diff->found);
	add_modules(&out, &diff->found);
	fwrite(out.data, 1, out.size, diff->cli->out);
}

/* ---- the verb ---- */

static diff_print_fn *format_of(const struct cli *cli)
{
	const char *name = cli_option(cli, "format");

	if (name == NULL) {
		return cli->format == CLI_JSON ? print_json : print_table;
	}
	if (strcmp(name, "table") == 0) {
		return print_table;
	}
	if (strcmp(name, "json") == 0) {
		return print_json;
	}
	if (strcmp(name, "markdown") == 0) {
		return print_markdown;
	}
	cli_usage(cli, "there is no format '%s': table, json, markdown", name);
	return NULL;
}

static bool run(
	struct diff *diff, const struct config *config, struct arena *arena, struct error *err)
{
	for (int side = 0; side < 2; side++) {
		if (!cli_policy_named(
			    config, arena, diff->cli->arguments[side], &diff->sides[side], err)) {
			return false;
		}
	}
	return policies_compare(
		arena, &diff->sides[0].kept, &diff->sides[1].kept, &diff->found, err);
}

int cli_policy_diff(struct cli *cli)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	struct diff diff = { .cli = cli };
	diff_print_fn *print = format_of(cli);
	const struct config *config;
	struct error err = { 0 };
	int result = CLI_OK;

	if (print == NULL) {
		return CLI_USAGE;
	}
	config = cli_config(cli);
	if (config == NULL) {
		return CLI_ERROR;
	}
	if (run(&diff, config, arena, &err)) {
		print(&diff);
		if (cli_option(cli, "exit-code") != NULL && !diff.found.is_same) {
			result = CLI_NO;
		}
	} else {
		result = cli_fail(cli, &err);
	}
	cli_policy_named_fini(&diff.sides[0]);
	cli_policy_named_fini(&diff.sides[1]);
	return result;
}
