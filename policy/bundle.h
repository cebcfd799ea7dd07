/*
 * bundle: OPA's bundles (openpolicyagent.org/docs/management-bundles), from bytes to what
 * policy_load() takes.
 *
 * A bundle is a gzip-compressed tar archive. What counts here: `plan.json` (made by
 * `opa build -t plan`), `data.json` in any folder (its folders are its place in the data), and
 * `.manifest` (policy/manifest.h). WebAssembly is passed over. Deltas (patch.json) are refused.
 * A bundle of raw Rego, or with data in YAML, has no plan that could run: policy_bundle_open()
 * reads it all the same, for somebody who compiles its files.
 *
 * Signatures: policy/signature.h, over what policy_bundle_open() gave.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include "policy/manifest.h"

struct arena;
struct error;
struct policy_files;
struct tar_file;

struct policy_bundle_limits {
	size_t unpacked_bytes; /* of the whole archive */
	size_t files;
};
extern const struct policy_bundle_limits policy_bundle_limits_default; /* 320 MiB, 10,000 */

struct policy_bundle {
	const struct tar_file *files; /* all, sorted by name */
	size_t file_count;
	struct manifest manifest;
	bool has_plan;  /* plan.json */
	bool has_rego;  /* a file that ends in .rego */
	bool has_yaml;  /* data.yaml or data.yml */
	bool is_signed; /* .signatures.json */
};

/*
 * Unpacks and looks at what is there; everything lives in arena, `bytes` may go away. limits NULL:
 * the default. False: ERROR_SYNTAX for what is no such archive, ERROR_TOO_LARGE beyond a limit,
 * ERROR_POLICY for a delta or a wrong manifest.
 */
bool policy_bundle_open(struct arena *arena, const void *bytes, size_t size,
	const struct policy_bundle_limits *limits, struct policy_bundle *bundle, struct error *err);

/* NULL: none of that name. */
const struct tar_file *policy_bundle_find(const struct policy_bundle *bundle, const char *name);

/*
 * Plan and data of a compiled bundle, held against its roots. The texts live in arena. False:
 * ERROR_POLICY for one without a plan, with data in YAML, or with a part outside its roots;
 * ERROR_SYNTAX, ERROR_TOO_LARGE.
 */
bool policy_bundle_files(struct arena *arena, const struct policy_bundle *bundle,
	struct policy_files *files, struct error *err);

/* Both in one. */
bool policy_bundle_read(struct arena *arena, const void *bytes, size_t size,
	const struct policy_bundle_limits *limits, struct policy_files *files, struct error *err);
