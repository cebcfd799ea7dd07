#include "base/value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/arena.h"

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

static const struct value *text(const char *value)
{
	return value_of_text(arena, value);
}

static const struct value *number(int64_t value)
{
	return value_of_int(arena, value);
}

static const char *shown(const struct value *value)
{
	return value_preview(arena, value, 10000);
}

static void test_scalars_are_what_they_were_made_of(void **state)
{
	int64_t integer = 0;
	(void)state;

	assert_int_equal(value_type(value_null()), VALUE_NULL);
	assert_true(value_bool(value_of_bool(true)));
	assert_false(value_bool(value_of_bool(false)));
	assert_true(value_int(number(INT64_MIN), &integer));
	assert_true(integer == INT64_MIN);
	assert_string_equal(value_text(text("h\xc3\xa4")), "h\xc3\xa4");
	assert_int_equal(value_size(text("h\xc3\xa4")), 3);
	assert_int_equal(value_size(value_of_text_n(arena, "a\0b", 3)), 3);
	assert_int_equal(value_size(value_of_text_n(arena, NULL, 0)), 0);
}

static void test_types_have_rego_names(void **state)
{
	static const char *const names[] = { "null", "boolean", "number", "string", "array",
		"object", "set" };
	(void)state;

	for (int type = VALUE_NULL; type <= VALUE_SET; type++) {
		assert_string_equal(value_type_name((enum value_type)type), names[type]);
	}
}

static void test_is_knows_null_pointers(void **state)
{
	int64_t integer = 7;
	(void)state;

	assert_false(value_is(NULL, VALUE_NULL));
	assert_true(value_is(value_null(), VALUE_NULL));
	assert_int_equal(value_count(NULL), 0);
	assert_int_equal(value_count(text("abc")), 0);
	assert_false(value_int(NULL, &integer));
	assert_false(value_int(text("7"), &integer));
	assert_int_equal(integer, 7);
}

static void test_printf_makes_texts_of_any_length(void **state)
{
	(void)state;

	assert_string_equal(value_text(value_printf(arena, "%d-%s", 5, "x")), "5-x");
	for (int width = 250; width < 260; width++) {
		const struct value *made = value_printf(arena, "%*d", width, 1);

		assert_int_equal(value_size(made), width);
		assert_true(value_equals(made, value_of_text(arena, value_text(made))));
	}
}

static void test_an_array_keeps_its_order_and_leaves_null_pointers_out(void **state)
{
	const struct value *items[] = { number(3), NULL, number(1), number(3) };
	(void)state;

	const struct value *array = value_of_array(arena, items, 4);

	assert_string_equal(shown(array), "[3,1,3]");
	assert_int_equal(value_count(array), 3);
	assert_ptr_equal(value_at(array, 1), items[2]);
	assert_string_equal(shown(value_of_array(arena, NULL, 0)), "[]");
}

static void test_a_set_is_sorted_and_without_equals(void **state)
{
	const struct value *items[] = { text("b"), number(2), text("a"), NULL, text("b"),
		value_null(), number(2), value_of_bool(true) };
	(void)state;

	const struct value *set = value_of_set(arena, items, 8);

	assert_int_equal(value_type(set), VALUE_SET);
	assert_string_equal(shown(set), "[null,true,2,\"a\",\"b\"]");
}

static void test_an_object_is_sorted_and_the_last_of_equal_keys_stands(void **state)
{
	const struct value_member members[] = {
		{ text("b"), number(1) },
		{ text("a"), number(2) },
		{ text("b"), number(3) },
		{ text("c"), NULL },
		{ number(9), number(4) },
	};
	(void)state;

	const struct value *object = value_of_object(arena, members, 5);

	assert_string_equal(shown(object), "{\"9\":4,\"a\":2,\"b\":3}");
	assert_ptr_equal(value_member_at(object, 0)->key, members[4].key);
	assert_int_equal(members[0].key == value_member_at(object, 2)->key, 0);
}

static void test_large_objects_keep_the_last_of_equal_keys_too(void **state)
{
	struct value_member members[3000];
	int64_t found;
	(void)state;

	for (int i = 0; i < 3000; i++) {
		members[i].key = value_printf(arena, "key%d", i * 7919 % 1000);
		members[i].value = number(i);
	}
	const struct value *object = value_of_object(arena, members, 3000);

	assert_int_equal(value_count(object), 1000);
	for (int i = 2000; i < 3000; i++) {
		assert_true(value_int(value_find_key(object, members[i].key), &found));
		assert_int_equal(found, i);
	}
}

