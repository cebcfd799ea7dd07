/*
 * trial: one SCIM request through the real steps, without a server.
 *
 *     bytes of a request ─▶ HTTP parser ─▶ route ─▶ flow (identify … decide … commit, reply) ─▶
 * answer
 *
 * What a gateway has, this has, too: claims, rails, a committer, a helper thread. What it lacks is
 * what looks outward: listener, courier, publisher, admin socket, fsync. The store is a file in a
 * temporary folder of its own. Requests get the time they are told; ids are counted, not drawn, so
 * the same requests give the same inputs.
 *
 * Worlds: each trial_begin() takes a tenant and sources that nobody had before, so what happened in
 * one world is not seen in the next.
 *
 * One thread, which has no loop of its own running.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/digest.h"
#include "base/encode.h"

struct arena;
struct config;
struct error;
struct policy;
struct policy_coverage;
struct trial;
struct value;

enum {
	TRIAL_SOURCES = 16, /* of a world */
	TRIAL_REPLY_BYTES = 64 * 1024 * 1024,
};

struct trial_options {
	struct policy *policy;       /* with data.scimward.decision; a reference is taken */
	const struct config *config; /* limits and apps; NULL: the defaults, and apps as named */
	struct policy_coverage *coverage; /* of policy; NULL: none. Added to until trial_close() */
};

/* NULL: ERROR_IO, ERROR_STORE: no temporary folder, or no store in it; ERROR_POLICY. */
struct trial *trial_open(const struct trial_options *options, struct error *err);
void trial_close(struct trial *trial); /* NULL is fine */

struct trial_source {
	const char *name;
	const char *dialect; /* a name of scim/dialect */
	const char *quirks;  /* changes to it, as in the configuration; NULL: none */
	const char *kind;
};

/* From the next request on. Coverage goes on counting. ERROR_POLICY: as trial_open(). */
bool trial_set_policy(struct trial *trial, struct policy *policy, struct error *err);

/* Texts must live until the next world, or trial_close(). */
struct trial_world {
	const char *tenant; /* its name */
	const struct trial_source *sources;
	size_t source_count; /* ≤ TRIAL_SOURCES */
};

/* Leaves the world before. ERROR_CONFIG: a dialect that is none. */
bool trial_begin(struct trial *trial, const struct trial_world *world, struct error *err);

/* The id that the next create of this world gets; each call counts one up. */
void trial_next_id(struct trial *trial, uint8_t id[UUID_BYTES]);

struct trial_header {
	const char *name;
	const char *value;
};

struct trial_request {
	size_t source; /* of the world's */
	const char *method;
	const char *target; /* "/scim/v2/Users?…" */
	const struct trial_header *headers;
	size_t header_count;
	const char *body; /* NULL: none */
	size_t body_size;
	int64_t time_us;
	/* Put in place what a scenario takes for granted: every operation is allowed, and the
	 * dialect is standard. */
	bool is_given;
	const uint8_t *id; /* UUID_BYTES: what a create gets; NULL: the next */
	/* UUID_BYTES: the person that the source's token speaks for; NULL: nobody. Not of several
	 * requests at once. */
	const uint8_t *subject;
};

struct trial_reason {
	const char *code;
	const char *message;
};

struct trial_answer {
	int status;
	const char *body; /* NUL-terminated */
	size_t body_size;
	const struct trial_header *headers;
	size_t header_count;
	char id[UUID_TEXT_BYTES]; /* of the resource; "": the path names none */

	/* Of a write that came to a decision, what the journal's entry has. */
	bool is_decided;
	const char *effect; /* "allow", "deny", "hold", "error"; "": nothing was decided */
	const struct trial_reason *reasons; /* the messages are those of the decision */
	size_t reason_count;
	const char *failure; /* of effect "error": why there is no answer. NULL */
	bool noop;
	const char *const *observed; /* codes of reasons that do not act */
	size_t observed_count;
	bool overridable;
	bool overridden;
	const struct value *input;       /* as the policy saw it (of several slices: the last) */
	const struct value *obligations; /* NULL: none */
	const struct value *apps;        /* NULL: the decision names none */
};

/*
 * Sends the requests, all at once, and waits for all answers; they live in arena. Several at once
 * are for what is given: they share transactions. False: a request is no HTTP (ERROR_REQUEST); a
 * refusal is an answer.
 */
bool trial_send(struct trial *trial, const struct trial_request *requests, size_t count,
	struct arena *arena, struct trial_answer *answers, struct error *err);

/* Counts people and memberships as removed by a source of the world shortly before `time_us`. */
void trial_add_recent(struct trial *trial, size_t source, int64_t deactivations, int64_t removals,
	int64_t time_us);

/* A digest of every resource of the world, its version, members and externalIds. ERROR_STORE. */
bool trial_state(struct trial *trial, uint8_t digest[DIGEST_BYTES], struct error *err);

/* Removes all resources of the world, so that another may have the same ids. ERROR_STORE. */
bool trial_clear(struct trial *trial, struct error *err);
