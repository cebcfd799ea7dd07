/*
 * listener: HTTP message → request. The handlers of io/server.h for the listener that sources see;
 * their user is the worker.
 */
#pragma once

#include "io/server.h"

/* Chooses the body's limit by route, and refuses bodies of callers that are unknown. */
server_head_fn listener_head;
server_request_fn listener_accept;
/* SCIM Error bodies for what the server refuses by itself (RFC 7644, 3.12). */
server_error_body_fn listener_error_body;
