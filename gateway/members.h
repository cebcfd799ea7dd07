/*
 * members: a member delta (scim/members.h) × membership rows → who really comes and goes.
 *
 * Cost depends on what the delta names, not on the size of the group; only "replace all" and
 * "clear" walk its rows. Runs in slices, so that 100,000 members hold no loop.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/encode.h"

struct arena;
struct error;
struct members;
struct scim_dialect;
struct scim_member_step;
struct store_reader;

/* Changes of one operation at most; above: ERROR_TOO_LARGE with the way out (product.md). */
#define MEMBERS_CHANGES_MAX 100000

struct member {
	int64_t rid; /* of the user */
	uint8_t id[UUID_BYTES];
};

enum members_result { MEMBERS_MORE, MEMBERS_DONE, MEMBERS_FAILED };

/* Everything lives in arena. group 0: one that is about to be created. steps must stay. */
struct members *members_new(struct arena *arena, struct store_reader *reader,
	const struct scim_dialect *dialect, int tenant, int64_t group,
	const struct scim_member_step *steps, size_t count);

/*
 * Goes on for some milliseconds at most. FAILED: ERROR_VALUE for a member that is no user of this
 * tenant, ERROR_TOO_LARGE, ERROR_STORE.
 */
enum members_result members_run(struct members *members, struct error *err);

/* After DONE: sorted by the order in which they were named. */
const struct member *members_added(const struct members *members, size_t *count);
const struct member *members_removed(const struct members *members, size_t *count);
/* After DONE: does the operation take this user out? */
bool members_takes_out(const struct members *members, const uint8_t id[UUID_BYTES]);
