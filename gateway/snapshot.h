/*
 * snapshot: what a reload replaces, as one immutable thing.
 *
 * Every worker holds a reference and every request takes one for as long as it lives, so a reload
 * drops nothing: the main thread posts the new snapshot to each worker's loop, and the old one goes
 * when its last request has ended. References are counted atomically; nothing else is shared.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/digest.h"
#include "base/encode.h"

struct capture;
struct gateway_source;
struct policy;
struct policy_entrypoint;

struct snapshot_token {
	uint8_t sha256[DIGEST_BYTES];
	const struct gateway_source *source;
	int64_t expires_us; /* 0: never */
	bool has_subject;
	uint8_t subject[UUID_BYTES]; /* the person it speaks for */
};

struct snapshot {
	int references;                           /* atomic */
	struct policy *policy;                    /* NULL: an OPA server decides */
	const struct policy_entrypoint *decision; /* data.scimward.decision */
	struct policy *candidate;                 /* asked beside it (shadow.h); NULL: none */
	struct snapshot_token *tokens;            /* sorted by sha256 */
	size_t token_count;
	bool *paused;              /* by index of gateway->sources */
	struct capture **captures; /* likewise, references; NULL: none runs, see capture.h */
	size_t source_count;
};

/* One reference, nothing in it. The maker fills it in before anyone else sees it. */
struct snapshot *snapshot_new(size_t source_count);
struct snapshot *snapshot_ref(struct snapshot *snapshot);
void snapshot_unref(struct snapshot *snapshot); /* NULL is fine */

/* Takes over policy (its reference; NULL: there is none here). False: it has no entry point
 * scimward/decision. */
bool snapshot_set_policy(struct snapshot *snapshot, struct policy *policy);
void snapshot_add_token(struct snapshot *snapshot, const struct snapshot_token *token); /* copied */
void snapshot_sort_tokens(struct snapshot *snapshot); /* once, after the last token */

/*
 * The token of this digest that has not expired; as long as the snapshot. NULL: none. What an
 * attacker learns from the time is something about the SHA-256 of his guess, which is of no use to
 * him.
 */
const struct snapshot_token *snapshot_find_token(
	const struct snapshot *snapshot, const uint8_t sha256[DIGEST_BYTES], int64_t now_us);
