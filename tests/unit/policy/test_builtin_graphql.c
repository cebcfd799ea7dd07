/* graphql.*. All that OPA has cases for is compared by tests/policy; here is what must not be
 * lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/arena.h"
#include "base/buf.h"
#include "tests/unit/policy/call.h"

#define SCHEMA                                                                                     \
	"\"type Query { user(id: ID!): User } interface Named { name: String } "                   \
	"type User implements Named { name: String friends(first: Int = 1): [User!]! }\""

static void test_a_query_becomes_its_tree(void **state)
{
	static const struct call_case cases[] = {
		{ "graphql.parse_query", "[\"{ a: b(c: $d) }\"]",
			"{\"Operations\":[{\"Name\":\"\",\"Operation\":\"query\",\"SelectionSet\":["
			"{"
			"\"Alias\":\"a\",\"Arguments\":[{\"Name\":\"c\",\"Value\":{"
			"\"ExpectedTypeHasDefault\":false,\"Kind\":0,\"Raw\":\"d\"}}],\"Name\":"
			"\"b\"}]}]}" },
		{ "graphql.parse_schema", "[\"# c\\nscalar X\"]",
			"{\"Definitions\":[{\"AfterDescriptionComment\":{\"List\":[{\"Value\":\"# "
			"c\"}]},\"BuiltIn\":false,\"Description\":\"\",\"Kind\":\"SCALAR\","
			"\"Name\":\"X\"}]}" },
		{ "graphql.parse_schema", "[\"\"]", "{}" },
		{ "graphql.parse_query",
			"[\"{ a(x: \\\"\\\"\\\"\\n  b\\n    c\\n\\\"\\\"\\\") }\"]",
			"{\"Operations\":[{\"Name\":\"\",\"Operation\":\"query\",\"SelectionSet\":["
			"{"
			"\"Alias\":\"a\",\"Arguments\":[{\"Name\":\"x\",\"Value\":{"
			"\"ExpectedTypeHasDefault\":false,\"Kind\":4,\"Raw\":\"b\\n  "
			"c\"}}],\"Name\":\"a\"}]}]}" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_a_text_that_is_none_says_where(void **state)
{
	static const struct call_case cases[] = {
		{ "graphql.parse_query", "[\"{\"]",
			"error: Expected Name, found <EOF> in GraphQL string at location 1:2" },
		{ "graphql.parse_query", "[\"{ a\\n ( }\"]",
			"error: Expected Name, found } in GraphQL string at location 2:4" },
		{ "graphql.parse_schema", "[\"type A {}\"]",
			"error: expected at least one definition, found } in GraphQL string at "
			"location 1:9" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_a_query_is_valid_only_for_its_schema(void **state)
{
	static const struct {
		const char *query;
		bool valid;
	} cases[] = {
		{ "{ user(id: 1) { name } }", true },
		{ "query ($i: ID!) { user(id: $i) { friends { ...f } } } fragment f on User { name "
		  "}",
			true },
		{ "{ user(id: 1) { ... on Named { name } } }", true },
		{ "{ user { name } }", false },
		{ "{ user(id: 1) { nam } }", false },
		{ "{ user(id: 1) }", false },
		{ "{ user(id: 1.5) { name } }", false },
		{ "{ user(id: 1, id: 2) { name } }", false },
		{ "query ($i: Int) { user(id: $i) { name } }", false },
		{ "query ($i: ID!) { user(id: 1) { name } }", false },
		{ "{ user(id: $i) { name } }", false },
		{ "{ user(id: 1) { name @skip(if: 1) } }", false },
		{ "{ user(id: 1) { name: friends { name } name } }", false },
		{ "{ user(id: 1) { ...f } } fragment f on User { friends { ...f } }", false },
		{ "{ user(id: 1) { ...g } }", false },
		{ "mutation { user(id: 1) { name } }", false },
		{ "{ __schema { types { fields { type { fields { type { fields { name } } } } } } "
		  "} "
		  "}",
			false },
	};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *args = arena_printf(arena, "[\"%s\", %s]", cases[i].query, SCHEMA);
		const char *got = call_builtin("graphql.is_valid", args);
		if (strcmp(got, cases[i].valid ? "true" : "false") != 0) {
			fail_msg("%s: %s", cases[i].query, got);
		}
	}
	arena_free(arena);
}

static void test_a_schema_is_checked(void **state)
{
	static const struct call_case cases[] = {
		{ "graphql.schema_is_valid", "[" SCHEMA "]", "true" },
		{ "graphql.schema_is_valid", "[\"type A { b: B }\"]", "false" },
		{ "graphql.schema_is_valid",
			"[\"type A implements B { c: Int } "
			"interface B { c: Int d: Int }\"]",
			"false" },
		{ "graphql.schema_is_valid", "[\"input A { b: A! }\"]", "false" },
		{ "graphql.schema_is_valid", "[\"directive @a(x: Int @a) on FIELD\"]", "false" },
		{ "graphql.schema_is_valid", "[\"enum E { A A }\"]", "false" },
		{ "graphql.schema_is_valid", "[\"type __A { b: Int }\"]", "false" },
		{ "graphql.schema_is_valid", "[3]", "false" },
		{ "graphql.schema_is_valid", "[{\"Definitions\": [{\"Kind\": 3}]}]", "false" },
		{ "graphql.schema_is_valid", "[{\"Definitions\": [{\"Fields\": [{}]}]}]", "false" },
	};

	(void)state;
	CALL_CHECK(cases);
}

/* `count` times open, then close: the argument of parse_query. */
static const char *nested(struct arena *arena, const char *open, const char *close, size_t count)
{
	struct buf buf = { 0 };

	buf_append_text(&buf, "[\"");
	for (size_t i = 0; i < count; i++) {
		buf_append_text(&buf, open);
	}
	for (size_t i = 0; i < count; i++) {
		buf_append_text(&buf, close);
	}
	buf_append_text(&buf, "\"]");
	const char *text = arena_strdup(arena, buf_text(&buf));
	buf_fini(&buf);
	return text;
}

