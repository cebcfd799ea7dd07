/* Budgets, charged work on values, and the cache of compiled things. */
#include "policy/context.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "policy/worker.h"

static struct policy_worker *worker;
static struct policy_context *context;
static struct policy_failure failure;

static int set_up(void **state)
{
	(void)state;
	worker = policy_worker_new();
	context = &worker->context;
	*context = (struct policy_context){
		.arena = arena_new(), .charge.left = 100000, .bytes_end = 1u << 20
	};
	worker->budget = &policy_budget_default;
	worker->deadline_us = INT64_MAX;
	worker->failure = &failure;
	failure = (struct policy_failure){ 0 };
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(context->arena);
	policy_worker_free(worker);
	return 0;
}

/* Runs `work` and tells whether it left the evaluation for want of budget. */
static bool leaves(void (*work)(const void *what), const void *what)
{
	if (setjmp(worker->exit) != 0) {
		assert_int_equal(failure.kind, POLICY_FAILURE_BUDGET);
		return true;
	}
	work(what);
	return false;
}

static void charge(const void *what)
{
	policy_charge(context, *(const uint64_t *)what);
}

static void test_a_charge_is_paid_or_leaves(void **state)
{
	const uint64_t all = 100000;
	const uint64_t one = 1;

	(void)state;
	assert_false(leaves(charge, &all));
	assert_int_equal(context->charge.left, 0);
	assert_true(leaves(charge, &one));
}

static void look_at_the_clock(const void *what)
{
	(void)what;
	policy_charge_clock(context);
}

/* On a machine with much to do a decision may wait for its core longer than it may run. */
static void test_time_that_others_took_is_not_counted(void **state)
{
	(void)state;
	worker->cpu_start_us = clock_thread_us();
	worker->deadline_us = clock_monotonic_us() - 3600000000;

	assert_false(leaves(look_at_the_clock, NULL));

	assert_true(worker->deadline_us > clock_monotonic_us() - 3600000000);
	worker->cpu_start_us = clock_thread_us() - policy_budget_default.time_us - 1000;
	worker->deadline_us = 0;
	assert_true(leaves(look_at_the_clock, NULL));
}

static void test_a_charge_may_not_wrap_around(void **state)
{
	const uint64_t endless = UINT64_MAX;

	(void)state;
	context->clock_at = 96000;
	assert_true(leaves(charge, &endless));
}

static void allocate(const void *what)
{
	policy_alloc(context, *(const size_t *)what);
}

static void allocate_array(const void *what)
{
	policy_alloc_array(context, *(const size_t *)what, 1u << 16);
}

static void test_memory_is_charged_before_it_is_taken(void **state)
{
	const size_t small = 1000;
	const size_t large = (1u << 20) + 1;
	const size_t product_overflows = SIZE_MAX / 2;

	(void)state;
	assert_false(leaves(allocate, &small));
	assert_true(leaves(allocate, &large));
	assert_true(leaves(allocate_array, &product_overflows));
	assert_true(arena_used(context->arena) < 10000);
}

static void test_the_clock_is_looked_at(void **state)
{
	const uint64_t steps = WORKER_CLOCK_STEPS + 1;

	(void)state;
	context->clock_at = context->charge.left - WORKER_CLOCK_STEPS;
	worker->deadline_us = 0; /* long ago */
	worker->cpu_start_us = -1000000;
	assert_true(leaves(charge, &steps));
}

static void test_sort_is_stable_and_complete(void **state)
{
	const struct value *items[257];
	const size_t count = sizeof(items) / sizeof(items[0]);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		items[i] = value_of_int(context->arena, (int64_t)(i * 7919 % 100));
	}
	const struct value *first_zero = items[0];
	policy_sort(context, items, count);

	assert_ptr_equal(items[0], first_zero);
	for (size_t i = 1; i < count; i++) {
		assert_true(value_compare(items[i - 1], items[i]) <= 0);
	}
}

static const struct value *pair(const struct value *item)
{
	const struct value *const items[] = { item, item };

	return value_of_array(context->arena, items, 2);
}

/* Two equal graphs of 2^40 paths. */
static void compare_graphs(const void *what)
{
	const struct value *a = value_of_int(context->arena, 1);
	const struct value *b = value_of_int(context->arena, 1);

	(void)what;
	for (int i = 0; i < 40; i++) {
		a = pair(a);
		b = pair(b);
	}
	policy_compare(context, a, b);
}

