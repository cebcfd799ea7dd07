/*
 * The starter policy (examples/policy), as it was when the program was built. tools/embed.py makes
 * the definition.
 */
#pragma once

#include <stddef.h>

struct starter_file {
	const char *path; /* "rules/people.rego" */
	const unsigned char *bytes;
	size_t size;
};

extern const struct starter_file starter_files[];
extern const size_t starter_file_count;
