/* Texts of anybody in Markdown: words, and nothing else. */
#include "cli/markdown.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/buf.h"
#include "base/cleanup.h"

static void test_nothing_is_markup(void **state)
{
	CLEANUP(buf_fini) struct buf out = { 0 };

	(void)state;
	markdown_add_text(&out, "<b>@all</b> | [x](y) `z`\n# t & ~~u~~");
	assert_string_equal(buf_text(&out),
		"&lt;b\\>&#64;all&lt;/b\\> \\| \\[x\\]\\(y\\) \\`z\\` \\# t &amp; \\~\\~u\\~\\~");
}

static void test_a_long_text_is_cut_between_characters(void **state)
{
	static const struct {
		size_t bytes;
		const char *cut;
	} cases[] = { { 0, "…" }, { 1, "a…" }, { 2, "a…" }, { 3, "aö…" }, { 4, "aöb" },
		{ 9, "aöb" } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(buf_fini) struct buf out = { 0 };

		markdown_add_short(&out, "aöb", cases[i].bytes);
		assert_string_equal(buf_text(&out), cases[i].cut);
	}
}

static void test_code_stays_code_whatever_is_in_it(void **state)
{
	CLEANUP(buf_fini) struct buf out = { 0 };

	(void)state;
	markdown_add_code(&out, "```\n\n<!-- x -->\nlast");
	assert_string_equal(buf_text(&out), "\n    ```\n    \n    <!-- x -->\n    last\n");
}

/* A name that clears the screen, and code that reads from right to left. */
static void test_nothing_moves_a_cursor_or_hides(void **state)
{
	CLEANUP(buf_fini) struct buf text = { 0 };
	CLEANUP(buf_fini) struct buf code = { 0 };

	(void)state;
	markdown_add_short(&text, "ada\x1b[2J\tö", 100);
	assert_string_equal(buf_text(&text), "ada\\\\u\\{1b\\}\\[2J ö");
	markdown_add_code(&code, "+\tallow \u202e if\r\n");
	assert_string_equal(buf_text(&code), "\n    +\tallow \\u{202e} if\\u{d}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_markup),
		cmocka_unit_test(test_a_long_text_is_cut_between_characters),
		cmocka_unit_test(test_code_stays_code_whatever_is_in_it),
		cmocka_unit_test(test_nothing_moves_a_cursor_or_hides),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
