/*
 * YAML 1.2 text → a small tree in which every node knows its place.
 *
 * Only what a configuration needs: scalars, lists, mappings with plain names as keys. Aliases,
 * anchors, tags, merge keys and second documents are refused, so that a short text cannot grow (a
 * "YAML bomb") and what is written is what is meant. The tree lives in an arena.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct config_report;

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAPPING };

struct yaml_place {
	size_t line;   /* from 1 */
	size_t column; /* from 1, in characters */
	size_t width;  /* characters on the first line, at least 1 */
	size_t start;  /* bytes into the text */
	size_t end;
};

struct yaml_member;

struct yaml_node {
	enum yaml_kind kind;
	struct yaml_place place;
	char *text;   /* of a scalar; NUL-terminated, without NUL inside */
	bool plain;   /* a scalar without quotes: `~`, `null` and nothing mean "no value" */
	size_t count; /* of items or members */
	struct yaml_node **items;    /* of a list */
	struct yaml_member *members; /* of a mapping, in the order of the file; names are unique */
};

struct yaml_member {
	const struct yaml_node *name;
	struct yaml_node *value;
};

#define YAML_BYTES_MAX (1024 * 1024)
#define YAML_DEPTH_MAX 16
#define YAML_NODES_MAX 20000
#define YAML_MEMBERS_MAX 256

/* True for "nothing stands there". */
bool yaml_is_null(const struct yaml_node *node);

/*
 * NULL: report holds why; only the first error of the syntax, because what follows one is
 * guesswork, but every duplicate key. An empty text is an empty mapping. The text may go away
 * afterwards.
 */
struct yaml_node *yaml_parse(
	struct arena *arena, const char *text, size_t size, struct config_report *report);
