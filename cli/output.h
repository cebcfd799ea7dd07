/*
 * What verbs print: tables for people, JSON for programs.
 *
 * A table knows its widths when it is printed. On a terminal the last column is cut with "…" to
 * fit; piped it never is. Control characters in cells are escaped, so that data cannot steer a
 * terminal. JSON is a stable contract: one object with "schemaVersion" first, fields are only ever
 * added.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct buf;
struct cli;

enum cli_tone { CLI_PLAIN, CLI_GOOD, CLI_BAD, CLI_WARN, CLI_DIM, CLI_STRONG };

struct cli_table;

/* titles: "INDEX", "TIME", …; a title that starts with '>' is of a column set to the right. */
struct cli_table *cli_table_new(const char *const *titles, size_t count);
void cli_table_free(struct cli_table *table);
void cli_table_cleanup(struct cli_table **table); /* for CLEANUP() */
/* Cells of the row, left to right; text is copied, NULL is "-". Cells beyond the columns assert. */
void cli_table_cell(struct cli_table *table, enum cli_tone tone, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Prints titles and rows. Without rows: `empty`, a sentence that teaches, on standard error. */
void cli_table_print(struct cli_table *table, const struct cli *cli, const char *empty);
/* For tails: prints the rows gathered since and forgets them; titles only the first time; widths
 * only grow. */
void cli_table_flush(struct cli_table *table, const struct cli *cli);

/* Begin and end of a colour; "" without colour. */
const char *cli_tone_begin(const struct cli *cli, enum cli_tone tone);
const char *cli_tone_end(const struct cli *cli, enum cli_tone tone);

/* Text with control and bidirectional characters escaped as \u{…}. */
void cli_print_safe(FILE *out, const char *text);
void cli_add_safe(struct buf *buf, const char *text); /* the same, to a buffer */

/* Prints {"schemaVersion": 1, "<name>": value} indented and takes the reference of `value`. */
void cli_print_json(const struct cli *cli, const char *name, json_t *value);
/* The same with all members of an object. Takes the reference. */
void cli_print_json_members(const struct cli *cli, json_t *object);
/* One line of JSON lines: the object with schemaVersion added. Takes the reference. Flushes. */
void cli_print_json_line(const struct cli *cli, json_t *object);

/* "3m ago", "in 2h", "now". Writes at most 16 bytes. */
void cli_age(int64_t us, int64_t now_us, char text[16]);
