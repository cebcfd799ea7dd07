/*
 * scenario_reader: what the files that read scenarios share. Internal to them.
 *
 *     scenario_read.c     a file, its scenarios, their requests
 *     scenario_given.c    sources, people, groups, time
 *     scenario_then.c     what is expected
 *     scenario_reader.c   problems with their place, tables of keys, YAML → JSON, `${…}`
 *
 * Whatever is wrong is reported and read on behind it, so that all of it is told at once.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "gateway/scenario_read.h"

struct config_suggestion;
struct yaml_node;

struct scenario_reader {
	struct arena *arena;
	const struct config *config;
	const char *text;
	size_t size;
	struct config_report *report;
	struct scenario_source *sources; /* room for SCENARIO_SOURCES_MAX */
	size_t source_count;
	const struct scenario_given *given;    /* of the scenario that is being read */
	const char *names[SCENARIO_STEPS_MAX]; /* that its steps gave so far: `as` */
	size_t name_count;
};

/* ---- problems. Always false. ---- */

/* At the node's place. hint: how to mend it; NULL: none. */
bool scenario_complain(struct scenario_reader *reader, const struct yaml_node *node,
	const char *hint, const char *format, ...) __attribute__((format(printf, 4, 5)));
/* "did you mean 'x'?"; NULL: nothing is near. */
const char *scenario_did_you_mean(
	struct scenario_reader *reader, const struct config_suggestion *suggestion);

/* ---- nodes ---- */

typedef bool scenario_read_fn(
	struct scenario_reader *reader, const struct yaml_node *node, void *into);

struct scenario_key {
	const char *name;
	scenario_read_fn *read;
};

#define SCENARIO_KEYS(keys) keys, sizeof(keys) / sizeof((keys)[0])

/* Calls the reader of each key that stands there. Nothing at all is an empty mapping. */
bool scenario_mapping(struct scenario_reader *reader, const struct yaml_node *node,
	const struct scenario_key *keys, size_t count, void *into);
/* The value of a key; NULL: it is not there, or node is no mapping. */
const struct yaml_node *scenario_find(const struct yaml_node *mapping, const char *name);
bool scenario_text(struct scenario_reader *reader, const struct yaml_node *node, const char **text);
/* A whole number from 0 to max. */
bool scenario_number(
	struct scenario_reader *reader, const struct yaml_node *node, int64_t max, int64_t *number);
/* As JSON, by the core schema of YAML 1.2. */
const struct value *scenario_value(struct arena *arena, const struct yaml_node *node);

/* ---- names: `${…}` ---- */

/* scenario_find_fn: `name` itself when it is known, for checks. user: the reader. */
const char *scenario_find_name(void *user, const char *name);
bool scenario_unknown_name(
	struct scenario_reader *reader, const struct yaml_node *node, const char *name);
bool scenario_check_text(
	struct scenario_reader *reader, const struct yaml_node *node, const char *text);
/* As JSON, with nothing but known names in it. */
bool scenario_checked_value(
	struct scenario_reader *reader, const struct yaml_node *node, const struct value **value);
/* The texts of what is given. */
bool scenario_check_given(struct scenario_reader *reader, const struct yaml_node *place,
	const struct scenario_given *given);

/* ---- scenario_given.c ---- */

scenario_read_fn scenario_sources; /* of the file; into: not used */
bool scenario_source_name(
	struct scenario_reader *reader, const struct yaml_node *node, size_t *index);
/* Whom a request is of that names no source: the only one. */
bool scenario_default_source(
	struct scenario_reader *reader, const struct yaml_node *node, size_t *index);
/*
 * What `base`, the file's, and node say together; node NULL: base alone. is_whole: nothing more
 * will be said, so the members of groups must be there; place: where to complain.
 */
bool scenario_given(struct scenario_reader *reader, const struct yaml_node *node,
	const struct yaml_node *place, const struct scenario_given *base, bool is_whole,
	struct scenario_given *given);
/* Monday, 5 January 2026, 09:00 UTC: no scenario depends on the day on which it is told. */
void scenario_given_nothing(struct scenario_given *given);
/* NULL: nobody is called so. */
const struct scenario_thing *scenario_find_thing(
	const struct scenario_thing *things, size_t count, const char *name);

/* ---- scenario_then.c ---- */

scenario_read_fn scenario_then; /* into: const struct scenario_then ** */
