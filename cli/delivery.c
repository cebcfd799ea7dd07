/* Deliveries: what waits for apps, what is parked, try again. */
#include <string.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "cli/cli.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/output.h"

static const char *text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static void add_row(struct cli_table *table, const json_t *it)
{
	const char *state = text_of(it, "state");
	bool parked = state != NULL && strcmp(state, "parked") == 0;

	cli_table_cell(table, CLI_STRONG, "%s", text_of(it, "app"));
	cli_table_cell(table, parked ? CLI_BAD : CLI_WARN, "%s", state);
	cli_table_cell(table, CLI_PLAIN, "%s", text_of(it, "name"));
	cli_table_cell(table, CLI_DIM, "%s", text_of(it, "id"));
	cli_table_cell(table, CLI_PLAIN, "%lld",
		(long long)json_integer_value(json_object_get(it, "attempts")));
	cli_table_cell(table, CLI_PLAIN, "%lld",
		(long long)json_integer_value(json_object_get(it, "decision")));
	cli_table_cell(table, CLI_DIM, "%.19s", text_of(it, "since"));
	cli_table_cell(
		table, CLI_PLAIN, "%s", text_of(it, "error") != NULL ? text_of(it, "error") : "");
}

static int list(struct cli *cli)
{
	static const char *const titles[] = { "APP", "STATE", "WHO", "ID", ">TRIES", ">DECISION",
		"SINCE", "ERROR" };
	CLEANUP(cli_table_cleanup) struct cli_table *table = cli_table_new(titles, 8);
	CLEANUP(buf_fini) struct buf path = { 0 };
	json_t *answer = NULL;
	struct error err = { 0 };
	size_t index;
	json_t *it;

	buf_append_text(&path, "/admin/v1/deliveries?");
	if (cli_option(cli, "app") != NULL) {
		buf_append_text(&path, "app=");
		cli_query_escape(&path, cli_option(cli, "app"));
		buf_append_char(&path, '&');
	}
	if (cli_option(cli, "state") != NULL) {
		buf_append_text(&path, "state=");
		cli_query_escape(&path, cli_option(cli, "state"));
	}
	if (!cli_call(cli, "GET", buf_text(&path), NULL, 0, &answer, &err)) {
		return cli_fail(cli, &err);
	}
	if (cli->format == CLI_JSON) {
		cli_print_json(
			cli, "deliveries", json_incref(json_object_get(answer, "deliveries")));
	} else {
		json_array_foreach(json_object_get(answer, "deliveries"), index, it)
		{
			add_row(table, it);
		}
		cli_table_print(table, cli, "nothing waits: every app is up to date");
	}
	json_decref(answer);
	return CLI_OK;
}

static int retry(struct cli *cli)
{
	json_auto_t *body = json_object();
	struct error err = { 0 };

	json_object_set_new(body, "app", json_string(cli->arguments[0]));
	if (cli->argument_count > 1) {
		json_object_set_new(body, "id", json_string(cli->arguments[1]));
	}
	if (!cli_call(cli, "POST", "/admin/v1/deliveries/retry", body, 0, NULL, &err)) {
		return cli_fail(cli, &err);
	}
	cli_say(cli, "parked deliveries to %s are tried again now; see `scimward delivery list`",
		cli->arguments[0]);
	return CLI_OK;
}

static const struct cli_row_option list_options[] = {
	{ 0, "app", "NAME", "of this app only" },
	{ 0, "state", "STATE", "pending, inflight or parked" },
	{ 0 },
};

const struct cli_command cli_delivery_commands[] = {
	{ .noun = "delivery",
		.verb = "list",
		.summary = "Show what waits for apps and what is parked",
		.options = list_options,
		.examples = "scimward delivery list\n"
			    "scimward delivery list --state parked --app wiki\n",
		.run = list },
	{ .noun = "delivery",
		.verb = "retry",
		.arguments = "APP [ID]",
		.min_arguments = 1,
		.max_arguments = 2,
		.summary = "Try parked deliveries again, all of an app or one resource's",
		.examples = "scimward delivery retry wiki\n"
			    "scimward delivery retry wiki 0192f0c1-7a62-7e6a-ae21-ed9a05430fd1\n",
		.run = retry },
	{ 0 },
};
