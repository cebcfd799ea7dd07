/* Tokens of sources, through the running gateway: `token create` shows the secret once. */
#include <string.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "cli/cli.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/output.h"

#define DAY_S 86400

static int create(struct cli *cli)
{
	json_auto_t *body = json_object();
	json_t *answer = NULL;
	struct error err = { 0 };
	int64_t days;

	if (!cli_option_int(cli, "expires-days", 1, 3650, 0, &days)) {
		return CLI_USAGE;
	}
	json_object_set_new(body, "source", json_string(cli->arguments[0]));
	if (cli_option(cli, "label") != NULL) {
		json_object_set_new(body, "label", json_string(cli_option(cli, "label")));
	}
	if (cli_option(cli, "subject") != NULL) {
		json_object_set_new(body, "subject", json_string(cli_option(cli, "subject")));
	}
	if (days > 0) {
		json_object_set_new(body, "expires_s", json_integer(days * DAY_S));
	}
	if (!cli_call(cli, "POST", "/admin/v1/tokens", body, 0, &answer, &err)) {
		return cli_fail(cli, &err);
	}
	if (cli->format == CLI_JSON) {
		cli_print_json(cli, "token", answer);
		return CLI_OK;
	}
	cli_say(cli, "token %lld of source %s, shown only now:",
		(long long)json_integer_value(json_object_get(answer, "id")), cli->arguments[0]);
	fprintf(cli->out, "%s\n", json_string_value(json_object_get(answer, "token")));
	json_decref(answer);
	return CLI_OK;
}

static const char *text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

/* Whom it speaks for: a person's userName, or the id of one who is gone. */
static const char *subject_of(const json_t *token)
{
	const char *name = text_of(token, "userName");
	const char *id = text_of(token, "subject");

	if (name != NULL) {
		return name;
	}
	return id != NULL ? id : "-";
}

static int list(struct cli *cli)
{
	static const char *const titles[] = { ">ID", "SOURCE", "SUBJECT", "LABEL", "CREATED",
		"EXPIRES", "STATE" };
	CLEANUP(cli_table_cleanup) struct cli_table *table = cli_table_new(titles, 7);
	json_t *answer = NULL;
	struct error err = { 0 };
	size_t index;
	json_t *token;

	if (!cli_call(cli, "GET", "/admin/v1/tokens", NULL, 0, &answer, &err)) {
		return cli_fail(cli, &err);
	}
	if (cli->format == CLI_JSON) {
		cli_print_json(cli, "tokens", json_incref(json_object_get(answer, "tokens")));
		json_decref(answer);
		return CLI_OK;
	}
	json_array_foreach(json_object_get(answer, "tokens"), index, token)
	{
		const char *state = text_of(token, "state");

		cli_table_cell(table, CLI_PLAIN, "%lld",
			(long long)json_integer_value(json_object_get(token, "id")));
		cli_table_cell(table, CLI_STRONG, "%s", text_of(token, "source"));
		cli_table_cell(table, CLI_PLAIN, "%s", subject_of(token));
		cli_table_cell(table, CLI_PLAIN, "%s", text_of(token, "label"));
		cli_table_cell(table, CLI_DIM, "%.19s", text_of(token, "created"));
		cli_table_cell(table, CLI_PLAIN, "%.19s",
			text_of(token, "expires") != NULL ? text_of(token, "expires") : "never");
		cli_table_cell(
			table, strcmp(state, "valid") == 0 ? CLI_GOOD : CLI_BAD, "%s", state);
	}
	cli_table_print(table, cli,
		"no tokens were made with `scimward token create`; those of the configuration are "
		"not "
		"listed");
	json_decref(answer);
	return CLI_OK;
}

static int revoke(struct cli *cli)
{
	CLEANUP(buf_fini) struct buf path = { 0 };
	struct error err = { 0 };

	buf_append_text(&path, "/admin/v1/tokens/");
	if (!cli_append_word(&path, cli->arguments[0])) {
		error_set(&err, ERROR_REQUEST, "'%s' is no token id; see `scimward token list`",
			cli->arguments[0]);
		return cli_fail(cli, &err);
	}
	if (!cli_call(cli, "DELETE", buf_text(&path), NULL, 0, NULL, &err)) {
		return cli_fail(cli, &err);
	}
	cli_say(cli, "token %s is revoked; it is refused from the next request on",
		cli->arguments[0]);
	return CLI_OK;
}

static const struct cli_row_option create_options[] = {
	{ 0, "label", "TEXT", "what it is for, shown by `token list`" },
	{ 0, "subject", "USER",
		"the person it speaks for, by id or userName: /Me is him, and policies see him as "
		"the one who acts" },
	{ 0, "expires-days", "N", "not valid any more after N days (default: never)" },
	{ 0 },
};

const struct cli_command cli_token_commands[] = {
	{ .noun = "token",
		.verb = "create",
		.arguments = "SOURCE",
		.min_arguments = 1,
		.max_arguments = 1,
		.summary = "Make a bearer token for a source",
		.details = "The token is printed once; the store keeps its SHA-256. To change over "
			   "without a gap: create, give it to the source, revoke the old one.\n"
			   "With --subject it reaches what its source reaches, policies see the "
			   "person in\ninput.actor, and it is refused while the person is not "
			   "active.\n",
		.options = create_options,
		.examples = "scimward token create entra --label \"Entra, production\" "
			    "--expires-days 180\n"
			    "scimward token create portal --subject anna@example.com\n",
		.run = create },
	{ .noun = "token",
		.verb = "list",
		.summary = "Show tokens, never their secrets",
		.examples = "scimward token list\n",
		.run = list },
	{ .noun = "token",
		.verb = "revoke",
		.arguments = "ID",
		.min_arguments = 1,
		.max_arguments = 1,
		.summary = "Make a token invalid at once",
		.examples = "scimward token revoke 3\n",
		.run = revoke },
	{ 0 },
};
