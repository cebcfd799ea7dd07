/*
 * YAML file → struct config, by the table of config/keys.c.
 *
 * Reports everything that is wrong at once, each with line, column, the source line, a caret
 * and, where a name is close to a known one, a suggestion. Unknown keys are errors. A file
 * beyond 1 MiB, 16 levels, 20,000 nodes or with any alias that repeats more than that is refused
 * before it can grow. `${file:PATH}`, `${env:NAME}`, `${cred:NAME}` inside a text are replaced
 * (config/secret_ref.h). Reads files, so: at start and at reload, in one thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct config;
struct error;

#define CONFIG_DEFAULT_PATH "/etc/scimward/scimward.yaml"

struct config_problem {
	const char *path;    /* "apps[0].url"; "" for the file as a whole */
	const char *message; /* a sentence */
	const char *hint;    /* how to mend it; NULL: none */
	const char *line_text;
	size_t line;   /* from 1; 0: no place in the file */
	size_t column; /* from 1, in characters */
	size_t width;  /* characters that the caret underlines, at least 1 */
};

/* `{ 0 }` is an empty one; texts live until config_report_fini(). */
struct config_report {
	const char *file;                /* as the user named it */
	struct config_problem *problems; /* in the order of the file */
	size_t count;
	size_t left_out;     /* beyond the first 50 */
	struct arena *arena; /* private */
};

void config_report_fini(struct config_report *report);

/*
 * "scimward.yaml:12:5: unknown key 'adress'", the line, a caret, "did you mean 'address'?".
 * colour: with ANSI escapes. Text from the file is escaped, so that it cannot steer a terminal.
 */
void config_report_print(const struct config_report *report, struct buf *buf, bool colour);

/* One sentence for a log or a reply: the first problem and how many more. Always returns false. */
bool config_report_error(const struct config_report *report, struct error *err);

/*
 * NULL: report holds at least one problem. The result is freed with config_free().
 * report is written only when something is wrong.
 */
struct config *config_load(const char *path, struct config_report *report);

/* The same from memory; relative paths are resolved against `folder`. */
struct config *config_parse(const char *name, const char *folder, const char *text, size_t size,
	struct config_report *report);

void config_free(struct config *config); /* wipes its secrets. NULL is fine. */

/*
 * What only a layer above can judge (a filter's syntax, a profile's name) is added as a problem at
 * the place of the key: path as in "apps[2].groups.filter". Always returns false.
 */
bool config_report_add(struct config_report *report, const struct config *config, const char *path,
	const char *format, ...) __attribute__((format(printf, 4, 5)));

/* ---- for people and programs; implemented by the same table ---- */

/* Every key with its value as YAML; secrets and values made of references are shown as written. */
void config_show(const struct config *config, bool origin, struct buf *buf);

/* The same as one JSON object: {"key": {"value": …, "origin": "file:12" | "default"}}. */
void config_show_json(const struct config *config, struct buf *buf);

/* Names of the keys that differ and cannot change without a restart, one per line. False: none. */
bool config_needs_restart(const struct config *running, const struct config *next, struct buf *buf);