static void test_with_sets_replaces_and_removes_a_member(void **state)
{
	const struct value *object = value_with(arena, NULL, "m", number(1));
	(void)state;

	assert_string_equal(shown(object), "{\"m\":1}");
	const struct value *before = value_with(arena, object, "a", number(2));
	const struct value *behind = value_with(arena, before, "z", number(3));
	const struct value *middle = value_with(arena, behind, "n", number(4));
	assert_string_equal(shown(middle), "{\"a\":2,\"m\":1,\"n\":4,\"z\":3}");
	assert_string_equal(shown(value_with(arena, middle, "m", number(5))),
		"{\"a\":2,\"m\":5,\"n\":4,\"z\":3}");
	assert_string_equal(
		shown(value_with(arena, middle, "a", NULL)), "{\"m\":1,\"n\":4,\"z\":3}");
	assert_string_equal(
		shown(value_with(arena, middle, "z", NULL)), "{\"a\":2,\"m\":1,\"n\":4}");
	assert_ptr_equal(value_with(arena, middle, "absent", NULL), middle);
	assert_string_equal(shown(value_with(arena, object, "m", NULL)), "{}");
	assert_string_equal(shown(value_with(arena, NULL, "m", NULL)), "{}");
	assert_string_equal(shown(object), "{\"m\":1}"); /* never changed */
}

static void test_an_overlay_has_the_members_of_both_and_its_own_go_first(void **state)
{
	const struct value *under =
		value_with(arena, value_with(arena, NULL, "a", number(1)), "b", number(2));
	const struct value *over =
		value_with(arena, value_with(arena, NULL, "b", number(3)), "c", number(4));
	(void)state;

	assert_string_equal(shown(value_overlay(arena, under, over)), "{\"a\":1,\"b\":3,\"c\":4}");
	assert_string_equal(shown(value_overlay(arena, NULL, over)), "{\"b\":3,\"c\":4}");
	assert_string_equal(shown(value_overlay(arena, under, NULL)), "{\"a\":1,\"b\":2}");
	assert_string_equal(shown(value_overlay(arena, NULL, NULL)), "{}");
}

static void test_with_shares_the_rest(void **state)
{
	const struct value *inner = value_with(arena, NULL, "x", number(1));
	const struct value *object = value_with(arena, NULL, "inner", inner);
	(void)state;

	const struct value *after = value_with(arena, object, "other", number(2));

	assert_ptr_equal(value_find(after, "inner"), inner);
}

static void test_with_goes_through_the_sizes_where_the_layout_changes(void **state)
{
	const struct value *object = NULL;
	(void)state;

	for (int i = 0; i < 40; i++) {
		struct value_builder builder = { .arena = arena };

		object = value_with(
			arena, object, arena_printf(arena, "key%d", i * 17 % 40), number(i));
		assert_int_equal(value_count(object), i + 1);
		for (int j = 0; j <= i; j++) {
			const char *name = arena_printf(arena, "key%d", j * 17 % 40);

			assert_int_equal(value_find_int(object, name, -1), j);
			value_add_int(&builder, name, j);
		}
		/* made in one go it is the same, hash included */
		assert_true(value_equals(object, value_finish_object(&builder)));
	}
}

static void test_append_leaves_the_old_array_alone(void **state)
{
	const struct value *one = value_append(arena, NULL, number(1));
	(void)state;

	const struct value *two = value_append(arena, one, number(2));
	const struct value *other = value_append(arena, one, number(3));

	assert_string_equal(shown(one), "[1]");
	assert_string_equal(shown(two), "[1,2]");
	assert_string_equal(shown(other), "[1,3]");
}

static void test_a_builder_collects_members(void **state)
{
	struct value_builder builder = { .arena = arena };
	(void)state;

	value_add_text(&builder, "text", "x");
	value_add_text(&builder, "absent", NULL);
	value_add(&builder, "absent", NULL);
	value_add_int(&builder, "number", 5);
	value_add_key(&builder, value_of_bool(true), value_null());
	value_add_key(&builder, value_of_bool(false), NULL);
	const struct value *object = value_finish_object(&builder);

	assert_string_equal(shown(object), "{\"true\":null,\"number\":5,\"text\":\"x\"}");
	assert_string_equal(shown(value_finish_object(&builder)), "{}"); /* used up */
}

static void test_a_builder_collects_items(void **state)
{
	struct value_builder builder = { .arena = arena };
	(void)state;

	for (int i = 0; i < 100; i++) {
		value_add_item(&builder, number(99 - i));
		value_add_item(&builder, NULL);
	}
	const struct value *array = value_finish_array(&builder);
	assert_int_equal(value_count(array), 100);
	for (int i = 0; i < 100; i++) {
		int64_t item;

		assert_true(value_int(value_at(array, (size_t)i), &item));
		assert_int_equal(item, 99 - i);
	}

	value_add_item(&builder, number(2));
	value_add_item(&builder, number(1));
	value_add_item(&builder, number(2));
	assert_string_equal(shown(value_finish_set(&builder)), "[1,2]");
}

static void test_sorted_parts_make_the_same_set_and_object(void **state)
{
	struct value_member members[30];
	const struct value *items[30];
	(void)state;

	for (int i = 0; i < 30; i++) {
		items[i] = number(i);
		members[i] = (struct value_member){ items[i], items[i] };
	}
	for (size_t count = 0; count <= 30; count++) {
		assert_true(value_equals(value_of_sorted_set(arena, items, count),
			value_of_set(arena, items, count)));
		assert_true(value_equals(value_of_sorted_object(arena, members, count),
			value_of_object(arena, members, count)));
	}
}

