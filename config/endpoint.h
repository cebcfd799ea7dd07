/*
 * endpoint: where a server is that may stand on this machine: `http://127.0.0.1:8181`,
 * `https://host/path`, or `unix:/run/opa.sock`.
 */
#pragma once

#include <stdbool.h>

struct error;

/* The path of `unix:/…` (also written `unix:///…`), within the text; NULL: it is none. */
const char *config_unix_socket(const char *endpoint);

/* A unix socket that can be connected to: absolute, and as long as the system takes it. Other
 * endpoints are URLs, which are not looked at here. ERROR_CONFIG without the key's name. */
bool config_check_unix_socket(const char *endpoint, struct error *err);

/* http:// to a host that is not written as loopback: 127.0.0.0/8, ::1, localhost. */
bool config_is_plain_beyond_loopback(const char *endpoint);
