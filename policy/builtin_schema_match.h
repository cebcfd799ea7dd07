/*
 * What the parts of the walk along a JSON Schema share. See builtin_schema.h.
 */
#pragma once

#include "policy/builtin_schema.h"

/* Where in the document: innermost first. */
struct place {
	struct span name;
	const struct place *above; /* NULL: the root */
};

struct result {
	struct builtin_list errors;
	int64_t score;
};

struct match {
	struct schema *schema;
	struct policy_context *context;
};

/* ---- results (builtin_schema_result.c) ---- */

/* "a.b.0", "(Root)" */
const struct value *match_field(struct policy_context *context, const struct place *place);
/* Words: before, detail, after. */
void match_add_error(struct match *match, struct result *result, const struct place *place,
	const char *type, const char *before, struct span detail, const char *after);
void match_add_plain(struct match *match, struct result *result, const struct place *place,
	const char *type, const char *words);
void match_add_count(struct match *match, struct result *result, const struct place *place,
	const char *type, const char *before, int64_t number, const char *after);
void match_merge(struct match *match, struct result *result, const struct result *other);
/* Keeps the one that came closest. */
void match_keep_best(struct result *best, bool *has, const struct result *one);

/* ---- the walk (builtin_schema_match.c) ---- */

void match_node(struct match *match, const struct value *node, const struct value *value,
	const struct place *place, struct result *result);
/* The same with a result of its own. */
struct result match_apart(struct match *match, const struct value *node, const struct value *value,
	const struct place *place);

/* ---- keywords (builtin_schema_scalar.c, builtin_schema_container.c) ---- */

bool match_pattern(struct match *match, const struct value *pattern, struct span text);
/* The power of ten of a number's last digit. */
int64_t match_scale(struct policy_context *context, const struct value *number);
void match_text(struct match *match, const struct value *node, const struct value *value,
	const struct place *place, struct result *result);
void match_number(struct match *match, const struct value *node, const struct value *value,
	const struct place *place, struct result *result);
void match_array(struct match *match, const struct value *node, const struct value *array,
	const struct place *place, struct result *result);
void match_object(struct match *match, const struct value *node, const struct value *object,
	const struct place *place, struct result *result);
void match_properties(struct match *match, const struct value *node, const struct value *object,
	const struct place *place, struct result *result);
