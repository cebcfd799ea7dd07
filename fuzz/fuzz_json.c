/*
 * base/value: parse, print, parse again; in slices as in one go; limits; look-ups, copies, order.
 *
 * The first byte chooses limits and the size of slices, the rest is the text.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/utf8.h"
#include "base/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Not assert(): it stays whatever the build says, and shows what was compared. */
#define MUST(condition)                                                                            \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);            \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* Reads the text in slices; *err as from value_parse(). */
static const struct value *parse_sliced(struct arena *arena, const char *text, size_t size,
	const struct value_limits *limits, size_t slice, struct error *err)
{
	struct value_parser *parser = value_parser_new(arena, text, size, limits);
	const struct value *result = NULL;
	enum value_parse_result what;

	do {
		what = value_parser_run(parser, slice, &result, err);
	} while (what == VALUE_PARSE_MORE);
	MUST((what == VALUE_PARSE_DONE) == (result != NULL));
	return result;
}

static void check_slices(struct arena *arena, const char *text, size_t size,
	const struct value_limits *limits, size_t slice, const struct value *whole,
	const struct error *whole_err)
{
	struct error err = { 0 };
	const struct value *sliced = parse_sliced(arena, text, size, limits, slice, &err);

	MUST(err.code == whole_err->code);
	MUST(strcmp(err.text, whole_err->text) == 0);
	MUST((sliced != NULL) == (whole != NULL));
	MUST(whole == NULL || value_equals(sliced, whole));
}

static void check_found(const struct value *value)
{
	for (size_t i = 0; value_is(value, VALUE_OBJECT) && i < value_count(value); i++) {
		const struct value_member *member = value_member_at(value, i);

		MUST(value_find_key(value, member->key) == member->value);
		MUST(value_find_n(value, value_text(member->key), value_size(member->key)) ==
			member->value);
		MUST(i == 0 || value_compare(value_member_at(value, i - 1)->key, member->key) < 0);
	}
}

/* An array as a set: nothing is lost, nothing is there twice. */
static void check_set(struct arena *arena, const struct value *array)
{
	if (!value_is(array, VALUE_ARRAY)) {
		return;
	}
	const struct value *set = value_of_set(arena, value_items(array), value_count(array));

	for (size_t i = 0; i < value_count(array); i++) {
		MUST(value_set_has(set, value_at(array, i)));
	}
	for (size_t i = 1; i < value_count(set); i++) {
		MUST(value_compare(value_at(set, i - 1), value_at(set, i)) < 0);
		MUST(!value_equals(value_at(set, i - 1), value_at(set, i)));
	}
}

/* Printing and reading gives the same value; printing that gives the same bytes. */
static void check_fixpoint(struct arena *arena, const struct value *value, bool pretty)
{
	const struct value_limits limits = { SIZE_MAX, SIZE_MAX, SIZE_MAX, .allow_nul = true };
	CLEANUP(buf_fini) struct buf once = { 0 };
	CLEANUP(buf_fini) struct buf twice = { 0 };
	struct error err = { 0 };

	(pretty ? value_print_pretty : value_print)(&once, value);
	MUST(utf8_is_valid(once.data, once.size));
	const struct value *again = value_parse(arena, once.data, once.size, &limits, &err);

	MUST(again != NULL);
	MUST(value_equals(again, value));
	MUST(value_compare(again, value) == 0);
	MUST(value_hash(again) == value_hash(value));
	MUST(value_depth(again) == value_depth(value));
	(pretty ? value_print_pretty : value_print)(&twice, again);
	MUST(once.size == twice.size && memcmp(once.data, twice.data, once.size) == 0);
}

static void check_limited_print(const struct value *value, size_t limit)
{
	CLEANUP(buf_fini) struct buf whole = { 0 };
	CLEANUP(buf_fini) struct buf cut = { 0 };
	struct value_charge charge = { .left = 10 * limit };

	value_print(&whole, value);
	bool ok = value_print_charged(&cut, value, limit, &charge);

	MUST(!ok || (whole.size <= limit && whole.size == cut.size));
	MUST(ok || charge.exhausted || whole.size > limit);
	MUST(cut.size <= 6 * limit + 5000); /* a number is printed whole */
}

static void check_value(struct arena *arena, const struct value *value)
{
	struct value_charge charge = { .left = 1000000 };
	const struct value *copy = value_copy_charged(arena, value, &charge);

	MUST(copy != NULL && value_equals(copy, value));
	check_found(value);
	check_set(arena, value);
	check_fixpoint(arena, value, false);
	check_fixpoint(arena, value, true);
	check_limited_print(value, 20);
	MUST(value_preview(arena, value, 10) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct value_limits wide = { SIZE_MAX, 500, 100000, .allow_nul = true };
	struct error err = { 0 };

	if (size == 0) {
		return 0;
	}
	const struct value_limits limits = { .bytes = data[0] & 1 ? 1000 : SIZE_MAX,
		.depth = data[0] & 2 ? 3 : 500,
		.values = data[0] & 4 ? 10 : 100000,
		.members = data[0] & 8 ? 3 : 0,
		.string_bytes = data[0] & 8 ? 20 : 0,
		.folded_keys = data[0] & 16,
		.allow_nul = data[0] & 32 };
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	char *text = arena_copy(arena, data + 1, size - 1); /* its end is watched */
	const struct value *value = value_parse(arena, text, size - 1, &limits, &err);

	MUST((value == NULL) == (err.code != ERROR_NONE));
	check_slices(arena, text, size - 1, &limits, data[0] >> 6, value, &err);
	if (value != NULL) {
		const struct value *same = value_parse(arena, text, size - 1, &wide, NULL);

		MUST(same != NULL && value_equals(same, value)); /* limits only refuse */
		check_value(arena, value);
	}
	return 0;
}
