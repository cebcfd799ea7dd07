/* policy test: the rules of Rego that test, and the scenarios; coverage of both. */
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "cli/cli.h"
#include "cli/output.h"
#include "cli/policy.h"
#include "cli/report.h"
#include "config/config.h"
#include "config/load.h"
#include "config/report.h"
#include "gateway/policy_source.h"
#include "gateway/rego_test.h"
#include "gateway/scenario.h"
#include "policy/coverage.h"
#include "policy/engine.h"

const struct cli_row_option cli_policy_test_options[] = {
	{ 'r', "run", "REGEX", "only tests and scenarios whose name this matches" },
	{ 's', "scenarios", "DIR", "where they are; default: scenarios/ within the policy" },
	{ 0, "coverage", NULL, "which lines ran, of all files but those of tests" },
	{ 't', "threshold", "PERCENT", "exit code 2 when fewer lines ran; implies --coverage" },
	{ 'f', "format", "FORMAT", "table, json, junit, sarif, github, gitlab or markdown" },
	{ 'v', "verbose", NULL, "what passed as well" },
	{ 0 },
};

static const struct report_rule rules[] = {
	{ "scenario-failed", "A scenario came out otherwise than it says",
		"Mend the policy, or the scenario when the policy is right." },
	{ "test-failed", "A test_ rule is not true", "Mend the policy, or the test." },
};

struct testing {
	struct cli *cli;
	struct arena *arena;
	struct config_policy policy;
	const struct config *config; /* NULL: a folder alone was named */
	const char *prefix;
	const char *scenarios; /* folder; NULL: there is none */
	struct policy *loaded;
	struct policy_coverage *coverage;
	struct rego_report rego;
	struct scenario_report told;
	struct rego_lines lines;
	struct report report;
};

/* ---- what was asked for ---- */

static bool read_threshold(struct testing *testing)
{
	const char *text = cli_option(testing->cli, "threshold");
	char *end = NULL;

	testing->report.threshold = -1;
	if (text == NULL) {
		return true;
	}
	testing->report.threshold = strtod(text, &end);
	if (end == text || *end != '\0' || !(testing->report.threshold >= 0) ||
		testing->report.threshold > 100) {
		cli_usage(testing->cli, "--threshold: a number from 0 to 100, not '%s'", text);
		return false;
	}
	return true;
}

/* With a folder, only a configuration that was named counts: its sources and apps are known then.
 */
static bool find_policy(struct testing *testing)
{
	struct cli *cli = testing->cli;
	const char *path = cli->argument_count > 0 ? cli->arguments[0] : NULL;

	if (!cli_policy_where(cli, path, &testing->policy)) {
		return false;
	}
	if (path == NULL || strcmp(cli->config_path, CONFIG_DEFAULT_PATH) != 0) {
		testing->config = cli_config(cli);
		if (testing->config == NULL) {
			return false;
		}
	}
	testing->prefix = cli_policy_prefix(testing->arena, &testing->policy);
	testing->scenarios = cli_option(cli, "scenarios");
	if (testing->scenarios == NULL) {
		testing->scenarios = scenario_folder(testing->arena, &testing->policy);
	}
	return true;
}

/* ---- what came out, as cases and findings ---- */

/* Both at once: a failure is a case and a finding. */
struct gathering {
	struct testing *testing;
	struct report_case *cases;
	struct report_finding *findings;
};

static void add_case(struct gathering *it, const struct report_case *row, const char *rule)
{
	struct report *report = &it->testing->report;

	it->cases[report->case_count++] = *row;
	if (row->outcome == REPORT_FAILED) {
		it->findings[report->finding_count++] = (struct report_finding){
			.rule = rule,
			.file = row->file,
			.line = row->line,
			.message =
				arena_printf(it->testing->arena, "%s: %s", row->name, row->message),
			.detail = row->detail,
		};
	}
}

