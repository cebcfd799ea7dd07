/*
 * policy_backup: the policies that go with a copy of the store (store/backup.h). They lie beside it
 * as they lie beside a store, so that a copy can be asked like one:
 *
 *     <store>-policy/revisions/<digest>   each policy that decided (policy_archive.h)
 *     <store>-policy/last-good            the last one that passed the gate (policy_kept.h)
 *
 * What is already there stays: archives are united, the same content under the names of both.
 * A candidate (policy.shadow) decided nothing and does not go along: it is fetched again.
 * Blocks while files are read and written: a tool's call, never one of a loop.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct error;

struct policy_backup_info {
	size_t policies; /* of the archive that are whole */
	bool has_last_good;
	char damaged[512]; /* the first that is not whole: which file, and what; "": none */
};

/* What lies beside the store `path`; each is read and held against its digest. ERROR_IO. */
bool policy_backup_check(const char *path, struct policy_backup_info *info, struct error *err);

/*
 * Copies what is whole from beside the store `from` to beside `to`; *info is what was there. Call
 * it after the store was copied: a policy is archived before its first decision, so what the copy
 * names is there. The last good one of `from` takes the place of that of `to`. ERROR_IO.
 */
bool policy_backup(
	const char *from, const char *to, struct policy_backup_info *info, struct error *err);

/*
 * The same backwards. A last good one that is there and whole stays: it may be newer, and one that
 * is older must never come back by itself. ERROR_IO.
 */
bool policy_backup_restore(const char *from, const char *to, struct error *err);
