/*
 * One JSON object per line on standard error: {"time":…,"level":"info","event":"…", …}.
 *
 * Only gateway/, connectors/courier.c and cli/ call it; everything below returns an error.
 * Thread-safe: a line is one write(2). Values are escaped: control and bidirectional characters
 * cannot forge a line.
 */
#pragma once

#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

void log_set_level(enum log_level level); /* before threads; default LOG_INFO */
void log_set_fd(int fd);                  /* tests; default 2 */

/* Pairs of name and text, ended by NULL; a NULL text leaves its pair out. Name an integer by making
 * its text. */
void log_event(enum log_level level, const char *event, ...) __attribute__((sentinel));
