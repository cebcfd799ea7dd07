/*
 * An SQLite VFS for tests: the system's, with a disk under it that can lie, fail and lose its
 * power.
 *
 * Every write since the last fsync of its file is kept aside. fault_vfs_cut() is the moment of a
 * power cut: it writes into another folder what a real disk may hold then. Synced bytes are there;
 * of the others each sector of 512 bytes is there or not, as `mode` and chance want it. Also a file
 * that was made and never synced may be missing.
 *
 * Faults are set for the whole process. After a failed fsync on a file handle, another fsync on the
 * same handle is counted: there must be none.
 *
 * All functions are thread-safe.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define FAULT_VFS "fault"

/* Registers the VFS, once; before the first store is opened. */
void fault_vfs_register(void);
/* Forgets all files: for the next test. None may be open. */
void fault_vfs_reset(void);

enum fault_kind {
	FAULT_NONE,
	FAULT_FULL,  /* writes that need more room: SQLITE_FULL */
	FAULT_WRITE, /* writes: SQLITE_IOERR_WRITE */
	FAULT_SYNC,  /* fsync: SQLITE_IOERR_FSYNC */
	FAULT_READ,  /* reads: SQLITE_IOERR_READ */
};

/* From now on operations of that kind fail, after `skip` of them that do not, until FAULT_NONE. */
void fault_vfs_fail(enum fault_kind kind, int skip);
/* Only files whose name ends like this; NULL: all. */
void fault_vfs_only(const char *ending);

struct fault_counts {
	uint64_t writes;
	uint64_t syncs;
	uint64_t failed;              /* operations that were made to fail */
	uint64_t syncs_after_failure; /* on a handle whose fsync had failed */
	uint64_t writes_unsynced;     /* kept aside now */
};
void fault_vfs_counts(struct fault_counts *counts);

enum cut_mode {
	CUT_DROP,   /* nothing that was not synced is there */
	CUT_PREFIX, /* writes up to some moment are there, the last one torn */
	CUT_RANDOM, /* each sector by chance: disks reorder */
	CUT_KEEP,   /* everything is there */
	CUT_MODES,
};

/*
 * Stops all writing for a moment, calls at_cut(user) (to note what has been acknowledged by then),
 * and makes the files in `folder` (which exists and is empty) as the disk would be found. The
 * running store goes on, on its old files.
 */
void fault_vfs_cut(enum cut_mode mode, unsigned seed, const char *folder,
	void (*at_cut)(void *user), void *user);
