/*
 * JSON Schema (drafts 4, 6, 7 and OPA's mixture of them), as the library that OPA uses reads it.
 *
 * A schema is used as it stands: first it is checked as a whole, then documents are walked along
 * it. References stay within the schema: "#/…", or what an $id in it names. Others would have to
 * be fetched; such a schema is refused.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "policy/builtin_args.h"

#define SCHEMA_DEPTH 256

struct schema {
	struct policy_context *context;
	const struct value *root;
	int draft; /* 4, 6, 7; SCHEMA_HYBRID: not said */
	unsigned depth;
	struct builtin_list checked; /* targets of references */
	char problem[256];           /* "": none */
};
#define SCHEMA_HYBRID 1000

/* Returns false; the first one stands. */
bool schema_fail(struct schema *schema, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void schema_enter(struct schema *schema);
static inline void schema_leave(struct schema *schema)
{
	schema->depth--;
}

/* False: the schema is wrong. */
bool schema_check(struct schema *schema, const struct value *root);
/* What a $ref names. NULL: nothing in this schema. */
const struct value *schema_resolve(struct schema *schema, const struct value *reference);
/* The member by that name, NULL when it is of a later draft. */
const struct value *schema_member(
	const struct schema *schema, const struct value *node, const char *name, int since);
/* Does the text have that format? An unknown one fits everything. */
bool schema_has_format(struct schema *schema, const struct value *format, const struct value *text);

/* [valid, errors] of a checked schema. */
const struct value *schema_match(struct schema *schema, const struct value *document);
