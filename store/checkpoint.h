/*
 * The checkpoint thread: moves what the WAL holds into the database, off the commit path. Internal
 * to store/.
 *
 * A passive checkpoint disturbs nobody, but under steady load it never reaches the end, and the WAL
 * would grow for ever. So: passive rounds until little is left, then one that waits for the
 * writer's lock, moves the rest and lets the next writer begin the WAL anew. Readers that hold an
 * old snapshot put that off to the next time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct checkpoint;
struct error;

struct checkpoint_options {
	const char *path; /* texts are copied */
	const char *vfs;  /* NULL: the system's */
	bool no_sync;
	int frames; /* of the WAL, below which nothing is done; 0: 4096, which are 16 MiB */
};
/* NULL: ERROR_STORE, ERROR_INTERNAL. */
struct checkpoint *checkpoint_start(const struct checkpoint_options *options, struct error *err);
/* Ends the thread; with `settle` the WAL is emptied (a clean end). NULL is fine. */
void checkpoint_stop(struct checkpoint *checkpoint, bool settle);

/* From the committer after each commit: how many frames the WAL has. Costs nothing below the
 * threshold. */
void checkpoint_notify(struct checkpoint *checkpoint, int wal_frames);
