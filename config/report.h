/*
 * What is wrong with a configuration: a list of problems with their places, printed for people.
 *
 * Texts live in the report's own arena. A line that holds a secret is masked before it is kept.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct buf;
struct error;

struct config_problem {
	const char *path;      /* "apps[0].url"; "" for the file as a whole */
	const char *message;   /* a sentence without a full stop */
	const char *hint;      /* how to mend it; NULL: none */
	const char *line_text; /* NULL: not to be shown */
	size_t line;           /* from 1; 0: no place in the file */
	size_t column;         /* from 1, in characters */
	size_t width;          /* characters that the caret underlines, at least 1 */
};

#define CONFIG_PROBLEMS_MAX 50

/* `{ 0 }` is an empty one; texts live until config_report_fini(). */
struct config_report {
	const char *file;                                    /* as the user named it */
	struct config_problem problems[CONFIG_PROBLEMS_MAX]; /* config_report_sort(): by place */
	size_t count;
	size_t left_out;     /* beyond the first CONFIG_PROBLEMS_MAX */
	struct arena *arena; /* private */
};

void config_report_fini(struct config_report *report);

/* The arena of the report, made when first asked for. */
struct arena *config_report_arena(struct config_report *report);

/* Keeps a problem; its texts must be of the report's arena or longer-lived. Always returns false.
 */
bool config_report_keep(struct config_report *report, const struct config_problem *problem);

void config_report_sort(struct config_report *report);

/*
 * "scimward.yaml:12:5: unknown key 'adress'", the line, a caret, "did you mean 'address'?".
 * colour: with ANSI escapes. Text from the file is escaped, so that it cannot steer a terminal.
 */
void config_report_print(const struct config_report *report, struct buf *buf, bool colour);

/* One sentence for a log or a reply: the first problem and how many more. Always returns false. */
bool config_report_error(const struct config_report *report, struct error *err);

/*
 * Line `line` of text (from 1), in arena. What follows a key that holds a secret ("token:", …) is
 * replaced by "***", but for a reference ("${…"). NULL: there is no such line.
 */
const char *config_line(struct arena *arena, const char *text, size_t size, size_t line);
