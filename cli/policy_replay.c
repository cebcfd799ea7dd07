/* policy replay: decisions of the journal, decided again. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "cli/policy.h"
#include "cli/policy_history.h"
#include "cli/policy_revision.h"
#include "cli/replay_report.h"
#include "config/config.h"
#include "gateway/ask.h"
#include "gateway/policy_archive.h"
#include "gateway/schemas.h"
#include "journal/source.h"
#include "scim/datatype.h"
#include "scim/filter.h"
#include "scim/problem.h"
#include "store/read.h"
#include "store/store.h"

const struct cli_row_option cli_policy_replay_options[] = {
	{ 'a', "against", "POLICY",
		"folder, bundle, revision, `live`, or `recorded` (the default)" },
	{ 's', "since", "TIME", "from then on: 30d, 12h, 45m, 2026-11-01, 2026-11-01T08:00:00Z" },
	{ 'n', "last", "N", "the newest N decisions" },
	{ 0, "from", "INDEX", "from this entry on" },
	{ 0, "to", "INDEX", "up to this entry, included" },
	{ 0, "filter", "FILTER", "SCIM filter over the entry's members, as of `journal tail`" },
	{ 0, "max-changed", "N", "exit code 2 when more decisions change; also 0.5%" },
	{ 0, "max-newly-denied", "N", "exit code 2 when more of what was allowed is denied" },
	{ 0, "format", "FORMAT", "table, json, markdown" },
	{ 0, "report", "FILE", "write the report there instead of to standard output" },
	{ 0 },
};

struct replay_run {
	struct cli *cli;
	const struct config *config;
	struct arena *arena;
	struct policy_replay_options options;
	struct cli_policy_named against;
	struct replay_report report;
	struct policy_replay_report found;
	replay_print_fn *print;
	int64_t told_us; /* progress */
};

/* ---- options ---- */

/* "30d" before now. */
static bool read_age(const char *text, int64_t now_us, int64_t *us)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }, { 'w', 604800 } };
	char *end;
	long long number;

	errno = 0;
	number = strtoll(text, &end, 10);
	if (errno != 0 || end == text || number < 0 || number > 1000000 || end[0] == '\0' ||
		end[1] != '\0') {
		return false;
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (units[i].unit == end[0]) {
			*us = now_us - number * units[i].seconds * 1000000;
			return true;
		}
	}
	return false;
}

static bool read_since(struct cli *cli, struct arena *arena, int64_t *us)
{
	const char *text = cli_option(cli, "since");
	const char *day;

	*us = INT64_MIN;
	if (text == NULL || read_age(text, clock_now_us(), us) ||
		scim_datetime_parse(text, strlen(text), true, us)) {
		return true;
	}
	day = arena_printf(arena, "%.20sT00:00:00Z", text);
	if (strlen(text) == 10 && scim_datetime_parse(day, strlen(day), true, us)) {
		return true;
	}
	cli_usage(cli,
		"'%s' is no time: 30d, 12h, 45m, 2026-11-01 or 2026-11-01T08:00:00Z are some",
		text);
	return false;
}

static bool read_limit(struct cli *cli, const char *name, struct replay_limit *limit)
{
	const char *text = cli_option(cli, name);
	char *end;

	*limit = (struct replay_limit){ .is_set = text != NULL };
	if (text == NULL) {
		return true;
	}
	limit->value = strtod(text, &end);
	limit->is_percent = end[0] == '%' && end[1] == '\0';
	if (strspn(text, "0123456789.") == (size_t)(end - text) && end != text &&
		(limit->is_percent ? limit->value <= 100
				   : end[0] == '\0' && strchr(text, '.') == NULL)) {
		return true;
	}
	cli_usage(cli, "--%s is a number of decisions, 5, or a part of them, 0.5%%; not '%s'", name,
		text);
	return false;
}

static bool read_range(struct replay_run *run)
{
	struct cli *cli = run->cli;
	int64_t from;
	int64_t to;
	int64_t last;

	if (!cli_option_int(cli, "from", 0, INT64_MAX - 1, 0, &from) ||
		!cli_option_int(cli, "to", 0, INT64_MAX - 1, -1, &to) ||
		!cli_option_int(cli, "last", 1, INT64_MAX - 1, 0, &last) ||
		!read_since(cli, run->arena, &run->options.since_us)) {
		return false;
	}
	if (to >= 0 && to < from) {
		cli_usage(cli, "--to lies before --from");
		return false;
	}
	run->options.from = (uint64_t)from;
	run->options.to = to >= 0 ? (uint64_t)to + 1 : UINT64_MAX;
	run->options.last = (uint64_t)last;
	return true;
}

static bool read_filter(struct replay_run *run)
{
	const char *text = cli_option(run->cli, "filter");
	struct error err = { 0 };

	if (text == NULL) {
		return true;
	}
	run->options.filter = scim_filter_parse(run->arena, NULL, text, strlen(text), true, &err);
	if (run->options.filter == NULL) {
		cli_usage(run->cli, "--filter: %s", err.text);
		return false;
	}
	return true;
}

