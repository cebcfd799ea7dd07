/*
 * redact: what of a request and its reply may be written down.
 *
 * Secrets never: authorization, cookies, passwords, tokens, by the name of the header, the key or
 * the path. Structure always: keys, paths, operators, URNs, booleans, null, "", what a value is for
 * (type). Values only when the capture says so; else their pseudonyms, so that their shapes can be
 * seen: a boolean that is a text, a capital, a blank at the end. Ids that this gateway gave (UUIDs
 * of version 7) say nothing about anybody and stay, so that a capture can be read beside the
 * journal.
 *
 * All of it works on text as it was sent, because what cannot be parsed is what one looks for. What
 * is not understood is taken for a value.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include "gateway/pseudonym.h"

struct arena;
struct buf;
struct scim_model;

struct redact {
	struct pseudonym pseudonym;
	bool with_values;               /* values stay, secrets still do not */
	const struct scim_model *model; /* whose attributes are no secret; NULL: the core's */
};

/* The name of a header, a key or a path that stands for a secret. */
bool redact_is_secret(const char *name, size_t size);

/* Appends what may be told of a header: its value, "Bearer [43 bytes]", "[12 bytes]". */
void redact_header(const struct redact *redact, const char *name, size_t name_size,
	const char *value, size_t size, struct buf *out);

/* Appends a target ("/scim/v2/Users?filter=…"), percent-encoded as is usual. */
void redact_target(const struct redact *redact, struct arena *arena, const char *path,
	size_t path_size, const char *query, size_t query_size, struct buf *out);

/*
 * Appends a filter, or a path of PATCH: attributes and operators stay where the grammar has them,
 * also misspelt ones; everything else is a value. is_path: one word alone is an attribute.
 */
void redact_expression(
	const struct redact *redact, const char *text, size_t size, bool is_path, struct buf *out);

/* Appends the detail of an error of ours: quoted words that are no attributes are values. */
void redact_sentence(const struct redact *redact, const char *text, size_t size, struct buf *out);

/*
 * Appends a body on one line. JSON stays JSON: the result can be parsed when the body can. is_json:
 * it can; else a secret anywhere in it makes all of it values. is_denial: its `detail` is the
 * policy's, of which only the code and the journal's index stay.
 */
void redact_body(const struct redact *redact, const char *text, size_t size, bool is_json,
	bool is_denial, struct buf *out);
