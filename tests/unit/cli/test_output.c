#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli/cli.h"
#include "cli/output.h"

struct screen {
	struct cli cli;
	char *text;
	size_t size;
};

static void open_screen(struct screen *screen, int columns, bool colour)
{
	*screen = (struct screen){ 0 };
	screen->cli.out = open_memstream(&screen->text, &screen->size);
	screen->cli.err = screen->cli.out;
	screen->cli.out_columns = columns;
	screen->cli.out_colour = colour;
}

static void expect_screen(struct screen *screen, const char *text)
{
	fclose(screen->cli.out);
	assert_string_equal(screen->text, text);
	free(screen->text);
}

static const char *const titles[] = { "NAME", ">COUNT", "TEXT" };

static void test_columns_are_as_wide_as_their_widest_cell(void **state)
{
	struct screen screen;
	struct cli_table *table = cli_table_new(titles, 3);

	(void)state;
	open_screen(&screen, 0, false);
	cli_table_cell(table, CLI_PLAIN, "a");
	cli_table_cell(table, CLI_PLAIN, "%d", 7);
	cli_table_cell(table, CLI_PLAIN, "x");
	cli_table_cell(table, CLI_PLAIN, "bcdefg");
	cli_table_cell(table, CLI_PLAIN, "%d", 123456);
	cli_table_cell(table, CLI_PLAIN, NULL);
	cli_table_print(table, &screen.cli, "nothing");

	expect_screen(&screen, "NAME     COUNT  TEXT\n"
			       "a            7  x\n"
			       "bcdefg  123456  -\n");
	cli_table_free(table);
}

static void test_the_last_column_is_cut_on_a_terminal_only(void **state)
{
	struct screen screen;

	(void)state;
	for (int columns = 0; columns <= 28; columns += 28) {
		struct cli_table *table = cli_table_new(titles, 3);
		open_screen(&screen, columns, false);
		cli_table_cell(table, CLI_PLAIN, "a");
		cli_table_cell(table, CLI_PLAIN, "1");
		cli_table_cell(table, CLI_PLAIN, "a sentence that is too long");
		cli_table_print(table, &screen.cli, "nothing");
		expect_screen(&screen, columns == 0 ? "NAME  COUNT  TEXT\n"
						      "a         1  a sentence that is too long\n"
						    : "NAME  COUNT  TEXT\n"
						      "a         1  a sentence tha…\n");
		cli_table_free(table);
	}
}

static void test_cells_cannot_steer_the_terminal(void **state)
{
	struct screen screen;
	const char *const one[] = { "X" };
	struct cli_table *table = cli_table_new(one, 1);

	(void)state;
	open_screen(&screen, 0, false);
	cli_table_cell(table, CLI_PLAIN, "a\033[31mb\nc\xe2\x80\xae\xff");
	cli_table_print(table, &screen.cli, "nothing");

	expect_screen(&screen, "X\na\\u{1b}[31mb\\u{a}c\\u{202e}\\x{ff}\n");
	cli_table_free(table);
}

static void test_colour_does_not_count_as_width(void **state)
{
	struct screen screen;
	const char *const two[] = { "A", "B" };
	struct cli_table *table = cli_table_new(two, 2);

	(void)state;
	open_screen(&screen, 0, true);
	cli_table_cell(table, CLI_BAD, "no");
	cli_table_cell(table, CLI_PLAIN, "x");
	cli_table_print(table, &screen.cli, "nothing");

	expect_screen(&screen, "\033[2mA\033[0m   \033[2mB\033[0m\n\033[31mno\033[0m  x\n");
	cli_table_free(table);
}

static void test_an_empty_table_teaches(void **state)
{
	struct screen screen;
	struct cli_table *table = cli_table_new(titles, 3);

	(void)state;
	open_screen(&screen, 0, false);
	cli_table_print(table, &screen.cli, "no deliveries wait; they appear when an app is down");

	expect_screen(&screen, "no deliveries wait; they appear when an app is down\n");
	cli_table_free(table);
}

static void test_a_tail_prints_titles_once(void **state)
{
	struct screen screen;
	const char *const one[] = { "X" };
	struct cli_table *table = cli_table_new(one, 1);

	(void)state;
	open_screen(&screen, 0, false);
	cli_table_cell(table, CLI_PLAIN, "1");
	cli_table_flush(table, &screen.cli);
	cli_table_cell(table, CLI_PLAIN, "2");
	cli_table_flush(table, &screen.cli);

	expect_screen(&screen, "X\n1\n2\n");
	cli_table_free(table);
}

static void test_json_has_the_version_of_its_schema_first(void **state)
{
	struct screen screen;

	(void)state;
	open_screen(&screen, 0, false);
	cli_print_json(&screen.cli, "items", json_array());
	json_t *line = json_object();
	json_object_set_new(line, "a", json_integer(1));
	cli_print_json_line(&screen.cli, line);

	expect_screen(&screen,
		"{\n  \"schemaVersion\": 1,\n  \"items\": []\n}\n{\"schemaVersion\":1,\"a\":1}\n");
}

static void test_ages_are_short(void **state)
{
	static const struct {
		int64_t seconds; /* ago */
		const char *text;
	} cases[] = {
		{ 0, "now" },
		{ 1, "now" },
		{ 59, "59s ago" },
		{ 60, "1m ago" },
		{ 3600 * 5, "5h ago" },
		{ 86400 * 400, "400d ago" },
		{ -90, "in 1m" },
		{ -1, "now" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[16];
		cli_age(0, cases[i].seconds * 1000000, text);
		assert_string_equal(text, cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_columns_are_as_wide_as_their_widest_cell),
		cmocka_unit_test(test_the_last_column_is_cut_on_a_terminal_only),
		cmocka_unit_test(test_cells_cannot_steer_the_terminal),
		cmocka_unit_test(test_colour_does_not_count_as_width),
		cmocka_unit_test(test_an_empty_table_teaches),
		cmocka_unit_test(test_a_tail_prints_titles_once),
		cmocka_unit_test(test_json_has_the_version_of_its_schema_first),
		cmocka_unit_test(test_ages_are_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
