/*
 * scenario_match: what was expected × what came → differences, for people. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include "gateway/scenario.h"

struct arena;
struct value;

struct scenario_differences {
	struct arena *arena; /* texts live here */
	struct scenario_difference *items;
	size_t count;
	size_t capacity;
};

/* Texts are copied. */
void scenario_differ(struct scenario_differences *differences, const char *what, size_t line,
	const char *expected, const char *got);

/*
 * Whether `got` is at least `expected`: an object has all the members that are expected, an
 * expected null is not there; an array has as many items, each matched by another one, in any
 * order; anything else is equal. got NULL: nothing is there.
 */
bool scenario_matches(const struct value *expected, const struct value *got);

/* Notes each member, however deep, that is not as expected: "resource.name.givenName". */
void scenario_match(struct scenario_differences *differences, const char *what, size_t line,
	const struct value *expected, const struct value *got);

/* As sets: the same texts in any order, however often. */
bool scenario_same_texts(const struct value *a, const struct value *b);
