/* Sources, through the running gateway. */
#include "cli/source.h"

#include <jansson.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "cli/cli.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/status.h"

static int change(struct cli *cli, const char *verb, const char *said)
{
	CLEANUP(buf_fini) struct buf path = { 0 };
	struct error err = { 0 };

	buf_append_text(&path, "/admin/v1/sources/");
	if (!cli_append_word(&path, cli->arguments[0])) {
		error_set(&err, ERROR_NOT_FOUND, "the configuration has no source '%s'",
			cli->arguments[0]);
		return cli_fail(cli, &err);
	}
	buf_printf(&path, "/%s", verb);
	if (!cli_call(cli, "POST", buf_text(&path), NULL, 0, NULL, &err)) {
		return cli_fail(cli, &err);
	}
	cli_say(cli, "source %s %s", cli->arguments[0], said);
	return CLI_OK;
}

static int pause_source(struct cli *cli)
{
	return change(cli, "pause",
		"is paused: its writes are answered 503 and change nothing, reads go on");
}

static int resume_source(struct cli *cli)
{
	return change(cli, "resume", "may write again");
}

static int list(struct cli *cli)
{
	json_t *answer = NULL;
	struct error err = { 0 };

	if (!cli_call(cli, "GET", "/admin/v1/status", NULL, 0, &answer, &err)) {
		return cli_fail(cli, &err);
	}
	if (cli->format == CLI_JSON) {
		cli_print_json(cli, "sources", json_incref(json_object_get(answer, "sources")));
	} else {
		cli_print_sources(cli, json_object_get(answer, "sources"));
	}
	json_decref(answer);
	return CLI_OK;
}

const struct cli_command cli_source_commands[] = {
	{ .noun = "source",
		.verb = "list",
		.summary = "Show the sources of the running gateway and their state",
		.examples = "scimward source list\n",
		.run = list },
	{ .noun = "source",
		.verb = "dialects",
		.summary = "Show which quirks of identity providers each dialect understands",
		.details = "A source's dialect is `sources[].dialect` of the configuration; "
			   "`sources[].quirks` changes it by the names shown here.\n",
		.examples = "scimward source dialects\n"
			    "scimward source dialects -o json\n",
		.run = cli_source_dialects },
	{ .noun = "source",
		.verb = "pause",
		.arguments = "NAME",
		.min_arguments = 1,
		.max_arguments = 1,
		.summary = "Answer a source's writes with 503 until it is resumed",
		.details = "For a source that does damage. Nothing is deleted; the source tries "
			   "again by itself. Survives a restart.\n",
		.examples = "scimward source pause entra\n",
		.run = pause_source },
	{ .noun = "source",
		.verb = "resume",
		.arguments = "NAME",
		.min_arguments = 1,
		.max_arguments = 1,
		.summary = "Let a paused source write again",
		.examples = "scimward source resume entra\n",
		.run = resume_source },
	{ 0 },
};
