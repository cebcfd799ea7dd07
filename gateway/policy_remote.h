/*
 * policy_remote: the OPA server that decides when policy.engine is opa: where it is, whether it
 * answers, what it says it decides by, how often it was asked.
 *
 * One for a gateway. Every question of every thread (policy_asker.h) is noted here. Functions are
 * thread-safe unless their comment says otherwise.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "policy/engine.h"
#include "policy/reply.h"

struct arena;
struct config_policy;
struct fetch_request;
struct policy_question;
struct policy_remote;

/* The configuration must outlive it. */
struct policy_remote *policy_remote_new(const struct config_policy *config);
void policy_remote_free(struct policy_remote *remote); /* NULL is fine */

/* Where and how a question is sent: all of *request but method, headers, body and timeout. path
 * NULL: to the rule that decides; else below /v1/data. */
void policy_remote_address(const struct policy_remote *remote, const char *path,
	struct arena *arena, struct fetch_request *request);
/* How many questions of all threads together may be under way. */
size_t policy_remote_limit(const struct policy_remote *remote);
/* How long one may take. */
int64_t policy_remote_timeout_ms(const struct policy_remote *remote);

/* A question begins; every one of them is noted at its end. */
void policy_remote_begin(struct policy_remote *remote);
void policy_remote_note(struct policy_remote *remote, const struct policy_question *question);
/* What a made-up operation showed: it decides, or answers with something else. */
void policy_remote_approve(struct policy_remote *remote, const struct policy_reply *reply);
void policy_remote_complain(struct policy_remote *remote, const char *text);

/* What came last could be used. */
bool policy_remote_is_well(const struct policy_remote *remote);

enum policy_asked {
	POLICY_ASKED_ANSWERED,    /* with a value, or undefined */
	POLICY_ASKED_FAILED,      /* the policy could not be evaluated */
	POLICY_ASKED_UNAVAILABLE, /* there was no answer */
	POLICY_ASKED_COUNT,
};
const char *policy_asked_name(enum policy_asked outcome); /* "answered", …: for metrics */

struct policy_remote_status {
	const char *source; /* "opa:http://127.0.0.1:8181#scimward/decision" */
	bool is_well;
	char revision[POLICY_REVISION_BYTES];    /* of the last answer; "": none came yet */
	int64_t revision_us;                     /* when it was seen first; 0 */
	int64_t asked_us;                        /* when it was asked last */
	int64_t fine_us;                         /* when it answered last */
	char trouble[POLICY_FAILURE_TEXT_BYTES]; /* what came last instead of an answer */
	int64_t trouble_us;
	uint64_t asked[POLICY_ASKED_COUNT];
	uint64_t open; /* questions under way, waiting ones included */
};
void policy_remote_status(struct policy_remote *remote, struct policy_remote_status *status);
