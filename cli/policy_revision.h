/*
 * A policy as somebody names it on the command line, compiled and ready to be loaded.
 *
 *     live           the last one that took over in the gateway of the configuration
 *     DIR, BUNDLE    a folder of Rego (compiled by `opa`), a bundle file
 *     REVISION       digest or commit, or the beginning of one, of the archive (policy_archive.h)
 *
 * A folder or file of that name goes before a revision.
 */
#pragma once

#include <stdbool.h>
#include "gateway/policy_gate.h"
#include "gateway/policy_kept.h"

struct arena;
struct cli;
struct config;
struct error;

struct cli_policy_named {
	struct policy_kept kept; /* in the arena given, or in the gate's */
	const char *shown;       /* what people see: "./policy (41c2… git:…)" */
	const char *prefix;      /* before names of its files: "policy/"; "" */
	struct policy_gate gate; /* private; of DIR and BUNDLE */
	bool has_gate;
};

/* config: its store has archive and last good policy, its `opa` compiles. Fini it in any case.
 * ERROR_NOT_FOUND, ERROR_REQUEST: no such policy; ERROR_POLICY … as policy_gate_load() says. */
bool cli_policy_named(const struct config *config, struct arena *arena, const char *name,
	struct cli_policy_named *named, struct error *err);
/* A REVISION alone: for names that the journal gives, which mean no file of whoever asks. */
bool cli_policy_archived(const struct config *config, struct arena *arena, const char *revision,
	struct cli_policy_named *named, struct error *err);
void cli_policy_named_fini(struct cli_policy_named *named);
