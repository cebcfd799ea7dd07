/*
 * The writing connection and what it keeps in memory between transactions. Internal to store/.
 *
 * One operation: all its checks first, by query; then its writes, which cannot be refused any more.
 * So an operation that is refused has written nothing and the transaction of its batch goes on
 * without a savepoint. What fails nevertheless (WRITER_BROKEN) fails the transaction; committer.c
 * tells a bad disk from a bad operation.
 *
 * Belongs to the committer thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"
#include "store/commit.h"
#include "store/sql.h"

struct error;

/* One row of table tenant. */
struct writer_tenant {
	int id;
	bool dirty;
	int64_t last[STORE_USER + 1]; /* number given last, by type */
	struct store_population population;
};

struct writer {
	struct sql sql;
	bool is_open;
	int64_t next_index;
	int64_t next_scope;
	struct writer_tenant
		*tenants; /* those seen so far; written back at the end of a transaction */
	size_t tenant_count;
	unsigned news;     /* STORE_NEWS_*, gathered until the committer takes them */
	int wal_frames;    /* after the last commit */
	struct buf packed; /* scratch of one column */
};

struct writer_open {
	const char *path;
	const char *vfs;
	bool no_sync;
	bool first; /* creates, migrates, releases leases; later openings are repairs */
};

bool writer_open(struct writer *writer, const struct writer_open *open, struct error *err);
void writer_close(struct writer *writer); /* drops an open transaction */

enum writer_result {
	WRITER_DONE,
	WRITER_REFUSED, /* commit->err says why; nothing was written */
	WRITER_BROKEN,  /* writer->sql.rc says why; the transaction is lost */
};

bool writer_begin(struct writer *writer);
enum writer_result writer_apply(struct writer *writer, struct store_commit *commit);
bool writer_end(struct writer *writer); /* COMMIT; the fsync is here */
/* ROLLBACK, and what stood in memory is forgotten. False: the connection is of no use any more. */
bool writer_abort(struct writer *writer);

/* A transaction of one small write: overwrites what a failed commit may have left behind the WAL's
 * end. */
bool writer_probe(struct writer *writer);

/* ---- for the files that write_*.c are ---- */

/* One commit on its way through. */
struct operation {
	struct writer *writer;
	struct sql *sql;
	struct store_commit *commit;
	int64_t index;         /* of its entry; -1: none */
	int64_t rid;           /* of the resource it is about; 0: none */
	int64_t version;       /* … after it */
	const uint8_t *active; /* of write->added: is that member active? */
	struct buf flags;      /* … its memory */
	struct buf gone;       /* packed rids: members of a deleted group, if scopes ask */
	struct buf pairs;      /* packed (app, group rid): groups of a deleted user to bring anew */
};

struct writer_tenant *writer_tenant(struct writer *writer, int id); /* made with zeros when new */

/* Fills commit->err; returns WRITER_REFUSED. */
enum writer_result writer_refuse(struct store_commit *commit, enum error_code code,
	const char *format, ...) __attribute__((format(printf, 3, 4)));
/* WRITER_DONE as long as no statement failed. */
enum writer_result writer_state(const struct writer *writer);