static void test_nesting_is_limited(void **state)
{
	static const char *const forms[][2] = { { "{a", "}" }, { "{a(b:[", "" }, { "{... ", "}" } };
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		const char *args = nested(arena, forms[i][0], forms[i][1], 20000);
		const char *got = call_builtin("graphql.parse_query", args);
		if (strncmp(got, "budget:", 7) != 0 && strncmp(got, "error:", 6) != 0) {
			fail_msg("%s: %.80s", forms[i][0], got);
		}
	}
	arena_free(arena);
}

/* Fragments that spread two others each: 2^24 ways through them. */
static void test_fields_are_compared_within_the_budget(void **state)
{
	struct arena *arena = arena_new();
	struct buf buf = { 0 };

	(void)state;
	buf_append_text(&buf, "[\"{ user(id: 1) { ...f0 } } ");
	for (int i = 0; i < 24; i++) {
		buf_printf(&buf,
			"fragment f%d on User { friends { ...f%d } friends { ...f%d name } } ", i,
			i + 1, i + 1);
	}
	buf_append_text(&buf, "fragment f24 on User { name }\", " SCHEMA "]");
	const char *got = call_builtin("graphql.is_valid", buf_text(&buf));
	if (strncmp(got, "budget:", 7) != 0 && strcmp(got, "true") != 0) {
		fail_msg("%.80s", got);
	}
	buf_fini(&buf);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_query_becomes_its_tree),
		cmocka_unit_test(test_a_text_that_is_none_says_where),
		cmocka_unit_test(test_a_query_is_valid_only_for_its_schema),
		cmocka_unit_test(test_a_schema_is_checked),
		cmocka_unit_test(test_nesting_is_limited),
		cmocka_unit_test(test_fields_are_compared_within_the_budget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
