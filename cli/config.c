#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/config_rules.h"
#include "cli/output.h"
#include "config/config.h"
#include "config/load.h"
#include "config/reference.h"
#include "config/show.h"

/* {"file": …, "valid": …, "problems": [{"line", "column", "path", "message", "hint"}]} */
static json_t *report_json(const char *file, const struct config_report *report)
{
	json_t *result = json_object();
	json_t *problems = json_array();

	for (size_t i = 0; i < report->count; i++) {
		const struct config_problem *problem = &report->problems[i];
		json_t *item = json_object();
		json_object_set_new(item, "line", json_integer((json_int_t)problem->line));
		json_object_set_new(item, "column", json_integer((json_int_t)problem->column));
		json_object_set_new(item, "path", json_string(problem->path));
		json_object_set_new(item, "message", json_string(problem->message));
		if (problem->hint != NULL) {
			json_object_set_new(item, "hint", json_string(problem->hint));
		}
		json_array_append_new(problems, item);
	}
	json_object_set_new(result, "file", json_string(file));
	json_object_set_new(result, "valid", json_boolean(report->count == 0));
	json_object_set_new(result, "problems", problems);
	return result;
}

static int check(struct cli *cli)
{
	const char *path = cli->argument_count > 0 ? cli->arguments[0] : cli->config_path;
	struct config_report report = { 0 };
	struct config *config = cli_option(cli, "no-secrets") != NULL
					? config_load_without_secrets(path, &report)
					: config_load(path, &report);
	if (config != NULL && !config_rules_check(config, &report)) {
		config_free(config);
		config = NULL;
	}
	int code = config != NULL ? CLI_OK : CLI_ERROR;

	if (cli->format == CLI_JSON) {
		cli_print_json(cli, "check", report_json(path, &report));
	} else if (config != NULL) {
		cli_say(cli, "%s is fine: %zu source%s, %zu app%s, %zu tenant%s", path,
			config->source_count, config->source_count == 1 ? "" : "s",
			config->app_count, config->app_count == 1 ? "" : "s", config->tenant_count,
			config->tenant_count == 1 ? "" : "s");
	} else {
		CLEANUP(buf_fini) struct buf text = { 0 };
		config_report_print(&report, &text, cli->err_colour);
		size_t count = report.count + report.left_out;
		buf_printf(&text, "%zu problem%s\n", count, count == 1 ? "" : "s");
		fputs(buf_text(&text), cli->err);
	}
	config_free(config);
	config_report_fini(&report);
	return code;
}

static int show(struct cli *cli)
{
	CLEANUP(buf_fini) struct buf text = { 0 };
	const struct config *config = cli_config(cli);

	if (config == NULL) {
		return CLI_ERROR;
	}
	if (cli->format == CLI_JSON) {
		config_show_json(config, &text);
		cli_print_json(cli, "config", json_loadb(buf_text(&text), text.size, 0, NULL));
		return CLI_OK;
	}
	config_show(config, cli_option(cli, "origin") != NULL, &text);
	fputs(buf_text(&text), cli->out);
	return CLI_OK;
}

static int reference(struct cli *cli)
{
	CLEANUP(buf_fini) struct buf text = { 0 };

	if (cli_option(cli, "example") != NULL) {
		config_reference_example(&text);
	} else {
		config_reference_markdown(&text);
	}
	fputs(buf_text(&text), cli->out);
	return CLI_OK;
}

static const struct cli_row_option check_options[] = {
	{ 0, "no-secrets", NULL, "do not read the files and variables that secrets refer to" },
	{ 0 },
};

static const struct cli_row_option show_options[] = {
	{ 0, "origin", NULL, "where each value comes from" },
	{ 0 },
};

static const struct cli_row_option reference_options[] = {
	{ 0, "example", NULL, "the example file instead of the documentation" },
	{ 0 },
};

const struct cli_command cli_config_commands[] = {
	{ .noun = "config",
		.verb = "check",
		.arguments = "[FILE]",
		.max_arguments = 1,
		.summary = "Tell everything that is wrong with a configuration",
		.details = "Every problem at once, with line, column and a suggestion. Exit code 1 "
			   "when "
			   "there is one.\n",
		.options = check_options,
		.examples = "# the one that is installed\n"
			    "scimward config check\n"
			    "# another, on a machine without its secrets\n"
			    "scimward config check --no-secrets ./scimward.yaml\n",
		.run = check },
	{ .noun = "config",
		.verb = "show",
		.summary = "Print the configuration with every default",
		.details = "As YAML, or as one JSON object with -o json. References are shown as "
			   "they are "
			   "written,\nsecrets never.\n",
		.options = show_options,
		.examples = "scimward config show --origin\n"
			    "scimward config show -o json | jq '.config[\"listen.address\"]'\n",
		.run = show },
	{ .noun = "config",
		.verb = "reference",
		.summary = "Print what every key means",
		.options = reference_options,
		.examples = "scimward config reference\n"
			    "# a file with every key to start from\n"
			    "scimward config reference --example >scimward.yaml\n",
		.run = reference },
	{ 0 },
};
