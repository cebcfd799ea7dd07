/* The rows of the verbs about policies of the past, and `policy revisions`. */
#include "cli/policy_history.h"

#include <inttypes.h>
#include <string.h>
#include "base/arena.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/value.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "config/config.h"
#include "gateway/policy_archive.h"
#include "gateway/tally.h"
#include "journal/query.h"
#include "journal/source.h"
#include "store/read.h"
#include "store/store.h"

struct revisions {
	struct cli *cli;
	const struct policy_archived *list;
	size_t count;
	struct tally decisions; /* by revision */
	bool counts;
};

/* ---- decisions under each ---- */

static bool on_record(void *user, struct arena *arena, const struct journal_record *record)
{
	struct revisions *it = user;
	const char *revision = value_find_text(record->leaf, "revision");

	(void)arena;
	if (record->kind == JOURNAL_DECISION && revision != NULL) {
		tally_add(&it->decisions, revision, NULL, 1);
	}
	return true;
}

static bool count(struct revisions *it, const struct config *config, struct error *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	struct store *store = store_open(
		&(struct store_options){ .path = config->store.path, .read_only = true }, err);
	struct store_reader *reader = store != NULL ? store_reader_open(store, err) : NULL;
	struct journal_source source;
	struct journal_cursor cursor = { .source = &source, .end = JOURNAL_NONE };
	bool ok = false;

	if (reader != NULL) {
		source = journal_source_of_store(reader);
		ok = journal_cursor_read(&cursor, arena, 0, on_record, it, NULL, err);
	}
	store_reader_close(reader);
	store_close(store);
	return ok;
}

static uint64_t decisions_of(const struct revisions *it, const struct policy_kept *kept)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < it->decisions.count; i++) {
		const char *revision = it->decisions.rows[i].text;
		bool is_its = strcmp(revision, kept->revision) == 0;

		for (size_t j = 0; j < kept->also_count && !is_its; j++) {
			is_its = strcmp(revision, kept->also[j]) == 0;
		}
		sum += is_its ? it->decisions.rows[i].count : 0;
	}
	return sum;
}

/* ---- printing ---- */

static json_t *text_json(const char *text)
{
	return text != NULL ? json_string(text) : json_null();
}

static json_t *revision_json(const struct revisions *it, const struct policy_archived *archived)
{
	const struct policy_kept *kept = &archived->kept;
	char time[CLOCK_TEXT_BYTES];
	json_t *also = json_array();
	json_t *json = json_object();

	json_object_set_new(json, "file", json_string(archived->path));
	json_object_set_new(json, "bytes", json_integer((json_int_t)archived->bytes));
	json_object_set_new(json, "damage", text_json(archived->damage));
	if (archived->damage != NULL) {
		json_decref(also);
		return json;
	}
	for (size_t i = 0; i < kept->also_count; i++) {
		json_array_append_new(also, json_string(kept->also[i]));
	}
	clock_format(kept->time_us, time);
	json_object_set_new(json, "revision", json_string(kept->revision));
	json_object_set_new(json, "digest", json_string(kept->digest));
	json_object_set_new(json, "commit", text_json(kept->commit));
	json_object_set_new(
		json, "serial", kept->serial >= 0 ? json_integer(kept->serial) : json_null());
	json_object_set_new(json, "source", json_string(kept->source));
	json_object_set_new(json, "activated", json_string(time));
	json_object_set_new(json, "also", also);
	if (it->counts) {
		json_object_set_new(
			json, "decisions", json_integer((json_int_t)decisions_of(it, kept)));
	}
	return json;
}

static void print_json(const struct revisions *it)
{
	json_t *list = json_array();

	for (size_t i = 0; i < it->count; i++) {
		json_array_append_new(list, revision_json(it, &it->list[i]));
	}
	cli_print_json(it->cli, "revisions", list);
}

static void add_row(
	const struct revisions *it, struct cli_table *table, const struct policy_archived *archived)
{
	const struct policy_kept *kept = &archived->kept;
	char time[CLOCK_TEXT_BYTES];

	clock_format(kept->time_us, time);
	cli_table_cell(table, CLI_STRONG, "%.16s", kept->digest);
	cli_table_cell(table, CLI_PLAIN, "%s",
		strchr(kept->revision, ' ') != NULL ? strchr(kept->revision, ' ') + 1 : "-");
	cli_table_cell(table, CLI_DIM, "%.19s", time);
	cli_table_cell(table, CLI_PLAIN, "%zu KiB", (archived->bytes + 1023) / 1024);
	if (it->counts) {
		cli_table_cell(table, CLI_PLAIN, "%" PRIu64, decisions_of(it, kept));
	}
	cli_table_cell(table, CLI_PLAIN, "%s", kept->source);
}

