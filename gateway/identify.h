/*
 * identify: who is calling. Source and tenant come from the bearer token only.
 */
#pragma once

#include "gateway/request.h"

struct gateway_source;
struct http_request;
struct snapshot;

/* The source of an Authorization header. NULL: there is none, or no valid one. */
const struct gateway_source *identify_caller(
	const struct snapshot *snapshot, const struct http_request *http, int64_t now_us);

/* What identify says then: the same whatever was wrong. */
bool identify_failed(struct error *err);

/*
 * A step: fills request->source. ERROR_UNAUTHORIZED, the same for a token that is missing, unknown
 * or expired; ERROR_NOT_FOUND when the path names another tenant; ERROR_TIMEOUT (503) while the
 * source is paused and wants to write.
 */
step_fn identify_start;
