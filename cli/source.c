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

static const struct cli_row_option capture_options[] = {
	{ 0, "for", "DURATION", "how long, at most 24h (default 10m)" },
	{ 0, "requests", "N", "end after so many (default 1000)" },
	{ 0, "size", "SIZE", "end at this size of the file (default 16MiB)" },
	{ 0, "with-values", NULL, "keep personal values; secrets still go" },
	{ 0, "stop", NULL, "end the capture that runs" },
	{ 0 },
};

static const struct cli_row_option replay_options[] = {
	{ 0, "dialect", "DIALECT", "read as this one (default: the source's then)" },
	{ 0, "quirks", "QUIRKS", "changes to the dialect, as in sources[].quirks" },
	{ 0, "to", "URL", "send to this gateway: https://host/scim/v2" },
	{ 0, "token-file", "FILE", "bearer token of a source there" },
	{ 0, "ca", "FILE", "certificate authority of that gateway, in PEM" },
	{ 0 },
};

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
		.verb = "capture",
		.arguments = "NAME",
		.min_arguments = 1,
		.max_arguments = 1,
		.summary = "Write what a source sends, and the answers, into a file for a while",
		.details =
			"The file (JSON lines, readable by the gateway's user alone) shows what an "
			"identity provider really sends. Secrets are never in it. Values are "
			"replaced by texts of the same look, so that shapes can be seen and "
			"nobody's data lie around; --with-values keeps them. The capture ends by "
			"itself, also with the gateway, and the file is deleted after "
			"capture.keep. Begin and end are in the journal; `source list` and "
			"`status` show what runs.\n",
		.options = capture_options,
		.examples = "scimward source capture entra --for 10m\n"
			    "scimward source capture entra --stop\n",
		.run = cli_source_capture },
	{ .noun = "source",
		.verb = "replay",
		.arguments = "FILE",
		.min_arguments = 1,
		.max_arguments = 1,
		.summary = "Show what a captured source's requests mean, or send them again",
		.details =
			"Without --to nothing is sent and no gateway is needed: each request is "
			"read as the dialect reads it, and shown as standard SCIM, or with the "
			"error that it gets. --dialect and --quirks try another one.\n"
			"With --to the requests go to that gateway, in their order, with their "
			"effects: use one for tests. Ids of resources that the capture saw being "
			"made are replaced by those that are made now; of others there is none. "
			"Exit code 2 when a request is not understood, or is answered by another "
			"status than then.\n",
		.options = replay_options,
		.examples = "scimward source replay captures/entra-20261124T105400Z-9f3a.jsonl\n"
			    "scimward source replay FILE --dialect okta\n"
			    "scimward source replay FILE --to http://127.0.0.1:8443/scim/v2 "
			    "--token-file test.token\n",
		.run = cli_source_replay },
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
