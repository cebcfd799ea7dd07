/*
 * policy_download: a bundle over HTTPS, as OPA's bundle servers speak it
 * (openpolicyagent.org/docs/management-bundles, "Bundle Service API").
 *
 *     GET <policy.bundle>      If-None-Match: "<etag>"   Prefer: modes=snapshot;wait=<seconds>
 *     200, the bundle          a new one
 *     304                      nothing new, at once or after `wait`
 *
 * Deltas are not asked for, and refused when they come. A server that holds questions says so by
 * the type `application/vnd.openpolicyagent.bundles` of its answers. Certificates are verified,
 * redirects are not followed, private networks are refused without policy.allow_private.
 *
 * Blocks; for a thread that has nothing else to do.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct config_policy;
struct error;

struct policy_download {
	/* asked */
	const struct config_policy *config;
	const char *etag;      /* of what is known; NULL: nothing */
	int64_t timeout_ms;    /* of the download, `wait` not included */
	int64_t wait_ms;       /* long polling; 0: none */
	const bool *cancelled; /* atomic; may be NULL */
	/* answered; texts and bytes live in the arena */
	bool unchanged; /* 304 */
	const char *bytes;
	size_t size;
	const char *new_etag;  /* NULL: none came */
	bool holds;            /* the server can hold questions */
	int64_t retry_after_s; /* < 0: nothing said. Also when it fails */
};

/* False: ERROR_IO or ERROR_TIMEOUT, with the server's status or what went wrong; ERROR_CONFIG: the
 * address is not allowed; ERROR_POLICY: a delta. */
bool policy_download(struct policy_download *download, struct arena *arena, struct error *err);
