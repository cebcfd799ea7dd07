#include "base/list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

struct item {
	int number;
	struct list_node node;
};

static void test_first_in_is_first_out(void **state)
{
	struct item items[] = { { .number = 1 }, { .number = 2 }, { .number = 3 } };
	struct list list;
	(void)state;

	list_init(&list);
	for (int i = 0; i < 3; i++) {
		list_push(&list, &items[i].node);
	}

	for (int i = 0; i < 3; i++) {
		assert_int_equal(LIST_ITEM(list_pop(&list), struct item, node)->number, i + 1);
	}
	assert_null(list_pop(&list));
	assert_true(list_is_empty(&list));
}

static void test_any_item_can_leave(void **state)
{
	struct item items[] = { { .number = 1 }, { .number = 2 }, { .number = 3 } };
	struct list list;
	(void)state;

	for (int leaver = 0; leaver < 3; leaver++) {
		list_init(&list);
		for (int i = 0; i < 3; i++) {
			list_push(&list, &items[i].node);
		}
		list_remove(&items[leaver].node);
		for (int i = 0; i < 3; i++) {
			if (i != leaver) {
				assert_ptr_equal(list_pop(&list), &items[i].node);
			}
		}
		assert_true(list_is_empty(&list));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_in_is_first_out),
		cmocka_unit_test(test_any_item_can_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
