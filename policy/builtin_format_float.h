/*
 * Doubles as Go's strconv.FormatFloat prints them.
 */
#pragma once

#include <stddef.h>

struct arena;

#define POLICY_SHORTEST (-1)

/*
 * verb: e E f g G, as in C, or b x X as in Go. digits: POLICY_SHORTEST, or as in C; at most some
 * thousand. Without a plus sign. In arena, NUL-terminated. number must be finite.
 */
char *policy_format_double(struct arena *arena, double number, char verb, int digits);
