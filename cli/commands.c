#include "cli/commands.h"

#include <stddef.h>

/* A noun is a line here. */
const struct cli_command *const cli_commands[] = {
	cli_init_commands,
	cli_config_commands,
	cli_serve_commands,
	NULL,
};
