/* The journal for people: tail, show, verify. */
#include <string.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "cli/cli.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/journal_show.h"
#include "cli/output.h"
#include "config/config.h"
#include "journal/verify.h"
#include "store/read.h"
#include "store/store.h"

static const char *text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

/* ---- tail ---- */

struct tail {
	struct cli *cli;
	struct cli_table *table;
	bool follow;
};

static enum cli_tone tone_of(const char *word)
{
	static const struct {
		const char *word;
		enum cli_tone tone;
	} tones[] = {
		{ "allow", CLI_GOOD },
		{ "deny", CLI_BAD },
		{ "error", CLI_BAD },
		{ "hold", CLI_WARN },
		{ "delivered", CLI_GOOD },
		{ "removed", CLI_GOOD },
		{ "parked", CLI_BAD },
	};

	for (size_t i = 0; word != NULL && i < sizeof(tones) / sizeof(tones[0]); i++) {
		if (strcmp(tones[i].word, word) == 0) {
			return tones[i].tone;
		}
	}
	return CLI_PLAIN;
}

static const char *who(const json_t *entry)
{
	const json_t *subject = json_object_get(entry, "subject");
	const char *name = text_of(subject, "userName");

	if (name == NULL) {
		name = text_of(subject, "displayName");
	}
	return name != NULL ? name : text_of(json_object_get(entry, "resource"), "id");
}

/* What would have refused it if its package acted. */
static void add_observed(struct buf *text, const json_t *observed)
{
	size_t index;
	json_t *reason;

	json_array_foreach(observed, index, reason)
	{
		const char *code = text_of(reason, "code");

		buf_printf(text, "%s%s", index > 0 || text->size > 0 ? ", " : "",
			index == 0 ? "observed: " : "");
		buf_append_text(text, code != NULL ? code : "?");
	}
}

static void add_reasons(struct buf *text, const json_t *entry)
{
	size_t index;
	json_t *reason;

	json_array_foreach(json_object_get(entry, "reasons"), index, reason)
	{
		buf_append_text(text, index > 0 ? ", " : "");
		buf_append_text(text, json_string_value(reason));
	}
	if (json_is_true(json_object_get(entry, "noop"))) {
		buf_append_text(text, "no change");
	}
	if (json_is_true(json_object_get(entry, "overridden"))) {
		buf_append_text(text, text->size > 0 ? ", overridden" : "overridden");
	}
	add_observed(text, json_object_get(json_object_get(entry, "output"), "observed"));
	if (json_object_get(entry, "decision") != NULL) {
		buf_printf(text, "of %lld",
			(long long)json_integer_value(json_object_get(entry, "decision")));
	}
	if (text->size == 0 && text_of(entry, "revision") != NULL &&
		strcmp(text_of(entry, "kind"), "policy") == 0) {
		buf_append_text(text, text_of(entry, "revision"));
	}
}

static void add_row(struct cli_table *table, const json_t *entry)
{
	CLEANUP(buf_fini) struct buf reasons = { 0 };
	const char *effect = text_of(entry, "effect");
	const char *from = text_of(entry, "source");

	if (effect == NULL) {
		effect = text_of(entry, "outcome");
	}
	if (from == NULL) {
		from = text_of(entry, "app");
	}
	add_reasons(&reasons, entry);
	cli_table_cell(table, CLI_STRONG, "%lld",
		(long long)json_integer_value(json_object_get(entry, "index")));
	cli_table_cell(table, CLI_DIM, "%.19s", text_of(entry, "time"));
	cli_table_cell(table, CLI_PLAIN, "%s", from != NULL ? from : "-");
	cli_table_cell(table, CLI_PLAIN, "%s %s",
		text_of(entry, "operation") != NULL ? text_of(entry, "operation")
						    : text_of(entry, "kind"),
		text_of(json_object_get(entry, "resource"), "type") != NULL
			? text_of(json_object_get(entry, "resource"), "type")
			: "");
	cli_table_cell(table, CLI_PLAIN, "%s", who(entry) != NULL ? who(entry) : "-");
	cli_table_cell(table, tone_of(effect), "%s", effect != NULL ? effect : "-");
	cli_table_cell(table, CLI_PLAIN, "%s", buf_text(&reasons));
}

