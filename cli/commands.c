#include "cli/commands.h"

#include <stddef.h>

/* A noun is a line here. */
const struct cli_command *const cli_commands[] = {
	cli_init_commands,
	cli_config_commands,
	cli_serve_commands,
	cli_status_commands,
	cli_journal_commands,
	cli_policy_commands,
	cli_policy_history_commands,
	cli_access_commands,
	cli_delivery_commands,
	cli_source_commands,
	cli_token_commands,
	cli_backup_commands,
	NULL,
};
