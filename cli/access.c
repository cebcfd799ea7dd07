/* May somebody do something? For pipelines: the exit code is the answer. */
#include <string.h>
#include "base/arena.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "cli/cli.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/remote.h"

/* "TYPE:ID", or an ID alone. */
static json_t *thing(const char *text, const char *usual_type)
{
	const char *colon = strchr(text, ':');
	json_t *it = json_object();

	if (colon == NULL || colon == text) {
		json_object_set_new(it, "type", json_string(usual_type));
		json_object_set_new(it, "id", json_string(text));
	} else {
		json_object_set_new(it, "type", json_stringn(text, (size_t)(colon - text)));
		json_object_set_new(it, "id", json_string(colon + 1));
	}
	return it;
}

static bool question_of(struct cli *cli, json_t **question, struct error *err)
{
	const char *context = cli_option(cli, "context");
	json_t *action = json_object();
	json_error_t where;

	*question = json_object();
	json_object_set_new(action, "name", json_string(cli->arguments[1]));
	json_object_set_new(*question, "subject", thing(cli->arguments[0], "user"));
	json_object_set_new(*question, "action", action);
	json_object_set_new(*question, "resource", thing(cli->arguments[2], "resource"));
	if (context == NULL) {
		return true;
	}
	json_t *given = json_loads(context, JSON_REJECT_DUPLICATES, &where);
	if (!json_is_object(given)) {
		json_decref(given);
		return error_set(err, ERROR_REQUEST, "--context must be a JSON object: %s",
			where.text[0] != '\0' ? where.text : "it is another value");
	}
	json_object_set_new(*question, "context", given);
	return true;
}

static bool ask(struct cli *cli, json_t *question, json_t **answer, struct error *err)
{
	struct remote remote = { .url = cli_option(cli, "url"),
		.token_file = cli_option(cli, "token-file"),
		.ca = cli_option(cli, "ca") };

	if (remote.url != NULL || remote.token_file != NULL) {
		return remote.url != NULL && remote.token_file != NULL
			       ? remote_post(
					 &remote, "/access/v1/evaluation", question, answer, err)
			       : error_set(
					 err, ERROR_REQUEST, "--url and --token-file go together");
	}
	if (cli_option(cli, "tenant") != NULL) {
		json_object_set_new(question, "tenant", json_string(cli_option(cli, "tenant")));
	}
	return cli_call(cli, "POST", "/admin/v1/access", question, 0, answer, err);
}

static void print_reasons(struct cli *cli, const json_t *answer)
{
	const json_t *reasons = json_object_get(json_object_get(answer, "context"), "reasons");
	size_t index;
	json_t *reason;

	json_array_foreach(reasons, index, reason)
	{
		fprintf(cli->out, "  %s (%s)\n",
			json_string_value(json_object_get(reason, "message")),
			json_string_value(json_object_get(reason, "code")));
	}
}

static int check(struct cli *cli)
{
	json_auto_t *question = NULL;
	json_t *answer = NULL;
	struct error err = { 0 };

	if (!question_of(cli, &question, &err) || !ask(cli, question, &answer, &err)) {
		return cli_fail(cli, &err);
	}
	bool yes = json_is_true(json_object_get(answer, "decision"));
	if (cli->format == CLI_JSON) {
		cli_print_json(cli, "access", answer);
		return yes ? CLI_OK : CLI_NO;
	}
	fprintf(cli->out, "%s: %s may %s%s %s\n", yes ? "yes" : "no", cli->arguments[0],
		yes ? "" : "not ", cli->arguments[1], cli->arguments[2]);
	print_reasons(cli, answer);
	json_decref(answer);
	return yes ? CLI_OK : CLI_NO;
}

static const struct cli_row_option check_options[] = {
	{ 0, "context", "JSON", "what the policy shall know besides, an object" },
	{ 0, "tenant", "NAME", "whose directory, of the gateway at hand (default: the only one)" },
	{ 0, "url", "URL", "ask a gateway elsewhere, over HTTPS" },
	{ 0, "token-file", "FILE", "bearer token of a source there" },
	{ 0, "ca", "FILE", "certificate authority of that gateway, PEM" },
	{ 0 },
};

const struct cli_command cli_access_commands[] = {
	{ .noun = "access",
		.verb = "check",
		.arguments = "SUBJECT ACTION RESOURCE",
		.min_arguments = 3,
		.max_arguments = 3,
		.summary = "Ask whether somebody may do something",
		.details =
			"The policy's rule data.scimward.authzen.decision answers, with the "
			"person and the groups\nas the directory has them now. Exit code 0: yes; "
			"2: no; 1: there is no answer.\n"
			"SUBJECT and RESOURCE are TYPE:ID; without a type, `user` and "
			"`resource`. A user is named by\nuserName or id.\n",
		.options = check_options,
		.examples = "scimward access check alice@example.com deploy environment:prod\n"
			    "# in a pipeline, against a gateway elsewhere\n"
			    "scimward access check alice@example.com deploy environment:prod "
			    "--url https://gateway.example.com --token-file gateway.token\n",
		.run = check },
	{ 0 },
};
