/*
 * replay_policies: the policies that decided, loaded from the archive when a decision names them.
 *
 * A few are loaded at a time; the one that was not used longest goes. One thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct error;
struct policy;
struct policy_kept;
struct replay_policies;
struct rule_watch;

struct replay_policies *replay_policies_new(const char *archive);
void replay_policies_free(struct replay_policies *policies); /* NULL is fine */

/*
 * The policy of a revision as decisions name it; valid until the next call. NULL: ERROR_NOT_FOUND:
 * it is no longer archived; else it is there and cannot be used, and err says which file.
 */
const struct policy *replay_policies_get(
	struct replay_policies *policies, const char *revision, struct error *err);
/* The same for its rules; valid until the next call. NULL: it has none to be had. */
struct rule_watch *replay_policies_watch(struct replay_policies *policies, const char *revision);
