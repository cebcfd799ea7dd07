/*
 * A text read in slices gives what it gives in one go, errors included.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/value.h"

static struct arena *arena;
static const struct value_limits limits = { 64 << 20, 200, 10000000, .folded_keys = true };

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

/* Counts the runs it took. */
static enum value_parse_result read_in_slices(const char *text, size_t size, size_t slice,
	size_t *runs, const struct value **result, struct error *err)
{
	struct value_parser *parser = value_parser_new(arena, text, size, &limits);
	enum value_parse_result what;

	*runs = 0;
	do {
		what = value_parser_run(parser, slice, result, err);
		++*runs;
	} while (what == VALUE_PARSE_MORE);
	return what;
}

static void check(const char *text, size_t size)
{
	struct error whole_err = { 0 };
	const struct value *whole = value_parse(arena, text, size, &limits, &whole_err);

	for (size_t slice = 0; slice < size + 3; slice += 1 + slice / 8) {
		struct error err = { 0 };
		const struct value *result = NULL;
		size_t runs;
		enum value_parse_result what =
			read_in_slices(text, size, slice, &runs, &result, &err);

		assert_int_equal(what == VALUE_PARSE_DONE, whole != NULL);
		assert_int_equal(err.code, whole_err.code);
		assert_string_equal(err.text, whole_err.text);
		assert_true(whole == NULL || value_equals(whole, result));
	}
}

static void test_slices_give_the_same_as_the_whole(void **state)
{
	static const char *const texts[] = {
		"",
		" ",
		"1",
		"  [ ]  ",
		"{\"a\":[1,2,{\"b\":null}],\"c\":\"text with some length\"}",
		"[[[[[[[[[[]]]]]]]]]]",
		"[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15]",
		"{\"a\":1,\"a\":2}",
		"[1,2,x]",
		"[1,2",
		"[\"open",
		"[] []",
		"\xef\xbb\xbf[]",
	};
	(void)state;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		check(texts[i], strlen(texts[i]));
	}
}

static void append_members(struct buf *text, int count)
{
	buf_append_text(text, "{\"members\":[");
	for (int i = 0; i < count; i++) {
		buf_printf(text,
			"%s{\"value\":\"0192f0c1-0000-7000-8000-%012d\",\"display\":\"%d\"}",
			i > 0 ? "," : "", i, i);
	}
	buf_append_text(text, "]}");
}

static void test_a_slice_is_about_as_long_as_asked(void **state)
{
	CLEANUP(buf_fini) struct buf text = { 0 };
	const struct value *result = NULL;
	struct error err = { 0 };
	size_t runs;
	(void)state;

	append_members(&text, 10000);
	assert_int_equal(read_in_slices(text.data, text.size, 10000, &runs, &result, &err),
		VALUE_PARSE_DONE);

	assert_in_range(runs, text.size / 10100, text.size / 10000 + 1);
	assert_int_equal(value_count(value_find(result, "members")), 10000);
}

static void test_a_parser_may_be_left_in_the_middle(void **state)
{
	CLEANUP(buf_fini) struct buf text = { 0 };
	const struct value *result = NULL;
	struct error err = { 0 };
	(void)state;

	append_members(&text, 1000); /* enough for stacks on the heap; valgrind sees a leak */
	struct value_parser *parser = value_parser_new(arena, text.data, text.size, &limits);

	assert_int_equal(value_parser_run(parser, 40000, &result, &err), VALUE_PARSE_MORE);
	assert_null(result);
}

#define WITH_ARENA(test) cmocka_unit_test_setup_teardown(test, open_arena, close_arena)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_ARENA(test_slices_give_the_same_as_the_whole),
		WITH_ARENA(test_a_slice_is_about_as_long_as_asked),
		WITH_ARENA(test_a_parser_may_be_left_in_the_middle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
