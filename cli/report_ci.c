/* Formats that forges read: SARIF, GitHub's workflow commands, GitLab's code quality, a comment. */
#include <jansson.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/utf8.h"
#include "cli/cli.h"
#include "cli/markdown.h"
#include "cli/report.h"
#include "gateway/rego_test.h"

/* The same for the same finding in the next run, wherever it has moved within its file. */
static const char *fingerprint(struct arena *arena, const struct report_finding *it)
{
	const char *text = arena_printf(arena, "%s\n%s\n%s", it->rule, it->file, it->message);
	uint8_t digest[DIGEST_BYTES];
	struct buf hex = { 0 };

	digest_sha256(text, strlen(text), digest);
	encode_hex(&hex, digest, 16);
	text = arena_text(arena, buf_text(&hex), hex.size);
	buf_fini(&hex);
	return text;
}

static const char *whole_text(struct arena *arena, const struct report_finding *it)
{
	return it->detail[0] != '\0' ? arena_printf(arena, "%s\n%s", it->message, it->detail)
				     : it->message;
}

/* ---- SARIF 2.1.0 ---- */

static json_t *text_object(const char *text)
{
	json_t *json = json_object();

	json_object_set_new(json, "text", json_string(text));
	return json;
}

/* A relative reference (RFC 3986): what is no unreserved character or slash is encoded. */
static json_t *uri_of(const char *file)
{
	struct buf uri = { 0 };
	json_t *json;

	for (const char *c = file; *c != '\0'; c++) {
		bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
			     (*c >= '0' && *c <= '9') || strchr("-._~/", *c) != NULL;

		buf_printf(&uri, plain ? "%c" : "%%%02X", (unsigned char)*c);
	}
	json = json_string(buf_text(&uri));
	buf_fini(&uri);
	return json;
}

static json_t *location_of(const struct report_finding *it)
{
	json_t *artifact = json_object();
	json_t *physical = json_object();
	json_t *location = json_object();
	json_t *list = json_array();

	if (it->file[0] == '\0') {
		json_decref(artifact);
		json_decref(physical);
		json_decref(location);
		return list;
	}
	json_object_set_new(artifact, "uri", uri_of(it->file));
	json_object_set_new(physical, "artifactLocation", artifact);
	if (it->line > 0) {
		json_t *region = json_object();

		json_object_set_new(region, "startLine", json_integer((json_int_t)it->line));
		if (it->column > 0) {
			json_object_set_new(
				region, "startColumn", json_integer((json_int_t)it->column));
		}
		json_object_set_new(physical, "region", region);
	}
	json_object_set_new(location, "physicalLocation", physical);
	json_array_append_new(list, location);
	return list;
}

static json_t *result_of(struct arena *arena, const struct report_finding *it)
{
	json_t *json = json_object();
	json_t *prints = json_object();

	json_object_set_new(json, "ruleId", json_string(it->rule));
	json_object_set_new(
		json, "level", json_string(it->level == REPORT_ERROR ? "error" : "warning"));
	json_object_set_new(json, "message", text_object(whole_text(arena, it)));
	json_object_set_new(json, "locations", location_of(it));
	json_object_set_new(prints, "scimward/v1", json_string(fingerprint(arena, it)));
	json_object_set_new(json, "partialFingerprints", prints);
	return json;
}

static json_t *driver_of(const struct report *report)
{
	json_t *driver = json_object();
	json_t *rules = json_array();

	for (size_t i = 0; i < report->rule_count; i++) {
		json_t *rule = json_object();

		json_object_set_new(rule, "id", json_string(report->rules[i].id));
		json_object_set_new(
			rule, "shortDescription", text_object(report->rules[i].summary));
		json_object_set_new(rule, "help", text_object(report->rules[i].help));
		json_array_append_new(rules, rule);
	}
	json_object_set_new(driver, "name", json_string("scimward"));
	json_object_set_new(driver, "version", json_string(SCIMWARD_VERSION));
	json_object_set_new(driver, "rules", rules);
	return driver;
}

static void print_json(const struct cli *cli, json_t *json)
{
	json_dumpf(json, cli->out, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	fputc('\n', cli->out);
	json_decref(json);
}

void report_sarif(const struct cli *cli, const struct report *report)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	json_t *results = json_array();
	json_t *tool = json_object();
	json_t *run = json_object();
	json_t *runs = json_array();
	json_t *json = json_object();

	for (size_t i = 0; i < report->finding_count; i++) {
		json_array_append_new(results, result_of(arena, &report->findings[i]));
	}
	json_object_set_new(tool, "driver", driver_of(report));
	json_object_set_new(run, "tool", tool);
	json_object_set_new(run, "results", results);
	json_array_append_new(runs, run);
	json_object_set_new(
		json, "$schema", json_string("https://json.schemastore.org/sarif-2.1.0.json"));
	json_object_set_new(json, "version", json_string("2.1.0"));
	json_object_set_new(json, "runs", runs);
	print_json(cli, json);
}

/* ---- GitHub ---- */