static void add_rego(struct gathering *it)
{
	const struct rego_report *rego = &it->testing->rego;

	for (size_t i = 0; i < rego->count; i++) {
		const struct rego_test *test = &rego->tests[i];
		const char *file =
			arena_printf(it->testing->arena, "%s%s", it->testing->prefix, test->file);

		add_case(it,
			&(struct report_case){
				.suite = file,
				.name = test->name,
				.file = file,
				.line = test->line,
				.outcome = test->outcome == REGO_PASSED   ? REPORT_PASSED
					   : test->outcome == REGO_FAILED ? REPORT_FAILED
									  : REPORT_SKIPPED,
				.took_us = test->took_us,
				.message = test->outcome != REGO_FAILED ? ""
					   : test->trouble != NULL      ? test->trouble
									: "it is not true",
				.detail = "",
			},
			"test-failed");
	}
}

static void describe_decision(const struct scenario_result *it, struct buf *text)
{
	if (it->request[0] != '\0') {
		buf_printf(text, "request %zu of %zu: %s: %d%s%s\n", it->step, it->steps,
			it->request, it->status, it->effect[0] != '\0' ? " " : "", it->effect);
	}
	for (size_t i = 0; i < it->reason_count; i++) {
		buf_printf(text, "  %s: %s\n", it->reasons[i].code, it->reasons[i].message);
	}
	if (it->failure != NULL) {
		buf_printf(text, "  no answer: %s\n", it->failure);
	}
	for (size_t i = 0; i < it->rule_count; i++) {
		buf_printf(text, "  decided by %s\n", it->rules[i]);
	}
}

/* As a diff: what was expected, what came. */
static const char *describe(struct testing *testing, const struct scenario_result *it)
{
	struct buf text = { 0 };
	const char *result;

	describe_decision(it, &text);
	for (size_t i = 0; i < it->difference_count; i++) {
		const struct scenario_difference *difference = &it->differences[i];

		buf_printf(&text, "%s (line %zu)\n- %s\n+ %s\n", difference->what, difference->line,
			difference->expected, difference->got);
	}
	result = arena_text(testing->arena, buf_text(&text), text.size);
	buf_fini(&text);
	return result;
}

static const char *headline(struct testing *testing, const struct scenario_result *it)
{
	const struct scenario_difference *first = it->differences;

	if (it->passed) {
		return "";
	}
	if (it->difference_count == 0) {
		return it->trouble != NULL ? it->trouble : "it failed";
	}
	return arena_printf(testing->arena, "%s: expected %s, got %s", first->what, first->expected,
		first->got);
}

static void add_scenarios(struct gathering *it)
{
	struct testing *testing = it->testing;

	for (size_t i = 0; i < testing->told.count; i++) {
		const struct scenario_result *result = &testing->told.results[i];
		const char *file = result->file;

		while (strncmp(file, "./", 2) == 0) {
			file += 2;
		}
		add_case(it,
			&(struct report_case){
				.suite = file,
				.name = result->name,
				.file = file,
				.line = result->line,
				.outcome = result->passed ? REPORT_PASSED : REPORT_FAILED,
				.took_us = result->took_us,
				.message = headline(testing, result),
				.detail = result->passed ? "" : describe(testing, result),
			},
			"scenario-failed");
	}
}

static void gather(struct testing *testing)
{
	size_t count = testing->rego.count + testing->told.count + 1;
	struct gathering it = { .testing = testing,
		.cases = arena_calloc(testing->arena, count, sizeof(*it.cases)),
		.findings = arena_calloc(testing->arena, count, sizeof(*it.findings)) };

	add_rego(&it);
	add_scenarios(&it);
	testing->report.cases = it.cases;
	testing->report.findings = it.findings;
	testing->report.rules = rules;
	testing->report.rule_count = sizeof(rules) / sizeof(rules[0]);
	testing->report.revision = policy_revision(testing->loaded);
	testing->report.folder = testing->prefix;
}

