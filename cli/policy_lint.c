/* policy lint */
#include <string.h>
#include "base/arena.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "cli/cli.h"
#include "cli/lint.h"
#include "cli/output.h"
#include "cli/policy.h"
#include "cli/report.h"
#include "config/config.h"
#include "gateway/policy_source.h"
#include "policy/engine.h"

const struct cli_row_option cli_policy_lint_options[] = {
	{ 'f', "format", "FORMAT", "table, json, sarif, github, gitlab or markdown" },
	{ 'r', "rule", "ID", "this rule alone" },
	{ 'l', "list", NULL, "say what the rules are" },
	{ 0 },
};

static int list_rules(struct cli *cli)
{
	static const char *const titles[] = { "RULE", "WHAT IT FINDS" };
	CLEANUP(cli_table_cleanup) struct cli_table *table = cli_table_new(titles, 2);

	for (size_t i = 0; i < lint_rule_count; i++) {
		cli_table_cell(table, CLI_STRONG, "%s", lint_rules[i].id);
		cli_table_cell(table, CLI_PLAIN, "%s", lint_rules[i].summary);
	}
	cli_table_print(table, cli, "");
	return CLI_OK;
}

static bool knows_rule(struct cli *cli, const char *id)
{
	for (size_t i = 0; id != NULL && i < lint_rule_count; i++) {
		if (strcmp(lint_rules[i].id, id) == 0) {
			return true;
		}
	}
	if (id != NULL) {
		cli_usage(cli, "there is no rule '%s'; --list says what there is", id);
	}
	return id == NULL;
}

int cli_policy_lint(struct cli *cli)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	CLEANUP(policy_cleanup) struct policy *policy = NULL;
	const struct report_format *format = report_format_of(cli, cli_option(cli, "format"));
	struct config_policy where;
	struct lint lint = { .arena = arena };
	struct report report = { .title = "policy lint", .revision = "", .threshold = -1 };
	struct error err = { 0 };

	if (format == NULL || !knows_rule(cli, cli_option(cli, "rule"))) {
		return CLI_USAGE;
	}
	if (cli_option(cli, "list") != NULL) {
		return list_rules(cli);
	}
	if (!cli_policy_folder(cli, &where)) {
		return CLI_ERROR;
	}
	policy = policy_source_load(&where, NULL, &err);
	if (policy == NULL || !lint_read(&lint, &where, &err)) {
		return cli_fail(cli, &err);
	}
	lint.prefix = cli_policy_prefix(arena, &where);
	lint.data = policy_data(policy);
	lint_run(&lint, cli_option(cli, "rule"));
	report.revision = policy_revision(policy);
	report.folder = lint.prefix;
	report.rules = lint_rules;
	report.rule_count = lint_rule_count;
	report.findings = lint.findings;
	report.finding_count = lint.count;
	format->print(cli, &report);
	if (lint.count == 0) {
		cli_say(cli, "nothing to complain about");
	}
	return lint.count > 0 ? CLI_LINT : CLI_OK;
}
