/*
 * All nouns. Each cli/<noun>.c defines its table, ended by { 0 }; a noun with many verbs has
 * several. commands.c lists them in the order of help.
 */
#pragma once

#include "cli/cli.h"

extern const struct cli_command cli_access_commands[];
extern const struct cli_command cli_backup_commands[];
extern const struct cli_command cli_config_commands[];
extern const struct cli_command cli_delivery_commands[];
extern const struct cli_command cli_init_commands[];
extern const struct cli_command cli_journal_commands[];
extern const struct cli_command cli_policy_commands[];
extern const struct cli_command cli_policy_history_commands[];
extern const struct cli_command cli_serve_commands[];
extern const struct cli_command cli_source_commands[];
extern const struct cli_command cli_status_commands[];
extern const struct cli_command cli_token_commands[];

/* Ended by NULL. */
extern const struct cli_command *const cli_commands[];
