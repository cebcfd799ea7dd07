/*
 * Blocks in a chain, newest first; allocation moves a pointer in the newest.
 *
 *     arena ─▶ block (64 KiB, in use) ─▶ block (32 KiB, full) ─▶ block (16 KiB, full)
 *
 * Each block is twice as large as the one before, up to 1 MiB. A request larger
 * than a quarter of the next block gets a block of its own, put behind the
 * current one, whose free rest is not lost. A reset keeps the largest block
 * that is not above 256 KiB, so that an arena that is used again and again
 * soon allocates nothing at all.
 */
#include "base/arena.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include "base/memory.h"

#define FIRST_BLOCK_BYTES ((size_t)16 << 10)
#define LAST_BLOCK_BYTES ((size_t)1 << 20)
#define KEEP_BYTES ((size_t)256 << 10)

struct block {
	struct block *next;
	size_t bytes; /* of data */
	char data[];
};

struct deferred {
	struct deferred *next;
	arena_defer_fn *fn;
	void *object;
};

/* What arena.h does not show. The public part stands first. */
struct whole_arena {
	struct arena open;
	struct block *blocks; /* newest (the current one) first; NULL at the start */
	struct deferred *deferred;
	size_t next_bytes;
	size_t used_before; /* in blocks that are not the current one */
};

static struct whole_arena *whole(struct arena *arena)
{
	return (struct whole_arena *)arena;
}

struct arena *arena_new(void)
{
	struct whole_arena *arena = must_calloc(1, sizeof(*arena));

	arena->next_bytes = FIRST_BLOCK_BYTES;
	return &arena->open;
}

static void run_deferred(struct whole_arena *arena)
{
	while (arena->deferred != NULL) { /* a deferred call may defer */
		struct deferred *it = arena->deferred;

		arena->deferred = it->next;
		it->fn(it->object);
	}
}

static struct block *new_block(size_t bytes)
{
	assert(bytes <= SIZE_MAX / 2); /* ours: limits stand before every allocation */
	struct block *block = must_malloc(sizeof(*block) + bytes);

	block->next = NULL;
	block->bytes = bytes;
	return block;
}

static size_t used_in_current(const struct whole_arena *arena)
{
	return arena->blocks != NULL ? (size_t)(arena->open.at - arena->blocks->data) : 0;
}

#ifdef ARENA_SEPARATE

/* The current block stays full for ever and counts as empty, so that each allocation comes here. */
void *arena_alloc_slow(struct arena *arena, size_t bytes)
{
	struct whole_arena *it = whole(arena);
	struct block *block = new_block(bytes);

	block->next = it->blocks;
	it->blocks = block;
	it->open.at = it->open.end = block->data;
	it->used_before += (bytes + 7) & ~(size_t)7;
	return block->data;
}

static bool is_kept(const struct block *block)
{
	(void)block;
	return false;
}

#else

static void *alloc_alone(struct whole_arena *arena, size_t bytes)
{
	struct block *block = new_block(bytes);

	block->next = arena->blocks->next;
	arena->blocks->next = block;
	arena->used_before += bytes;
	return block->data;
}

void *arena_alloc_slow(struct arena *arena, size_t bytes)
{
	struct whole_arena *it = whole(arena);

	assert(bytes <= SIZE_MAX / 2); /* ours: limits stand before every allocation */
	bytes = bytes != 0 ? (bytes + 7) & ~(size_t)7 : 8;
	if (bytes <= (size_t)(it->open.end - it->open.at)) { /* 0 bytes: the current block does */
		char *memory = it->open.at;

		it->open.at += bytes;
		return memory;
	}
	if (bytes > it->next_bytes / 4 && it->blocks != NULL) {
		return alloc_alone(it, bytes);
	}
	struct block *block = new_block(bytes > it->next_bytes ? bytes : it->next_bytes);

	it->used_before += used_in_current(it);
	block->next = it->blocks;
	it->blocks = block;
	it->open.at = block->data + bytes;
	it->open.end = block->data + block->bytes;
	if (it->next_bytes < LAST_BLOCK_BYTES) {
		it->next_bytes *= 2;
	}
	return block->data;
}

static bool is_kept(const struct block *block)
{
	return block->bytes <= KEEP_BYTES;
}

#endif

/* Frees all blocks; with `keep` all but the largest that may be kept, which is returned. */
static struct block *free_blocks(struct whole_arena *arena, bool keep)
{
	struct block *kept = NULL;
	struct block *next;

	for (struct block *block = arena->blocks; block != NULL; block = next) {
		next = block->next;
		if (keep && is_kept(block) && (kept == NULL || block->bytes > kept->bytes)) {
			memory_free(kept);
			kept = block;
		} else {
			memory_free(block);
		}
	}
	return kept;
}

void arena_reset(struct arena *arena)
{
	struct whole_arena *it = whole(arena);

	run_deferred(it);
	struct block *kept = free_blocks(it, true);

	*it = (struct whole_arena){ .blocks = kept, .next_bytes = FIRST_BLOCK_BYTES };
	if (kept != NULL) {
		kept->next = NULL;
		it->open.at = kept->data;
		it->open.end = kept->data + kept->bytes;
		while (it->next_bytes <= kept->bytes && it->next_bytes < LAST_BLOCK_BYTES) {
			it->next_bytes *= 2;
		}
	}
}

void arena_free(struct arena *arena)
{
	if (arena == NULL) {
		return;
	}
	run_deferred(whole(arena));
	free_blocks(whole(arena), false);
	memory_free(arena);
}

void arena_cleanup(struct arena **arena)
{
	arena_free(*arena);
}

void *arena_calloc(struct arena *arena, size_t count, size_t bytes)
{
	size_t product;
	bool overflow = __builtin_mul_overflow(count, bytes, &product);

	assert(!overflow); /* ours: counts are limited */
	return memset(arena_alloc(arena, product), 0, product);
}

void *arena_copy(struct arena *arena, const void *memory, size_t bytes)
{
	void *copy = arena_alloc(arena, bytes);

	if (bytes != 0) {
		memcpy(copy, memory, bytes);
	}
	return copy;
}

char *arena_text(struct arena *arena, const char *text, size_t bytes)
{
	char *copy = arena_alloc(arena, bytes + 1);

	if (bytes != 0) {
		memcpy(copy, text, bytes);
	}
	copy[bytes] = '\0';
	return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
	return arena_text(arena, text, strlen(text));
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	char small[256];
	va_list arguments;

	va_start(arguments, format);
	int size = vsnprintf(small, sizeof(small), format, arguments);
	va_end(arguments);
	assert(size >= 0); /* ours: the format is a literal */
	if ((size_t)size < sizeof(small)) {
		return arena_text(arena, small, (size_t)size);
	}
	char *text = arena_alloc(arena, (size_t)size + 1);

	va_start(arguments, format);
	vsnprintf(text, (size_t)size + 1, format, arguments);
	va_end(arguments);
	return text;
}

void arena_defer(struct arena *arena, arena_defer_fn *fn, void *object)
{
	struct deferred *it = arena_alloc(arena, sizeof(*it));

	it->next = whole(arena)->deferred;
	it->fn = fn;
	it->object = object;
	whole(arena)->deferred = it;
}

size_t arena_used(const struct arena *arena)
{
	const struct whole_arena *it = (const struct whole_arena *)arena;

	return it->used_before + used_in_current(it);
}
