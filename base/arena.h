/*
 * An arena: memory of one request. Nobody frees singly; all goes at once.
 *
 * One thread at a time. Allocation cannot fail (see memory.h). Addresses are
 * aligned to 8 bytes. In a sanitizer build every allocation is its own malloc,
 * so that overruns are found one by one.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

/* The part that arena_alloc() below works on; everything else is in arena.c. */
struct arena {
	char *at;  /* the next free byte of the current block */
	char *end; /* of the current block; == at in sanitizer builds */
};

struct arena *arena_new(void);
void arena_free(struct arena *arena); /* runs the deferred calls, newest first. NULL is fine. */

/* Empties the arena for its next user and keeps at most 256 KiB. Runs the deferred calls. */
void arena_reset(struct arena *arena);

/* For arena_alloc() only: bytes is rounded up to 8 and does not fit the current block. */
void *arena_alloc_slow(struct arena *arena, size_t bytes);

/* Not zeroed. Ends the process when bytes is absurd (near SIZE_MAX). */
static inline void *arena_alloc(struct arena *arena, size_t bytes)
{
	size_t rounded = (bytes + 7) & ~(size_t)7;

	if (__builtin_expect(rounded - 1 >= (size_t)(arena->end - arena->at), 0)) {
		return arena_alloc_slow(arena, bytes); /* 0 bytes come here as well */
	}
	char *memory = arena->at;

	arena->at += rounded;
	return memory;
}

void *arena_calloc(struct arena *arena, size_t count, size_t bytes); /* zeroed */
void *arena_copy(struct arena *arena, const void *memory, size_t bytes);
char *arena_text(struct arena *arena, const char *text, size_t bytes); /* copy + NUL */
char *arena_strdup(struct arena *arena, const char *text);
char *arena_printf(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Calls fn(object) when the arena is reset or freed: ties a foreign object to it. */
typedef void arena_defer_fn(void *object);
void arena_defer(struct arena *arena, arena_defer_fn *fn, void *object);

/* Bytes handed out since new or reset. Budgets are checked against it. */
size_t arena_used(const struct arena *arena);

/* For CLEANUP(): frees *arena. */
void arena_cleanup(struct arena **arena);
