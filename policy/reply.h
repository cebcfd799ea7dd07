/*
 * reply: what an OPA server answered to a question of its data API, read strictly.
 *
 *     200 {"result": …, "provenance": {"bundles": {name: {"revision": …}}}}   a value
 *     200 without "result"                                                     undefined
 *     500 with errors[].code eval_conflict_error, eval_builtin_error,
 *         eval_cancel_error                                                    the policy's failure
 *     everything else                                                          no answer at all
 *
 * Whoever answers is believed about what the policy says, and about nothing else: no answer is
 * POLICY_FAILURE_UNAVAILABLE, never "yes" and never "no".
 * (https://www.openpolicyagent.org/docs/rest-api#data-api)
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct policy_failure;
struct value;

enum {
	POLICY_REPLY_BYTES = 1024 * 1024, /* of a reply; more is no answer */
	POLICY_REVISION_BYTES = 72,       /* of a revision, its NUL included */
};

struct policy_reply {
	const struct value *result; /* NULL: undefined */
	/* "opa:<bundle>=<revision>,…", sorted; of many or long ones "opa:sha256:…" over that text;
	 * "opa:unversioned" when the server has no bundle with a revision, or does not say. */
	char revision[POLICY_REVISION_BYTES];
};

/*
 * True: reply is filled, its result lives in arena. False: *failure says why. The body may go away
 * afterwards.
 */
bool policy_reply_read(struct arena *arena, int status, const char *body, size_t size,
	struct policy_reply *reply, struct policy_failure *failure);
