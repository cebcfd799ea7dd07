/*
 * scenario_read: a file of scenarios → structs. The format is told in docs/policy-testing.md.
 * Internal to the scenario runner.
 *
 * Pure: bytes in, structs or problems out. Everything that can be known without asking the policy
 * is checked here: keys, types, names of sources, people and groups, `${…}`, limits.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/encode.h"

struct arena;
struct config;
struct config_report;
struct value;

enum {
	SCENARIO_SOURCES_MAX = 16, /* of a file */
	SCENARIO_GIVEN_MAX = 1000, /* people and groups of a scenario */
	SCENARIO_CROWD_MAX = 5000, /* people without a face */
	SCENARIO_STEPS_MAX = 100,  /* requests of a scenario */
	SCENARIO_HEADERS_MAX = 20,
};

struct scenario_source {
	const char *name;
	const char *dialect;
	const char *quirks; /* NULL: none */
	const char *kind;
};

/* A person or a group that is there before the first request. */
struct scenario_thing {
	const char *name; /* what `${…}` calls it */
	size_t line;
	size_t source; /* who made it */
	bool has_id;
	uint8_t id[UUID_BYTES];
	const struct value *doc;    /* SCIM attributes, without members; `${…}` in it are not
				       replaced yet */
	const char *const *members; /* names; of a group */
	size_t member_count;
	bool takes_crowd; /* "crowd" was among the members */
};

struct scenario_given {
	const struct value *data; /* takes the place of the policy's, by name; NULL: that stays */
	const char *tenant;
	int64_t time_us;
	int64_t deactivations; /* removed lately, by each source */
	int64_t removals;
	int64_t crowd;
	const struct scenario_thing *users;
	size_t user_count;
	const struct scenario_thing *groups;
	size_t group_count;
};

/* One thing that is expected. value NULL: not asked for. */
struct scenario_want {
	const struct value *value;
	size_t line;
};

struct scenario_then {
	size_t line;
	struct scenario_want effect;      /* text */
	struct scenario_want reasons;     /* array of codes: these and no others, in any order */
	struct scenario_want message;     /* text: stands in the message of a reason */
	struct scenario_want obligations; /* array, as the policy gives it */
	struct scenario_want apps;        /* array of names, in any order */
	struct scenario_want resource;    /* object: at least this; null: there is none any more */
	struct scenario_want members;     /* array of names: these and no others */
	struct scenario_want reply;       /* object: at least this */
	struct scenario_want status;      /* number */
	struct scenario_want unchanged;   /* bool */
	struct scenario_want noop;        /* bool */
	struct scenario_want observed;    /* array of codes: these and no others, in any order */
	struct scenario_want overridable; /* bool */
	struct scenario_want overridden;  /* bool */
};

struct scenario_header {
	const char *name;
	const char *value;
};

struct scenario_step {
	size_t line;
	size_t source;
	const char *by; /* the person whom the source's token speaks for; NULL: nobody */
	const char *method;
	const char *target; /* "/scim/v2/…"; `${…}` not replaced */
	const struct scenario_header *headers;
	size_t header_count;
	const char *body_text;            /* sent as it is, but for `${…}` */
	const struct value *body;         /* or: printed as JSON; NULL: none */
	const char *as;                   /* names the resource from here on; NULL */
	int64_t after_us;                 /* time that passes before it */
	const struct scenario_then *then; /* NULL: it need only be answered */
};

struct scenario {
	const char *name;
	size_t line;
	struct scenario_given given;
	const struct scenario_step *steps;
	size_t step_count;
};

struct scenario_file {
	const struct scenario_source *sources;
	size_t source_count;
	const struct scenario *scenarios;
	size_t count;
};

/* Among members: everybody of given.crowd. */
#define SCENARIO_CROWD "crowd"

/*
 * config: its sources may be named without being declared; NULL: none. The result lives in arena
 * and shares nothing with text. NULL: report has every problem that was found, with its place;
 * report->file must be set.
 */
const struct scenario_file *scenario_read(struct arena *arena, const struct config *config,
	const char *text, size_t size, struct config_report *report);
