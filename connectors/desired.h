/*
 * desired: what an app should have of one resource, and in which form, computed when its turn
 * comes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/digest.h"

struct arena;
struct config_app;
struct error;
struct scim_filter;
struct store_reader;
struct store_resource;
struct value;

enum desired_state {
	DESIRED_NOTHING,  /* it does not belong there and is not there */
	DESIRED_PRESENT,  /* as in `form` */
	DESIRED_INACTIVE, /* an account that is there is to be disabled; one that is not stays away
			   */
	DESIRED_ABSENT,   /* an account or group that is there is to be deleted */
};

/* What decides who belongs, of one app; filters live as long as the courier. */
struct desired_rules {
	const struct config_app *config;
	int app;
	const struct scim_filter *users;  /* NULL: all */
	const struct scim_filter *groups; /* NULL: none */
};

struct desired {
	enum desired_state state;
	/*
	 * The resource as the app gets it, with our id as externalId; a Group without members.
	 * NULL: it does not belong there (INACTIVE: nothing but `active` is touched).
	 */
	const struct value *form;
	bool active;
	const char *const
		*members; /* of a Group: remote ids, sorted; those that have a link there */
	size_t member_count;
	uint8_t hash[DIGEST_BYTES]; /* of form and members: equal hashes, nothing to bring */
};

/* resource may be a tombstone. In one snapshot of the reader. ERROR_STORE. */
bool desired_compute(struct arena *arena, struct store_reader *reader,
	const struct desired_rules *rules, const struct store_resource *resource,
	struct desired *desired, struct error *err);