static int print_table(const struct revisions *it)
{
	static const char *const titles[] = { "DIGEST", "FROM", "ACTIVATED", ">SIZE", "SOURCE" };
	static const char *const counted[] = { "DIGEST", "FROM", "ACTIVATED", ">SIZE", ">DECISIONS",
		"SOURCE" };
	CLEANUP(cli_table_cleanup)
	struct cli_table *table = cli_table_new(it->counts ? counted : titles, it->counts ? 6 : 5);

	for (size_t i = 0; i < it->count; i++) {
		if (it->list[i].damage == NULL) {
			add_row(it, table, &it->list[i]);
		}
	}
	cli_table_print(table, it->cli, "no policy has taken over here yet");
	return CLI_OK;
}

/* Exit code 2: something in the archive is not what it was. */
static int tell_damage(const struct revisions *it)
{
	int result = CLI_OK;

	for (size_t i = 0; i < it->count; i++) {
		if (it->list[i].damage != NULL) {
			struct error err = { 0 };

			error_set(&err, ERROR_IO, "%s; it is not used", it->list[i].damage);
			cli_fail(it->cli, &err);
			result = CLI_NO;
		}
	}
	return result;
}

int cli_policy_revisions(struct cli *cli)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	const struct config *config = cli_config(cli);
	struct revisions it = { .cli = cli, .decisions.arena = arena };
	struct error err = { 0 };

	if (config == NULL) {
		return CLI_ERROR;
	}
	it.counts = cli_option(cli, "decisions") != NULL;
	if (!policy_archive_list(arena, policy_archive_folder(arena, config->store.path), &it.list,
		    &it.count, &err) ||
		(it.counts && !count(&it, config, &err))) {
		return cli_fail(cli, &err);
	}
	if (cli->format == CLI_JSON) {
		print_json(&it);
	} else {
		print_table(&it);
	}
	return tell_damage(&it);
}

static const struct cli_row_option revisions_options[] = {
	{ 0, "decisions", NULL, "count the decisions under each; reads the whole journal" },
	{ 0 },
};

const struct cli_command cli_policy_history_commands[] = {
	{ .noun = "policy",
		.verb = "replay",
		.summary =
			"Decide decisions of the journal again: what would another policy change?",
		.details =
			"Reads the store, so it works with the gateway running and without it. "
			"Each decision is decided as it\nwas, with its own time and everything the "
			"policy saw; input.mode is \"replay\". Without --against it is\ndecided by "
			"the very policy that decided it, kept in the archive: then the answer "
			"must "
			"be the same, and\nany difference is an alarm (exit code 2).\n"
			"Exit code 2 also when more changes than --max-changed or "
			"--max-newly-denied allow; newly denied is what\nwas allowed and would now "
			"be "
			"denied or get no answer. What cannot be replayed is named "
			"(docs/what-would-change.md).\n",
		.options = cli_policy_replay_options,
		.examples =
			"scimward policy replay --since 30d --against ./policy\n"
			"# for a pull request: a comment, and red when too much changes\n"
			"scimward policy replay --last 1000 --against ./policy --format markdown "
			"--report replay.md --max-newly-denied 0\n"
			"# what this source's operations would get\n"
			"scimward policy replay --against ./policy --filter 'source eq \"entra\"'\n"
			"# does the journal still say what the policies said?\n"
			"scimward policy replay --against recorded\n",
		.run = cli_policy_replay },
	{ .noun = "policy",
		.verb = "diff",
		.arguments = "REVISION1 REVISION2",
		.min_arguments = 2,
		.max_arguments = 2,
		.summary = "Show what is different between two policies",
		.details = "A REVISION is `live`, a folder, a bundle, or (the beginning of) a "
			   "digest or "
			   "commit that `policy revisions` lists.\nShown are rules that came and "
			   "went, "
			   "levels that changed, the Rego as a unified diff, and data by JSON "
			   "pointer.\n",
		.options = cli_policy_diff_options,
		.examples = "scimward policy diff live ./policy\n"
			    "scimward policy diff 41c2d3 9ab0 --format markdown\n"
			    "scimward policy diff live ./policy --exit-code\n",
		.run = cli_policy_diff },
	{ .noun = "policy",
		.verb = "revisions",
		.summary = "List the policies that decided here",
		.details = "They are kept beside the store, bounded by policy.archive. Exit code 2 "
			   "when one is damaged; it is named\nand not used.\n",
		.options = revisions_options,
		.examples = "scimward policy revisions\n"
			    "scimward policy revisions --decisions -o json | jq -r "
			    "'.revisions[].digest'\n",
		.run = cli_policy_revisions },
	{ 0 },
};