static bool on_line(void *user, const json_t *json)
{
	struct tail *tail = user;

	if (tail->cli->format == CLI_JSON) {
		cli_print_json_line(tail->cli, json_deep_copy(json));
		return true;
	}
	add_row(tail->table, json);
	if (tail->follow) {
		cli_table_flush(tail->table, tail->cli);
	}
	return true;
}

static int tail(struct cli *cli)
{
	static const char *const titles[] = { ">INDEX", "TIME", "FROM/TO", "OPERATION", "WHO",
		"EFFECT", "REASONS" };
	CLEANUP(cli_table_cleanup) struct cli_table *table = cli_table_new(titles, 7);
	CLEANUP(buf_fini) struct buf path = { 0 };
	struct tail it = { cli, table, cli_option(cli, "follow") != NULL };
	struct error err = { 0 };
	int64_t lines;

	if (!cli_option_int(cli, "lines", 0, 1000000, 20, &lines)) {
		return CLI_USAGE;
	}
	buf_printf(&path, "/admin/v1/journal?tail=%lld", (long long)lines);
	if (cli_option(cli, "from") != NULL) {
		buf_append_text(&path, "&from=");
		cli_query_escape(&path, cli_option(cli, "from"));
	}
	if (cli_option(cli, "filter") != NULL) {
		buf_append_text(&path, "&filter=");
		cli_query_escape(&path, cli_option(cli, "filter"));
	}
	buf_append_text(&path, it.follow ? "&follow=1" : "");
	if (!cli_follow(cli, buf_text(&path), on_line, &it, &err)) {
		return cli_fail(cli, &err);
	}
	if (cli->format == CLI_TABLE && !it.follow) {
		cli_table_print(table, cli, "no entry matches");
	}
	return CLI_OK;
}

/* ---- show ---- */

static int show(struct cli *cli)
{
	CLEANUP(buf_fini) struct buf path = { 0 };
	json_t *answer = NULL;
	struct error err = { 0 };

	buf_append_text(&path, "/admin/v1/journal/");
	if (!cli_append_word(&path, cli->arguments[0])) {
		error_set(&err, ERROR_REQUEST, "'%s' is no journal index", cli->arguments[0]);
		return cli_fail(cli, &err);
	}
	if (!cli_call(cli, "GET", buf_text(&path), NULL, 0, &answer, &err)) {
		return cli_fail(cli, &err);
	}
	if (cli->format == CLI_JSON) {
		cli_print_json(cli, "entry", answer);
		return CLI_OK;
	}
	journal_show_print(cli, answer);
	json_decref(answer);
	return CLI_OK;
}

/* ---- verify ---- */

static bool on_progress(void *user, uint64_t done, uint64_t total)
{
	struct cli *cli = user;

	if (cli->err_colour && !cli->quiet) {
		fprintf(cli->err, "\r%llu of %llu entries", (unsigned long long)done,
			(unsigned long long)total);
	}
	return true;
}

static void print_report(struct cli *cli, const struct journal_verify_report *report, bool own_key)
{
	if (!report->intact) {
		fprintf(cli->out, "%sNOT INTACT%s: ", cli_tone_begin(cli, CLI_BAD),
			cli_tone_end(cli, CLI_BAD));
		cli_print_safe(cli->out, report->problem);
		fputc('\n', cli->out);
		return;
	}
	fprintf(cli->out, "%sintact%s: %llu entries under the signed checkpoint of %s\n",
		cli_tone_begin(cli, CLI_GOOD), cli_tone_end(cli, CLI_GOOD),
		(unsigned long long)report->entries, report->checkpoint.origin);
	fprintf(cli->out,
		"  %llu rows of the store agree, %llu payloads belong to their leaves, %llu "
		"erased, "
		"%llu not yet published\n",
		(unsigned long long)report->rows, (unsigned long long)report->payloads,
		(unsigned long long)report->erased, (unsigned long long)report->unpublished);
	if (own_key) {
		cli_say(cli,
			"checked against the key in the journal's own folder; --vkey with a copy "
			"kept elsewhere proves more");
	}
}

