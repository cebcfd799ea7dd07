/*
 * bundle: OPA's bundles (openpolicyagent.org/docs/management-bundles), from bytes to what
 * policy_load() takes.
 *
 * A bundle is a gzip-compressed tar archive. What counts here: `plan.json` (made by
 * `opa build -t plan`), `data.json` in any folder (its folders are its place in the data), and
 * the revision of `.manifest`. Rego sources and WebAssembly are passed over, since the plan is
 * what runs. What would be lost silently is refused: data in YAML, deltas (patch.json).
 *
 * Signatures (`.signatures.json`) are not verified; whoever needs that verifies before.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct error;
struct policy_files;

struct policy_bundle_limits {
	size_t unpacked_bytes; /* of the whole archive */
	size_t files;
};
extern const struct policy_bundle_limits policy_bundle_limits_default; /* 320 MiB, 10,000 */

/*
 * Fills *files, whose texts live in arena; `bytes` may go away. limits NULL: the default.
 * False: ERROR_SYNTAX for what is no such archive, ERROR_TOO_LARGE beyond a limit, ERROR_POLICY
 * for one without a plan or with a part that cannot be used.
 */
bool policy_bundle_read(struct arena *arena, const void *bytes, size_t size,
	const struct policy_bundle_limits *limits, struct policy_files *files, struct error *err);
