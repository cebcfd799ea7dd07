/*
 * child: a child process, waited for. For threads that have nothing else to do: the start, tools,
 * and the thread that loads policies.
 */
#pragma once

#include <stddef.h>
#include "io/process.h"

struct arena;

/* Texts live in the arena, ended by a NUL. */
struct child {
	enum process_outcome outcome;
	int status;
	const char *output;
	size_t output_size;
	const char *errors;
	const char *message;
};

/* Runs a loop of its own in the calling thread until the child has ended. */
void child_run(struct arena *arena, const struct process_options *options, struct child *child);

/* It ended by itself, with status 0. */
bool child_is_fine(const struct child *child);
