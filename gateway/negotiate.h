/*
 * negotiate: what a request says about the form of bodies and of its reply.
 *
 *     Content-Type   application/scim+json or application/json, in UTF-8          else 415
 *     Accept         the same two, with weights and ranges (RFC 9110, 12.5.1)     else 406
 *     Prefer         return=minimal, return=representation, respond-async (RFC 7240, RFC 9967)
 *
 * Pure but for negotiate_start: it looks at the head alone.
 */
#pragma once

#include <stdbool.h>
#include "gateway/request.h"

#define NEGOTIATE_JSON "application/json"

struct error;
struct http_request;

/*
 * The media type of the reply: `first` unless the client likes `second` better. Ranges that are not
 * well-formed are passed over; "*" alone, which old clients send, is "*" "/" "*". NULL:
 * ERROR_NOT_ACCEPTABLE, neither is wanted.
 */
const char *negotiate_media(
	const struct http_request *http, const char *first, const char *second, struct error *err);

/*
 * Is the body JSON in UTF-8 as it stands? Without a Content-Type it is taken for it.
 * ERROR_MEDIA_TYPE: another type, another charset, a Content-Encoding.
 */
bool negotiate_body(const struct http_request *http, struct error *err);

/* The same, for the source of the request: some have JSON under other types (SCIM_ANY_MEDIA_TYPE).
 */
bool negotiate_body_of(const struct request *request, struct error *err);

/*
 * What a client prefers; the first of two that contradict each other counts (RFC 7240, 2), and what
 * is not known is passed over.
 */
struct request_prefer negotiate_prefer(const struct http_request *http);

/*
 * Does the client rather have 202 by now? It said respond-async, and no `wait` that is longer than
 * the request took so far: whatever is complete within it is told as usual.
 */
bool negotiate_is_async(const struct request *request);

/*
 * A step behind identify: fills request->media and, of writes, request->prefer. A DELETE has no
 * body to negotiate about, and a leaver is never refused for a header: it passes whatever it
 * accepts. So does who takes 202, which has no body either (RFC 9967, 2.5.1.1).
 * ERROR_NOT_ACCEPTABLE.
 */
step_fn negotiate_start;
