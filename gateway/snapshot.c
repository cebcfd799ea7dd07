#include "gateway/snapshot.h"

#include <stdlib.h>
#include <string.h>
#include "base/memory.h"
#include "gateway/capture.h"
#include "policy/engine.h"

struct snapshot *snapshot_new(size_t source_count)
{
	struct snapshot *snapshot = must_calloc(1, sizeof(*snapshot));

	snapshot->references = 1;
	snapshot->source_count = source_count;
	snapshot->paused = must_calloc(source_count + 1, sizeof(*snapshot->paused));
	return snapshot;
}

struct snapshot *snapshot_ref(struct snapshot *snapshot)
{
	__atomic_add_fetch(&snapshot->references, 1, __ATOMIC_RELAXED);
	return snapshot;
}

void snapshot_unref(struct snapshot *snapshot)
{
	if (snapshot == NULL ||
		__atomic_sub_fetch(&snapshot->references, 1, __ATOMIC_ACQ_REL) != 0) {
		return;
	}
	for (size_t i = 0; snapshot->captures != NULL && i < snapshot->source_count; i++) {
		capture_unref(snapshot->captures[i]);
	}
	policy_unref(snapshot->policy);
	policy_unref(snapshot->candidate);
	memory_free(snapshot->captures);
	memory_free(snapshot->tokens);
	memory_free(snapshot->paused);
	memory_free(snapshot);
}

bool snapshot_set_policy(struct snapshot *snapshot, struct policy *policy)
{
	if (policy == NULL) {
		return true;
	}
	snapshot->policy = policy;
	snapshot->decision = policy_find_entrypoint(policy, "scimward/decision");
	return snapshot->decision != NULL;
}

void snapshot_add_token(struct snapshot *snapshot, const struct snapshot_token *token)
{
	snapshot->tokens = must_realloc(
		snapshot->tokens, (snapshot->token_count + 1) * sizeof(*snapshot->tokens));
	snapshot->tokens[snapshot->token_count++] = *token;
}

static int compare_tokens(const void *a, const void *b)
{
	const struct snapshot_token *left = a;
	const struct snapshot_token *right = b;

	return memcmp(left->sha256, right->sha256, DIGEST_BYTES);
}

void snapshot_sort_tokens(struct snapshot *snapshot)
{
	if (snapshot->token_count > 1) {
		qsort(snapshot->tokens, snapshot->token_count, sizeof(*snapshot->tokens),
			compare_tokens);
	}
}

const struct snapshot_token *snapshot_find_token(
	const struct snapshot *snapshot, const uint8_t sha256[DIGEST_BYTES], int64_t now_us)
{
	size_t low = 0;
	size_t high = snapshot->token_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct snapshot_token *token = &snapshot->tokens[middle];
		int order = memcmp(sha256, token->sha256, DIGEST_BYTES);

		if (order == 0) {
			bool expired = token->expires_us != 0 && token->expires_us <= now_us;
			return expired ? NULL : token;
		}
		if (order < 0) {
			high = middle;
		} else {
			low = middle + 1;
		}
	}
	return NULL;
}
