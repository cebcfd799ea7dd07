/* The table itself. What the functions do is compared with OPA in tests/policy/. */
#include "policy/builtin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "policy/program.h"

static void test_the_table_is_sorted(void **state)
{
	(void)state;
	for (size_t i = 1; policy_builtin_at(i) != NULL; i++) {
		const char *before = policy_builtin_at(i - 1)->name;

		print_message("# %s\n", before);
		assert_true(strcmp(before, policy_builtin_at(i)->name) < 0);
	}
}

static void test_each_row_is_found_by_its_name(void **state)
{
	(void)state;
	assert_non_null(policy_builtin_at(0));
	for (size_t i = 0; policy_builtin_at(i) != NULL; i++) {
		const struct policy_builtin *row = policy_builtin_at(i);

		assert_ptr_equal(policy_builtin_find(row->name), row);
		assert_non_null(row->fn);
		assert_true(row->args <= PROGRAM_ARGS_MAX);
	}
}

/* A decision is deterministic and asks nobody: product.md. */
static void test_what_a_policy_may_not_use_is_not_there(void **state)
{
	const char *const names[] = { "http.send", "net.lookup_ip_addr", "opa.runtime", "rand.intn",
		"uuid.rfc4122", "rego.parse_module", "", "abs.", "zzz" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_null(policy_builtin_find(names[i]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_table_is_sorted),
		cmocka_unit_test(test_each_row_is_found_by_its_name),
		cmocka_unit_test(test_what_a_policy_may_not_use_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
