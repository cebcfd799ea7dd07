/*
 * Percent-encoding as Go's package net/url does it.
 */
#pragma once

#include <stdbool.h>
#include "policy/builtin_args.h"

struct buf;

enum uri_part { URI_QUERY, URI_PATH, URI_FRAGMENT, URI_HOST, URI_ZONE, URI_USER };

/* Appends; charged. */
void builtin_uri_escape(
	struct policy_context *context, struct buf *buf, struct span text, enum uri_part part);
/* Appends; charged. False: something is wrong with text (nothing is reported). */
bool builtin_uri_unescape(
	struct policy_context *context, struct buf *buf, struct span text, enum uri_part part);
/* A URI as Go's url.URL in JSON; *written: as its String() writes it. NULL: it is none. */
const struct value *builtin_uri_go(
	struct policy_context *context, struct span text, const struct value **written);