/* ---- running ---- */

/* A file of scenarios that cannot be read: everything that is wrong with it, with its lines. */
static bool tell(struct testing *testing, struct error *err)
{
	struct config_report problems = { 0 };
	struct scenario_options options = { .policy = testing->loaded,
		.folder = testing->scenarios,
		.run = cli_option(testing->cli, "run"),
		.config = testing->config,
		.coverage = testing->coverage };
	bool ok;

	if (testing->scenarios == NULL) {
		return true;
	}
	ok = scenario_run_all(&options, &testing->told, &problems, err);
	if (!ok && problems.count > 1) {
		struct buf text = { 0 };

		config_report_print(&problems, &text, testing->cli->err_colour);
		fputs(buf_text(&text), testing->cli->err);
		buf_fini(&text);
	}
	config_report_fini(&problems);
	return ok;
}

static bool cover(struct testing *testing, struct error *err)
{
	if (cli_option(testing->cli, "coverage") == NULL && testing->report.threshold < 0) {
		return true;
	}
	if (testing->policy.directory == NULL) {
		return error_set(err, ERROR_CONFIG,
			"coverage is of the lines of a folder; a bundle has none");
	}
	if (testing->rego.failed > 0) {
		cli_say(testing->cli, "coverage is told when the tests pass");
		return true;
	}
	if (!rego_lines_read(&testing->policy, NULL, testing->arena, &testing->lines, err)) {
		return false;
	}
	rego_lines_add(&testing->lines, testing->coverage);
	rego_lines_count(&testing->lines);
	testing->report.lines = &testing->lines;
	return true;
}

static bool run_all(struct testing *testing, struct error *err)
{
	testing->loaded = policy_source_load_covered(&testing->policy, NULL, err);
	if (testing->loaded == NULL || !policy_source_try(testing->loaded, err)) {
		return false;
	}
	testing->coverage = policy_coverage_new(testing->loaded);
	return (testing->policy.directory == NULL ||
		       rego_test_run(&testing->policy, cli_option(testing->cli, "run"), NULL,
			       testing->arena, &testing->rego, err)) &&
	       tell(testing, err) && cover(testing, err);
}

static int conclude(struct testing *testing, const struct report_format *format)
{
	gather(testing);
	if (testing->report.case_count == 0) {
		cli_say(testing->cli, "%s",
			testing->told.left_out > 0 || cli_option(testing->cli, "run") != NULL
				? "no test and no scenario has such a name"
				: "there are no tests and no scenarios; docs/policy-testing.md "
				  "shows "
				  "how to write some");
		return CLI_ERROR;
	}
	format->print(testing->cli, &testing->report);
	if (report_count(&testing->report, REPORT_FAILED) > 0) {
		return CLI_NO;
	}
	if (report_is_below(&testing->report)) {
		cli_say(testing->cli, "fewer lines ran than --threshold asks for");
		return CLI_NO;
	}
	return CLI_OK;
}

int cli_policy_test(struct cli *cli)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	struct testing testing = { .cli = cli, .arena = arena };
	const struct report_format *format = report_format_of(cli, cli_option(cli, "format"));
	int64_t start_us = clock_monotonic_us();
	struct error err = { 0 };
	int result;

	testing.report.title = "policy test";
	testing.report.verbose = cli_option(cli, "verbose") != NULL;
	if (format == NULL || !read_threshold(&testing)) {
		return CLI_USAGE;
	}
	if (!find_policy(&testing)) {
		return CLI_ERROR;
	}
	if (run_all(&testing, &err)) {
		testing.report.took_us = clock_monotonic_us() - start_us;
		result = conclude(&testing, format);
	} else {
		result = cli_fail(cli, &err);
	}
	policy_coverage_free(testing.coverage);
	policy_unref(testing.loaded);
	scenario_report_fini(&testing.told);
	return result;
}
