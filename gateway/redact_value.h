/*
 * redact_value: one value of a request, by the name it has there. The inside of gateway/redact.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct redact;

struct redact_context {
	const char *key; /* "userName", "type", "path", …; with any case */
	size_t size;
	bool is_secret; /* it, or something around it */
};

/* Appends what may be told of a text, which may be the inside of a JSON string as it was sent. */
void redact_value_text(const struct redact *redact, const struct redact_context *context,
	const char *text, size_t size, struct buf *out);

/* The same for a number. */
void redact_value_number(const struct redact *redact, const struct redact_context *context,
	const char *text, size_t size, struct buf *out);

/* A part of a path of ours: "Users", an id, "v2". */
void redact_value_segment(
	const struct redact *redact, const char *text, size_t size, struct buf *out);

/* A key of an object: a name stays, a path with literals loses them, anything else is a value. */
void redact_value_key(const struct redact *redact, const char *text, size_t size, struct buf *out);
