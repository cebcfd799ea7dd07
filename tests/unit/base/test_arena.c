#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/cleanup.h"

static void test_allocations_do_not_overlap_and_are_aligned(void **state)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	unsigned char *all[2000];
	(void)state;

	for (size_t i = 0; i < 2000; i++) {
		size_t bytes = i * 7 % 300;

		all[i] = arena_alloc(arena, bytes);
		assert_int_equal((uintptr_t)all[i] % 8, 0);
		memset(all[i], (int)(i % 251), bytes);
	}

	for (size_t i = 0; i < 2000; i++) {
		for (size_t j = 0; j < i * 7 % 300; j++) {
			assert_int_equal(all[i][j], i % 251);
		}
	}
}

static void test_allocations_of_no_bytes_have_addresses_of_their_own(void **state)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	(void)state;

	void *one = arena_alloc(arena, 0);
	void *other = arena_alloc(arena, 0);

	assert_non_null(one);
	assert_non_null(other);
	assert_ptr_not_equal(one, other);
}

#ifndef ARENA_SEPARATE
static void test_allocations_of_no_bytes_take_no_block_of_their_own(void **state)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	(void)state;

	char *before = arena_alloc(arena, 8);
	char *none = arena_alloc(arena, 0);
	char *after = arena_alloc(arena, 8);

	assert_ptr_equal(none, before + 8);
	assert_ptr_equal(after, before + 16);
}
#endif

static void test_large_allocations_work_between_small_ones(void **state)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	(void)state;

	char *first = arena_alloc(arena, 5 << 20); /* the first of all */
	char *small = arena_strdup(arena, "small");
	char *large = arena_alloc(arena, 3 << 20);
	char *next = arena_strdup(arena, "next");

	memset(first, 1, 5 << 20);
	memset(large, 2, 3 << 20);
	assert_string_equal(small, "small");
	assert_string_equal(next, "next");
	assert_int_equal(first[(5 << 20) - 1], 1);
}

static void test_used_counts_what_was_handed_out(void **state)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	(void)state;

	assert_int_equal(arena_used(arena), 0);
	arena_alloc(arena, 10); /* 16 */
	arena_alloc(arena, 1 << 20);
	for (int i = 0; i < 1000; i++) {
		arena_alloc(arena, 64);
	}
	assert_in_range(arena_used(arena), 16 + (1 << 20) + 64000, 16 + (1 << 20) + 64000 + 4096);

	arena_reset(arena);
	assert_int_equal(arena_used(arena), 0);
}

static void test_calloc_zeroes_memory_that_was_used_before(void **state)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	static const char zeros[4096];
	(void)state;

	memset(arena_alloc(arena, 4096), 0xff, 4096);
	arena_reset(arena);

	assert_memory_equal(arena_calloc(arena, 64, 64), zeros, 4096);
}

static void test_texts_are_copies_with_an_end(void **state)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	char text[] = "hello world";
	(void)state;

	char *part = arena_text(arena, text, 5);
	char *whole = arena_strdup(arena, text);
	char *copy = arena_copy(arena, text, sizeof(text));
	text[0] = 'X';

	assert_string_equal(part, "hello");
	assert_string_equal(whole, "hello world");
	assert_string_equal(copy, "hello world");
	assert_string_equal(arena_text(arena, NULL, 0), "");
}

static void test_printf_has_no_limit(void **state)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	(void)state;

	assert_string_equal(arena_printf(arena, "%d of %s", 3, "four"), "3 of four");
	for (int width = 250; width < 260; width++) { /* around the size of the scratch text */
		char *text = arena_printf(arena, "%*d", width, 1);

		assert_int_equal(strlen(text), width);
		assert_int_equal(text[width - 1], '1');
	}
	assert_int_equal(strlen(arena_printf(arena, "%100000d", 1)), 100000);
}

static char called[8];
static char a = 'a';
static char b = 'b';
static char c = 'c';

static void note(void *object)
{
	called[strlen(called)] = *(char *)object;
}

static void test_deferred_calls_run_newest_first_at_reset_and_free(void **state)
{
	struct arena *arena = arena_new();
	(void)state;

	memset(called, 0, sizeof(called));
	arena_defer(arena, note, &a);
	arena_defer(arena, note, &b);
	arena_reset(arena);
	assert_string_equal(called, "ba");

	arena_defer(arena, note, &c);
	arena_free(arena);
	assert_string_equal(called, "bac");
}

static void test_free_of_null_is_fine(void **state)
{
	struct arena *none = NULL;
	(void)state;

	arena_free(NULL);
	arena_cleanup(&none);
}

static void test_an_arena_can_be_used_again_and_again(void **state)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	(void)state;

	for (int round = 0; round < 50; round++) {
		for (int i = 0; i < 100; i++) {
			memset(arena_alloc(arena, (size_t)(round * 100)), round,
				(size_t)(round * 100));
		}
		arena_reset(arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_allocations_do_not_overlap_and_are_aligned),
		cmocka_unit_test(test_allocations_of_no_bytes_have_addresses_of_their_own),
#ifndef ARENA_SEPARATE
		cmocka_unit_test(test_allocations_of_no_bytes_take_no_block_of_their_own),
#endif
		cmocka_unit_test(test_large_allocations_work_between_small_ones),
		cmocka_unit_test(test_used_counts_what_was_handed_out),
		cmocka_unit_test(test_calloc_zeroes_memory_that_was_used_before),
		cmocka_unit_test(test_texts_are_copies_with_an_end),
		cmocka_unit_test(test_printf_has_no_limit),
		cmocka_unit_test(test_deferred_calls_run_newest_first_at_reset_and_free),
		cmocka_unit_test(test_free_of_null_is_fine),
		cmocka_unit_test(test_an_arena_can_be_used_again_and_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
