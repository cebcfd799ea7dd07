/*
 * The JSON Schemas of policy/schema, sorted by name, of what a policy sees and answers, as they
 * were when the program was built. tools/embed.py makes the definition.
 */
#pragma once

#include <stddef.h>

struct input_schema {
	const char *path; /* "input.json" */
	const unsigned char *bytes;
	size_t size;
};

extern const struct input_schema input_schemas[];
extern const size_t input_schema_count;
