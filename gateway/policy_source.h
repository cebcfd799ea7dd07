/*
 * policy_source: where policies come from. Raw Rego is checked and compiled by the `opa` program in
 * a child process; a bundle needs none.
 *
 *     directory ─▶ opa check --strict -s input.json ─▶ opa build -t plan ─▶ bundle bytes ─┐
 *     bundle file ────────────────────────────────────────────────────────────────────────┴▶
 * policy_load ─▶ trial decision ─▶ snapshot
 *
 * The revision is the digest of the content, plus the git commit when the folder is in a work tree.
 */
#pragma once

#include <stdbool.h>

struct config_policy;
struct error;
struct policy;

/*
 * Blocks for as long as opa runs (config->opa_timeout_ms at most): at start, in tools, and in the
 * background thread at a reload. NULL: ERROR_POLICY with what opa or the loader said, file:line
 * first; ERROR_CONFIG when the folder, the file or the program is not there. cancelled (atomic, may
 * be NULL): set by another thread, it gives up at once (ERROR_POLICY).
 */
struct policy *policy_source_load(
	const struct config_policy *config, const bool *cancelled, struct error *err);

/* One decision over a made-up operation: an entry point must be there and give an answer of the
 * contract's shape. ERROR_POLICY. */
bool policy_source_try(struct policy *policy, struct error *err);
