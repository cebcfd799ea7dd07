/*
 * lint: what is wrong with a policy although it loads: rules of ours that matter for scimward, held
 * against the syntax tree of each file (`opa parse`).
 *
 * A rule is a row of lint_rules[] and a function. `# scimward:ignore ID` on the line, or on the
 * line above, silences it there.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include "cli/report.h"
#include "gateway/policy_tree.h"

struct arena;
struct config_policy;
struct error;
struct value;

/* A file of Rego. */
struct lint_file {
	const char *name; /* within the folder */
	const struct value *module;
	bool is_test; /* "…_test.rego" */
};

struct lint {
	struct arena *arena;
	const char *prefix; /* before names of files: "policy/" */
	struct policy_tree tree;
	const struct value *data; /* of the policy, without its rules */
	struct lint_file *files;
	size_t file_count;
	struct report_finding *findings;
	size_t count;
	size_t room;
	const struct lint_file *file; /* being looked at */
	/* What lint_rules.c gathers until it has seen all files. */
	const struct value *used;  /* set of paths: ["access", "sources"] */
	const struct value *codes; /* object: message → code */
};

/* By lint_rules.c, for reports. */
extern const struct report_rule lint_rules[];
extern const size_t lint_rule_count;

/* Reads all files of config->directory. ERROR_POLICY: one that cannot be parsed, with its place. */
bool lint_read(struct lint *lint, const struct config_policy *config, struct error *err);

/* Looks at all of it. wanted: id of the only rule that is asked for; NULL: all. */
void lint_run(struct lint *lint, const char *wanted);

/* ---- for lint_rules.c ---- */

/* A finding at the node's place in lint->file, unless it is silenced there. */
void lint_find(struct lint *lint, const char *rule, enum report_level level,
	const struct value *node, const char *format, ...) __attribute__((format(printf, 5, 6)));
/* At a line of another file. */
void lint_find_at(struct lint *lint, const char *rule, const char *file, size_t line,
	const char *format, ...) __attribute__((format(printf, 5, 6)));

/* "input.after.active" of a ref's static beginning; *is_static: that is all of it. NULL: no ref. */
const char *lint_ref(struct lint *lint, const struct value *term, bool *is_static);
/* The text of a string term; NULL: it is none. */
const char *lint_string(const struct value *term);
/* Type of a term: "ref", "call", "string", "object", …; "". */
const char *lint_type(const struct value *term);
/* Name of what an expression or a call calls, and its arguments (array with it in front); NULL. */
const char *lint_call(struct lint *lint, const struct value *node, const struct value **parts);

/* Of one node of the tree; node is a rule, an expression or a term. */
void lint_rule_node(struct lint *lint, const struct value *rule);
void lint_expression_node(struct lint *lint, const struct value *expression);
void lint_term_node(struct lint *lint, const struct value *term);
/* After the last file. */
void lint_end(struct lint *lint);
