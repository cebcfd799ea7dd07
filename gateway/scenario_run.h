/*
 * scenario_run: tells one scenario and compares. Internal to the scenario runner.
 */
#pragma once

#include <stdbool.h>

struct arena;
struct error;
struct policy_coverage;
struct scenario;
struct scenario_file;
struct scenario_result;
struct trial;

/*
 * In a world of its own. Fills the result but for its name, file and line; texts live in arena.
 * coverage: of the trial, for the rules that fired; NULL: none. False: the store failed, or a
 * dialect is none.
 */
bool scenario_tell(struct trial *trial, const struct scenario_file *file,
	const struct scenario *scenario, struct policy_coverage *coverage, struct arena *arena,
	struct scenario_result *result, struct error *err);
