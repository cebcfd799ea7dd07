#include "cli/report.h"

#include <jansson.h>
#include <string.h>
#include "base/arena.h"
#include "base/cleanup.h"
#include "cli/cli.h"
#include "cli/output.h"
#include "gateway/rego_test.h"

static const struct report_format formats[] = {
	{ "github", report_github },
	{ "gitlab", report_gitlab },
	{ "json", report_json },
	{ "junit", report_junit },
	{ "markdown", report_markdown },
	{ "sarif", report_sarif },
	{ "table", report_table },
};

const struct report_format *report_format_of(const struct cli *cli, const char *name)
{
	if (name == NULL) {
		name = cli->format == CLI_JSON ? "json" : "table";
	}
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(formats[i].name, name) == 0) {
			return &formats[i];
		}
	}
	cli_usage(cli,
		"there is no format '%s': table, json, junit, sarif, github, gitlab, markdown",
		name);
	return NULL;
}

size_t report_count(const struct report *report, enum report_outcome outcome)
{
	size_t count = 0;

	for (size_t i = 0; i < report->case_count; i++) {
		count += report->cases[i].outcome == outcome;
	}
	return count;
}

bool report_is_below(const struct report *report)
{
	return report->lines != NULL && report->threshold >= 0 &&
	       rego_lines_percent(report->lines->ran, report->lines->missed) < report->threshold;
}

/* ---- table ---- */

static void print_place(FILE *out, const char *file, size_t line, size_t column)
{
	if (file[0] == '\0') {
		return;
	}
	cli_print_safe(out, file);
	if (line > 0) {
		fprintf(out, ":%zu", line);
	}
	if (column > 0) {
		fprintf(out, ":%zu", column);
	}
	fputs(": ", out);
}

/* Lines ended by '\n', set in. */
static void print_detail(FILE *out, const char *detail)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();

	while (*detail != '\0') {
		size_t size = strcspn(detail, "\n");

		fputs("    ", out);
		cli_print_safe(out, arena_text(arena, detail, size));
		fputc('\n', out);
		detail += size + (detail[size] == '\n');
	}
}

static void print_cases(const struct cli *cli, const struct report *report)
{
	for (size_t i = 0; i < report->case_count && report->verbose; i++) {
		const struct report_case *it = &report->cases[i];

		if (it->outcome != REPORT_FAILED) {
			fprintf(cli->out, "%s%s%s ",
				cli_tone_begin(
					cli, it->outcome == REPORT_PASSED ? CLI_GOOD : CLI_DIM),
				it->outcome == REPORT_PASSED ? "ok  " : "skip",
				cli_tone_end(cli, CLI_GOOD));
			print_place(cli->out, it->file, it->line, 0);
			cli_print_safe(cli->out, it->name);
			fputc('\n', cli->out);
		}
	}
}

static void print_findings(const struct cli *cli, const struct report *report)
{
	for (size_t i = 0; i < report->finding_count; i++) {
		const struct report_finding *it = &report->findings[i];
		enum cli_tone tone = it->level == REPORT_ERROR ? CLI_BAD : CLI_WARN;

		print_place(cli->out, it->file, it->line, it->column);
		fprintf(cli->out, "%s", cli_tone_begin(cli, tone));
		cli_print_safe(cli->out, it->message);
		fprintf(cli->out, "%s [%s]\n", cli_tone_end(cli, tone), it->rule);
		print_detail(cli->out, it->detail);
	}
}

static void print_lines(const struct cli *cli, const struct report *report)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	static const char *const titles[] = { "FILE", ">LINES", ">RUN", ">PERCENT", "NOT RUN" };
	CLEANUP(cli_table_cleanup) struct cli_table *table = cli_table_new(titles, 5);
	const struct rego_lines *lines = report->lines;

	for (size_t i = 0; i < lines->count; i++) {
		const struct rego_file *file = &lines->files[i];
		const char *missed = rego_lines_missed(arena, file);

		cli_table_cell(table, CLI_PLAIN, "%s%s", report->folder, file->name);
		cli_table_cell(table, CLI_PLAIN, "%zu", file->ran + file->missed);
		cli_table_cell(table, CLI_PLAIN, "%zu", file->ran);
		cli_table_cell(table, file->missed > 0 ? CLI_WARN : CLI_GOOD, "%.1f",
			rego_lines_percent(file->ran, file->missed));
		cli_table_cell(table, CLI_PLAIN, "%s", missed[0] != '\0' ? missed : "-");
	}
	cli_table_print(table, cli, "There are no rules.");
	fprintf(cli->out, "%zu of %zu lines ran: %.1f %%", lines->ran, lines->ran + lines->missed,
		rego_lines_percent(lines->ran, lines->missed));
	if (report->threshold >= 0) {
		fprintf(cli->out, ", %s %.1f %%", report_is_below(report) ? "below" : "at least",
			report->threshold);
	}
	fputc('\n', cli->out);
}

