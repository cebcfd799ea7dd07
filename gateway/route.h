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

/* Which limit a body has. Looks at the path alone. */
enum route_body { ROUTE_BODY, ROUTE_BODY_GROUP, ROUTE_BODY_BULK };
enum route_body route_body_of(const struct http_request *http);
