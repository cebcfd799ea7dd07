#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "cli/cli.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/policy_live.h"

enum { NEWEST_MAX = 100 };

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

static long long number_of(const json_t *object, const char *name)
{
	return (long long)json_integer_value(json_object_get(object, name));
}

static void number_line(struct cli *cli, const char *name, long long number, const char *what)
{
	CLEANUP(buf_fini) struct buf text = { 0 };

	if (number > 0) {
		buf_printf(&text, "%lld %s", number, what);
		cli_policy_line(cli, name, CLI_WARN, buf_text(&text));
	}
}

static void print_head(struct cli *cli, const json_t *answer)
{
	const json_t *candidate = json_object_get(answer, "candidate");
	const char *revision = json_string_value(json_object_get(candidate, "revision"));
	CLEANUP(buf_fini) struct buf text = { 0 };

	cli_policy_line(cli, "candidate", revision != NULL ? CLI_STRONG : CLI_WARN,
		revision != NULL ? revision : "none has passed yet");
	cli_policy_line(cli, "source", CLI_PLAIN, text_of(candidate, "source"));
	cli_policy_line(
		cli, "since", CLI_PLAIN, json_string_value(json_object_get(answer, "since")));
	cli_policy_trouble(cli, "refused", json_object_get(candidate, "refused"));
	cli_policy_trouble(cli, "unreachable", json_object_get(candidate, "unreachable"));
	buf_printf(&text, "%lld operations; %lld would have been decided otherwise",
		number_of(answer, "asked"), number_of(answer, "different"));
	cli_policy_line(cli, "asked", CLI_PLAIN, buf_text(&text));
	number_line(cli, "passed over", number_of(answer, "passedOver"),
		"operations: the candidate did not keep up");
	number_line(cli, "unreadable", number_of(answer, "unreadable"),
		"operations could not be asked about");
	number_line(cli, "counted", number_of(answer, "notJournaled"),
		"differences alone, beyond policy.shadow.journal_per_s");
}

static void print_counts(struct cli *cli, const json_t *answer)
{
	static const char *const titles[] = { "CHANGE", ">OPERATIONS" };
	static const char *const others[] = { "obligations", "apps", "approval", "reasons",
		"answer" };
	CLEANUP(cli_table_cleanup) struct cli_table *table = cli_table_new(titles, 2);
	const json_t *differences = json_object_get(answer, "differences");
	size_t index;
	json_t *it;

	json_array_foreach(json_object_get(answer, "effects"), index, it)
	{
		cli_table_cell(
			table, CLI_STRONG, "%s → %s", text_of(it, "from"), text_of(it, "to"));
		cli_table_cell(table, CLI_PLAIN, "%lld", number_of(it, "count"));
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (number_of(differences, others[i]) > 0) {
			cli_table_cell(table, CLI_STRONG, "other %s", others[i]);
			cli_table_cell(table, CLI_PLAIN, "%lld", number_of(differences, others[i]));
		}
	}
	fputc('\n', cli->out);
	cli_table_print(table, cli, "no difference so far");
}

static void answer_cell(struct cli_table *table, const json_t *answer)
{
	const char *codes = text_of(answer, "reasons");

	cli_table_cell(table, CLI_PLAIN, "%s%s%s%s", text_of(answer, "effect"),
		codes[0] != '\0' ? " (" : "", codes, codes[0] != '\0' ? ")" : "");
}

static void print_newest(struct cli *cli, const json_t *newest)
{
	static const char *const titles[] = { ">DECISION", "TIME", "OPERATION", "ID", "DIFFERS",
		"IN FORCE", "CANDIDATE" };
	CLEANUP(cli_table_cleanup) struct cli_table *table = cli_table_new(titles, 7);
	size_t index;
	json_t *it;

	if (json_array_size(newest) == 0) {
		return;
	}
	json_array_foreach(newest, index, it)
	{
		const json_t *resource = json_object_get(it, "resource");

		cli_table_cell(table, CLI_STRONG, "%lld", number_of(it, "decision"));
		cli_table_cell(table, CLI_DIM, "%.19s", text_of(it, "at"));
		cli_table_cell(table, CLI_PLAIN, "%s %s", text_of(it, "operation"),
			text_of(resource, "type"));
		cli_table_cell(table, CLI_DIM, "%s", text_of(resource, "id"));
		cli_table_cell(table, CLI_PLAIN, "%s", text_of(it, "what"));
		answer_cell(table, json_object_get(it, "live"));
		answer_cell(table, json_object_get(it, "candidate"));
	}
	fputc('\n', cli->out);
	cli_table_print(table, cli, "");
}

const struct cli_row_option cli_policy_shadow_options[] = {
	{ 'n', "lines", "N", "how many of the newest differences (default 20, at most 100)" },
	{ 0 },
};

int cli_policy_shadow(struct cli *cli)
{
	CLEANUP(buf_fini) struct buf path = { 0 };
	json_t *answer = NULL;
	struct error err = { 0 };
	int64_t lines;
	bool failing;

	if (!cli_option_int(cli, "lines", 0, NEWEST_MAX, 20, &lines)) {
		return CLI_USAGE;
	}
	buf_printf(&path, "/admin/v1/policy/shadow?count=%lld", (long long)lines);
	if (!cli_call(cli, "GET", buf_text(&path), NULL, 0, &answer, &err)) {
		return cli_fail(cli, &err);
	}
	failing = json_is_true(json_object_get(json_object_get(answer, "candidate"), "failing"));
	if (cli->format == CLI_JSON) {
		cli_print_json(cli, "shadow", answer);
	} else {
		print_head(cli, answer);
		print_counts(cli, answer);
		print_newest(cli, json_object_get(answer, "newest"));
		json_decref(answer);
	}
	return failing ? CLI_NO : CLI_OK;
}
