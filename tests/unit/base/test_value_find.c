#include "base/value.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/arena.h"
#include "base/value_layout.h"

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

/* { "key0": 0, "key1": 1, … } */
static const struct value *object_of(size_t count)
{
	struct value_builder builder = { .arena = arena };

	for (size_t i = 0; i < count; i++) {
		value_add_int(&builder, arena_printf(arena, "key%zu", i), (int64_t)i);
	}
	return value_finish_object(&builder);
}

static void test_each_member_of_each_size_is_found_and_nothing_else(void **state)
{
	static const size_t sizes[] = { 0, 1, 2, 7, 8, 9, 15, 16, 17, 18, 33, 100, 1000, 20000 };
	(void)state;

	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		const struct value *object = object_of(sizes[s]);

		for (size_t i = 0; i < sizes[s] + 20; i++) {
			const char *name = arena_printf(arena, "key%zu", i);
			const struct value *key = value_of_text(arena, name);
			const struct value *found = value_find(object, name);

			assert_int_equal(found != NULL, i < sizes[s]);
			assert_ptr_equal(value_find_key(object, key), found);
			assert_ptr_equal(value_find_key_charged(object, key, NULL), found);
			assert_int_equal(
				value_find_int(object, name, -1), i < sizes[s] ? (int64_t)i : -1);
		}
		assert_null(value_find(object, ""));
		assert_null(value_find_key(object, value_of_int(arena, 1)));
		assert_null(value_find_key(object, value_null()));
	}
}

static void test_any_value_can_be_a_key(void **state)
{
	(void)state;

	for (int size = 1; size < 30; size++) { /* every layout */
		struct value_member members[30];
		const struct value *again[30] = { NULL };

		for (int i = 0; i < size; i++) {
			const struct value *item = value_of_int(arena, i);

			members[i].key = i % 3 == 0 ? item : value_append(arena, NULL, item);
			members[i].value = item;
			item = value_of_int(arena, i);
			again[i] = i % 3 == 0 ? item : value_append(arena, NULL, item);
		}
		const struct value *object = value_of_object(arena, members, (size_t)size);

		for (int i = 0; i < size; i++) {
			assert_ptr_equal(value_find_key(object, again[i]), members[i].value);
			assert_null(value_find_key(object, value_of_array(arena, again, 2)));
		}
		assert_null(value_find(object, "0"));
	}
}

static const struct value *append_text(const char *text)
{
	return value_append(arena, NULL, value_of_text(arena, text));
}

static void test_sets_of_each_size_know_what_they_have(void **state)
{
	(void)state;

	for (int size = 0; size < 40; size++) {
		struct value_builder builder = { .arena = arena };

		for (int i = 0; i < size; i++) {
			const char *text = arena_printf(arena, "%d", i);

			value_add_item(&builder,
				i % 2 == 0 ? append_text(text) : value_of_text(arena, text));
		}
		const struct value *set = value_finish_set(&builder);

		for (int i = 0; i < size + 5; i++) {
			const char *text = arena_printf(arena, "%d", i);
			const struct value *item =
				i % 2 == 0 ? append_text(text) : value_of_text(arena, text);

			assert_int_equal(value_set_has(set, item), i < size);
			const struct value *found = value_set_find(set, item);
			assert_int_equal(found != NULL, i < size);
			assert_true(found == NULL || (found != item && value_equals(found, item)));
		}
	}
}

static void test_looking_in_what_is_no_container_finds_nothing(void **state)
{
	const struct value *text = value_of_text(arena, "a");
	const struct value *object = value_with(arena, NULL, "a", text);
	const struct value *set = value_of_set(arena, &text, 1);
	const struct value *array = value_of_array(arena, &text, 1);
	const struct value *const no_object[] = { NULL, value_null(), text, array, set };
	const struct value *const no_set[] = { NULL, value_null(), text, array, object };
	(void)state;

	for (size_t i = 0; i < 5; i++) {
		assert_null(value_find(no_object[i], "a"));
		assert_null(value_find_key(no_object[i], text));
		assert_null(value_find_folded(no_object[i], "a"));
		assert_false(value_set_has(no_set[i], text));
	}
}

static void test_folded_names_ignore_ascii_case_only(void **state)
{
	const struct value *one = value_of_int(arena, 1);
	const struct value *object = value_with(arena, NULL, "userName", one);
	(void)state;

	assert_ptr_equal(value_find_folded(object, "USERNAME"), one);
	assert_ptr_equal(value_find_folded(object, "userName"), one);
	assert_null(value_find_folded(object, "userNam"));
	assert_null(value_find_folded(object, "userName2"));
	object = value_with(arena, NULL, "a@[\xc3\x84", one); /* neighbours of letters; Ä */
	assert_ptr_equal(value_find_folded(object, "A@[\xc3\x84"), one);
	assert_null(value_find_folded(object, "a`[\xc3\x84"));
	assert_null(value_find_folded(object, "a@{\xc3\x84"));
	assert_null(value_find_folded(object, "a@[\xc3\xa4"));
}

