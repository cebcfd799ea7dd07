/* status: one screen. Exit code 2 when something needs a person. */
#include "cli/status.h"

#include <string.h>
#include "base/cleanup.h"
#include "base/error.h"
#include "cli/cli.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/output.h"

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

static long long number_of(const json_t *object, const char *name)
{
	return (long long)json_integer_value(json_object_get(object, name));
}

static bool flag_of(const json_t *object, const char *name)
{
	return json_is_true(json_object_get(object, name));
}

static void line(struct cli *cli, const char *name, enum cli_tone tone, const char *text)
{
	fprintf(cli->out, "%-9s %s", name, cli_tone_begin(cli, tone));
	cli_print_safe(cli->out, text);
	fprintf(cli->out, "%s\n", cli_tone_end(cli, tone));
}

/* Does anything need a person? The same for people and for programs. */
static bool is_well(const json_t *answer)
{
	size_t index;
	json_t *it;

	json_array_foreach(json_object_get(answer, "sources"), index, it)
	{
		if (flag_of(it, "alarm")) {
			return false;
		}
	}
	json_array_foreach(json_object_get(answer, "apps"), index, it)
	{
		if (strcmp(text_of(it, "breaker"), "open") == 0 || number_of(it, "parked") > 0) {
			return false;
		}
	}
	return flag_of(json_object_get(answer, "store"), "healthy") &&
	       !flag_of(json_object_get(answer, "policy"), "failing") &&
	       !flag_of(json_object_get(answer, "journal"), "failing");
}

void cli_print_sources(const struct cli *cli, const json_t *sources)
{
	static const char *const titles[] = { "SOURCE", "KIND", "DIALECT", "TENANT", "STATE" };
	CLEANUP(cli_table_cleanup) struct cli_table *table = cli_table_new(titles, 5);
	size_t index;
	json_t *it;

	json_array_foreach(sources, index, it)
	{
		bool alarm = flag_of(it, "alarm");
		bool paused = flag_of(it, "paused");
		const json_t *capture = json_object_get(it, "capture");
		double share = json_real_value(json_object_get(it, "errorShare"));

		cli_table_cell(table, CLI_STRONG, "%s", text_of(it, "name"));
		cli_table_cell(table, CLI_PLAIN, "%s", text_of(it, "kind"));
		cli_table_cell(table, CLI_PLAIN, "%s", text_of(it, "dialect"));
		cli_table_cell(table, CLI_PLAIN, "%s", text_of(it, "tenant"));
		if (alarm) {
			cli_table_cell(table, CLI_BAD,
				"%.0f %% of its writes fail: its IdP may give up; see `scimward "
				"journal tail --filter 'source eq \"%s\"'`",
				share * 100, text_of(it, "name"));
		} else if (capture != NULL) {
			cli_table_cell(table, CLI_WARN, "%s, captured until %.19sZ: %lld requests",
				paused ? "paused" : "active", text_of(capture, "until"),
				number_of(capture, "requests"));
		} else {
			cli_table_cell(
				table, paused ? CLI_WARN : CLI_GOOD, paused ? "paused" : "active");
		}
	}
	cli_table_print(table, cli, "no sources: add one to the configuration");
}

static void app_state(struct cli_table *table, const json_t *it)
{
	if (strcmp(text_of(it, "breaker"), "open") == 0) {
		cli_table_cell(table, CLI_BAD, "left alone since %.19s: %s", text_of(it, "since"),
			text_of(it, "reason"));
	} else if (number_of(it, "parked") > 0) {
		cli_table_cell(table, CLI_WARN,
			"parked deliveries need a look: `scimward delivery "
			"list --state parked`");
	} else {
		cli_table_cell(table, CLI_GOOD, "%s",
			number_of(it, "waiting") > 0 ? "catching up" : "up to date");
	}
}

static void print_apps(struct cli *cli, const json_t *apps)
{
	static const char *const titles[] = { "APP", ">WAITING", ">PARKED", ">DELIVERED",
		">REVOKE ms", "STATE" };
	CLEANUP(cli_table_cleanup) struct cli_table *table = cli_table_new(titles, 6);
	size_t index;
	json_t *it;

	json_array_foreach(apps, index, it)
	{
		cli_table_cell(table, CLI_STRONG, "%s", text_of(it, "name"));
		cli_table_cell(table, CLI_PLAIN, "%lld", number_of(it, "waiting"));
		cli_table_cell(table, CLI_PLAIN, "%lld", number_of(it, "parked"));
		cli_table_cell(table, CLI_PLAIN, "%lld", number_of(it, "delivered"));
		if (json_object_get(it, "timeToRevokeMs") != NULL) {
			cli_table_cell(table, CLI_PLAIN, "%lld", number_of(it, "timeToRevokeMs"));
		} else {
			cli_table_cell(table, CLI_DIM, "-");
		}
		app_state(table, it);
	}
	cli_table_print(table, cli, "no apps: decisions are recorded and go nowhere");
}

