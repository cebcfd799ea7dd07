/*
 * Verbs of `scimward source` that have a file of their own; cli/source.c has their rows.
 */
#pragma once

#include "cli/cli.h"

cli_run_fn cli_source_capture;  /* cli/source_capture.c */
cli_run_fn cli_source_dialects; /* cli/source_dialect.c */
cli_run_fn cli_source_replay;   /* cli/source_replay.c */
