/*
 * verify: is everything as it was signed?
 *
 * Walks the log once from the first entry on, with memory that does not grow with it, and holds
 * against each other: checkpoint signature; bundles against leaf hashes; tiles of every level, full
 * and partial, against what is computed from the entries; the root against the checkpoint; store
 * rows against the bundles; payloads against what their leaves commit to; rows that are not
 * published yet against their payloads.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "journal/checkpoint.h"
#include "journal/source.h"

struct error;
struct journal_files;

struct journal_verify_options {
	const char *directory;
	const char *vkey;       /* NULL: <directory>/log.vkey, which proves less: say so */
	const char *state_path; /* NULL: not looked at. Else: what was signed last must not be ahead
				   of the store */
	const struct journal_source *source; /* NULL: only the directory is checked */
	const struct journal_files *files;   /* NULL: POSIX */
	/* About every 4,096 entries. False: stop (ERROR_TIMEOUT). NULL is fine. */
	bool (*on_progress)(void *user, uint64_t done, uint64_t total);
	void *user;
};

struct journal_verify_report {
	bool intact;
	char problem[512]; /* of a log that is not: the first bad thing, by name, and what it
			      contradicts */
	struct journal_checkpoint checkpoint;
	uint64_t entries;     /* checked against the checkpoint */
	uint64_t rows;        /* of the store, those beyond the checkpoint included */
	uint64_t payloads;    /* checked against their leaves */
	uint64_t erased;      /* leaves whose payload is gone */
	uint64_t unpublished; /* rows beyond the checkpoint */
};

/*
 * False: the check could not be made (ERROR_CONFIG, ERROR_STORE, ERROR_TIMEOUT; ERROR_IO for a
 * directory that cannot be read). A file of the log that is missing or wrong is no failure but
 * `intact` = false.
 */
bool journal_verify(const struct journal_verify_options *options,
	struct journal_verify_report *report, struct error *err);
