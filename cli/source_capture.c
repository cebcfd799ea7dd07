/* Begins and ends a capture of what a source sends, in the running gateway. */
#include <inttypes.h>
#include <jansson.h>
#include <string.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "cli/cli.h"
#include "cli/client.h"
#include "cli/output.h"
#include "cli/source.h"
#include "config/scalar.h"

static bool append_path(struct cli *cli, struct buf *path, struct error *err)
{
	buf_append_text(path, "/admin/v1/sources/");
	if (!cli_append_word(path, cli->arguments[0])) {
		return error_set(err, ERROR_NOT_FOUND, "the configuration has no source '%s'",
			cli->arguments[0]);
	}
	buf_append_text(path, "/capture");
	return true;
}

/* False: said so; return CLI_USAGE. */
static bool read_options(struct cli *cli, json_t *body)
{
	const char *how_long = cli_option(cli, "for");
	const char *size = cli_option(cli, "size");
	int64_t ms = 10 * 60 * 1000;
	int64_t bytes = 16 * 1024 * 1024;
	int64_t requests;

	if (how_long != NULL && (!config_parse_time(how_long, &ms) || ms < 1000)) {
		cli_usage(cli, "'%s' is no duration: want a number with s, m or h, such as 10m",
			how_long);
		return false;
	}
	if (size != NULL && !config_parse_bytes(size, &bytes)) {
		cli_usage(
			cli, "'%s' is no size: want a number with KiB or MiB, such as 16MiB", size);
		return false;
	}
	if (!cli_option_int(cli, "requests", 1, 100000, 1000, &requests)) {
		return false;
	}
	json_object_set_new(body, "for_s", json_integer(ms / 1000));
	json_object_set_new(body, "bytes", json_integer(bytes));
	json_object_set_new(body, "requests", json_integer(requests));
	json_object_set_new(
		body, "with_values", json_boolean(cli_option(cli, "with-values") != NULL));
	return true;
}

static void say_start(struct cli *cli, const json_t *capture)
{
	bool kept = strcmp(json_string_value(json_object_get(capture, "values")), "kept") == 0;

	cli_say(cli,
		"source %s is captured until %.19sZ%s; `scimward source capture %s --stop` ends it",
		cli->arguments[0], json_string_value(json_object_get(capture, "until")),
		kept ? ", personal values included" : "", cli->arguments[0]);
}

int cli_source_capture(struct cli *cli)
{
	CLEANUP(buf_fini) struct buf path = { 0 };
	json_auto_t *body = json_object();
	bool stops = cli_option(cli, "stop") != NULL;
	json_t *answer = NULL;
	json_t *capture;
	struct error err = { 0 };

	if (!read_options(cli, body)) {
		return CLI_USAGE;
	}
	if (!append_path(cli, &path, &err) ||
		!cli_call(cli, stops ? "DELETE" : "POST", buf_text(&path), stops ? NULL : body, 0,
			&answer, &err)) {
		return cli_fail(cli, &err);
	}
	capture = json_object_get(answer, "capture");
	if (cli->format == CLI_JSON) {
		cli_print_json(cli, "capture", json_incref(capture));
	} else {
		if (stops) {
			cli_say(cli, "%" JSON_INTEGER_FORMAT " requests of source %s are in",
				json_integer_value(json_object_get(capture, "requests")),
				cli->arguments[0]);
		} else {
			say_start(cli, capture);
		}
		fprintf(cli->out, "%s\n", json_string_value(json_object_get(capture, "file")));
	}
	json_decref(answer);
	return CLI_OK;
}
