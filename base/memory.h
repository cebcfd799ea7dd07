/*
 * The heap that cannot fail: when memory runs out the process ends with a
 * message. Limits on bodies, evaluation and queues keep us from it.
 * The only folder that may call malloc and friends is base/ (see banned.h).
 */
#pragma once

#include <stddef.h>

void *must_malloc(size_t bytes);
void *must_calloc(size_t count, size_t bytes); /* zeroed; count * bytes is checked for overflow */
void *must_realloc(void *memory, size_t bytes);
char *must_strdup(const char *text);
void memory_free(void *memory); /* free(); here so that pairs are visible. NULL is fine. */

/*
 * Gives the system back what is free, of all threads: after something large and rare, whose memory
 * the allocator would keep for a next time. Milliseconds. Any thread.
 */
void memory_give_back(void);

/* For CLEANUP(): frees *(void **)memory. */
void memory_cleanup(void *memory);
