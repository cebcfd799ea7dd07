/*
 * The store: what survives a restart, in transactions. One SQLite database in WAL mode,
 * synchronous=FULL.
 *
 *   workers ──store_commit()──▶ committer thread ──one BEGIN IMMEDIATE … COMMIT──▶ database
 *   workers ◀──answers: one loop_post per loop and batch──┘
 *   checkpoint thread: WAL ──▶ database, off the commit path
 *   each worker, the courier, the publisher: a store_reader of its own (store/read.h)
 *
 * Where things are: store/record.h what a row looks like outside · store/read.h every read ·
 * store/commit.h every write · store/claim.h who goes first · store/delivery.h what the courier
 * writes · store/backup.h copies. No SQL outside this folder; documents are opaque bytes here.
 *
 * Numbers. rid: the row id of a resource, > 0, contains tenant and type, never reused. index: of a
 * journal entry, contiguous from 0. Tenants, sources, apps and the like are small integers
 * (STORE_NAME_*), given once per name and never reused. Times are microseconds since 1970 UTC.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct loop;
struct store;

struct store_options {
	const char *path;   /* of the database file; its folder must exist and be writable */
	bool read_only;     /* no committer, no lock: for a program beside a running gateway */
	size_t queue_limit; /* operations that may wait for the committer; 0: 4096 */
	const char *vfs;    /* for tests: an SQLite VFS by name */
	/* Commits without fsync: for what need not survive (gateway/trial.h), and as the proof that
	 * the power cut test can fail. */
	bool unsafe_no_sync;
	int checkpoint_frames; /* pages in the WAL from which on it is moved; 0: 4096 (16 MiB) */
};

/*
 * Opens or creates the store, migrates an older schema (after a copy beside it:
 * "<path>.v<old>.bak"), starts the committer and checkpoint threads. Everything is copied from
 * options. Blocks; for start-up.
 *
 * NULL: ERROR_CONFIG when the store is newer than this program, is no store of scimward, or is open
 * in another process; ERROR_STORE when it cannot be read or written. The sentence names the file
 * and the way out.
 *
 * Deliveries that were in flight when the last process ended are due at once, with `unknown` set
 * (delivery.h).
 */
struct store *store_open(const struct store_options *options, struct error *err);

/*
 * Answers what is queued, stops the threads, closes. Readers must be closed before. Loops that
 * still wait for an answer get it posted, so they must live longer than this call. NULL is fine.
 */
void store_close(struct store *store);

#define STORE_SCHEMA 1 /* what this program reads and writes; see store/migrate.c */

/* ---- names ---- */

enum store_name_kind {
	STORE_NAME_TENANT = 1,
	STORE_NAME_SOURCE,
	STORE_NAME_APP,
	STORE_NAME_TYPE, /* n is the resource type STORE_CUSTOM + n - 1 */
	STORE_NAME_KEY,  /* n is the key kind STORE_KEY_CUSTOM + n - 1 */
};

/* Of each kind; STORE_TENANTS and STORE_TYPES are what fits into a rid. */
enum {
	STORE_TENANTS = 65535,
	STORE_SOURCES = 65535,
	STORE_APPS = 65535,
	STORE_TYPES = 253,
	STORE_KEY_NAMES = 960,
};

/*
 * The number (≥ 1) of a name, made when it is new. Blocks for one commit: at start and reload,
 * never in a loop. ERROR_STORE; ERROR_CONFIG when a kind is used up.
 */
bool store_name_get(struct store *store, enum store_name_kind kind, const char *name, int *id,
	struct error *err);

/* ---- news ---- */

enum store_news {
	STORE_NEWS_ENTRIES = 1,    /* the journal grew */
	STORE_NEWS_DELIVERIES = 2, /* deliveries or scope changes became due */
	STORE_NEWS_TOKENS = 4,     /* tokens or settings changed */
};

/*
 * Calls fn(user) in `loop` after a commit that brought one of `mask`. loop NULL: in the committer's
 * thread, where fn must be thread-safe and return at once. Many commits may become one
 * call; none is lost. At most 32 watches. The watch lives until store_unwatch, after which (called
 * in its loop) fn never comes.
 */
typedef void store_watch_fn(void *user);
struct store_watch *store_watch(
	struct store *store, unsigned mask, struct loop *loop, store_watch_fn *fn, void *user);
void store_unwatch(struct store *store, struct store_watch *watch);

/* ---- for status and metrics; any thread ---- */

struct store_stats {
	int64_t bytes; /* database + WAL on disk */
	int64_t wal_bytes;
	uint64_t commits;    /* transactions */
	uint64_t operations; /* answered with success */
	uint64_t conflicts;
	uint64_t failures; /* transactions that the disk refused */
	uint64_t rejected; /* turned away because the queue was full */
	int64_t commit_us; /* sum of the time of all COMMIT statements (the fsync is in it) */
	size_t queued;     /* now */
	bool healthy; /* false from a failed transaction to the next that succeeds: not ready */
};
void store_stats(struct store *store, struct store_stats *stats);
