/*
 * manifest: `.manifest` of a bundle, and its roots: the parts of the data that the bundle may speak
 * of (openpolicyagent.org/docs/management-bundles, "Bundle File Format").
 *
 *     {"revision": "4f2c…", "roots": ["scimward", "access"], "metadata": {"serial": 17}}
 *
 * metadata.serial is ours: a number that grows with each bundle, so that an older one can be told
 * (docs/policy-sources.md). Members that we do not know are passed over.
 *
 * Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct error;
struct value;

#define MANIFEST_ROOTS_MAX 1000

struct manifest {
	const char *revision;     /* "": none */
	const char *const *roots; /* without slashes at their ends; "" covers everything */
	size_t root_count;        /* at least 1 */
	int64_t serial;           /* -1: none */
};

/* What a bundle without a manifest has: everything is its own. */
extern const struct manifest manifest_default;

/*
 * Texts live in arena, which `value` may share. ERROR_POLICY: a member of the wrong type, or roots
 * that overlap ("a" and "a/b"): who owns a/b would be a guess.
 */
bool manifest_read(struct arena *arena, const struct value *value, struct manifest *manifest,
	struct error *err);

/* The data (an object) lie within the roots. ERROR_POLICY names the path that does not. */
bool manifest_covers_data(struct arena *arena, const struct manifest *manifest,
	const struct value *data, struct error *err);
/* The rules of a plan (plan.json as a value) do. */
bool manifest_covers_plan(struct arena *arena, const struct manifest *manifest,
	const struct value *plan, struct error *err);
/* Nothing needs to be looked at: one root covers everything. */
bool manifest_covers_all(const struct manifest *manifest);
