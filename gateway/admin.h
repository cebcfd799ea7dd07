/*
 * admin: the admin API over a unix socket (JSON; what the command line talks to), and metrics and
 * health on admin.address. Served by the main thread.
 *
 * The unix socket is the authority: mode 0600, and the peer must be root or our own user
 * (SO_PEERCRED). The TCP address serves only /metrics, /livez and /readyz.
 *
 *     GET    /admin/v1/status
 *     GET    /admin/v1/journal?from=&count=&tail=&filter=&follow=1    JSON lines
 *     GET    /admin/v1/journal/INDEX
 *     GET    /admin/v1/deliveries?app=&state=      POST …/deliveries/retry {"app", "id"}
 *     GET    /admin/v1/tokens   POST {"source", "label", "expires_s"}   DELETE …/tokens/ID
 *     POST   /admin/v1/sources/NAME/pause|resume
 *     POST   /admin/v1/sources/NAME/capture {"for_s", "requests", "bytes", "with_values"}   DELETE
 *     POST   /admin/v1/reload   POST /admin/v1/backup {"to"}
 *
 * Answers are documents with "schemaVersion": 1; errors {"error": CODE, "message"}.
 */
#pragma once

struct admin;
struct error;
struct gateway;

/* Opens the sockets, serves nothing yet. NULL: ERROR_CONFIG, ERROR_IO. */
struct admin *admin_open(struct gateway *gateway, struct error *err);
/* Serves from now on, in the main loop. */
void admin_attach(struct admin *admin);
/* Ends streams and connections; done(user) comes in the main loop when the last call has ended. */
typedef void admin_done_fn(void *user);
void admin_stop(struct admin *admin, admin_done_fn *done, void *user);
void admin_free(struct admin *admin); /* never attached, or stopped. NULL is fine. */
