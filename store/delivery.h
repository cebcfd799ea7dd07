/*
 * Deliveries: desired states. A row says "bring app A's copy of resource R up to version `wanted`".
 * There is one row per (app, resource), so changes that queue up become one.
 *
 *   pending ──take: durable before the HTTP call──▶ in flight ──done──▶ gone, or pending again
 *      ▲                                             │   │              when more came meanwhile
 *      ├───────── retry, at next_us ─────────────────┘   └─park──▶ parked
 *      └───────── requeue, urgent, unpark ────────────────────────────┘
 *
 * The courier reads what is due (store_due), commits its intent (takes), calls the app, commits the
 * outcome with its journal entry and the changed link in one commit. What comes while a row is in
 * flight raises `wanted` and is not part of that call: it goes out afterwards. A row in flight
 * whose lease ended is due again, with `unknown` set: the courier reads the app before it writes.
 *
 * Only the courier thread takes; everyone may want.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "store/record.h"

struct arena;
struct error;
struct store_reader;

enum store_delivery_state { STORE_PENDING = 0, STORE_IN_FLIGHT = 1, STORE_PARKED = 2 };

struct store_delivery {
	int app;
	int64_t rid;
	enum store_delivery_state state;
	bool urgent;
	bool unknown;     /* in flight and its lease ended: nobody knows what the last call did */
	int64_t wanted;   /* version */
	int64_t decision; /* index of the newest decision that asked for it */
	/* … of the oldest that was not delivered; those between are superseded. */
	int64_t first_decision;
	int64_t changes;   /* how many decisions stand behind it */
	int64_t sending;   /* version in flight; 0: none */
	int64_t attempts;  /* since the last success or requeue */
	int64_t next_us;   /* not before; of one in flight: when its lease ends */
	int64_t since_us;  /* when the oldest undelivered change came: age and time-to-revoke */
	const char *error; /* of the last attempt, for people; "" */
};

/* ---- reading, by the courier's reader ---- */

/* Due at now_us in one app, urgent ones first, then by next_us; at most `limit`. */
bool store_due(struct store_reader *reader, struct arena *arena, int app, int64_t now_us,
	size_t limit, const struct store_delivery **list, size_t *count, struct error *err);
/* When the next one of an app becomes due; INT64_MAX: nothing is open but parked ones. */
bool store_next_due(struct store_reader *reader, int app, int64_t *next_us, struct error *err);

bool store_find_delivery(struct store_reader *reader, struct arena *arena, int app, int64_t rid,
	const struct store_delivery **delivery, struct error *err);
bool store_deliveries_of(struct store_reader *reader, struct arena *arena, int64_t rid,
	const struct store_delivery **list, size_t *count, struct error *err);

struct store_delivery_filter {
	int app;           /* 0: all */
	int state;         /* -1: all */
	int64_t after_rid; /* goes on behind (after_rid, after_app), in that order */
	int after_app;
};
bool store_deliveries(struct store_reader *reader, struct arena *arena,
	const struct store_delivery_filter *filter, size_t limit,
	const struct store_delivery **list, size_t *count, struct error *err);

struct store_backlog {
	int64_t open; /* pending and in flight */
	int64_t parked;
	int64_t oldest_us; /* since_us of the oldest open one; 0: none */
	int64_t scopes;    /* scope changes not yet expanded */
};
/* Counts rows of the app: for metrics, some times a minute. */
bool store_backlog(
	struct store_reader *reader, int app, struct store_backlog *backlog, struct error *err);

/* ---- writing: parts of a struct store_commit ---- */

/* Intent. One commit may carry many. A row that is gone, parked, or in flight within its lease is
 * not taken. */
struct store_take {
	int app;
	int64_t rid;
	int64_t lease_until_us;
	/* results */
	bool taken;
	bool unknown;
	bool urgent;
	int64_t version; /* to bring: load the resource again in a snapshot after this answer */
	int64_t decision;
	int64_t first_decision;
	int64_t changes;
	int64_t attempts; /* this one included */
	int64_t since_us;
};

enum store_outcome_kind {
	STORE_OUTCOME_DONE =
		1, /* the app has the version (or needs nothing): the row goes, unless more came */
	STORE_OUTCOME_RETRY, /* again at next_us */
	STORE_OUTCOME_PARK,  /* a person has to look */
};

enum store_link_change { STORE_LINK_KEEP = 0, STORE_LINK_SET, STORE_LINK_DROP };

/*
 * What became of a delivery in flight. ERROR_CONFLICT: it is not in flight with this version.
 * ERROR_UNIQUENESS: another resource is linked to this remote id.
 * A link that is known before the outcome is final (created, not yet verified) comes with a RETRY.
 * The last link or delivery of a deleted resource takes the tombstone with it.
 */
struct store_outcome {
	int app;
	int64_t rid;
	int64_t version; /* take.version */
	enum store_outcome_kind kind;
	int64_t next_us; /* RETRY */
	/* RETRY, PARK: a sentence for people, without secrets; 512 bytes of it are kept. */
	const char *error;
	enum store_link_change link_change;
	const struct store_link *link; /* LINK_SET: everything but app and rid */
};

/* A group change that an app's filter names, waiting to be spread over its members. */
struct store_scope_change {
	int64_t seq;
	int app;
	int64_t group;
	int64_t decision;
	int64_t total; /* members to look at; -1: all of the group, not counted */
	int64_t done;
};
/* By seq, at most `limit`; app 0: of all. */
bool store_scope_changes(struct store_reader *reader, struct arena *arena, int app, size_t limit,
	const struct store_scope_change **list, size_t *count, struct error *err);

enum { STORE_EXPAND_CHUNK = 500 };

/*
 * Turns the next STORE_EXPAND_CHUNK members of a scope change into deliveries (wanted = their
 * current version, decision = the group's) and moves its cursor, in one transaction. Unknown seq:
 * finished, written 0.
 */
struct store_expand {
	int64_t seq;
	/* results */
	int64_t written;
	bool finished; /* it was the last chunk; the scope change is gone */
};

/* Parked deliveries back to pending, due now. rid 0: all of the app (in one transaction). */
struct store_requeue {
	int app;
	int64_t rid;
};