static json_t *report_json(const struct journal_verify_report *report)
{
	json_t *it = json_object();

	json_object_set_new(it, "intact", json_boolean(report->intact));
	if (!report->intact) {
		json_object_set_new(it, "problem", json_string(report->problem));
	}
	json_object_set_new(it, "origin", json_string(report->checkpoint.origin));
	json_object_set_new(it, "entries", json_integer((json_int_t)report->entries));
	json_object_set_new(it, "rows", json_integer((json_int_t)report->rows));
	json_object_set_new(it, "payloads", json_integer((json_int_t)report->payloads));
	json_object_set_new(it, "erased", json_integer((json_int_t)report->erased));
	json_object_set_new(it, "unpublished", json_integer((json_int_t)report->unpublished));
	return it;
}

static bool run_verify(struct cli *cli, const struct config *config,
	struct journal_verify_report *report, struct error *err)
{
	struct store *store = store_open(
		&(struct store_options){ .path = config->store.path, .read_only = true }, err);
	struct store_reader *reader = store != NULL ? store_reader_open(store, err) : NULL;
	CLEANUP(buf_fini) struct buf state = { 0 };
	struct journal_source source;
	bool ok;

	buf_printf(&state, "%s.signed", config->journal.key);
	if (reader == NULL) {
		store_close(store);
		return false;
	}
	source = journal_source_of_store(reader);
	ok = journal_verify(
		&(struct journal_verify_options){
			.directory = config->journal.directory,
			.vkey = cli_option(cli, "vkey"),
			.state_path = buf_text(&state),
			.source = &source,
			.on_progress = on_progress,
			.user = cli,
		},
		report, err);
	if (cli->err_colour && !cli->quiet) {
		fputs("\r\033[K", cli->err);
	}
	store_reader_close(reader);
	store_close(store);
	return ok;
}

static int verify(struct cli *cli)
{
	const struct config *config = cli_config(cli);
	struct journal_verify_report report = { 0 };
	struct error err = { 0 };

	if (config == NULL) {
		return CLI_ERROR;
	}
	if (!run_verify(cli, config, &report, &err)) {
		return cli_fail(cli, &err);
	}
	if (cli->format == CLI_JSON) {
		cli_print_json(cli, "verification", report_json(&report));
	} else {
		print_report(cli, &report, cli_option(cli, "vkey") == NULL);
	}
	return report.intact ? CLI_OK : CLI_NO;
}

static const struct cli_row_option tail_options[] = {
	{ 'n', "lines", "N", "how many entries (default 20)" },
	{ 'f', "follow", NULL, "go on with new ones as they come" },
	{ 0, "from", "INDEX", "start at this entry instead of near the end" },
	{ 0, "filter", "FILTER", "SCIM filter over the entry's members, evaluated by the gateway" },
	{ 0 },
};

static const struct cli_row_option verify_options[] = {
	{ 0, "vkey", "VKEY", "public key of the log, from a copy kept elsewhere" },
	{ 0 },
};

const struct cli_command cli_journal_commands[] = {
	{ .noun = "journal",
		.verb = "tail",
		.summary = "Print the newest entries",
		.details =
			"Members a filter can name: index time kind source app operation "
			"resource.type resource.id effect reasons outcome decision revision "
			"latency_us subject.userName subject.displayName, and whatever the payload "
			"holds, e.g. input.after.title.\n",
		.options = tail_options,
		.examples = "scimward journal tail -n 50\n"
			    "# denials of one domain, as they happen\n"
			    "scimward journal tail -f --filter 'effect eq \"deny\" and "
			    "subject.userName ew \"@example.com\"'\n",
		.run = tail },
	{ .noun = "journal",
		.verb = "show",
		.arguments = "INDEX",
		.min_arguments = 1,
		.max_arguments = 1,
		.summary = "Show one entry: what changed, why, by which policy, where it went",
		.examples = "scimward journal show 8812\n"
			    "scimward journal show 8812 -o json\n",
		.run = show },
	{ .noun = "journal",
		.verb = "verify",
		.summary = "Check signature, tiles, store rows and payloads against each other",
		.details =
			"Works while the gateway runs, and without it. Exit code 2 when something "
			"is not as it was signed.\n",
		.options = verify_options,
		.examples = "scimward journal verify\n"
			    "scimward journal verify --vkey \"$(cat log.vkey)\"\n",
		.run = verify },
	{ 0 },
};
