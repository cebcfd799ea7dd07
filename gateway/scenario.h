/*
 * scenario: what a policy shall do, told as SCIM requests. `scenarios/<name>.yaml` beside the
 * policy:
 *
 *     sources:                                  # who sends; without: an idp of that name, standard
 *       entra: {dialect: entra, kind: idp}
 *     given:                                    # of every scenario of the file
 *       time: 2026-11-24T04:00:00Z
 *       users:
 *         anna: {userName: anna@example.com, active: true}
 *       groups:
 *         admins: {displayName: Admins, members: [anna]}
 *     scenarios:
 *       - name: an identity provider adds nobody to the admins
 *         when:
 *           source: entra
 *           request: PATCH /Groups/${admins}
 *           body: {Operations: [{op: Add, path: members, value: [{value: "${anna}"}]}]}
 *         then: {effect: deny, reasons: [group.privileged]}
 *
 * A request goes through the same steps as one from outside: HTTP parser, routes, dialect, claim,
 * load, apply, decide, commit, reply (gateway/trial.h). What is `given` is put in place by the same
 * steps with a policy that allows everything. Each scenario has a tenant of its own, so they do not
 * see each other. docs/policy-testing.md is the reference of the format.
 *
 * Whatever the file says is hostile until it is read: size, depth and count are limited, unknown
 * keys are errors with file:line:column and the nearest name.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct config;
struct config_policy;
struct config_report;
struct error;
struct policy;
struct policy_coverage;

enum {
	SCENARIO_FILES_MAX = 1000, /* of a folder, those in folders within it included */
	SCENARIOS_MAX = 10000,     /* of all files together */
};

/* The folder of scenarios within a policy's directory. */
#define SCENARIO_FOLDER "scenarios"

/* Where the scenarios of a policy are: `policy.scenarios`, else SCENARIO_FOLDER within its folder.
 * NULL: a bundle has none. In arena. */
const char *scenario_folder(struct arena *arena, const struct config_policy *policy);

struct scenario_options {
	struct policy *policy; /* loaded; has the entry point scimward/decision */
	const char *folder;    /* of the *.yaml and *.yml files; one that is not there has none */
	const char *shown;     /* what it is called in results and messages; NULL: as it is */
	const char *run; /* only scenarios whose name this matches (POSIX, extended); NULL: all */
	const struct config *config; /* its apps and sources are known; NULL: those of the files */
	struct policy_coverage *coverage; /* of policy, to be added to; NULL: not wanted */
	const bool *cancelled; /* atomic; set by another thread, it gives up at once; may be NULL */
};

/* What was expected and did not come. Texts for people, values as JSON. */
struct scenario_difference {
	const char *what; /* "effect", "reasons", "resource.emails[0].value", … */
	const char *expected;
	const char *got;
	size_t line; /* of the expectation, in the result's file */
};

struct scenario_reason {
	const char *code;
	const char *message; /* "": the policy gave none, or it is not the first */
};

struct scenario_result {
	const char *name;
	const char *file; /* "<folder>/joiners.yaml" */
	size_t line;
	bool passed;
	size_t step;  /* of a scenario that failed: which request, from 1; else how many there were
		       */
	size_t steps; /* how many it has */
	const struct scenario_difference *differences; /* of that step */
	size_t difference_count;
	const char *trouble; /* the scenario could not be told to its end: why. NULL */
	/* The last decision: of the step that failed, or of the last one. */
	const char *request; /* "PATCH /Groups/…" */
	const char *effect;  /* "allow", "deny", "hold", "error"; "": nothing was decided */
	int status;
	const char *failure; /* of effect "error": why the policy gave no answer. NULL */
	const struct scenario_reason *reasons;
	size_t reason_count;
	/* Rules that fired for it, "rules/groups.rego:18"; only of a policy loaded for coverage. */
	const char *const *rules;
	size_t rule_count;
	int64_t took_us;
};

/* `{ 0 }` is an empty one; texts live until scenario_report_fini(). */
struct scenario_report {
	struct arena *arena;
	const struct scenario_result
		*results; /* in the order of the files' names and of the files */
	size_t count;
	size_t passed;
	size_t failed;
	size_t left_out; /* that options->run does not name */
	size_t file_count;
	int64_t took_us;
};

void scenario_report_fini(struct scenario_report *report);

/*
 * Reads all files and tells all scenarios, in the calling thread, which may be any that has no loop
 * of its own running. Needs a temporary folder ($TMPDIR or /tmp) for the store.
 *
 * True: they were told; report->failed says how many came out otherwise. False: a file could not be
 * read or says something that is none (ERROR_CONFIG, the first problem with its place; problems,
 * which may be NULL, has all of one file), or the store could not be opened (ERROR_STORE,
 * ERROR_IO), or it was cancelled (ERROR_TIMEOUT).
 */
bool scenario_run_all(const struct scenario_options *options, struct scenario_report *report,
	struct config_report *problems, struct error *err);

/* "joiners.yaml:12: an idp …: effect: expected deny, got allow, and 2 more": the first that failed,
 * in one sentence (ERROR_POLICY). Always returns false. report->failed > 0. */
bool scenario_report_error(const struct scenario_report *report, struct error *err);
