/*
 * capture_file: the file that `scimward source capture` makes (gateway/capture.h), read again.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct error;

struct capture_file {
	json_t *head;    /* source, dialect, quirks, values … */
	json_t *records; /* array of requests; the end is not among them */
};

/* ERROR_IO, ERROR_SYNTAX: no capture, or a line is broken ("FILE:3: …"). A file that ends early, as
 * a running capture's does, is fine. */
bool capture_file_read(const char *path, struct capture_file *file, struct error *err);
void capture_file_fini(struct capture_file *file); /* also for CLEANUP() */

/* The value of a header of a record, without case. NULL: none. */
const char *capture_file_header(const json_t *record, const char *name);

/*
 * The body of a record as it was sent, redacted: text on the heap of jansson (free with
 * memory_free()). NULL: there is none. *omitted: there was one, too long for the capture.
 */
char *capture_file_body(const json_t *record, bool *omitted);
