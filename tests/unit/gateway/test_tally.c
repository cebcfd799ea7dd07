/* How often each text came: right counts, an order that is always the same, bounded memory. */
#include "gateway/tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include "base/arena.h"
#include "base/cleanup.h"

static void test_texts_are_counted_and_sorted(void **state)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	struct tally tally = { .arena = arena };

	(void)state;
	tally_add(&tally, "b", NULL, 1);
	tally_add(&tally, "c", "See", 2);
	tally_add(&tally, "a", NULL, 1);
	tally_add(&tally, "c", "other words", 3);
	tally_sort(&tally);

	assert_int_equal(tally.count, 3);
	assert_string_equal(tally.rows[0].text, "c");
	assert_string_equal(tally.rows[0].label, "See");
	assert_int_equal(tally.rows[0].count, 5);
	assert_string_equal(tally.rows[1].text, "a");
	assert_string_equal(tally.rows[1].label, "a");
	assert_string_equal(tally.rows[2].text, "b");
}

static void test_what_finds_no_room_is_summed_up(void **state)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	struct tally tally = { .arena = arena };
	char text[16];

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < TALLY_TEXTS + 10; i++) {
			snprintf(text, sizeof(text), "%d", i);
			tally_add(&tally, text, NULL, 1);
		}
	}
	assert_int_equal(tally.count, TALLY_TEXTS);
	assert_int_equal(tally.others, 20);
	for (size_t i = 0; i < tally.count; i++) {
		assert_int_equal(tally.rows[i].count, 2);
	}
}

static void test_an_empty_tally_is_sorted_too(void **state)
{
	struct tally tally = { 0 };

	(void)state;
	tally_sort(&tally);
	assert_int_equal(tally.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts_are_counted_and_sorted),
		cmocka_unit_test(test_what_finds_no_room_is_summed_up),
		cmocka_unit_test(test_an_empty_tally_is_sorted_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
