/*
 * metrics_text: lines of the Prometheus text exposition (0.0.4).
 */
#pragma once

struct buf;

/* "# HELP" and "# TYPE". */
void metrics_head(struct buf *buf, const char *name, const char *type, const char *help);
/* A metric without labels, its head included. */
void metrics_single(
	struct buf *buf, const char *name, const char *type, const char *help, double value);
/* name="value" with backslash, quote and line feed escaped. Texts come from our configuration and
 * policy. */
void metrics_label(struct buf *buf, const char *name, const char *value);
