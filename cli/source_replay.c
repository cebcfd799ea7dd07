/* What a capture means: read again as a dialect reads it, or sent to a gateway. */
#include "cli/source_replay.h"

#include <string.h>
#include "base/arena.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "cli/capture_file.h"
#include "cli/cli.h"
#include "cli/output.h"
#include "cli/source.h"
#include "config/config.h"
#include "gateway/schemas.h"
#include "scim/dialect.h"
#include "scim/problem.h"

struct replay {
	struct cli *cli;
	const struct scim_model *model;
	struct scim_dialect dialect;
	struct replay_target *target; /* NULL: only read */
	struct cli_table *table;
	json_t *list; /* for JSON */
	size_t different;
};

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

static bool choose_dialect(
	struct replay *replay, const struct capture_file *file, struct error *err)
{
	const char *name = cli_option(replay->cli, "dialect");
	const char *quirks = cli_option(replay->cli, "quirks");
	const struct scim_dialect *known;

	if (quirks == NULL) {
		quirks = name == NULL ? text_of(file->head, "quirks") : "";
	}
	if (name == NULL) {
		name = text_of(file->head, "dialect");
	}
	known = scim_dialect_find(name);
	if (known == NULL) {
		return error_set(err, ERROR_REQUEST,
			"there is no dialect '%.60s'; `scimward source dialects` lists them", name);
	}
	return scim_dialect_changed(known, quirks, &replay->dialect, err);
}

/* With the schemas of the configuration where there is one: a capture may be read elsewhere. */
static bool load_model(struct replay *replay, struct arena *arena, struct error *err)
{
	struct scim_problems problems = { .arena = arena };
	const struct config *config = NULL;

	if (file_exists(replay->cli->config_path)) {
		config = cli_config(replay->cli);
		if (config == NULL) {
			return error_set(
				err, ERROR_CONFIG, "%s cannot be used", replay->cli->config_path);
		}
	}
	replay->model = schemas_load(
		arena, config != NULL ? config->scim.directory : NULL, NULL, &problems);
	return replay->model != NULL || error_set(err, ERROR_CONFIG, "scim.directory: %s",
						scim_problem_text(arena, &problems.items[0]));
}

static void add_row(struct replay *replay, const json_t *record, int now, const char *note)
{
	long long then =
		json_integer_value(json_object_get(json_object_get(record, "reply"), "status"));
	bool sent = replay->target != NULL;
	bool good = sent ? now == then : now == 0;
	struct cli_table *table = replay->table;

	replay->different += !good;
	if (replay->list != NULL) {
		json_t *it = json_object();

		json_object_set(it, "n", json_object_get(record, "n"));
		json_object_set(it, "method", json_object_get(record, "method"));
		json_object_set(it, "target", json_object_get(record, "target"));
		json_object_set_new(it, "then", json_integer(then));
		json_object_set_new(it, "now", now != 0 ? json_integer(now) : json_null());
		json_object_set_new(it, "same", json_boolean(good));
		json_object_set_new(it, "note", note != NULL ? json_string(note) : json_null());
		json_array_append_new(replay->list, it);
		return;
	}
	cli_table_cell(table, CLI_PLAIN, "%lld",
		(long long)json_integer_value(json_object_get(record, "n")));
	cli_table_cell(table, CLI_STRONG, "%s", text_of(record, "method"));
	cli_table_cell(table, CLI_PLAIN, "%s", text_of(record, "target"));
	cli_table_cell(table, CLI_PLAIN, "%lld", then);
	if (now == 0) {
		cli_table_cell(table, good ? CLI_GOOD : CLI_BAD, sent ? "not sent" : "understood");
	} else {
		cli_table_cell(table, good ? CLI_GOOD : CLI_BAD, "%d", now);
	}
	cli_table_cell(table, CLI_PLAIN, "%s", note != NULL ? note : "");
}

static void replay_all(struct replay *replay, const struct capture_file *file)
{
	size_t index;
	json_t *record;

	json_array_foreach(file->records, index, record)
	{
		CLEANUP(memory_cleanup) char *note = NULL;
		int now = replay->target != NULL
				  ? replay_send(replay->target, record, &note)
				  : replay_read(replay->model, &replay->dialect, record, &note);

		add_row(replay, record, now, note);
	}
}

static bool open_target(struct cli *cli, struct replay *replay, struct error *err)
{
	const char *url = cli_option(cli, "to");
	const char *token = cli_option(cli, "token-file");

	if ((url != NULL) != (token != NULL)) {
		return error_set(err, ERROR_REQUEST, "--to and --token-file go together");
	}
	if (url != NULL) {
		replay->target = replay_target_new(url, token, cli_option(cli, "ca"), err);
	}
	return url == NULL || replay->target != NULL;
}

int cli_source_replay(struct cli *cli)
{
	static const char *const titles[] = { ">N", "METHOD", "TARGET", ">THEN", "NOW", "MEANS" };
	CLEANUP(cli_table_cleanup) struct cli_table *table = cli_table_new(titles, 6);
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	CLEANUP(capture_file_fini) struct capture_file file = { 0 };
	struct replay replay = { .cli = cli, .table = table };
	struct error err = { 0 };

	if (!capture_file_read(cli->arguments[0], &file, &err) ||
		!load_model(&replay, arena, &err) || !choose_dialect(&replay, &file, &err) ||
		!open_target(cli, &replay, &err)) {
		return cli_fail(cli, &err);
	}
	if (cli->format == CLI_JSON) {
		replay.list = json_array();
	}
	replay_all(&replay, &file);
	replay_target_free(replay.target);
	if (cli->format == CLI_JSON) {
		cli_print_json(cli, "requests", replay.list);
	} else {
		cli_table_print(table, cli, "no requests are in this capture");
	}
	return replay.different > 0 ? CLI_NO : CLI_OK;
}
