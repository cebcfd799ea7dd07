/*
 * /ServiceProviderConfig, /ResourceTypes, /Schemas (RFC 7644, 4; RFC 7643, 5 to 7), made from the
 * model.
 *
 * Only what is there is advertised: conformance suites test what they read here.
 * `base` is "https://host/scim/v2". `id` NULL: the list, as a ListResponse.
 * False: there is none of that id (buf is as before).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct buf;
struct scim_model;

/* What ServiceProviderConfig says of this server's settings. */
struct scim_provider {
	int64_t bulk_operations; /* maxOperations */
	int64_t bulk_bytes;      /* maxPayloadSize */
	bool security_events;    /* securityEvents is told */
	int64_t cursor_timeout_s;
};

void scim_discovery_provider(
	struct buf *buf, const struct scim_provider *provider, const char *base);
bool scim_discovery_types(
	struct buf *buf, const struct scim_model *model, const char *base, const char *id);
bool scim_discovery_schemas(
	struct buf *buf, const struct scim_model *model, const char *base, const char *id);
