#include "base/value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/arena.h"
#include "base/error.h"

static struct arena *arena;

static int open_arena(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int close_arena(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static const struct value *parse(const char *json)
{
	const struct value_limits limits = { 1 << 20, 100, 10000, .allow_nul = true };
	struct error err = { 0 };
	const struct value *value = value_parse(arena, json, strlen(json), &limits, &err);

	if (value == NULL) {
		fail_msg("%s: %s", json, err.text);
	}
	return value;
}

static const struct value *set_of(const char *json)
{
	const struct value *array = parse(json);

	return value_of_set(arena, value_items(array), value_count(array));
}

/* Rego's total order: each value is smaller than the next. */
static size_t make_ladder(const struct value *ladder[64])
{
	static const char *const plain[] = { "null", "false", "true", "-2", "-1.5", "0", "1e-3",
		"1", "1.5", "10", "1e50", "\"\"", "\"\\u0000\"", "\"A\"", "\"a\"", "\"a\\u0000\"",
		"\"aa\"", "\"abcdefg\"", "\"abcdefgh\"", "\"abcdefghi\"", "\"abcdefgi\"", "\"b\"",
		"\"\\u00e4\"", "\"\\uffff\"", "\"\\ud83d\\ude00\"", "[]", "[null]", "[1]", "[1,1]",
		"[1,2]", "[2]", "[2,1]", "[[]]", "{}", "{\"a\":1}", "{\"a\":1,\"b\":0}",
		"{\"a\":1,\"c\":0}", "{\"a\":2}", "{\"a\":{}}", "{\"b\":0}" };
	static const char *const sets[] = { "[]", "[1]", "[1,2]", "[1,3]", "[2]", "[\"a\"]" };
	size_t count = 0;

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		ladder[count++] = parse(plain[i]);
	}
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		ladder[count++] = set_of(sets[i]);
	}
	return count;
}

static void test_the_order_is_total_and_rego_s(void **state)
{
	const struct value *left[64];
	const struct value *right[64];
	size_t count = make_ladder(left);
	(void)state;

	make_ladder(right); /* no pointer in common */
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < count; j++) {
			int order = value_compare(left[i], right[j]);

			if ((order > 0) - (order < 0) != (i > j) - (i < j)) {
				fail_msg("%s against %s: %d", value_preview(arena, left[i], 50),
					value_preview(arena, right[j], 50), order);
			}
			assert_int_equal(value_equals(left[i], right[j]), i == j);
			if ((value_hash(left[i]) == value_hash(right[j])) != (i == j)) {
				fail_msg("hash of %s and %s", value_preview(arena, left[i], 50),
					value_preview(arena, right[j], 50));
			}
		}
	}
}

static void test_sorting_follows_the_order(void **state)
{
	const struct value *ladder[64];
	const struct value *shuffled[64];
	size_t count = make_ladder(ladder);
	(void)state;

	for (size_t used = 1; used <= count; used++) { /* both ways of sorting */
		memset(shuffled, 0, sizeof(shuffled));
		for (size_t i = 0; i < used; i++) {
			size_t at = i * 31 % used;

			while (shuffled[at] != NULL) {
				at = (at + 1) % used;
			}
			shuffled[at] = ladder[i];
		}
		const struct value *set = value_of_set(arena, shuffled, used);

		assert_int_equal(value_count(set), used);
		for (size_t i = 0; i < used; i++) {
			assert_ptr_equal(value_at(set, i), ladder[i]);
		}
	}
}

static void test_a_set_is_not_the_array_that_prints_alike(void **state)
{
	(void)state;

	assert_false(value_equals(parse("[1,2]"), set_of("[1,2]")));
	assert_false(value_equals(parse("\"1\""), parse("1")));
	assert_false(value_equals(parse("0"), parse("false")));
}

static void test_sets_and_objects_are_equal_in_whatever_order_they_were_made(void **state)
{
	(void)state;

	assert_true(value_equals(set_of("[3,1,2,1]"), set_of("[2,3,1]")));
	assert_true(value_equals(parse("{\"a\":1,\"b\":[1.0,{\"x\":null}]}"),
		parse("{\"b\":[1,{\"x\":null}],\"a\":1e0}")));
	assert_false(value_equals(parse("{\"a\":1,\"b\":2}"), parse("{\"a\":2,\"b\":1}")));
	assert_false(value_equals(parse("[1,2]"), parse("[2,1]")));
	assert_false(value_equals(parse("[[],[[]]]"), parse("[[[]],[]]")));
}