/* What would end a workflow command, or a property of it, is encoded. */
static void print_command(FILE *out, const char *text, bool is_property)
{
	for (const char *c = text; *c != '\0'; c++) {
		if (*c == '%' || *c == '\r' || *c == '\n' ||
			(is_property && (*c == ':' || *c == ','))) {
			fprintf(out, "%%%02X", (unsigned char)*c);
		} else {
			fputc(*c, out);
		}
	}
}

void report_github(const struct cli *cli, const struct report *report)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();

	for (size_t i = 0; i < report->finding_count; i++) {
		const struct report_finding *it = &report->findings[i];

		fprintf(cli->out, "::%s title=", it->level == REPORT_ERROR ? "error" : "warning");
		print_command(cli->out, it->rule, true);
		if (it->file[0] != '\0') {
			fputs(",file=", cli->out);
			print_command(cli->out, it->file, true);
		}
		if (it->line > 0) {
			fprintf(cli->out, ",line=%zu", it->line);
		}
		if (it->column > 0) {
			fprintf(cli->out, ",col=%zu", it->column);
		}
		fputs("::", cli->out);
		print_command(cli->out, whole_text(arena, it), false);
		fputc('\n', cli->out);
	}
	if (report_is_below(report)) {
		fprintf(cli->out,
			"::error title=coverage::%.1f %% of the lines ran, below %.1f %%\n",
			rego_lines_percent(report->lines->ran, report->lines->missed),
			report->threshold);
	}
}

/* ---- GitLab ---- */

void report_gitlab(const struct cli *cli, const struct report *report)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	json_t *list = json_array();

	for (size_t i = 0; i < report->finding_count; i++) {
		const struct report_finding *it = &report->findings[i];
		json_t *json = json_object();
		json_t *lines = json_object();
		json_t *location = json_object();

		json_object_set_new(json, "description", json_string(whole_text(arena, it)));
		json_object_set_new(json, "check_name", json_string(it->rule));
		json_object_set_new(json, "fingerprint", json_string(fingerprint(arena, it)));
		json_object_set_new(json, "severity",
			json_string(it->level == REPORT_ERROR ? "major" : "minor"));
		json_object_set_new(
			lines, "begin", json_integer(it->line > 0 ? (json_int_t)it->line : 1));
		json_object_set_new(
			location, "path", json_string(it->file[0] != '\0' ? it->file : "."));
		json_object_set_new(location, "lines", lines);
		json_object_set_new(json, "location", location);
		json_array_append_new(list, json);
	}
	print_json(cli, list);
}

/* ---- Markdown ---- */

enum { COMMENT_ROOM = 300 };

static void add_finding(struct buf *out, const struct report_finding *it)
{
	buf_append_text(out, "\n**");
	markdown_add_text(out, it->message);
	buf_append_text(out, "**");
	if (it->file[0] != '\0') {
		buf_append_text(out, " at ");
		markdown_add_text(out, it->file);
		if (it->line > 0) {
			buf_printf(out, ":%zu", it->line);
		}
	}
	buf_append_char(out, '\n');
	if (it->detail[0] != '\0') {
		markdown_add_code(out, it->detail);
	}
}

static void add_summary(struct buf *out, const struct report *report)
{
	buf_append_text(out, MARKDOWN_MARKER "## scimward ");
	markdown_add_text(out, report->title);
	buf_append_char(out, '\n');
	if (report->case_count > 0) {
		buf_printf(out, "\n| passed | failed | skipped |\n|---:|---:|---:|\n");
		buf_printf(out, "| %zu | %zu | %zu |\n", report_count(report, REPORT_PASSED),
			report_count(report, REPORT_FAILED), report_count(report, REPORT_SKIPPED));
	} else {
		buf_printf(out, "\n%zu findings\n", report->finding_count);
	}
	if (report->lines != NULL) {
		const struct rego_lines *lines = report->lines;

		buf_printf(out, "\n%.1f %% of the lines ran (%zu of %zu)",
			rego_lines_percent(lines->ran, lines->missed), lines->ran,
			lines->ran + lines->missed);
		if (report->threshold >= 0) {
			buf_printf(out, ", %s %.1f %%",
				report_is_below(report) ? "below" : "at least", report->threshold);
		}
		buf_append_char(out, '\n');
	}
	if (report->revision[0] != '\0') {
		buf_append_text(out, "\nRevision ");
		markdown_add_text(out, report->revision);
		buf_append_char(out, '\n');
	}
}

/* Bytes are at least characters, so what fits in bytes fits. */
void report_markdown(const struct cli *cli, const struct report *report)
{
	CLEANUP(buf_fini) struct buf out = { 0 };

	add_summary(&out, report);
	for (size_t i = 0; i < report->finding_count; i++) {
		size_t before = out.size;

		add_finding(&out, &report->findings[i]);
		if (out.size + COMMENT_ROOM > MARKDOWN_CHARACTERS) {
			out.size = before;
			buf_printf(&out, "\n… and %zu more\n", report->finding_count - i);
			break;
		}
	}
	fwrite(out.data, 1, out.size, cli->out);
}
