/*
 * admin: the admin API over a unix socket (JSON; what the command line talks to), and metrics and
 * health on admin.address. Served by the main thread.
 *
 * The unix socket is the authority: mode 0600, and the peer must be root or our own user
 * (SO_PEERCRED). The TCP address serves only /metrics, /livez and /readyz.
 */
#pragma once

struct admin;
struct error;
struct gateway;

/* NULL: ERROR_CONFIG, ERROR_IO. */
struct admin *admin_start(struct gateway *gateway, struct error *err);
void admin_free(struct admin *admin); /* NULL is fine. Main loop. */