static void test_shorthands_want_the_type_as_well(void **state)
{
	struct value_builder builder = { .arena = arena };
	(void)state;

	value_add_text(&builder, "text", "x");
	value_add_int(&builder, "number", 5);
	value_add(&builder, "true", value_of_bool(true));
	const struct value *object = value_finish_object(&builder);

	assert_string_equal(value_find_text(object, "text"), "x");
	assert_null(value_find_text(object, "number"));
	assert_null(value_find_text(object, "absent"));
	assert_int_equal(value_find_int(object, "number", 7), 5);
	assert_int_equal(value_find_int(object, "text", 7), 7);
	assert_true(value_find_bool(object, "true", false));
	assert_true(value_find_bool(object, "absent", true));
	assert_false(value_find_bool(object, "number", false));
	assert_null(value_find_text(NULL, "text"));
}

static void test_texts_with_nul_are_whole(void **state)
{
	const struct value *key = value_of_text_n(arena, "a\0b", 3);
	const struct value_member member = { key, value_null() };
	const struct value *object = value_of_object(arena, &member, 1);
	(void)state;

	assert_non_null(value_find_n(object, "a\0b", 3));
	assert_null(value_find(object, "a"));
	assert_null(value_find_n(object, "a\0c", 3));
}

/*
 * As if somebody had found keys that all want the same slot: the index is emptied of
 * half its rows, with a full run of strangers in their place.
 */
static void test_an_index_that_is_flooded_still_finds_everything(void **state)
{
	const struct value *object = object_of(1000);
	struct value_index *index =
		(struct value_index *)((const struct value_object *)object)->finder.index;
	(void)state;

	assert_true(index->mask + 1 >= 2 * 1000); /* at most half full */
	for (uint64_t i = 0; i <= index->mask; i++) {
		index->slots[i] =
			UINT64_C(0x1234567800000001); /* no key has this tag, but for luck */
	}

	for (size_t i = 0; i < 1000; i++) {
		const char *name = arena_printf(arena, "key%zu", i);

		assert_int_equal(value_find_int(object, name, -1), i);
		assert_non_null(value_find_key(object, value_of_text(arena, name)));
	}
	assert_null(value_find(object, "key1000"));
	assert_null(value_find(object, ""));
}

static void test_a_charge_bounds_the_search_for_a_graph(void **state)
{
	const struct value *one = value_of_int(arena, 1);
	const struct value *other = value_of_int(arena, 1);
	struct value_charge charge = { .left = 10000 };
	(void)state;

	for (int i = 0; i < 40; i++) {
		const struct value *ones[] = { one, one };
		const struct value *others[] = { other, other };

		one = value_of_array(arena, ones, 2);
		other = value_of_array(arena, others, 2);
	}
	const struct value_member member = { one, value_null() };
	const struct value *object = value_of_object(arena, &member, 1);

	assert_null(value_find_key_charged(object, other, &charge));
	assert_true(charge.exhausted);
	assert_non_null(value_find_key(object, one)); /* the same pointer costs nothing */
	charge = (struct value_charge){ .left = 10000 };
	assert_null(value_set_find_charged(value_of_set(arena, &one, 1), other, &charge));
	assert_true(charge.exhausted);
}

static void *read_much(void *object)
{
	char name[32];

	for (int i = 0; i < 20000; i++) {
		snprintf(name, sizeof(name), "key%d", i % 1000);
		if (value_find_int(object, name, -1) != i % 1000) {
			return object;
		}
	}
	return NULL;
}

static void test_threads_may_read_the_same_value(void **state)
{
	const struct value *object = object_of(1000);
	pthread_t threads[3];
	(void)state;

	for (int i = 0; i < 3; i++) {
		assert_int_equal(
			pthread_create(&threads[i], NULL, read_much, (void *)(uintptr_t)object), 0);
	}
	for (int i = 0; i < 3; i++) {
		void *failed;

		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
}

#define WITH_ARENA(test) cmocka_unit_test_setup_teardown(test, open_arena, close_arena)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_ARENA(test_each_member_of_each_size_is_found_and_nothing_else),
		WITH_ARENA(test_any_value_can_be_a_key),
		WITH_ARENA(test_sets_of_each_size_know_what_they_have),
		WITH_ARENA(test_looking_in_what_is_no_container_finds_nothing),
		WITH_ARENA(test_folded_names_ignore_ascii_case_only),
		WITH_ARENA(test_shorthands_want_the_type_as_well),
		WITH_ARENA(test_texts_with_nul_are_whole),
		WITH_ARENA(test_an_index_that_is_flooded_still_finds_everything),
		WITH_ARENA(test_a_charge_bounds_the_search_for_a_graph),
		WITH_ARENA(test_threads_may_read_the_same_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
