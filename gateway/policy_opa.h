/*
 * policy_opa: the program `opa` over a folder of Rego: is it right, do its tests pass, what is its
 * plan. Blocks for as long as opa runs.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct buf;
struct child;
struct error;
struct value;

struct policy_opa {
	const char *program;
	int64_t timeout_ms;
	const char *folder;    /* of the policy's files */
	const char *scratch;   /* another one, for what opa needs and makes */
	const bool *cancelled; /* atomic; may be NULL */
};

/*
 * ERROR_POLICY with what opa said, file:line first; ERROR_CONFIG: there is no such program;
 * ERROR_TIMEOUT, ERROR_IO: it did not get to an answer, so this is nothing about the policy.
 */

/* `opa check --strict` of the folder as a bundle, in which a YAML file is data only when it is
 * called so (scenarios are none), held against the schema of the input. */
bool policy_opa_check(const struct policy_opa *opa, struct arena *arena, struct error *err);
/* `opa inspect -a`: what stands in METADATA, an array in arena; of which file and row, and of what.
 */
bool policy_opa_annotations(const struct policy_opa *opa, struct arena *arena,
	const struct value **annotations, struct error *err);
/* `opa build -t plan`: appends the bundle's bytes. */
bool policy_opa_build(
	const struct policy_opa *opa, struct arena *arena, struct buf *bundle, struct error *err);
/* It came to an end of its own; what its status means is the caller's. */
bool policy_opa_ended(const struct child *child, const char *what, struct error *err);
/* Puts what it said, or why it did not get to it, into *err. Always false. */
bool policy_opa_failed(const struct child *child, const char *what, struct error *err);
/* `opa test`: every rule whose name begins with test_ holds. They cannot reach the network. */
bool policy_opa_test(const struct policy_opa *opa, struct arena *arena, struct error *err);
