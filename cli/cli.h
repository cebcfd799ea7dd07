/*
 * The frame of the command line: a verb is a row of a table and a function.
 *
 * A row tells everything about its verb: arguments, options, help, examples. The frame parses
 * options, prints help, suggests names, and hands `struct cli` to the function, whose result is
 * the exit code. To add a verb: its row in cli/<noun>.c, the noun's table in cli/commands.c.
 *
 *     static int tail(struct cli *cli)
 *     {
 *             const char *filter = cli_option(cli, "filter");
 *             int64_t count;
 *
 *             if (!cli_option_int(cli, "lines", 1, 10000, 10, &count)) {
 *                     return CLI_USAGE;
 *             }
 *             …
 *     }
 *
 *     const struct cli_command cli_journal_commands[] = {
 *             { .noun = "journal", .verb = "tail", .summary = "Print the newest entries",
 *                     .options = tail_options, .examples = "scimward journal tail -n 20 -f\n",
 *                     .run = tail },
 *             { 0 },
 *     };
 *
 * Data goes to standard output, talk and errors to standard error. One thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct config;
struct error;

/* product.md; documented, never changed. */
enum cli_exit {
	CLI_OK = 0,
	CLI_ERROR = 1, /* tool or input error */
	CLI_NO = 2,    /* the policy, a test or a verification says no */
	CLI_LINT = 3,
	CLI_RAIL = 4,
	CLI_USAGE = 64,
};

enum cli_format { CLI_TABLE, CLI_JSON };

#define CLI_OPTIONS_MAX 24 /* of one row */

struct cli_row_option {
	char letter;          /* 0: only the long name */
	const char *name;     /* "filter": --filter */
	const char *argument; /* "FILTER"; NULL: a switch */
	const char *help;     /* half a line, no full stop */
};

struct cli;
typedef int cli_run_fn(struct cli *cli); /* returns enum cli_exit */

struct cli_command {
	const char *noun;
	const char *verb;                     /* NULL: the noun stands alone (`serve`) */
	const char *arguments;                /* "DIR", "INDEX...", "[FILE]"; NULL: none */
	const char *summary;                  /* one line, no full stop */
	const char *details;                  /* paragraphs for --help; NULL: none */
	const struct cli_row_option *options; /* ended by { 0 }; NULL: only the global ones */
	const char *examples;                 /* whole lines, "scimward …", "# what it does" */
	int min_arguments;
	int max_arguments; /* -1: any number */
	cli_run_fn *run;
};

/* What main found. Verbs read it and never change it. */
struct cli {
	const struct cli_command *command;
	const char *config_path; /* -c; default CONFIG_DEFAULT_PATH, or $SCIMWARD_CONFIG */
	enum cli_format format;  /* -o table|json */
	bool quiet;              /* -q: no talk on standard error but errors */
	FILE *out;
	FILE *err;
	bool out_colour; /* a TTY without NO_COLOR and TERM=dumb, or CLICOLOR_FORCE */
	bool err_colour;
	bool out_is_tty;
	int out_columns; /* 0: not a terminal, never cut */
	int argument_count;
	char **arguments;
	struct config *config;               /* private: see cli_config() */
	bool has_secrets;                    /* private: of config */
	const char *values[CLI_OPTIONS_MAX]; /* private: of the row's options */
};

/* Text of an option; "" for a switch that was given; NULL: not given. Asserts that the row has it.
 */
const char *cli_option(const struct cli *cli, const char *name);
/* A whole number; `fallback` when not given. False: said so on standard error; return CLI_USAGE. */
bool cli_option_int(const struct cli *cli, const char *name, int64_t min, int64_t max,
	int64_t fallback, int64_t *result);

/*
 * The configuration of -c, loaded once, without the secrets that are references. NULL: all problems
 * are printed; return CLI_ERROR.
 */
const struct config *cli_config(struct cli *cli);
/* The same with all its secrets: for whoever uses them. What cli_config() gave before is gone. */
const struct config *cli_config_with_secrets(struct cli *cli);

/* "scimward: sentence" on standard error. Returns CLI_ERROR, so that a failure is one line. */
int cli_fail(const struct cli *cli, const struct error *err);
/* "scimward journal tail: sentence", and where help is. Returns CLI_USAGE. */
int cli_usage(const struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A line of talk on standard error, not with -q. */
void cli_say(const struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Runs the program: what main() calls, and tests. out and err are standard output and error. */
int cli_main(int argc, char **argv, FILE *out, FILE *err);
