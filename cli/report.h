/*
 * What checks of a policy found, in the form that its reader wants: people at a terminal, scripts,
 * and the pipelines of GitHub, GitLab and others.
 *
 *     table     for people; colours on a terminal
 *     json      {"schemaVersion": 1, "report": {…}}
 *     junit     one test case per scenario and rule of Rego; JUnit's XML
 *     sarif     SARIF 2.1.0: findings alone
 *     github    workflow commands: ::error file=…,line=…::…
 *     gitlab    code-quality report: findings alone
 *     markdown  the body of a comment, with a marker by which it is found and replaced
 *
 * Files are named as the user would from where the program was started.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct cli;
struct rego_lines;

enum report_level { REPORT_ERROR, REPORT_WARNING };

/* A rule of ours that findings are of: what it is for and how to mend what it finds. */
struct report_rule {
	const char *id;      /* "scenario.failed", "absent-under-not" */
	const char *summary; /* a sentence */
	const char *help;
};

struct report_finding {
	const char *rule; /* id of a report_rule */
	enum report_level level;
	const char *file; /* "": no place */
	size_t line;      /* 0: the file as a whole */
	size_t column;    /* 0: the line as a whole */
	const char *message;
	const char *detail; /* more lines, each ended by '\n'; "" */
};

enum report_outcome { REPORT_PASSED, REPORT_FAILED, REPORT_SKIPPED };

struct report_case {
	const char *suite; /* "scenarios/joiners.yaml", "tests/rules_test.rego" */
	const char *name;
	const char *file;
	size_t line;
	enum report_outcome outcome;
	int64_t took_us;
	const char *message; /* of a failure: one line; "" */
	const char *detail;  /* more lines; "" */
};

struct report {
	const char *title;    /* "policy test" */
	const char *revision; /* of the policy; "" */
	const char *folder;   /* before names of lines' files: "examples/policy/"; "" */
	const struct report_rule *rules;
	size_t rule_count;
	const struct report_case *cases;
	size_t case_count;
	const struct report_finding *findings;
	size_t finding_count;
	const struct rego_lines *lines; /* coverage; NULL: not asked for */
	double threshold;               /* percent; < 0: none */
	int64_t took_us;
	bool verbose; /* table: what passed as well */
};

struct report_format {
	const char *name;
	void (*print)(const struct cli *cli, const struct report *report);
};

/* Of --format, or of -o without it. NULL: no such format; said so. */
const struct report_format *report_format_of(const struct cli *cli, const char *name);

/* Sums of the cases. */
size_t report_count(const struct report *report, enum report_outcome outcome);
bool report_is_below(const struct report *report); /* the threshold */

/* As --format json has them: the caller's reference. */
json_t *report_json_findings(const struct report *report);

/* ---- one function a format: report.c, report_ci.c, report_xml.c ---- */

void report_table(const struct cli *cli, const struct report *report);
void report_json(const struct cli *cli, const struct report *report);
void report_junit(const struct cli *cli, const struct report *report);
void report_sarif(const struct cli *cli, const struct report *report);
void report_github(const struct cli *cli, const struct report *report);
void report_gitlab(const struct cli *cli, const struct report *report);
void report_markdown(const struct cli *cli, const struct report *report);
