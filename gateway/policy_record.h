/*
 * policy_record: entries of the kind policy in the journal: a revision took over, or one was
 * refused. Decisions rest on them, so they name both revisions, and how the new one came.
 *
 *     operation  activate | shadow (a candidate is asked beside the policy from now on)
 *     outcome    activated | refused
 *     revision   the new one; of a refused one only when it got as far as to have one
 *     detail     {before, revision, digest, commit, serial, source, kept, allow_older, step, error}
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct error;
struct gateway;
struct policy_kept;

struct policy_record {
	const char *operation;
	const char *before;             /* in force until now (or still); NULL: none */
	const struct policy_kept *next; /* what there is of it; members may be NULL */
	bool from_kept;
	bool allow_older;
	const char *step;  /* that refused it; NULL: it took over */
	const char *error; /* why */
};

/* Waits until it is durable; main thread. ERROR_STORE. */
bool policy_record_write(
	struct gateway *gateway, const struct policy_record *record, struct error *err);
