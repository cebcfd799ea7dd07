/*
 * YAML as OPA reads and writes it: go-yaml v3, which is libyaml with changes of its own, and OPA's
 * way from there to JSON. Internal to policy/builtin_yaml*.c.
 *
 *     text ─▶ yaml_scan: tokens ─▶ yaml_parse_stream: nodes of the first document ─▶ yaml_value: a
 * value value ─▶ yaml_write: text
 *
 * What is no YAML to OPA is a problem. What this reader may read otherwise than OPA does is none of
 * its business: it is a problem as well, but `unsure`, and then nobody says that it is not valid.
 * Comments are skipped. Everything is charged, and lives in the context's arena.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "policy/builtin_args.h"
#include "policy/builtin_span.h"

struct buf;

#define YAML_NESTING 500 /* nodes within nodes */

enum yaml_token_kind {
	YAML_STREAM_END,
	YAML_VERSION_DIRECTIVE,
	YAML_TAG_DIRECTIVE, /* handle, value: its prefix */
	YAML_DOCUMENT_START,
	YAML_DOCUMENT_END,
	YAML_BLOCK_SEQUENCE,
	YAML_BLOCK_MAPPING,
	YAML_BLOCK_END,
	YAML_FLOW_SEQUENCE,
	YAML_FLOW_SEQUENCE_END,
	YAML_FLOW_MAPPING,
	YAML_FLOW_MAPPING_END,
	YAML_BLOCK_ENTRY,
	YAML_FLOW_ENTRY,
	YAML_KEY,
	YAML_VALUE,
	YAML_ALIAS,
	YAML_ANCHOR,
	YAML_TAG, /* handle, value: what follows it */
	YAML_SCALAR,
};

struct yaml_token {
	enum yaml_token_kind kind;
	bool is_plain; /* of a scalar: written without quotes or bars */
	struct span handle;
	struct span value;
};

/* Where a key without `?` may have begun: the `:` that would make it one comes later. */
struct yaml_simple_key {
	bool possible, required;
	size_t token;
	size_t line, column, index;
};

struct yaml_node;
struct yaml_anchor;

struct yaml {
	struct policy_context *context;
	const char *problem; /* NULL: none so far */
	bool unsure;

	/* the scanner */
	const char *at; /* NUL-terminated, no NUL within */
	size_t line, column, index;
	size_t flow_level;
	int64_t indent;
	int64_t *indents;
	size_t indent_count, indent_room;
	struct yaml_simple_key *keys; /* one for each flow level, and one for the block */
	size_t key_count, key_room;
	bool key_allowed;
	struct yaml_token *tokens;
	size_t token_count, token_room;

	/* the parser */
	size_t next;
	size_t depth;
	struct yaml_anchor *anchors;
	size_t anchor_count, anchor_room;
	struct yaml_token *directives; /* of tags, in this document */
	size_t directive_count, directive_room;

	/* the way to a value */
	uint64_t decoded, aliased;
	size_t alias_depth;
};

enum yaml_kind { YAML_NODE_SCALAR, YAML_NODE_SEQUENCE, YAML_NODE_MAPPING, YAML_NODE_ALIAS };

struct yaml_node {
	enum yaml_kind kind;
	struct span tag;   /* "!!str", "!own"; of a scalar never empty, else empty: by its kind */
	struct span value; /* of a scalar; the name of an alias */
	bool is_ready;     /* of a mapping: merge keys are one, of equal keys the last stands */
	bool is_open;      /* of an alias: being followed */
	struct yaml_node *alias;
	struct yaml_node **items; /* of a mapping: keys and values in turn */
	size_t count, room;
};

/* Returns false. Those of the first kind are problems to OPA as well. */
bool yaml_problem(struct yaml *yaml, const char *problem);
bool yaml_unsure(struct yaml *yaml, const char *problem);
/* Makes room for one more. */
void *yaml_grow(struct yaml *yaml, void *items, size_t count, size_t *room, size_t bytes);

/* ---- builtin_yaml_scan.c: all tokens. False: yaml->problem. ---- */
bool yaml_scan(struct yaml *yaml, struct span text);

