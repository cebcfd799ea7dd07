/*
 * rego_test: the `test_` rules of a policy's directory, run by `opa test` in a child process, and
 * which lines they and the scenarios ran.
 *
 * opa is the reference for Rego's tests: what passes here passes in every editor and pipeline. The
 * scenarios run by our own engine; both meet in the table of lines.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct config_policy;
struct error;
struct policy_coverage;

enum rego_outcome { REGO_PASSED, REGO_FAILED, REGO_SKIPPED };

struct rego_test {
	const char *name; /* "scimward.rules_test.test_x", "….test_x[case]" */
	const char *file; /* within the directory */
	size_t line;
	enum rego_outcome outcome;
	const char *trouble; /* of an error; NULL: none */
	int64_t took_us;
};

struct rego_report {
	const struct rego_test *tests; /* by file and line */
	size_t count;
	size_t passed;
	size_t failed;
	size_t skipped; /* todo_test_… */
};

/*
 * Runs the tests whose name `run` matches (NULL: all). config->directory must be set. Everything
 * lives in arena. True also when tests fail. False: ERROR_POLICY with what opa said (a file that
 * cannot be compiled), ERROR_CONFIG: no opa.
 */
bool rego_test_run(const struct config_policy *config, const char *run, const bool *cancelled,
	struct arena *arena, struct rego_report *report, struct error *err);

/* ---- lines ---- */

enum { REGO_LINES_MAX = 100000 }; /* of a file */

enum rego_line {
	REGO_LINE_EMPTY, /* nothing starts there that can run */
	REGO_LINE_MISSED,
	REGO_LINE_RAN,
};

/* A rule, as its head stands in the file. */
struct rego_rule {
	size_t line;
	bool ran; /* it was true at least once */
};

struct rego_file {
	const char *name;
	uint8_t *lines; /* enum rego_line, by number of the line; [0] is not used */
	size_t line_count;
	struct rego_rule *rules;
	size_t rule_count;
	size_t missed; /* counted by rego_lines_count() */
	size_t ran;
};

struct rego_lines {
	struct rego_file *files; /* by name; files of tests are left out */
	size_t count;
	size_t missed;
	size_t ran;
};

/* What can run, and what the tests ran: they must all pass. As rego_test_run(). */
bool rego_lines_read(const struct config_policy *config, const bool *cancelled, struct arena *arena,
	struct rego_lines *lines, struct error *err);
/* Adds what the scenarios ran. */
void rego_lines_add(struct rego_lines *lines, const struct policy_coverage *coverage);
/* Fills the sums. */
void rego_lines_count(struct rego_lines *lines);
/* Share of the lines that ran, in percent; 100 without lines. */
double rego_lines_percent(size_t ran, size_t missed);
/* "12-14, 20": the lines that did not run, in arena. */
const char *rego_lines_missed(struct arena *arena, const struct rego_file *file);
