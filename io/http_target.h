/*
 * The target of a request and the authority it names: which of their spellings are
 * accepted, and what the path means. Pure.
 *
 * A path has one spelling here. What could be read in two ways (an encoded slash, an encoded
 * letter, "..", "//", ";") is refused, so that what authentication looked at is
 * what was routed (CVE-2026-32130).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include "io/http_text.h"

struct http_target {
	struct http_text authority; /* of the absolute form; data NULL: origin form or "*" */
	struct http_text path;  /* still encoded, without query and fragment; "*" for OPTIONS * */
	struct http_text query; /* without "?"; data NULL: none */
};

/*
 * Takes apart "/path?query#fragment" (RFC 9112, 3.2.1), "http://authority/path…" (3.2.2) or "*"
 * (3.2.4, if asterisk). The fragment is dropped. False: none of these forms.
 */
bool http_target_split(struct http_text raw, bool asterisk, struct http_target *target);

/*
 * Splits a path at "/" and decodes each segment once, into `memory` (path.size bytes) where
 * it was percent-encoded. Returns NULL, or what is wrong (static): an escape that is none; an
 * encoded NUL, control, "/", "\", ";", "%" or unreserved character; "." or ".."; an empty segment
 * but for the last; a character that may not stand in a path; no UTF-8; more than `limit` segments.
 */
const char *http_path_split(struct http_text path, char *memory, struct http_text *segments,
	size_t limit, size_t *count, bool *trailing_slash);

/* host [":" port] of RFC 9110, 7.2: a name, an IPv4 address, or an IPv6 address in brackets. Not
 * empty. */
bool http_authority_is_valid(struct http_text authority);
