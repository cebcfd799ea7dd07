/*
 * What the files of the noun `policy` share. Private to cli/.
 */
#pragma once

#include <stdbool.h>
#include "cli/cli.h"

struct arena;
struct config_policy;

/*
 * The folder or bundle that was named, or the configuration's. False: the configuration cannot be
 * used; said so.
 */
bool cli_policy_where(struct cli *cli, const char *path, struct config_policy *policy);

/* The folder of Rego that was named, or the configuration's. False: there is none; said so. */
bool cli_policy_folder(struct cli *cli, struct config_policy *policy);

/* "examples/policy/", to be put before names of its files; "" for "." and for a bundle. In arena.
 */
const char *cli_policy_prefix(struct arena *arena, const struct config_policy *policy);

cli_run_fn cli_policy_check, cli_policy_eval, cli_policy_explain, cli_policy_fmt, cli_policy_lint,
	cli_policy_schema, cli_policy_test;
extern const struct cli_row_option cli_policy_check_options[];
extern const struct cli_row_option cli_policy_eval_options[];
extern const struct cli_row_option cli_policy_explain_options[];
extern const struct cli_row_option cli_policy_fmt_options[];
extern const struct cli_row_option cli_policy_lint_options[];
extern const struct cli_row_option cli_policy_test_options[];
