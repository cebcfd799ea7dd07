/* policy check: loads a policy as the gateway would, and says what nobody has looked at. */
#include <string.h>
#include "base/arena.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "cli/cli.h"
#include "cli/lint.h"
#include "cli/output.h"
#include "cli/policy.h"
#include "cli/refusal.h"
#include "cli/report.h"
#include "config/config.h"
#include "gateway/policy_source.h"
#include "gateway/rego_test.h"
#include "gateway/scenario.h"
#include "policy/coverage.h"
#include "policy/engine.h"

const struct cli_row_option cli_policy_check_options[] = {
	{ 0, "strict", NULL, "exit code 3 when there is a finding" },
	{ 'f', "format", "FORMAT", "table, json, sarif, github, gitlab or markdown" },
	{ 0 },
};

static const struct report_rule rules[] = {
	{ "reason-without-message", "A reason without a message",
		"People read the message, in the reply and in the journal: add \"message\"." },
	{ "unreached-rule", "A rule that no test and no scenario makes true",
		"Write a scenario that needs it, or remove it." },
};

struct checking {
	struct cli *cli;
	struct arena *arena;
	struct config_policy where;
	struct policy *policy;
	struct policy_coverage *coverage;
	struct lint lint; /* also keeps the findings */
};

/* True: all of them passed, and *lines says what they ran. */
static bool run_all(struct checking *it, struct rego_lines *lines)
{
	const char *folder = scenario_folder(it->arena, &it->where);
	struct scenario_options options = {
		.policy = it->policy, .folder = folder, .coverage = it->coverage
	};
	struct scenario_report told = { 0 };
	struct error err = { 0 };
	bool ok = rego_lines_read(&it->where, NULL, it->arena, lines, &err) &&
		  scenario_run_all(&options, &told, NULL, &err) &&
		  (told.failed == 0 || scenario_report_error(&told, &err));

	scenario_report_fini(&told);
	if (!ok) {
		cli_say(it->cli,
			"which rules are reached is told when tests and scenarios pass: %s",
			err.text);
	}
	return ok;
}

static void find_unreached(struct checking *it)
{
	struct rego_lines lines;

	if (!policy_tree_has_tests(&it->lint.tree) && !policy_tree_has_scenarios(&it->lint.tree)) {
		cli_say(it->cli,
			"there are no tests and no scenarios: nothing shows what the rules do");
		return;
	}
	if (!run_all(it, &lines)) {
		return;
	}
	rego_lines_add(&lines, it->coverage);
	for (size_t i = 0; i < lines.count; i++) {
		for (size_t j = 0; j < lines.files[i].rule_count; j++) {
			const struct rego_rule *rule = &lines.files[i].rules[j];

			if (!rule->ran) {
				lint_find_at(&it->lint, "unreached-rule", lines.files[i].name,
					rule->line, "no test and no scenario makes this rule true");
			}
		}
	}
}

static bool look(struct checking *it, struct error *err)
{
	it->policy = policy_source_load_covered(&it->where, NULL, err);
	if (it->policy == NULL || !policy_source_try(it->policy, err)) {
		return false;
	}
	if (it->where.directory == NULL) { /* of a bundle there is no more to see */
		return true;
	}
	it->coverage = policy_coverage_new(it->policy);
	it->lint.prefix = cli_policy_prefix(it->arena, &it->where);
	if (!lint_read(&it->lint, &it->where, err)) {
		return false;
	}
	lint_run(&it->lint, "reason-without-message");
	find_unreached(it);
	return true;
}

static void print(struct checking *it, const struct report_format *format)
{
	const char *revision = policy_revision(it->policy);
	struct report report = { .title = "policy check",
		.revision = revision,
		.folder = it->lint.prefix != NULL ? it->lint.prefix : "",
		.rules = rules,
		.rule_count = sizeof(rules) / sizeof(rules[0]),
		.findings = it->lint.findings,
		.finding_count = it->lint.count,
		.threshold = -1 };

	if (strcmp(format->name, "table") == 0) {
		fprintf(it->cli->out, "fine: revision %s\n", revision);
	}
	if (strcmp(format->name, "json") == 0) {
		json_t *json = json_object();

		json_object_set_new(json, "valid", json_true());
		json_object_set_new(json, "revision", json_string(revision));
		json_object_set_new(json, "findings", report_json_findings(&report));
		cli_print_json(it->cli, "policy", json);
		return;
	}
	format->print(it->cli, &report);
}

/* To people as a sentence. To pipelines as findings as well: this is what fails most often. */
static void print_refusal(
	struct checking *it, const struct report_format *format, const struct error *err)
{
	struct report_finding findings[REFUSAL_FINDINGS];
	const char *prefix = cli_policy_prefix(it->arena, &it->where);
	struct report report = { .title = "policy check",
		.revision = "",
		.folder = prefix,
		.rules = &refusal_rule,
		.rule_count = 1,
		.findings = findings,
		.threshold = -1 };

	if (strcmp(format->name, "table") != 0 && strcmp(format->name, "json") != 0) {
		report.finding_count = refusal_find(it->arena, err->text, prefix, findings);
		format->print(it->cli, &report);
	}
	cli_fail(it->cli, err);
}

int cli_policy_check(struct cli *cli)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	struct checking it = { .cli = cli, .arena = arena, .lint.arena = arena };
	const struct report_format *format = report_format_of(cli, cli_option(cli, "format"));
	struct error err = { 0 };
	int result = CLI_OK;

	if (format == NULL) {
		return CLI_USAGE;
	}
	if (!cli_policy_where(cli, cli->argument_count > 0 ? cli->arguments[0] : NULL, &it.where)) {
		return CLI_ERROR;
	}
	if (look(&it, &err)) {
		print(&it, format);
		if (it.lint.count > 0 && cli_option(cli, "strict") != NULL) {
			result = CLI_LINT;
		}
	} else {
		print_refusal(&it, format, &err);
		result = err.code == ERROR_POLICY ? CLI_NO : CLI_ERROR;
	}
	policy_coverage_free(it.coverage);
	policy_unref(it.policy);
	return result;
}
