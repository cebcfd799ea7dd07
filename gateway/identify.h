/*
 * identify: who is calling. Source and tenant come from the bearer token only.
 */
#pragma once

#include "gateway/request.h"

struct snapshot_token;
struct http_request;
struct snapshot;
struct store_ref;

/* The token of an Authorization header. NULL: there is none, or no valid one. */
const struct snapshot_token *identify_caller(
	const struct snapshot *snapshot, const struct http_request *http, int64_t now_us);

/* What identify says then: the same whatever was wrong. */
bool identify_failed(struct error *err);

/*
 * The person whom the caller's token speaks for, as the store has him now: *ref lives in the
 * request's arena. He must be there and active, else the token is as good as none:
 * ERROR_UNAUTHORIZED. ERROR_STORE.
 */
bool identify_person(struct request *request, struct store_ref *ref, struct error *err);

/*
 * A step: fills request->source and, of a token that speaks for a person, request->subject; of /Me
 * (RFC 7644, 3.11) also the id, or ERROR_NOT_FOUND: the token speaks for a source.
 * ERROR_UNAUTHORIZED, the same for a token that is missing, unknown or expired, or whose person is
 * gone or not active; ERROR_NOT_FOUND when the path names another tenant; ERROR_TIMEOUT (503) while
 * the source is paused and wants to write.
 */
step_fn identify_start;
