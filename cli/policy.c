#include "cli/policy.h"

#include <string.h>
#include "base/arena.h"
#include "base/error.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/policy_live.h"
#include "config/config.h"

/* Only then are they read: whoever checks a folder need not be able to read those of apps. */
static bool needs_secrets(const struct config_policy *policy)
{
	bool needs = policy->token != NULL;

	for (size_t i = 0; i < policy->signer_count; i++) {
		needs |= policy->signers[i].secret != NULL;
	}
	return needs;
}

bool cli_policy_where(struct cli *cli, const char *path, struct config_policy *policy)
{
	size_t size = path != NULL ? strlen(path) : 0;
	const struct config *config;

	*policy = (struct config_policy){ .opa = "opa", .opa_timeout_ms = 60000 };
	if (path == NULL) {
		config = cli_config(cli);
		if (config == NULL) {
			return false;
		}
		if (needs_secrets(&config->policy)) {
			config = cli_config_with_secrets(cli);
			if (config == NULL) {
				return false;
			}
		}
		*policy = config->policy;
	} else if (size > 7 && strcmp(path + size - 7, ".tar.gz") == 0) {
		policy->bundle = path;
	} else {
		policy->directory = path;
	}
	return true;
}

bool cli_policy_folder(struct cli *cli, struct config_policy *policy)
{
	struct error err = { 0 };

	if (!cli_policy_where(cli, cli->argument_count > 0 ? cli->arguments[0] : NULL, policy)) {
		return false;
	}
	if (policy->directory == NULL) {
		error_set(&err, ERROR_CONFIG, "this is about a folder of Rego; name one");
		cli_fail(cli, &err);
		return false;
	}
	return true;
}

const char *cli_policy_prefix(struct arena *arena, const struct config_policy *policy)
{
	const char *folder = policy->directory;
	size_t size = folder != NULL ? strlen(folder) : 0;

	while (size > 0 && folder[size - 1] == '/') {
		size--;
	}
	if (size == 0 || (size == 1 && folder[0] == '.')) {
		return "";
	}
	while (size > 2 && strncmp(folder, "./", 2) == 0) {
		folder += 2;
		size -= 2;
	}
	return arena_printf(arena, "%.*s/", (int)size, folder);
}

static const struct cli_row_option reload_options[] = {
	{ 0, "allow-older", NULL, "this once take a policy that is older than the one in force" },
	{ 0 },
};