static bool read_options(struct replay_run *run)
{
	run->print = replay_format_of(run->cli, cli_option(run->cli, "format"));
	return run->print != NULL && read_range(run) && read_filter(run) &&
	       read_limit(run->cli, "max-changed", &run->report.max_changed) &&
	       read_limit(run->cli, "max-newly-denied", &run->report.max_newly_denied);
}

/* ---- running ---- */

static bool choose_policy(struct replay_run *run, struct error *err)
{
	const char *name = cli_option(run->cli, "against");

	run->report.prefix = "";
	if (name == NULL || strcmp(name, "recorded") == 0) {
		return true;
	}
	if (!cli_policy_named(run->config, run->arena, name, &run->against, err)) {
		return false;
	}
	run->options.against = &run->against.kept;
	run->report.against = run->against.shown;
	run->report.prefix = run->against.prefix;
	return true;
}

static bool load_model(struct replay_run *run, struct error *err)
{
	struct scim_problems problems = { .arena = run->arena };

	run->options.model = schemas_load(run->arena, run->config->scim.directory, NULL, &problems);
	return run->options.model != NULL ||
	       error_set(err, ERROR_CONFIG, "scim.directory: %s",
		       scim_problem_text(run->arena, &problems.items[0]));
}

/* On a terminal, and only when it takes long. */
static bool on_progress(void *user, uint64_t done, uint64_t total)
{
	struct replay_run *run = user;
	int64_t now_us = clock_monotonic_us();

	if (run->cli->err_colour && !run->cli->quiet && now_us - run->told_us > 500000) {
		fprintf(run->cli->err, "\r%llu of %llu entries", (unsigned long long)done,
			(unsigned long long)total);
		run->told_us = now_us;
	}
	return true;
}

static bool replay(struct replay_run *run, struct error *err)
{
	struct store *store = store_open(
		&(struct store_options){ .path = run->config->store.path, .read_only = true }, err);
	struct store_reader *reader = store != NULL ? store_reader_open(store, err) : NULL;
	struct journal_source source;
	bool ok = false;

	if (reader != NULL) {
		source = journal_source_of_store(reader);
		run->options.source = &source;
		run->options.archive = policy_archive_folder(run->arena, run->config->store.path);
		run->options.on_progress = on_progress;
		run->options.user = run;
		run->told_us = clock_monotonic_us();
		ask_budget(&run->config->policy.limits, &run->options.budget);
		ok = policy_replay_run(&run->options, run->arena, &run->found, err);
	}
	if (run->cli->err_colour && !run->cli->quiet) {
		fputs("\r\033[K", run->cli->err);
	}
	store_reader_close(reader);
	store_close(store);
	return ok;
}

/* ---- the report ---- */

static bool print_report(struct replay_run *run, struct error *err)
{
	const char *path = cli_option(run->cli, "report");
	struct cli to_file = *run->cli;
	char *text = NULL;
	size_t size = 0;
	bool ok;

	if (path == NULL) {
		run->print(run->cli, &run->report);
		return true;
	}
	to_file.out = open_memstream(&text, &size);
	to_file.out_colour = false;
	to_file.out_is_tty = false;
	to_file.out_columns = 0;
	if (to_file.out == NULL) {
		return error_set(err, ERROR_IO, "no memory for the report");
	}
	run->print(&to_file, &run->report);
	fclose(to_file.out);
	ok = file_replace(path, text, size, 0644, err);
	free(text);
	return ok;
}

/* What a pipeline shows although the report went to a file. */
static int conclude(struct replay_run *run)
{
	CLEANUP(buf_fini) struct buf text = { 0 };
	const struct policy_replay_report *found = &run->found;
	struct error err = { 0 };

	if (replay_is_alarm(&run->report)) {
		error_set(&err, ERROR_POLICY,
			"ALARM: %llu decisions are not what the policy that made them says, %llu "
			"are damaged",
			(unsigned long long)found->changed, (unsigned long long)found->damaged);
		cli_fail(run->cli, &err);
		return CLI_NO;
	}
	if (found->decisions > 0 && found->replayed == 0) {
		error_set(&err, ERROR_NOT_FOUND,
			"none of the %llu decisions could be replayed: %.300s",
			(unsigned long long)found->decisions,
			found->reasons.count > 0 ? found->reasons.rows[0].label : "");
		return cli_fail(run->cli, &err);
	}
	if (found->decisions == 0) {
		cli_say(run->cli, "there is no such decision");
	}
	if (replay_exceeds(&run->report, &text)) {
		cli_say(run->cli, "%s", buf_text(&text));
		return CLI_NO;
	}
	return CLI_OK;
}

int cli_policy_replay(struct cli *cli)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	struct replay_run run = { .cli = cli, .arena = arena };
	struct error err = { 0 };
	int result;

	if (!read_options(&run)) {
		return CLI_USAGE;
	}
	run.config = cli_config(cli);
	if (run.config == NULL) {
		return CLI_ERROR;
	}
	run.report.found = &run.found;
	if (choose_policy(&run, &err) && load_model(&run, &err) && replay(&run, &err) &&
		print_report(&run, &err)) {
		result = conclude(&run);
	} else {
		result = cli_fail(cli, &err);
	}
	cli_policy_named_fini(&run.against);
	return result;
}