bool yaml_is_break(const char *at);
bool yaml_is_blank_or_end(const char *at); /* a space, tab, break or the end */
bool yaml_is_break_or_end(const char *at);
bool yaml_is_word(char c);
void yaml_skip(struct yaml *yaml);      /* one character */
void yaml_skip_line(struct yaml *yaml); /* one break, if there is one */
/* Blanks, a comment, the break: false, and yaml_problem(), where anything else stands. */
bool yaml_end_line(struct yaml *yaml);

/* ---- builtin_yaml_scalar.c, builtin_yaml_token.c: one token each, from yaml->at ---- */
bool yaml_scan_plain(struct yaml *yaml, struct yaml_token *token);
bool yaml_scan_quoted(struct yaml *yaml, struct yaml_token *token);
bool yaml_scan_block(struct yaml *yaml, struct yaml_token *token);
bool yaml_scan_anchor(struct yaml *yaml, struct yaml_token *token);
bool yaml_scan_tag(struct yaml *yaml, struct yaml_token *token);
bool yaml_scan_directive(struct yaml *yaml, struct yaml_token *token);

/* ---- builtin_yaml_parse.c ---- */

/* The first document; *node NULL: there is none. The others are parsed too. False: problem. */
bool yaml_parse_stream(struct yaml *yaml, struct yaml_node **node);

/* ---- builtin_yaml_value.c ---- */

/* As OPA makes JSON of it. NULL: yaml->problem. */
const struct value *yaml_value(struct yaml *yaml, struct yaml_node *node);

/* ---- builtin_yaml_resolve.c: what a plain scalar is ---- */

enum yaml_type { YAML_NULL, YAML_BOOL, YAML_INT, YAML_FLOAT, YAML_STR, YAML_MERGE, YAML_TIME };

struct yaml_scalar {
	enum yaml_type type;
	bool is_true;
	bool is_negative;   /* of an int */
	uint64_t magnitude; /* of an int */
	double number;      /* of a float */
};

/* False: unsure. */
bool yaml_resolve(struct yaml *yaml, struct span text, struct yaml_scalar *scalar);
const char *yaml_type_tag(enum yaml_type type);
/* An int as decimal text in the arena. */
struct span yaml_int_text(struct yaml *yaml, const struct yaml_scalar *scalar);
/* A double as Go's %g, with as many digits as tell it from its neighbours; of a float32 if
 * is_short. */
char *yaml_float_text(struct policy_context *context, double number, bool is_short);

/* ---- builtin_yaml_key.c: scalars as values and as keys ---- */

struct yaml_key {
	enum yaml_type type;
	struct span text; /* as JSON has it */
};

/* Counts a node, as go-yaml does against bombs. False: there are too many behind aliases. */
bool yaml_visit(struct yaml *yaml);
/* What an alias stands for. NULL: it contains itself, no leave. */
struct yaml_node *yaml_enter_alias(struct yaml *yaml, struct yaml_node *alias);
void yaml_leave_alias(struct yaml *yaml, struct yaml_node *alias);
/* NULL: problem. */
const struct value *yaml_scalar_value(struct yaml *yaml, const struct yaml_node *node);
/* Of a scalar; of any node, counted. False: JSON has no such key. */
bool yaml_scalar_key(struct yaml *yaml, const struct yaml_node *node, struct yaml_key *key);
bool yaml_read_key(struct yaml *yaml, struct yaml_node *node, struct yaml_key *key);
/* One that is merged into a mapping of texts is text as it is written; null is none. */
bool yaml_read_text_key(
	struct yaml *yaml, struct yaml_node *node, struct yaml_key *key, bool *is_none);

/* ---- builtin_yaml_style.c ---- */

enum yaml_style { YAML_PLAIN, YAML_SINGLE, YAML_DOUBLE, YAML_LITERAL };

/* How OPA writes a text. is_key: before a `:`, on one line. */
enum yaml_style yaml_style_of(struct yaml *yaml, struct span text, bool is_key);
bool yaml_is_multiline(struct span text);
bool yaml_is_printable(uint32_t rune);

/* ---- builtin_yaml_order.c: "a2" comes before "a10" ---- */

void yaml_sort_keys(struct policy_context *context, const struct value_member **list, size_t count);

/* ---- builtin_yaml_write.c ---- */

void yaml_write(struct yaml *yaml, struct buf *buf, const struct value *value);
