/*
 * What is wrong with schema files: all of it at once, each with its place and a way out.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct arena;

/* A file as it was read; name is for messages. */
struct scim_file {
	const char *name;
	const char *text;
	size_t size;
};

struct scim_problem {
	const char *file;
	const char *pointer; /* JSON pointer (RFC 6901) into the file; "": the file as a whole */
	const char *message; /* a sentence without a full stop */
	const char *hint;    /* how to mend it; NULL: the message says it */
};

#define SCIM_PROBLEMS_MAX 40

/* `{ .arena = … }` is an empty list; texts live in the arena. */
struct scim_problems {
	struct arena *arena;
	struct scim_problem items[SCIM_PROBLEMS_MAX];
	size_t count;
	size_t left_out; /* beyond the first SCIM_PROBLEMS_MAX */
};

/* Copies all texts. Always returns false. */
bool scim_problem_add(struct scim_problems *problems, const char *file, const char *pointer,
	const char *hint, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* "device.json#/attributes/3/type: there is no type 'text'; use string, …" In arena. */
const char *scim_problem_text(struct arena *arena, const struct scim_problem *problem);
