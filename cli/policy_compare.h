/*
 * Two policies held against each other: rules by name, levels, data by JSON pointer, modules line
 * by line. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct error;
struct policy_kept;

enum { POLICY_COMPARE_DATA = 1000 }; /* changes of data that are told */

struct policy_compare_rule {
	const char *name; /* "data.scimward.rules.deny" */
	bool is_new;
};

struct policy_compare_level {
	const char *package; /* "interns" */
	const char *before;  /* "hard" is what a package has of which the data say nothing */
	const char *after;
};

struct policy_compare_datum {
	const char *pointer; /* "/access/domains/0" (RFC 6901) */
	const char *before;  /* JSON, shortened; NULL: it was not there */
	const char *after;   /* NULL: it is no more */
};

struct policy_compare_module {
	const char *file;
	const char *diff;   /* unified */
	const char *change; /* "added", "removed", "changed" */
};

struct policy_compare {
	bool is_same;                            /* what decides and what can be read of it */
	const struct policy_compare_rule *rules; /* by name */
	size_t rule_count;
	const struct policy_compare_level *levels;
	size_t level_count;
	const struct policy_compare_datum *data;
	size_t data_count;
	size_t data_more; /* that are not told */
	const struct policy_compare_module *modules;
	size_t module_count;
	bool lacks_rego; /* one of both came compiled: modules are not compared */
};

/* Everything lives in arena. ERROR_SYNTAX: plan or data are not what was compiled. */
bool policies_compare(struct arena *arena, const struct policy_kept *before,
	const struct policy_kept *after, struct policy_compare *found, struct error *err);
