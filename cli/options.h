/*
 * The command line → struct cli: global options, noun, verb, the options of its row, arguments.
 *
 *     scimward [global] noun [global] [verb] [option | global | argument]... [-- argument...]
 *
 * `--name value`, `--name=value`, `-n value`, `-nvalue`; switches without a value may stand
 * together (-qf). Global options may stand anywhere. Private to cli/.
 */
#pragma once

#include <stdbool.h>
#include "cli/cli.h"

/* What stands beside a command: help was asked for, or nothing more is to be done. */
struct cli_wish {
	bool help;
	bool version;
	const char *noun; /* as typed; NULL: none */
	const char *verb;
};

extern const struct cli_row_option cli_global_options[]; /* ended by { 0 } */

/*
 * Fills *cli and *wish. argv stays in use. False: the message is printed; exit with CLI_USAGE.
 * cli->command is NULL when no command was named, or only a noun that has verbs.
 */
bool cli_parse(struct cli *cli, struct cli_wish *wish, int argc, char **argv);