void report_table(const struct cli *cli, const struct report *report)
{
	size_t failed = report_count(report, REPORT_FAILED);
	size_t skipped = report_count(report, REPORT_SKIPPED);

	print_cases(cli, report);
	print_findings(cli, report);
	if (report->lines != NULL) {
		print_lines(cli, report);
	}
	if (report->case_count > 0) {
		enum cli_tone tone = failed > 0 ? CLI_BAD : CLI_GOOD;

		fprintf(cli->out, "%s%zu passed, %zu failed", cli_tone_begin(cli, tone),
			report_count(report, REPORT_PASSED), failed);
		if (skipped > 0) {
			fprintf(cli->out, ", %zu skipped", skipped);
		}
		fprintf(cli->out, "%s (%.2f s)\n", cli_tone_end(cli, tone),
			(double)report->took_us / 1e6);
	}
}

/* ---- json ---- */

static json_t *json_of_case(const struct report_case *it)
{
	static const char *const outcomes[] = { "passed", "failed", "skipped" };
	json_t *json = json_object();

	json_object_set_new(json, "suite", json_string(it->suite));
	json_object_set_new(json, "name", json_string(it->name));
	json_object_set_new(json, "file", json_string(it->file));
	json_object_set_new(json, "line", json_integer((json_int_t)it->line));
	json_object_set_new(json, "outcome", json_string(outcomes[it->outcome]));
	json_object_set_new(json, "took_us", json_integer(it->took_us));
	if (it->message[0] != '\0') {
		json_object_set_new(json, "message", json_string(it->message));
		json_object_set_new(json, "detail", json_string(it->detail));
	}
	return json;
}

static json_t *json_of_finding(const struct report_finding *it)
{
	json_t *json = json_object();

	json_object_set_new(json, "rule", json_string(it->rule));
	json_object_set_new(
		json, "level", json_string(it->level == REPORT_ERROR ? "error" : "warning"));
	json_object_set_new(json, "file", json_string(it->file));
	json_object_set_new(json, "line", json_integer((json_int_t)it->line));
	json_object_set_new(json, "column", json_integer((json_int_t)it->column));
	json_object_set_new(json, "message", json_string(it->message));
	json_object_set_new(json, "detail", json_string(it->detail));
	return json;
}

static json_t *json_of_file(const struct report *report, const struct rego_file *file)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	json_t *json = json_object();
	json_t *missed = json_array();

	for (size_t line = 1; line <= file->line_count; line++) {
		if (file->lines[line] == REGO_LINE_MISSED) {
			json_array_append_new(missed, json_integer((json_int_t)line));
		}
	}
	json_object_set_new(
		json, "file", json_string(arena_printf(arena, "%s%s", report->folder, file->name)));
	json_object_set_new(json, "ran", json_integer((json_int_t)file->ran));
	json_object_set_new(json, "missed", json_integer((json_int_t)file->missed));
	json_object_set_new(json, "missed_lines", missed);
	return json;
}

static json_t *json_of_lines(const struct report *report)
{
	const struct rego_lines *lines = report->lines;
	json_t *json = json_object();
	json_t *files = json_array();

	for (size_t i = 0; i < lines->count; i++) {
		json_array_append_new(files, json_of_file(report, &lines->files[i]));
	}
	json_object_set_new(
		json, "percent", json_real(rego_lines_percent(lines->ran, lines->missed)));
	json_object_set_new(json, "ran", json_integer((json_int_t)lines->ran));
	json_object_set_new(json, "missed", json_integer((json_int_t)lines->missed));
	if (report->threshold >= 0) {
		json_object_set_new(json, "threshold", json_real(report->threshold));
	}
	json_object_set_new(json, "files", files);
	return json;
}

json_t *report_json_findings(const struct report *report)
{
	json_t *findings = json_array();

	for (size_t i = 0; i < report->finding_count; i++) {
		json_array_append_new(findings, json_of_finding(&report->findings[i]));
	}
	return findings;
}

void report_json(const struct cli *cli, const struct report *report)
{
	json_t *json = json_object();
	json_t *cases = json_array();

	for (size_t i = 0; i < report->case_count; i++) {
		json_array_append_new(cases, json_of_case(&report->cases[i]));
	}
	json_object_set_new(json, "title", json_string(report->title));
	json_object_set_new(json, "revision", json_string(report->revision));
	json_object_set_new(
		json, "passed", json_integer((json_int_t)report_count(report, REPORT_PASSED)));
	json_object_set_new(
		json, "failed", json_integer((json_int_t)report_count(report, REPORT_FAILED)));
	json_object_set_new(
		json, "skipped", json_integer((json_int_t)report_count(report, REPORT_SKIPPED)));
	json_object_set_new(json, "took_us", json_integer(report->took_us));
	json_object_set_new(json, "cases", cases);
	json_object_set_new(json, "findings", report_json_findings(report));
	if (report->lines != NULL) {
		json_object_set_new(json, "coverage", json_of_lines(report));
	}
	cli_print_json(cli, "report", json);
}
