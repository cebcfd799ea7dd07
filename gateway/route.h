/*
 * route: method and path → flow.
 *
 *     /scim/v2/…            SCIM, also /t/<tenant>/scim/v2/…
 *     /journal/…            checkpoint and tiles
 *     /livez, /readyz       health
 *
 * One decoded path (io/http.h) serves authentication and routing. Whatever lies under /scim/ is
 * answered only to callers that identify themselves, unknown paths included.
 */
#pragma once

#include "gateway/request.h"

/* Fills the route's fields of request and returns its flow. Never NULL. */
const struct step *route_find(struct request *request);

/* Whether the body may be as large as a Group's. Looks at the path alone. */
bool route_takes_large_body(const struct http_request *http);
