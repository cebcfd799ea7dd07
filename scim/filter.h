/*
 * Filters: text → tree (RFC 7644, 3.4.2.2), and back.
 *
 * With a resource type every attribute and literal is held against the schemas;
 * without one the same grammar serves arbitrary JSON (journal entries, apps'
 * filters over policy input): any path of names with dots, compared by the type
 * of the literal, texts without case.
 *
 * Limits: 4 KiB of text, 16 levels, 64 terms.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include "scim/schema.h"

struct arena;
struct buf;
struct error;
struct value;

#define SCIM_FILTER_BYTES_MAX 4096
#define SCIM_FILTER_DEPTH_MAX 16
#define SCIM_FILTER_TERMS_MAX 64

enum scim_filter_kind {
	SCIM_FILTER_AND,
	SCIM_FILTER_OR,
	SCIM_FILTER_NOT,     /* left */
	SCIM_FILTER_PRESENT, /* path pr */
	SCIM_FILTER_COMPARE, /* path op value */
	SCIM_FILTER_ANY,     /* path[left]: some element for which left is true */
};

enum scim_filter_op {
	SCIM_EQ,
	SCIM_NE,
	SCIM_CO,
	SCIM_SW,
	SCIM_EW,
	SCIM_GT,
	SCIM_GE,
	SCIM_LT,
	SCIM_LE,
};

struct scim_filter {
	enum scim_filter_kind kind;
	enum scim_filter_op op;
	const char *path;    /* canonical text of the attribute path, NUL-terminated */
	struct scim_ref ref; /* with a type; all NULL without. Inside [ ] it is relative to the
				element: attribute only */
	const struct scim_attribute *leaf; /* what a comparison compares; NULL without a type */
	const struct value *value;         /* the literal, of the leaf's type */
	const struct value
		*folded; /* of a text compared without case: its scim_name_fold(); else NULL */
	int64_t time_us; /* of a dateTime literal: microseconds since 1970 */
	const struct scim_filter *left;
	const struct scim_filter *right;
};

/*
 * NULL: ERROR_FILTER with the column. type NULL: without schemas. `loose`: SCIM_LOOSE_FILTER of
 * the dialect. The tree lives in arena; text may go away.
 */
const struct scim_filter *scim_filter_parse(struct arena *arena,
	const struct scim_resource_type *type, const char *text, size_t size, bool loose,
	struct error *err);

/* The filter inside the brackets of a value path, relative to the elements of `attribute`. */
const struct scim_filter *scim_filter_parse_element(struct arena *arena,
	const struct scim_attribute *attribute, const char *text, size_t size, bool loose,
	struct error *err);

/* Canonical text: parse → print → parse gives the same tree. */
void scim_filter_print(struct buf *buf, const struct scim_filter *filter);
