/*
 * policy status, reload and shadow: the policy that decides in the running gateway, and the
 * candidate beside it. For the table in cli/policy.c. They return the exit code: CLI_NO when what
 * came last was refused or cannot be reached.
 */
#pragma once

#include <jansson.h>
#include "cli/cli.h"
#include "cli/output.h"

int cli_policy_status(struct cli *cli);
int cli_policy_reload(struct cli *cli); /* option allow-older */

/* policy_shadow.c */
extern const struct cli_row_option cli_policy_shadow_options[];
int cli_policy_shadow(struct cli *cli);

/* ---- for both files ---- */

/* "name        text"; text NULL: nothing. */
void cli_policy_line(struct cli *cli, const char *name, enum cli_tone tone, const char *text);
/* When, at which step, why; it NULL: nothing. */
void cli_policy_trouble(struct cli *cli, const char *name, const json_t *it);
