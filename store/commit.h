/*
 * Every write. A worker fills one struct store_commit with all that its operation changes and hands
 * it over; the committer thread takes what all workers queued, deactivations first, into one
 * transaction with one fsync, and answers each in its loop. All of an operation becomes durable or
 * nothing of it.
 *
 * Happy path: store_commit → BEGIN IMMEDIATE → per operation: check by query, then write → COMMIT
 * → fn, ok. What can fail:
 * - ERROR_CONFLICT: an expected version is gone, or a member is; load again.
 * - ERROR_UNIQUENESS: another resource holds a key (key_kind) or a remote id.
 * - ERROR_STORE: the queue is full, or the disk refused; then the whole batch fails.
 * - ERROR_INTERNAL: the database refuses the operation for a reason that no check foresaw.
 * A failed operation leaves nothing behind and the others of its batch alone. (When the power goes
 * in the very moment of a failed fsync, an operation answered with ERROR_STORE may be there
 * afterwards, whole: nobody can know what a disk did that reported an error.)
 *
 * Everything that a store_commit points to belongs to the caller and must stay until fn came.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"
#include "base/list.h"
#include "store/record.h"

struct loop;
struct store;
struct store_expand;
struct store_outcome;
struct store_requeue;
struct store_take;

enum store_action { STORE_CREATE = 1, STORE_UPDATE, STORE_DELETE };

/*
 * The resource as it shall be.
 *
 * CREATE: version 1, origin = commit->source; all fields count.
 *
 * UPDATE: version rises by one, if the row still has before->version. doc NULL: document, name,
 * active, keys and doc_entry stay as they are (a change of members or apps only).
 *
 * DELETE: if the row still has before->version. Keys are released; memberships go and the other
 * side follows (below); the row stays as a tombstone while a link or a delivery exists, else it
 * goes, too. Only `before` counts.
 *
 * What follows in the same transaction: counts of a group whose members come, go, are switched on
 * or off or are deleted; a group's version when a member is deleted; the tenant's population.
 */
struct store_write {
	enum store_action action;
	const struct store_resource *before; /* UPDATE, DELETE: as a reader gave it */
	uint8_t id[UUID_BYTES];              /* CREATE */
	enum store_type type;                /* CREATE */
	bool active;
	const char *name; /* NULL: "" */
	const char *doc;
	size_t doc_size;
	/* All that it holds afterwards: what differs from before->keys is taken or released. */
	const struct store_key *keys;
	size_t key_count;
	const struct store_apps *apps; /* NULL: unchanged; on create: all */
	/* Of a Group: rids of Users of its tenant. One that is (no) member already is fine. */
	const int64_t *added;
	size_t added_count;
	const int64_t *removed;
	size_t removed_count;
};

/* A version that the decision relied on, besides the one of write->before. */
struct store_expect {
	int64_t rid;
	int64_t version;
};

/*
 * New keys for a resource that stays as it is, without a new version: when the attributes change
 * that the keys are made of. Only while nothing else writes: before the workers start.
 */
enum { STORE_REKEY_UNFIT = -1 };
struct store_rekey {
	const struct store_resource *resource; /* as a reader gave it */
	const struct store_key *keys;          /* all it holds afterwards */
	size_t key_count;
	/* Result. 0: done. Else nothing of it changed: another resource holds one of the keys, or
	 * (STORE_REKEY_UNFIT) one is too long or empty, or there are too many. */
	int64_t holder;
	int key_kind; /* … and which it is */
};

/* An app that shall be brought up to the resource's current version. */
struct store_want {
	int app;
	int64_t rid; /* 0: the resource of this commit */
	bool urgent; /* first in its app; a parked delivery is tried again */
	bool unpark; /* a parked delivery is tried again */
};

/*
 * An app whose filter names the group of this commit: its members that changed have to be looked at
 * (delivery.h).
 */
struct store_scope {
	int app;
	/* Every member, before or after, not only those that this commit adds or removes: rename,
	 * delete. */
	bool all;
	bool urgent;
};

struct store_token_change {
	const struct store_token *add; /* NULL: none. Its id comes back in commit->token */
	int64_t revoke;                /* id; 0: none. Unknown: ERROR_NOT_FOUND */
};

struct store_setting {
	const char *name;  /* "<folder>.<what>", e.g. "gateway.paused.3" */
	const char *value; /* NULL: removed */
};

/* In the loop that asked, exactly once, never from inside store_commit(). */
typedef void store_commit_fn(void *user);

struct store_commit {
	int tenant;
	int source;
	int64_t now_us; /* created, modified, due from: one clock reading of the operation */
	bool urgent;    /* a deactivation or a deletion of a person: goes first in its batch */

	/* Each may be absent (NULL, 0). A denial has only an entry. */
	const struct store_write *write;
	const struct store_expect *expect;
	size_t expect_count;
	const struct store_entry *entry; /* its index, and the rid of a create, are the store's */
	const struct store_want *wants;
	size_t want_count;
	/*
	 * Also every app that has a link or a delivery of the resource (urgent if the commit is);
	 * on DELETE of a User also its groups in the apps that have them.
	 */
	bool want_linked;
	const struct store_scope *scopes;
	size_t scope_count;
	/* To add for (tenant, source, minute of now_us): [kind - 1]. */
	int64_t rates[STORE_RATE_KINDS];
	const struct store_token_change *token_change;
	const struct store_setting *settings;
	size_t setting_count;
	struct store_rekey *rekeys;
	size_t rekey_count;

	/* The courier's: store/delivery.h. */
	struct store_take *takes;
	size_t take_count;
	const struct store_outcome *outcome;
	struct store_expand *expand;
	const struct store_requeue *requeue;

	/* ---- results ---- */
	bool ok;
	struct error err; /* unless ok */
	int key_kind;     /* of ERROR_UNIQUENESS: which */
	int64_t key_scope;
	int64_t index;   /* of the entry; -1: none */
	int64_t rid;     /* of the resource written */
	int64_t version; /* … after the write */
	int64_t members; /* of a Group, after the write */
	int64_t token;
	bool tombstone; /* of DELETE: the row stays until the apps are done */

	/* ---- the committer's ---- */
	struct list_node node;
	struct loop *loop;
	store_commit_fn *fn;
	void *user;
	struct store_commit *next;
	struct store_waiter *waiter;
	struct store_naming *naming;
};

/*
 * Queues the commit, from any thread. fn(user) comes in `loop`, results stand in the commit. A full
 * queue is answered the same way: ERROR_STORE.
 */
void store_commit(struct store *store, struct store_commit *commit, struct loop *loop,
	store_commit_fn *fn, void *user);

/*
 * The same, waiting for the answer. For start-up, tools and tests, never in a loop. False: *err is
 * commit->err.
 */
bool store_commit_wait(struct store *store, struct store_commit *commit, struct error *err);
