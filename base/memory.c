#include "base/memory.h"

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* No stdio and no allocation: there is no memory left. */
__attribute__((noreturn, cold)) static void out_of_memory(void)
{
	static const char text[] = "scimward: out of memory\n";
	ssize_t written = write(STDERR_FILENO, text, sizeof(text) - 1);

	(void)written;
	abort();
}

void *must_malloc(size_t bytes)
{
	void *memory = malloc(bytes != 0 ? bytes : 1);

	if (memory == NULL) {
		out_of_memory();
	}
	return memory;
}

void *must_calloc(size_t count, size_t bytes)
{
	if (count == 0 || bytes == 0) {
		count = bytes = 1;
	}
	void *memory = calloc(count, bytes); /* checks the product */

	if (memory == NULL) {
		out_of_memory();
	}
	return memory;
}

void *must_realloc(void *memory, size_t bytes)
{
	void *grown = realloc(memory, bytes != 0 ? bytes : 1);

	if (grown == NULL) {
		out_of_memory();
	}
	return grown;
}

char *must_strdup(const char *text)
{
	size_t bytes = strlen(text) + 1;

	return memcpy(must_malloc(bytes), text, bytes);
}

void memory_free(void *memory)
{
	free(memory);
}

void memory_cleanup(void *memory)
{
	void *pointer;

	memcpy(&pointer, memory, sizeof(pointer));
	free(pointer);
}

void memory_give_back(void)
{
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}