/* An array of an array … of 2^levels paths, from `levels` allocations. */
static const struct value *graph(int levels)
{
	const struct value *value = value_of_int(arena, 1);

	for (int i = 0; i < levels; i++) {
		const struct value *twice[] = { value, value };

		value = value_of_array(arena, twice, 2);
	}
	return value;
}

static void test_comparing_stops_when_the_charge_is_exhausted(void **state)
{
	const struct value *one = graph(40);
	const struct value *other = graph(40);
	struct value_charge charge = { .left = 1000 };
	(void)state;

	assert_false(value_equals_charged(one, other, &charge));
	assert_true(charge.exhausted);
	charge = (struct value_charge){ .left = 1000 };
	value_compare_charged(one, other, &charge);
	assert_true(charge.exhausted);
	assert_int_equal(charge.left, 0);
}

static void test_unequal_graphs_are_told_apart_at_once(void **state)
{
	struct value_charge charge = { .left = 1 };
	(void)state;

	assert_false(value_equals_charged(graph(40), graph(41), &charge));
	assert_false(charge.exhausted);
}

static void test_a_charge_that_suffices_is_paid_in_part(void **state)
{
	const struct value *one = parse("[1,2,[3,\"x\"]]");
	const struct value *other = parse("[1,2,[3,\"x\"]]");
	struct value_charge charge = { .left = 100 };
	(void)state;

	assert_true(value_equals_charged(one, other, &charge));
	assert_false(charge.exhausted);
	assert_int_equal(charge.left, 100 - 6);
	charge = (struct value_charge){ .left = 6 };
	assert_int_equal(value_compare_charged(one, other, &charge), 0);
	assert_false(charge.exhausted);
	charge = (struct value_charge){ .left = 5 };
	value_compare_charged(one, other, &charge);
	assert_true(charge.exhausted);
}

static void test_long_texts_cost_more(void **state)
{
	const struct value *one = value_printf(arena, "%64000d", 1);
	const struct value *other = value_printf(arena, "%64000d", 1);
	struct value_charge charge = { .left = 1000 };
	(void)state;

	value_compare_charged(one, other, &charge);
	assert_true(charge.exhausted);
	charge = (struct value_charge){ .left = 1001 };
	assert_true(value_equals_charged(one, other, &charge));
	assert_int_equal(charge.left, 0);
	assert_false(charge.exhausted);
}

static void test_sorting_what_costs_too_much_gives_nothing(void **state)
{
	const struct value *items[40];
	struct value_member members[40];
	struct value_charge charge = { .left = 100000 };
	(void)state;

	for (int i = 0; i < 40; i++) {
		items[i] = graph(30);
		members[i] = (struct value_member){ items[i], items[i] };
	}

	assert_null(value_of_set_charged(arena, items, 40, &charge));
	assert_true(charge.exhausted);
	charge = (struct value_charge){ .left = 100000 };
	assert_null(value_of_object_charged(arena, members, 40, &charge));
	assert_true(charge.exhausted);
	charge = (struct value_charge){ .left = 100000 };
	assert_null(
		value_of_set_charged(arena, items, 5, &charge)); /* few are sorted another way */
	assert_true(charge.exhausted);
}

#define WITH_ARENA(test) cmocka_unit_test_setup_teardown(test, open_arena, close_arena)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_ARENA(test_the_order_is_total_and_rego_s),
		WITH_ARENA(test_sorting_follows_the_order),
		WITH_ARENA(test_a_set_is_not_the_array_that_prints_alike),
		WITH_ARENA(test_sets_and_objects_are_equal_in_whatever_order_they_were_made),
		WITH_ARENA(test_comparing_stops_when_the_charge_is_exhausted),
		WITH_ARENA(test_unequal_graphs_are_told_apart_at_once),
		WITH_ARENA(test_a_charge_that_suffices_is_paid_in_part),
		WITH_ARENA(test_long_texts_cost_more),
		WITH_ARENA(test_sorting_what_costs_too_much_gives_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
