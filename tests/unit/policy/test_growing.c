#include "policy/growing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/arena.h"
#include "base/buf.h"
#include "policy/worker.h"

static struct policy_worker *worker;
static struct arena *arena;
static struct policy_failure failure;

/* A worker as in the middle of an evaluation. */
static int set_up(void **state)
{
	(void)state;
	worker = policy_worker_new();
	arena = arena_new();
	worker->context = (struct policy_context){
		.arena = arena, .charge.left = 1000000, .bytes_end = 1u << 24
	};
	worker->budget = &policy_budget_default;
	worker->deadline_us = INT64_MAX;
	worker->failure = &failure;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	policy_worker_free(worker);
	return 0;
}

static void assert_finished(struct growing *growing, const char *wanted)
{
	struct buf text = { 0 };

	value_print(&text, growing_finish(worker, growing));
	assert_string_equal(buf_text(&text), wanted);
	buf_fini(&text);
}

static const struct value *number(int64_t n)
{
	return value_of_int(arena, n);
}

static void test_arrays_keep_order_and_sets_do_not(void **state)
{
	struct growing *array = growing_new(worker, VALUE_ARRAY, 0);
	struct growing *set = growing_new(worker, VALUE_SET, 0);

	(void)state;
	for (int i = 0; i < 5; i++) {
		growing_add(worker, array, number((7 * i) % 3));
		growing_add(worker, set, number((7 * i) % 3));
	}

	assert_finished(array, "[0,1,2,0,1]");
	assert_finished(set, "[0,1,2]");
}

static void test_what_was_finished_may_grow_on(void **state)
{
	struct growing *array = growing_new(worker, VALUE_ARRAY, 0);

	(void)state;
	growing_add(worker, array, number(1));
	const struct value *before = growing_finish(worker, array);
	growing_add(worker, array, number(2));

	assert_int_equal(value_count(before), 1);
	assert_finished(array, "[1,2]");
	assert_ptr_equal(growing_finish(worker, array), growing_finish(worker, array));
}

static void test_the_last_value_of_a_key_stands(void **state)
{
	struct growing *object = growing_new(worker, VALUE_OBJECT, 0);

	(void)state;
	growing_insert(worker, object, value_of_text(arena, "k"), number(1));
	growing_insert(worker, object, value_of_text(arena, "k"), number(2));

	assert_int_equal(object->count, 1);
	assert_finished(object, "{\"k\":2}");
}

static void test_many_keys_are_found(void **state)
{
	struct growing *object = growing_new(worker, VALUE_OBJECT, 0);

	(void)state;
	for (int64_t i = 0; i < 3000; i++) {
		growing_insert(worker, object, number(i), number(-i));
	}
	for (int64_t i = 0; i < 3000; i += 2) {
		growing_insert(worker, object, number(i), number(i));
	}

	assert_int_equal(object->count, 3000);
	for (int64_t i = 0; i < 3000; i++) {
		int64_t found = 0;
		assert_true(value_int(growing_find(worker, object, number(i)), &found));
		assert_int_equal(found, i % 2 == 0 ? i : -i);
	}
	assert_null(growing_find(worker, object, number(3000)));
	assert_int_equal(value_count(growing_finish(worker, object)), 3000);
}

/* Partial rules build objects within objects: the inner one changes after it was inserted. */
static void test_an_inner_object_grows_with_its_owner(void **state)
{
	struct growing *outer = growing_new(worker, VALUE_OBJECT, 0);
	struct growing *inner = growing_new(worker, VALUE_SET, 0);
	const struct value *key = value_of_text(arena, "k");

	(void)state;
	growing_insert(worker, outer, key, growing_as_value(inner));
	growing_add(worker, inner, number(1));
	const struct value *found = growing_find(worker, outer, key);

	assert_true(is_growing(found));
	growing_add(worker, growing_of(found), number(2));
	assert_finished(outer, "{\"k\":[1,2]}");
}

static void test_a_value_may_grow_on(void **state)
{
	const struct value_member member = { value_of_text(arena, "k"), number(1) };
	const struct value *object = value_of_object(arena, &member, 1);
	struct growing *growing = growing_from(worker, object);

	(void)state;
	assert_ptr_equal(growing_finish(worker, growing), object);
	growing_insert(worker, growing, value_of_text(arena, "l"), number(2));

	assert_finished(growing, "{\"k\":1,\"l\":2}");
	assert_int_equal(value_count(object), 1);
}

static bool finish_leaves(struct growing *growing)
{
	if (setjmp(worker->exit) != 0) {
		return true;
	}
	growing_finish(worker, growing);
	return false;
}

static void test_a_container_that_holds_itself_ends_the_evaluation(void **state)
{
	struct growing *object = growing_new(worker, VALUE_OBJECT, 0);

	(void)state;
	growing_insert(worker, object, number(1), growing_as_value(object));

	assert_true(finish_leaves(object));
	assert_int_equal(failure.kind, POLICY_FAILURE_BUDGET);
}

static void test_nesting_ends_the_evaluation(void **state)
{
	struct growing *object = growing_new(worker, VALUE_OBJECT, 0);

	(void)state;
	for (int i = 0; i < 100000; i++) {
		struct growing *outer = growing_new(worker, VALUE_OBJECT, 0);
		growing_insert(worker, outer, number(1), growing_as_value(object));
		object = outer;
	}

	assert_true(finish_leaves(object));
	assert_int_equal(failure.kind, POLICY_FAILURE_BUDGET);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_arrays_keep_order_and_sets_do_not, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_what_was_finished_may_grow_on, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_the_last_value_of_a_key_stands, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_many_keys_are_found, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_an_inner_object_grows_with_its_owner, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_value_may_grow_on, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_container_that_holds_itself_ends_the_evaluation, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_nesting_ends_the_evaluation, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
