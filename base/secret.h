/*
 * Text that is wiped when freed and has no accessor meant for logs.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct secret;

struct secret *secret_new(const char *text, size_t size); /* a copy; wipe your own */
void secret_free(struct secret *secret);
bool secret_equals(const struct secret *a, const char *text,
	size_t size); /* in constant time for equal sizes */
/* For a header about to be sent, nothing else. NUL-terminated. */
const char *secret_reveal(const struct secret *secret);
void secret_wipe(void *memory, size_t size);
