#include "base/memory.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/cleanup.h"

static void test_calloc_zeroes(void **state)
{
	CLEANUP(memory_cleanup) char *memory = must_calloc(10, 100);
	static const char zeros[1000];
	(void)state;

	assert_memory_equal(memory, zeros, 1000);
}

static void test_nothing_is_never_null(void **state)
{
	CLEANUP(memory_cleanup) void *one = must_malloc(0);
	CLEANUP(memory_cleanup) void *two = must_calloc(0, 8);
	CLEANUP(memory_cleanup) void *three = must_realloc(NULL, 0);
	(void)state;

	assert_non_null(one);
	assert_non_null(two);
	assert_non_null(three);
}

static void test_realloc_and_strdup_keep_the_content(void **state)
{
	CLEANUP(memory_cleanup) char *text = must_strdup("text");
	(void)state;

	text = must_realloc(text, 100000);

	assert_string_equal(text, "text");
}

/* What a child process that cannot get memory ends with. */
static int end_of_child(void (*ask)(void))
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		close(STDERR_FILENO);
		signal(SIGABRT, SIG_DFL);
		ask();
		_exit(0);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void ask_for_a_product_that_overflows(void)
{
	memory_free(must_calloc(SIZE_MAX / 2, 4));
}

static void ask_for_nothing_special(void)
{
	memory_free(must_calloc(2, 4));
}

static void test_the_process_ends_when_a_product_overflows(void **state)
{
	(void)state;

	int status = end_of_child(ask_for_a_product_that_overflows);
	assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	status = end_of_child(ask_for_nothing_special);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calloc_zeroes),
		cmocka_unit_test(test_nothing_is_never_null),
		cmocka_unit_test(test_realloc_and_strdup_keep_the_content),
		cmocka_unit_test(test_the_process_ends_when_a_product_overflows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