const struct cli_command cli_policy_commands[] = {
	{ .noun = "policy",
		.verb = "check",
		.arguments = "[DIR|BUNDLE]",
		.max_arguments = 1,
		.summary = "Load a policy as the gateway would and say what is wrong",
		.details =
			"Raw Rego is held against the schema of the input (`opa check --strict`), "
			"compiled, verified, and\nasked for one decision; its data are held "
			"against the schemas in the heads of its rules. Exit code 2\nwhen it is "
			"refused.\n"
			"Beyond that it tells reasons without a message, and rules that no test "
			"and "
			"no scenario makes true;\nexit code 3 for these with --strict.\n",
		.options = cli_policy_check_options,
		.examples = "scimward policy check\n"
			    "scimward policy check ./policy --strict\n"
			    "scimward policy check bundle.tar.gz\n",
		.run = cli_policy_check },
	{ .noun = "policy",
		.verb = "eval",
		.arguments = "[DIR|BUNDLE]",
		.max_arguments = 1,
		.summary = "Ask a policy for one decision, or for any rule",
		.details =
			"With --index a decision of the journal is made again: by the policy that "
			"made it, which is kept beside\nthe store, or by --against. The same "
			"policy "
			"must give the same answer; if not, that is said on standard\nerror. Works "
			"while the gateway runs, and without it.\n"
			"Exit code 0 when the operation is allowed, 2 when it is denied or held, "
			"when "
			"what --query asks for is\nundefined, and when a decision cannot be "
			"reproduced; 1 when there is no answer.\n",
		.options = cli_policy_eval_options,
		.examples = "scimward policy eval --input operation.json\n"
			    "# a decision of the journal, again; and by another policy\n"
			    "scimward policy eval --index 8812\n"
			    "scimward policy eval --index 8812 --against ./policy\n"
			    "# what one rule says to it\n"
			    "scimward policy eval --index 8812 --query data.scimward.rules.deny\n",
		.run = cli_policy_eval },
	{ .noun = "policy",
		.verb = "explain",
		.arguments = "[INDEX]",
		.max_arguments = 1,
		.summary = "Tell why a decision was made, and what would have to be different",
		.details =
			"Of a decision of the journal, or of --input: each reason with the rule "
			"that "
			"made it, its file and line,\nits conditions and the values they had. Of a "
			"denial or a hold: changes of single values that turn it,\neach tried "
			"before "
			"it is told; where none is found, the conditions say what would have to be "
			"otherwise.\n"
			"Exit code 2 when the recorded policy gives another answer than the "
			"recorded one.\n",
		.options = cli_policy_explain_options,
		.examples = "scimward policy explain 8812\n"
			    "scimward policy explain 8812 --against ./policy\n"
			    "# an operation that never was\n"
			    "scimward policy explain --input operation.json --against ./policy\n"
			    "scimward policy explain 8812 --format markdown >> ticket.md\n",
		.run = cli_policy_explain },
	{ .noun = "policy",
		.verb = "status",
		.summary = "Show the policy that decides, and what became of the last try to "
			   "change it",
		.details = "Exit code 2 when what came last did not pass, or the source cannot be "
			   "reached: the policy before stays in force.\n"
			   "With policy.engine: opa it tells whether that server decides, and by "
			   "which "
			   "revision;\nwhile it does not, writes are refused (503).\n",
		.examples = "scimward policy status\n"
			    "scimward policy status -o json | jq -r .policy.refused.error\n",
		.run = cli_policy_status },
	{ .noun = "policy",
		.verb = "reload",
		.summary = "Look for a new policy now, and wait until it decides or was refused",
		.details = "The same as SIGHUP, with an answer. Exit code 2 when the policy before "
			   "stays "
			   "in force.\n"
			   "With policy.engine: opa that server is asked whether it decides.\n"
			   "An older policy is refused: one whose serial is not above that of the "
			   "bundle "
			   "in force, a commit\nthat does not descend from the one in force. "
			   "--allow-older takes it once; the journal says so.\n",
		.options = reload_options,
		.examples = "scimward policy reload\n"
			    "# go back on purpose\n"
			    "scimward policy reload --allow-older\n",
		.run = cli_policy_reload },
	{ .noun = "policy",
		.verb = "shadow",
		.summary = "Show what the candidate of policy.shadow would have decided otherwise",
		.details =
			"The candidate is asked about every write after its reply. Counts are "
			"those "
			"since it took its place;\nDECISION is the index of the decision in force. "
			"Entries of the kind shadow in the journal have the rest.\nExit code 2 "
			"when "
			"the candidate that came last did not pass, or cannot be reached.\n",
		.options = cli_policy_shadow_options,
		.examples = "scimward policy shadow\n"
			    "scimward policy shadow -n 100 -o json | jq .shadow.effects\n"
			    "# whom it would have refused\n"
			    "scimward journal tail --filter 'kind eq \"shadow\" and effect eq "
			    "\"deny\"'\n",
		.run = cli_policy_shadow },
	{ .noun = "policy",
		.verb = "fmt",
		.arguments = "[DIR]",
		.max_arguments = 1,
		.summary = "Format the Rego of a policy",
		.details = "By `opa fmt`. With --check or --diff nothing is changed, and the exit "
			   "code "
			   "is 3 when something would be.\n",
		.options = cli_policy_fmt_options,
		.examples = "scimward policy fmt ./policy\n"
			    "scimward policy fmt ./policy --check\n",
		.run = cli_policy_fmt },
	{ .noun = "policy",
		.verb = "lint",
		.arguments = "[DIR]",
		.max_arguments = 1,
		.summary = "Find what is wrong with a policy although it loads",
		.details =
			"Each finding has a rule, a place and a way to mend it. `# scimward:ignore "
			"RULE` on the line, or on the\nline above, silences it there. Exit code 3 "
			"when there is one.\n",
		.options = cli_policy_lint_options,
		.examples = "scimward policy lint ./policy\n"
			    "scimward policy lint --list\n"
			    "scimward policy lint ./policy --format github\n",
		.run = cli_policy_lint },
	{ .noun = "policy",
		.verb = "schema",
		.arguments = "input|output|data [DIR]",
		.min_arguments = 1,
		.max_arguments = 2,
		.summary = "Print the JSON Schema of what a policy sees or answers",
		.details = "input: the operation that it is asked about. output: its answer. data: "
			   "what the heads of the\nrules of DIR say of its data; editors complete "
			   "access/data.yaml by it.\n",
		.examples = "scimward policy schema input > input.json\n"
			    "opa check --strict -b -s input.json ./policy\n"
			    "scimward policy schema data ./policy > data.schema.json\n",
		.run = cli_policy_schema },
	{ .noun = "policy",
		.verb = "test",
		.arguments = "[DIR|BUNDLE]",
		.max_arguments = 1,
		.summary = "Run the tests and scenarios of a policy",
		.details = "Rules of Rego that begin with test_ are run by `opa test`; scenarios "
			   "are SCIM "
			   "requests that go\nthrough the same steps as in the gateway, against a "
			   "store "
			   "of their own (docs/policy-testing.md).\nExit code 2 when one fails, or "
			   "when "
			   "fewer lines ran than --threshold asks for; 1 when there is\nnothing to "
			   "run. "
			   "With a folder, the sources and apps of -c FILE are known to the "
			   "scenarios as "
			   "well.\n",
		.options = cli_policy_test_options,
		.examples = "scimward policy test ./policy\n"
			    "scimward policy test ./policy --coverage --threshold 90\n"
			    "# one scenario, and all that passes\n"
			    "scimward policy test ./policy --run 'intern' --verbose\n"
			    "# for a pipeline\n"
			    "scimward policy test ./policy --format junit > junit.xml\n",
		.run = cli_policy_test },
	{ 0 },
};
