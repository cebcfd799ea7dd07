#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli/cli.h"
#include "cli/commands.h"

/* Runs the program and keeps what it printed. */
struct run {
	char *out;
	char *err;
	int code;
};

static struct run run_program(const char *const *words)
{
	struct run run = { 0 };
	char *argv[16] = { (char *)"scimward" };
	int argc = 1;
	size_t out_size;
	size_t err_size;
	FILE *out = open_memstream(&run.out, &out_size);
	FILE *err = open_memstream(&run.err, &err_size);

	for (; words[argc - 1] != NULL; argc++) {
		argv[argc] = (char *)words[argc - 1];
	}
	run.code = cli_main(argc, argv, out, err);
	fclose(out);
	fclose(err);
	return run;
}

#define RUN(...) run_program((const char *const[]){ __VA_ARGS__, NULL })

static void end(struct run *run)
{
	free(run->out);
	free(run->err);
}

/* The words fail with CLI_USAGE, print nothing on standard output, and say this. */
static void expect_usage(const char *const *words, const char *part)
{
	struct run run = run_program(words);

	assert_int_equal(run.code, CLI_USAGE);
	assert_string_equal(run.out, "");
	if (strstr(run.err, part) == NULL) {
		fail_msg("'%s' lacks '%s'", run.err, part);
	}
	end(&run);
}

static void test_without_a_command_help_goes_to_standard_error(void **state)
{
	(void)state;
	expect_usage((const char *const[]){ NULL }, "usage: scimward COMMAND");
	expect_usage((const char *const[]){ "config", NULL }, "config check");
}

static void test_wrong_words_get_a_suggestion(void **state)
{
	static const struct {
		const char *words[4];
		const char *part;
	} cases[] = {
		{ { "confg" }, "no command 'confg'; did you mean 'config'?" },
		{ { "config", "chek" }, "did you mean 'config check'?" },
		{ { "config", "show", "--orign" },
			"no option '--orign'; did you mean '--origin'?" },
		{ { "config", "show", "--outptu=json" }, "did you mean '--output'?" },
		{ { "config", "show", "-x" }, "no option '-x'" },
		{ { "config", "show", "-o", "yaml" }, "'yaml' is no format" },
		{ { "config", "show", "-o" }, "--output wants FORMAT" },
		{ { "config", "show", "--origin=1" }, "--origin takes no value" },
		{ { "config", "show", "extra" }, "'extra' is too many" },
		{ { "init" }, "DIR is missing" },
		{ { "init\033[2J" }, "no command 'init\\u{1b}[2J'" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		expect_usage(cases[i].words, cases[i].part);
	}
}

static void test_help_is_asked_for_in_three_ways(void **state)
{
	(void)state;
	struct run a = RUN("config", "check", "--help");
	struct run b = RUN("config", "-h", "check");
	struct run c = RUN("help", "config", "check");

	assert_int_equal(a.code, CLI_OK);
	assert_non_null(strstr(a.out, "usage: scimward config check [OPTION]... [FILE]"));
	assert_string_equal(a.out, b.out);
	assert_string_equal(a.out, c.out);
	assert_string_equal(a.err, "");
	end(&a);
	end(&b);
	end(&c);
}

static void test_version_is_one_line(void **state)
{
	struct run run = RUN("--version");

	(void)state;
	assert_int_equal(run.code, CLI_OK);
	assert_string_equal(run.out, "scimward " SCIMWARD_VERSION "\n");
	end(&run);
}

static void test_config_that_is_not_there_is_an_error(void **state)
{
	struct run run = RUN("config", "show", "-c", "/nonexistent/x.yaml");

	(void)state;
	assert_int_equal(run.code, CLI_ERROR);
	assert_string_equal(run.out, "");
	assert_non_null(strstr(run.err, "/nonexistent/x.yaml"));
	end(&run);
}

static void test_config_check_tells_programs_as_json(void **state)
{
	struct run run = RUN("config", "check", "-o", "json", "/nonexistent/x.yaml");

	(void)state;
	assert_int_equal(run.code, CLI_ERROR);
	assert_non_null(strstr(run.out, "\"schemaVersion\": 1"));
	assert_non_null(strstr(run.out, "\"valid\": false"));
	assert_string_equal(run.err, "");
	end(&run);
}

static void test_config_reference_is_the_documentation(void **state)
{
	struct run run = RUN("config", "reference");

	(void)state;
	assert_int_equal(run.code, CLI_OK);
	assert_non_null(strstr(run.out, "| `listen.address` | host:port | `127.0.0.1:8443` |"));
	end(&run);
}

static void test_standard_output_that_is_full_is_an_error(void **state)
{
	FILE *full = fopen("/dev/full", "we");
	FILE *err = tmpfile();
	char *argv[] = { (char *)"scimward", (char *)"config", (char *)"reference", NULL };

	(void)state;
	assert_non_null(full);
	assert_int_equal(cli_main(3, argv, full, err), CLI_ERROR);
	fclose(full);
	fclose(err);
}

/* What a row must have, so that help, completions and the parser can rely on it. */
static void test_every_row_is_complete(void **state)
{
	(void)state;
	for (size_t i = 0; cli_commands[i] != NULL; i++) {
		for (const struct cli_command *row = cli_commands[i]; row->noun != NULL; row++) {
			size_t count = 0;
			bool follows =
				row > cli_commands[i] && strcmp(row[-1].noun, row->noun) == 0;
			assert_true(!follows || (row->verb != NULL && row[-1].verb != NULL));
			assert_non_null(row->run);
			assert_non_null(strstr(row->examples, "scimward "));
			assert_int_equal(row->examples[strlen(row->examples) - 1], '\n');
			assert_int_not_equal(row->summary[strlen(row->summary) - 1], '.');
			assert_true(
				row->max_arguments < 0 || row->min_arguments <= row->max_arguments);
			for (; row->options != NULL && row->options[count].name != NULL; count++) {
				assert_null(strchr("coqh", row->options[count].letter != 0
								   ? row->options[count].letter
								   : '-'));
			}
			assert_true(count <= CLI_OPTIONS_MAX);
		}
	}
}

static void test_every_row_is_found_by_its_words(void **state)
{
	(void)state;
	for (size_t i = 0; cli_commands[i] != NULL; i++) {
		for (const struct cli_command *row = cli_commands[i]; row->noun != NULL; row++) {
			const char *words[4] = { "help", row->noun, row->verb };
			struct run run = run_program(words);
			assert_int_equal(run.code, CLI_OK);
			assert_memory_equal(run.out, row->summary, strlen(row->summary));
			end(&run);
		}
	}
}

static int without_surroundings(void **state)
{
	(void)state;
	unsetenv("SCIMWARD_CONFIG");
	unsetenv("CLICOLOR_FORCE");
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_a_command_help_goes_to_standard_error),
		cmocka_unit_test(test_wrong_words_get_a_suggestion),
		cmocka_unit_test(test_help_is_asked_for_in_three_ways),
		cmocka_unit_test(test_version_is_one_line),
		cmocka_unit_test(test_config_that_is_not_there_is_an_error),
		cmocka_unit_test(test_config_check_tells_programs_as_json),
		cmocka_unit_test(test_config_reference_is_the_documentation),
		cmocka_unit_test(test_standard_output_that_is_full_is_an_error),
		cmocka_unit_test(test_every_row_is_complete),
		cmocka_unit_test(test_every_row_is_found_by_its_words),
	};

	return cmocka_run_group_tests(tests, without_surroundings, NULL);
}