static void make_set_of_graphs(const void *what)
{
	const struct value *items[] = { value_of_int(context->arena, 1),
		value_of_int(context->arena, 1) };

	(void)what;
	for (int i = 0; i < 40; i++) {
		items[0] = pair(items[0]);
		items[1] = pair(items[1]);
	}
	policy_set(context, items, 2);
}

static void print_graph(const void *what)
{
	const struct value *a = value_of_int(context->arena, 1);

	(void)what;
	for (int i = 0; i < 40; i++) {
		a = pair(a);
	}
	policy_print(context, policy_buf(context, 0), a);
}

static void nest(const void *what)
{
	const struct value *item = value_of_int(context->arena, 1);

	for (int i = 0; i < *(const int *)what; i++) {
		item = policy_array(context, &item, 1);
	}
}

static void test_walks_over_graphs_are_charged(void **state)
{
	(void)state;
	assert_true(leaves(compare_graphs, NULL));
	context->charge = (struct value_charge){ .left = 100000 };
	assert_true(leaves(make_set_of_graphs, NULL));
	context->charge = (struct value_charge){ .left = 100000 };
	assert_true(leaves(print_graph, NULL));
}

static void test_depth_is_bounded(void **state)
{
	const int fine = POLICY_DEPTH_MAX;
	const int deep = POLICY_DEPTH_MAX + 1;

	(void)state;
	assert_false(leaves(nest, &fine));
	assert_true(leaves(nest, &deep));
}

static void test_lookup_reads_all_containers(void **state)
{
	const struct value *one = value_of_int(context->arena, 1);
	const struct value *key = pair(one);
	const struct value_member member = { key, one };
	const struct value *object = policy_object(context, &member, 1);
	const struct value *set = policy_set(context, &key, 1);

	(void)state;
	assert_ptr_equal(policy_lookup(context, object, pair(one)), one);
	assert_ptr_equal(policy_lookup(context, set, pair(one)), key);
	assert_ptr_equal(policy_lookup(context, key, value_of_int(context->arena, 1)), one);
	assert_null(policy_lookup(context, key, value_of_int(context->arena, 2)));
	assert_null(policy_lookup(context, key, value_of_int(context->arena, -1)));
	assert_null(policy_lookup(context, key, value_of_text(context->arena, "1")));
	assert_null(policy_lookup(context, object, one));
	assert_null(policy_lookup(context, one, one));
}

/* ---- the cache ---- */

static int freed;

static void count_free(void *object)
{
	(void)object;
	freed++;
}

static const char kind_a[] = "a";
static const char kind_b[] = "b";

static void test_the_cache_finds_by_kind_and_text(void **state)
{
	int objects[2];

	(void)state;
	policy_cache_add(context, kind_a, "x", 1, &objects[0], count_free);
	policy_cache_add(context, kind_b, "x", 1, &objects[1], count_free);

	assert_null(policy_cache_find(context, kind_a, "y", 1));
	assert_null(policy_cache_find(context, kind_a, "x\0", 2));
	/* One may have taken the other's slot, but none may be taken for the other. */
	const void *a = policy_cache_find(context, kind_a, "x", 1);
	const void *b = policy_cache_find(context, kind_b, "x", 1);
	assert_true(a == NULL || a == &objects[0]);
	assert_ptr_equal(b, &objects[1]);
}

static void test_the_cache_is_bounded_and_frees(void **state)
{
	int object;
	const int count = 10 * POLICY_CACHE_SLOTS;

	(void)state;
	freed = 0;
	for (int i = 0; i < count; i++) {
		char key[16];
		snprintf(key, sizeof(key), "%d", i);
		policy_cache_add(context, kind_a, key, strlen(key), &object, count_free);
	}
	assert_true(freed >= count - POLICY_CACHE_SLOTS);

	policy_cache_fini(&worker->cache);
	assert_int_equal(freed, count);
}

#define WITH_WORKER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_WORKER(test_a_charge_is_paid_or_leaves),
		WITH_WORKER(test_time_that_others_took_is_not_counted),
		WITH_WORKER(test_a_charge_may_not_wrap_around),
		WITH_WORKER(test_memory_is_charged_before_it_is_taken),
		WITH_WORKER(test_the_clock_is_looked_at),
		WITH_WORKER(test_sort_is_stable_and_complete),
		WITH_WORKER(test_walks_over_graphs_are_charged),
		WITH_WORKER(test_depth_is_bounded),
		WITH_WORKER(test_lookup_reads_all_containers),
		WITH_WORKER(test_the_cache_finds_by_kind_and_text),
		WITH_WORKER(test_the_cache_is_bounded_and_frees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