/* The candidate beside the policy; it never needs a person at once. */
static void print_shadow(struct cli *cli, const json_t *shadow)
{
	const json_t *candidate = json_object_get(shadow, "candidate");
	bool well = !flag_of(candidate, "failing");
	char text[256];

	if (shadow == NULL) {
		return;
	}
	snprintf(text, sizeof(text), "%s: would have decided %lld of %lld operations otherwise%s%s",
		text_of(candidate, "revision")[0] != '\0' ? text_of(candidate, "revision")
							  : "no candidate yet",
		number_of(shadow, "different"), number_of(shadow, "asked"),
		well ? "" : "; what is there now does not pass",
		well ? "" : ": see `scimward policy shadow`");
	line(cli, "shadow", well ? CLI_PLAIN : CLI_WARN, text);
}

static void print_head(struct cli *cli, const json_t *answer)
{
	const json_t *store = json_object_get(answer, "store");
	const json_t *journal = json_object_get(answer, "journal");
	bool store_well = flag_of(store, "healthy");
	const json_t *policy = json_object_get(answer, "policy");
	bool policy_well = !flag_of(policy, "failing");
	bool journal_well = !flag_of(journal, "failing");
	char text[256];

	snprintf(text, sizeof(text), "%s, up since %.19sZ", text_of(answer, "version"),
		text_of(answer, "startedAt"));
	line(cli, "scimward", CLI_STRONG, text);
	snprintf(text, sizeof(text), "%s%s", text_of(answer, "policyRevision"),
		policy_well ? ""
		: json_object_get(policy, "refused") != NULL
			? ": what is there now does not pass; see `scimward policy status`"
			: ": it cannot be reached; see `scimward policy status`");
	line(cli, "policy", policy_well ? CLI_PLAIN : CLI_BAD, text);
	print_shadow(cli, json_object_get(answer, "shadow"));
	snprintf(text, sizeof(text), "%lld people (%lld active), %lld groups, %.1f MiB%s",
		number_of(store, "users"), number_of(store, "activeUsers"),
		number_of(store, "groups"), (double)number_of(store, "bytes") / 1048576,
		store_well ? "" : ": the last transaction could not be written");
	line(cli, "store", store_well ? CLI_PLAIN : CLI_BAD, text);
	snprintf(text, sizeof(text), "%lld entries, %lld published as %s%s",
		number_of(journal, "entries"), number_of(journal, "published"),
		text_of(journal, "origin"), journal_well ? "" : ": publishing fails, see the log");
	line(cli, "journal", journal_well ? CLI_PLAIN : CLI_BAD, text);
	fputc('\n', cli->out);
}

/* For health checks of containers: no output, exit code alone. */
static int health(struct cli *cli)
{
	struct error err = { 0 };

	return cli_call(cli, "GET", "/admin/v1/status", NULL, 3000, NULL, &err)
		       ? CLI_OK
		       : cli_fail(cli, &err);
}

static int status(struct cli *cli)
{
	json_t *answer = NULL;
	struct error err = { 0 };
	bool well;

	if (cli_option(cli, "health") != NULL) {
		return health(cli);
	}
	if (!cli_call(cli, "GET", "/admin/v1/status", NULL, 0, &answer, &err)) {
		return cli_fail(cli, &err);
	}
	well = is_well(answer);
	if (cli->format == CLI_JSON) {
		cli_print_json(cli, "status", answer);
	} else {
		print_head(cli, answer);
		cli_print_sources(cli, json_object_get(answer, "sources"));
		fputc('\n', cli->out);
		print_apps(cli, json_object_get(answer, "apps"));
		json_decref(answer);
	}
	return well ? CLI_OK : CLI_NO;
}

static const struct cli_row_option status_options[] = {
	{ 0, "health", NULL, "print nothing; exit code 0 when the gateway answers" },
	{ 0 },
};

const struct cli_command cli_status_commands[] = {
	{ .noun = "status",
		.summary = "Show the gateway on one screen",
		.details =
			"Exit code 2 when something needs a person: a source whose IdP may give "
			"up, an app that is left alone, parked deliveries, a store or journal that "
			"cannot write, a new policy that did not pass or cannot be fetched.\n",
		.options = status_options,
		.examples = "scimward status\n"
			    "scimward status -o json\n",
		.run = status },
	{ 0 },
};
