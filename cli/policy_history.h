/*
 * The verbs about policies of the past: revisions, replay, diff. Private to cli/.
 */
#pragma once

#include "cli/cli.h"

cli_run_fn cli_policy_diff, cli_policy_replay, cli_policy_revisions;
extern const struct cli_row_option cli_policy_diff_options[];
extern const struct cli_row_option cli_policy_replay_options[];
