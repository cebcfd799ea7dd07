#include "policy/cache.h"

#include <string.h>
#include "base/memory.h"
#include "policy/worker.h"

static struct policy_cache_slot *slot_of(
	struct policy_cache *cache, const char *kind, const char *key, size_t key_size)
{
	uint64_t hash = 14695981039346656037u ^ (uintptr_t)kind; /* FNV-1a */

	for (size_t i = 0; i < key_size; i++) {
		hash = (hash ^ (unsigned char)key[i]) * 1099511628211u;
	}
	return &cache->slots[(hash ^ hash >> 32) % POLICY_CACHE_SLOTS];
}

static void slot_empty(struct policy_cache_slot *slot)
{
	if (slot->kind != NULL) {
		slot->free_fn(slot->object);
		memory_free(slot->key);
	}
	*slot = (struct policy_cache_slot){ 0 };
}

void *policy_cache_find(
	struct policy_context *context, const char *kind, const char *key, size_t key_size)
{
	struct policy_cache *cache = &policy_worker_of(context)->cache;
	struct policy_cache_slot *slot = slot_of(cache, kind, key, key_size);
	bool found = slot->kind == kind && slot->key_size == key_size &&
		     memcmp(slot->key, key, key_size) == 0;

	return found ? slot->object : NULL;
}

void policy_cache_add(struct policy_context *context, const char *kind, const char *key,
	size_t key_size, void *object, policy_cache_free_fn *free_fn)
{
	struct policy_cache *cache = &policy_worker_of(context)->cache;
	struct policy_cache_slot *slot = slot_of(cache, kind, key, key_size);

	slot_empty(slot);
	slot->kind = kind;
	slot->key = must_malloc(key_size + 1);
	memcpy(slot->key, key, key_size);
	slot->key_size = key_size;
	slot->object = object;
	slot->free_fn = free_fn;
}

void policy_cache_fini(struct policy_cache *cache)
{
	for (size_t i = 0; i < POLICY_CACHE_SLOTS; i++) {
		slot_empty(&cache->slots[i]);
	}
}
