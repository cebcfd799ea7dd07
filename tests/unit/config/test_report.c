#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "config/report.h"

static void test_print_shows_place_line_caret_and_hint(void **state)
{
	struct config_report report = { .file = "x.yaml" };
	struct config_problem problem = {
		.path = "listen.adress",
		.message = "unknown key 'adress'",
		.hint = "did you mean 'address'?",
		.line_text = "\tadress: 1",
		.line = 12,
		.column = 2,
		.width = 6,
	};
	struct buf buf = { 0 };

	(void)state;
	config_report_keep(&report, &problem);
	config_report_print(&report, &buf, false);

	assert_string_equal(buf_text(&buf), "x.yaml:12:2: error: unknown key 'adress'\n"
					    "   12 |  adress: 1\n"
					    "      |  ^^^^^^\n"
					    "        did you mean 'address'?\n");
	buf_fini(&buf);
}

static void test_print_escapes_what_could_steer_a_terminal(void **state)
{
	struct config_report report = { .file = "x.yaml" };
	struct config_problem problem = {
		.path = "",
		.message = "a\033[2Jb\xe2\x80\xae",
		.line_text = "\033]0;x\007: 1",
		.line = 1,
		.column = 5,
		.width = 1,
	};
	struct buf buf = { 0 };

	(void)state;
	config_report_keep(&report, &problem);
	config_report_print(&report, &buf, false);

	assert_null(strchr(buf_text(&buf), '\033'));
	assert_null(strchr(buf_text(&buf), '\007'));
	assert_null(strstr(buf_text(&buf), "\xe2\x80\xae"));
	assert_non_null(strstr(buf_text(&buf), "\\u{1b}]0;x\\u{7}: 1"));
	buf_fini(&buf);
}

static void test_line_masks_a_literal_secret_but_not_a_reference(void **state)
{
	static const struct {
		const char *line;
		const char *shown;
	} cases[] = {
		{ "    token: hunter2", "    token: ***" },
		{ "  - {name: x, token: \"hunter2\", url: y}", "  - {name: x, token: \"***" },
		{ "client_secret: 'hunter2'", "client_secret: '***" },
		{ "token: ${file:/run/x}", "token: ${file:/run/x}" },
		{ "token_sha256: abc", "token_sha256: abc" },
		{ "token:", "token:" },
	};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_string_equal(config_line(arena, cases[i].line, strlen(cases[i].line), 1),
			cases[i].shown);
	}
	arena_free(arena);
}

static void test_line_is_found_by_number(void **state)
{
	static const char text[] = "one\r\ntwo\n\nfour";
	struct arena *arena = arena_new();

	(void)state;
	assert_string_equal(config_line(arena, text, strlen(text), 1), "one");
	assert_string_equal(config_line(arena, text, strlen(text), 2), "two");
	assert_string_equal(config_line(arena, text, strlen(text), 3), "");
	assert_string_equal(config_line(arena, text, strlen(text), 4), "four");
	assert_null(config_line(arena, text, strlen(text), 5));
	arena_free(arena);
}

static void test_report_keeps_fifty_and_counts_the_rest(void **state)
{
	struct config_report report = { .file = "x.yaml" };
	struct config_problem problem = { .path = "", .message = "no" };
	struct error err = { 0 };
	struct buf buf = { 0 };

	(void)state;
	for (int i = 0; i < 60; i++) {
		assert_false(config_report_keep(&report, &problem));
	}
	config_report_print(&report, &buf, false);

	assert_int_equal(report.count, 50);
	assert_non_null(strstr(buf_text(&buf), "… and 10 more\n"));
	assert_false(config_report_error(&report, &err));
	assert_string_equal(err.text, "x.yaml: no, and 59 more problems");
	assert_int_equal(err.code, ERROR_CONFIG);
	buf_fini(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_print_shows_place_line_caret_and_hint),
		cmocka_unit_test(test_print_escapes_what_could_steer_a_terminal),
		cmocka_unit_test(test_line_masks_a_literal_secret_but_not_a_reference),
		cmocka_unit_test(test_line_is_found_by_number),
		cmocka_unit_test(test_report_keeps_fifty_and_counts_the_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
