/* walk and graphs. What each call gives is what OPA gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/policy/call.h"

static void test_walk_gives_every_part_with_its_path(void **state)
{
	static const struct call_case cases[] = {
		{ "walk", "[{\"a\": [1]}]", "[[[],{\"a\":[1]}],[[\"a\"],[1]],[[\"a\",0],1]]" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_what_is_reachable_must_be_in_the_graph(void **state)
{
	static const struct call_case cases[] = {
		{ "graph.reachable",
			"[{\"a\": [\"b\"], \"b\": [\"a\", \"x\"], \"c\": []}, [\"a\"]]",
			"{\"$set\":[\"a\",\"b\"]}" },
		{ "graph.reachable", "[{\"a\": [\"b\"]}, {\"$set\": [\"z\"]}]", "{\"$set\":[]}" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_paths_end_at_cycles_and_at_the_end(void **state)
{
	static const struct call_case cases[] = {
		{ "graph.reachable_paths",
			"[{\"a\": [\"b\", \"c\"], \"b\": [\"d\"], \"c\": [\"a\"], \"d\": []}, "
			"[\"a\"]]",
			"{\"$set\":[[\"a\",\"b\",\"d\"],[\"a\",\"c\"]]}" },
		{ "graph.reachable_paths", "[{\"a\": [\"a\"]}, [\"a\"]]",
			"{\"$set\":[[\"a\",\"a\"]]}" },
		{ "graph.reachable_paths", "[{\"a\": []}, [\"a\", \"z\"]]",
			"{\"$set\":[[\"a\"]]}" },
	};

	(void)state;
	CALL_CHECK(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_walk_gives_every_part_with_its_path),
		cmocka_unit_test(test_what_is_reachable_must_be_in_the_graph),
		cmocka_unit_test(test_paths_end_at_cycles_and_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
