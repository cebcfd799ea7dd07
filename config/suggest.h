/*
 * "Did you mean …?": the nearest of some names by edit distance.
 */
#pragma once

#include <stddef.h>

/* Insertions, deletions, substitutions and swaps of neighbours; ASCII case ignored. Texts beyond 64
 * bytes: 65. */
size_t config_distance(const char *a, const char *b);

/*
 * Collects the best candidate: `{ .name = typed }` starts one; `best` is NULL when none is within 2
 * (or within a third of a short name), else the nearest, the first of equals.
 */
struct config_suggestion {
	const char *name;
	const char *best;
	size_t distance;
};

void config_suggest(struct config_suggestion *suggestion, const char *candidate);
