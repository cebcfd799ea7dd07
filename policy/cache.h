/*
 * cache: compiled regexes and globs of one worker, found by kind and text.
 *
 * A table without chains: a newer entry takes the place of the older one with the same slot. So
 * it is bounded, and texts made by an attacker cost only what compiling them costs.
 * The policy's own functions are policy_cache_find() and policy_cache_add() of context.h.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include "policy/context.h"

struct policy_cache_slot {
	const char *kind; /* NULL: empty */
	char *key;
	size_t key_size;
	void *object;
	policy_cache_free_fn *free_fn;
};

struct policy_cache {
	struct policy_cache_slot slots[POLICY_CACHE_SLOTS];
};

void policy_cache_fini(struct policy_cache *cache);
