#include "gateway/scenario_match.h"

#include <string.h>
#include "base/arena.h"
#include "base/value.h"

enum { SHOWN_BYTES = 600, DIFFERENCES_MAX = 50, ITEMS_MAX = 200 };

void scenario_differ(struct scenario_differences *differences, const char *what, size_t line,
	const char *expected, const char *got)
{
	struct arena *arena = differences->arena;

	if (differences->count == DIFFERENCES_MAX) {
		return;
	}
	if (differences->items == NULL) {
		differences->items =
			arena_calloc(arena, DIFFERENCES_MAX, sizeof(*differences->items));
	}
	differences->items[differences->count++] = (struct scenario_difference){
		.what = arena_strdup(arena, what),
		.line = line,
		.expected = arena_strdup(arena, expected),
		.got = arena_strdup(arena, got),
	};
}

/* ---- arrays: who is matched by whom ---- */

/* Kuhn's way to a perfect matching: whoever finds his partner taken asks its owner to look on. */
struct pairing {
	const struct value *expected;
	const struct value *got;
	size_t owner[ITEMS_MAX]; /* of item i of got: 1 + the expected item; 0: nobody */
	bool seen[ITEMS_MAX];
};

static bool find_partner(struct pairing *pairing, size_t at)
{
	for (size_t i = 0; i < value_count(pairing->got); i++) {
		if (pairing->seen[i] || !scenario_matches(value_at(pairing->expected, at),
						value_at(pairing->got, i))) {
			continue;
		}
		pairing->seen[i] = true;
		if (pairing->owner[i] == 0 || find_partner(pairing, pairing->owner[i] - 1)) {
			pairing->owner[i] = at + 1;
			return true;
		}
	}
	return false;
}

static bool match_arrays(const struct value *expected, const struct value *got)
{
	struct pairing pairing = { .expected = expected, .got = got };
	size_t count = value_count(expected);

	if (!value_is(got, VALUE_ARRAY) || value_count(got) != count) {
		return false;
	}
	if (count > ITEMS_MAX) {
		return value_equals(expected, got);
	}
	for (size_t i = 0; i < count; i++) {
		memset(pairing.seen, 0, sizeof(pairing.seen));
		if (!find_partner(&pairing, i)) {
			return false;
		}
	}
	return true;
}

/* ---- values ---- */

bool scenario_matches(const struct value *expected, const struct value *got)
{
	if (value_is(expected, VALUE_NULL)) {
		return got == NULL || value_is(got, VALUE_NULL);
	}
	if (got == NULL) {
		return false;
	}
	if (value_is(expected, VALUE_ARRAY)) {
		return match_arrays(expected, got);
	}
	if (!value_is(expected, VALUE_OBJECT)) {
		return value_equals(expected, got);
	}
	for (size_t i = 0; i < value_count(expected); i++) {
		const struct value_member *member = value_member_at(expected, i);

		if (!value_is(got, VALUE_OBJECT) ||
			!scenario_matches(member->value, value_find_key(got, member->key))) {
			return false;
		}
	}
	return value_is(got, VALUE_OBJECT);
}

static const char *show(struct arena *arena, const struct value *value)
{
	return value == NULL || value_is(value, VALUE_NULL)
		       ? "nothing"
		       : value_preview(arena, value, SHOWN_BYTES);
}

void scenario_match(struct scenario_differences *differences, const char *what, size_t line,
	const struct value *expected, const struct value *got)
{
	struct arena *arena = differences->arena;

	if (scenario_matches(expected, got)) {
		return;
	}
	if (!value_is(expected, VALUE_OBJECT) || !value_is(got, VALUE_OBJECT)) {
		scenario_differ(differences, what, line, show(arena, expected), show(arena, got));
		return;
	}
	for (size_t i = 0; i < value_count(expected); i++) {
		const struct value_member *member = value_member_at(expected, i);
		const char *path = arena_printf(arena, "%s.%s", what, value_text(member->key));

		scenario_match(
			differences, path, line, member->value, value_find_key(got, member->key));
	}
}

bool scenario_same_texts(const struct value *a, const struct value *b)
{
	for (int turn = 0; turn < 2; turn++) {
		for (size_t i = 0; i < value_count(a); i++) {
			bool found = false;

			for (size_t j = 0; j < value_count(b) && !found; j++) {
				found = value_equals(value_at(a, i), value_at(b, j));
			}
			if (!found) {
				return false;
			}
		}
		const struct value *other = a;
		a = b;
		b = other;
	}
	return true;
}
