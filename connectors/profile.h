/*
 * profile: what an app's SCIM server really accepts, where it is less than RFC 7644. One row per
 * kind of app; the configuration names it, the default is `standard`.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct profile {
	const char *name;
	bool no_put;                /* PUT is not there: send PATCH */
	bool no_external_id;        /* cannot be searched by externalId: only by name */
	bool hides_inactive;        /* an inactive account answers 404 afterwards */
	bool hides_members;         /* a Group that is read shows no members */
	unsigned members_per_patch; /* member changes in one request */
};

/* NULL: unknown. */
const struct profile *profile_find(const char *name);