/* One value of every kind, with containers of every layout. */
static const struct value *everything(void)
{
	struct value_builder all = { .arena = arena };
	const struct value *decimal = NULL;

	assert_true(value_of_number(arena, "-1.25e-77", 9, &decimal));
	value_add(&all, "decimal", decimal);
	value_add(&all, "null", value_null());
	value_add(&all, "true", value_of_bool(true));
	value_add_text(&all, "text", "some text");
	for (int size = 0; size <= 40; size += 10) {
		struct value_builder inner = { .arena = arena };
		struct value_builder set = { .arena = arena };

		for (int i = 0; i < size; i++) {
			value_add_int(&inner, arena_printf(arena, "%d", i), i);
			value_add_item(&set, number(i));
		}
		value_add(&all, arena_printf(arena, "o%d", size), value_finish_object(&inner));
		value_add(&all, arena_printf(arena, "s%d", size), value_finish_set(&set));
	}
	value_add(&all, "array", value_append(arena, NULL, value_finish_object(&all)));
	return value_finish_object(&all);
}

static void test_a_copy_lives_without_its_original(void **state)
{
	struct arena *other = arena_new();
	const struct value *original = everything();
	(void)state;

	const char *before = shown(original);
	const struct value *copy = value_copy(other, original);
	assert_true(value_equals(copy, original));
	before = arena_strdup(other, before);
	arena_free(arena); /* valgrind and the sanitizers see whether something is still used */
	arena = other;

	assert_string_equal(shown(copy), before);
	assert_int_equal(
		value_find_int(value_find(value_at(value_find(copy, "array"), 0), "o40"), "39", -1),
		39);
}

static void test_a_copy_that_costs_too_much_is_refused(void **state)
{
	const struct value *graph = number(1);
	struct value_charge charge = { .left = 100000 };
	(void)state;

	for (int i = 0; i < 40; i++) { /* 2^40 paths */
		const struct value *twice[] = { graph, graph };

		graph = value_of_array(arena, twice, 2);
	}

	assert_null(value_copy_charged(arena, graph, &charge));
	assert_true(charge.exhausted);
	charge = (struct value_charge){ .left = 1000 };
	assert_non_null(value_copy_charged(arena, everything(), &charge));
	assert_false(charge.exhausted);
}

static const struct value *nested(const struct value *value, int levels)
{
	for (int i = 0; i < levels; i++) {
		value = i % 2 == 0 ? value_append(arena, NULL, value)
				   : value_of_sorted_set(arena, &value, 1);
	}
	return value;
}

static void test_depth_counts_the_deepest_containers(void **state)
{
	static const struct {
		const char *json;
		size_t depth;
	} rows[] = { { "1", 0 }, { "\"x\"", 0 }, { "[]", 1 }, { "{}", 1 }, { "[1,[],2]", 2 },
		{ "[[[1]],[]]", 3 }, { "{\"a\":1,\"b\":[{}]}", 3 } };
	const struct value_limits limits = { 1000, 10, 100, .folded_keys = false };
	(void)state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct value *value =
			value_parse(arena, rows[i].json, strlen(rows[i].json), &limits, NULL);

		assert_int_equal(value_depth(value), rows[i].depth);
		assert_int_equal(value_depth(value_copy(arena, value)), rows[i].depth);
		assert_int_equal(value_depth(nested(value, 7)), rows[i].depth + 7);
		const struct value_member member = { nested(value, 4), value };
		assert_int_equal(
			value_depth(value_of_object(arena, &member, 1)), rows[i].depth + 5);
	}
	assert_int_equal(value_depth(value_null()), 0);
	assert_int_equal(value_depth(nested(number(1), 70000)), 65535);
}

#define WITH_ARENA(test) cmocka_unit_test_setup_teardown(test, open_arena, close_arena)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_ARENA(test_scalars_are_what_they_were_made_of),
		WITH_ARENA(test_types_have_rego_names),
		WITH_ARENA(test_is_knows_null_pointers),
		WITH_ARENA(test_printf_makes_texts_of_any_length),
		WITH_ARENA(test_an_array_keeps_its_order_and_leaves_null_pointers_out),
		WITH_ARENA(test_a_set_is_sorted_and_without_equals),
		WITH_ARENA(test_an_object_is_sorted_and_the_last_of_equal_keys_stands),
		WITH_ARENA(test_large_objects_keep_the_last_of_equal_keys_too),
		WITH_ARENA(test_with_sets_replaces_and_removes_a_member),
		WITH_ARENA(test_an_overlay_has_the_members_of_both_and_its_own_go_first),
		WITH_ARENA(test_with_shares_the_rest),
		WITH_ARENA(test_with_goes_through_the_sizes_where_the_layout_changes),
		WITH_ARENA(test_append_leaves_the_old_array_alone),
		WITH_ARENA(test_a_builder_collects_members),
		WITH_ARENA(test_a_builder_collects_items),
		WITH_ARENA(test_sorted_parts_make_the_same_set_and_object),
		WITH_ARENA(test_a_copy_lives_without_its_original),
		WITH_ARENA(test_a_copy_that_costs_too_much_is_refused),
		WITH_ARENA(test_depth_counts_the_deepest_containers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
