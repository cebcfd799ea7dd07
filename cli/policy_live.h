/*
 * policy status and reload: the policy that decides in the running gateway. For the table in
 * cli/policy.c. Both return the exit code: CLI_NO when the policy before stays in force.
 */
#pragma once

struct cli;

int cli_policy_status(struct cli *cli);
int cli_policy_reload(struct cli *cli); /* option allow-older */
