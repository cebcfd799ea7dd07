#include "cli/cli.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/memory.h"
#include "cli/config_rules.h"
#include "cli/help.h"
#include "cli/options.h"
#include "cli/output.h"
#include "config/config.h"
#include "config/load.h"

/* https://no-color.org, and the other way round CLICOLOR_FORCE. */
static bool wants_colour(FILE *file)
{
	const char *force = getenv("CLICOLOR_FORCE");
	const char *off = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (off != NULL && off[0] != '\0') {
		return false;
	}
	if (force != NULL && force[0] != '\0' && strcmp(force, "0") != 0) {
		return true;
	}
	int fd = fileno(file);
	return fd >= 0 && isatty(fd) && (term == NULL || strcmp(term, "dumb") != 0);
}

static int terminal_columns(FILE *file)
{
	struct winsize size;
	int fd = fileno(file);

	if (fd < 0 || !isatty(fd) || ioctl(fd, TIOCGWINSZ, &size) != 0) {
		return 0;
	}
	return size.ws_col;
}

static const struct config *load_config(struct cli *cli, bool secrets)
{
	struct config_report report = { 0 };

	if (cli->config != NULL && (cli->has_secrets || !secrets)) {
		return cli->config;
	}
	config_free(cli->config);
	cli->has_secrets = secrets;
	cli->config = secrets ? config_load(cli->config_path, &report)
			      : config_load_without_secrets(cli->config_path, &report);
	if (cli->config != NULL && !config_rules_check(cli->config, &report)) {
		config_free(cli->config);
		cli->config = NULL;
	}
	if (cli->config == NULL) {
		CLEANUP(buf_fini) struct buf text = { 0 };
		config_report_print(&report, &text, cli->err_colour);
		fputs(buf_text(&text), cli->err);
	}
	config_report_fini(&report);
	/* cppcheck-suppress returnDanglingLifetime ; a config keeps nothing of the report */
	return cli->config;
}

const struct config *cli_config(struct cli *cli)
{
	return load_config(cli, false);
}

const struct config *cli_config_with_secrets(struct cli *cli)
{
	return load_config(cli, true);
}

static void print_name(const struct cli *cli, FILE *out)
{
	fputs("scimward", out);
	if (cli->command != NULL) {
		fprintf(out, " %s", cli->command->noun);
		if (cli->command->verb != NULL) {
			fprintf(out, " %s", cli->command->verb);
		}
	}
}

/*
 * What other programs say has several lines. A bar stands before all but the first, so that none of
 * them can be taken for one of ours, nor for a command of the pipeline that reads this ("::…").
 */
int cli_fail(const struct cli *cli, const struct error *err)
{
	CLEANUP(memory_cleanup) char *text = must_strdup(err->text);
	char *rest = text;

	for (char *at = text; (at = strchr(at, '\t')) != NULL;) {
		*at = ' ';
	}
	fputs(cli->err_colour ? "\033[1;31mscimward:\033[0m " : "scimward: ", cli->err);
	cli_print_safe(cli->err, strsep(&rest, "\n"));
	for (const char *line; (line = strsep(&rest, "\n")) != NULL;) {
		if (line[0] != '\0') {
			fputs("\n  | ", cli->err);
			cli_print_safe(cli->err, line);
		}
	}
	fputc('\n', cli->err);
	return CLI_ERROR;
}

int cli_usage(const struct cli *cli, const char *format, ...)
{
	CLEANUP(memory_cleanup) char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	int size = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	text = must_calloc((size_t)size + 1, 1);
	va_start(arguments, format);
	vsnprintf(text, (size_t)size + 1, format, arguments);
	va_end(arguments);
	print_name(cli, cli->err);
	fputs(": ", cli->err);
	cli_print_safe(cli->err, text);
	fputs("\nhelp: ", cli->err);
	print_name(cli, cli->err);
	fputs(" --help\n", cli->err);
	return CLI_USAGE;
}

void cli_say(const struct cli *cli, const char *format, ...)
{
	va_list arguments;

	if (cli->quiet) {
		return;
	}
	va_start(arguments, format);
	vfprintf(cli->err, format, arguments);
	va_end(arguments);
	fputc('\n', cli->err);
}

/* Data that did not reach its reader is a failure, even when the verb went well. */
static int flush(const struct cli *cli, int code)
{
	if (fflush(cli->out) != 0 || ferror(cli->out)) {
		fputs("scimward: cannot write to standard output\n", cli->err);
		return code == CLI_OK ? CLI_ERROR : code;
	}
	return code;
}

static int run(struct cli *cli, const struct cli_wish *wish)
{
	if (wish->version) {
		fprintf(cli->out, "scimward %s\n", SCIMWARD_VERSION);
		return CLI_OK;
	}
	if (wish->help && cli->command != NULL) {
		cli_help_command(cli->out, cli->command);
		return CLI_OK;
	}
	if (wish->help && wish->noun != NULL) {
		cli_help_noun(cli->out, wish->noun);
		return CLI_OK;
	}
	if (wish->help) {
		cli_help_program(cli->out);
		return CLI_OK;
	}
	if (cli->command == NULL) {
		if (wish->noun != NULL) {
			cli_help_noun(cli->err, wish->noun);
		} else {
			cli_help_program(cli->err);
		}
		return CLI_USAGE;
	}
	return cli->command->run(cli);
}

int cli_main(int argc, char **argv, FILE *out, FILE *err)
{
	const char *config_path = getenv("SCIMWARD_CONFIG");
	struct cli_wish wish = { 0 };
	int fd = fileno(out);
	struct cli cli = {
		.config_path = config_path != NULL ? config_path : CONFIG_DEFAULT_PATH,
		.out = out,
		.err = err,
		.out_colour = wants_colour(out),
		.err_colour = wants_colour(err),
		.out_is_tty = fd >= 0 && isatty(fd),
		.out_columns = terminal_columns(out),
	};

	int code = CLI_USAGE;
	if (cli_parse(&cli, &wish, argc, argv)) {
		code = flush(&cli, run(&cli, &wish));
	}
	config_free(cli.config);
	memory_free(cli.arguments);
	return code;
}
