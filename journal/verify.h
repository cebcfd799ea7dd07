/*
 * verify: is everything as it was signed?
 *
 * Walks the log once from the first entry on, with memory that does not grow with it, and holds
 * against each other:
 *
 *     checkpoint   signature, origin; not ahead of what was remembered as signed
 *     bundle       each entry against the leaf hash in its tile, and against the store's row
 *     tiles        of every level, full and partial, against what the entries give
 *     root         against the checkpoint
 *     payloads     against what their leaves commit to, those of rows that are not published yet,
 * too
 *
 * Where three copies of an entry exist (bundle, tile, store), the odd one is named.
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
	const char *vkey;       /* NULL: <directory>/log.vkey, which proves less: tell the user */
	const char *state_path; /* of the writer; NULL: not looked at */
	const struct journal_source *source; /* NULL: only the directory is checked */
	const struct journal_files *files;   /* NULL: POSIX */
	/* About every 4,096 entries. False: stop (ERROR_TIMEOUT). NULL is fine. */
	bool (*on_progress)(void *user, uint64_t done, uint64_t total);
	void *user;
};

struct journal_verify_report {
	bool intact;
	char problem[512]; /* of a log that is not: the first bad thing, by name */
	struct journal_checkpoint checkpoint;
	uint64_t entries;     /* found right and covered by the checkpoint */
	uint64_t rows;        /* the store has */
	uint64_t payloads;    /* found right */
	uint64_t erased;      /* leaves whose payload is gone */
	uint64_t unpublished; /* rows beyond the checkpoint, found right */
};

/*
 * False: the check could not be made: ERROR_CONFIG (the key), ERROR_STORE, ERROR_IO (a file is
 * there but cannot be read), ERROR_TIMEOUT (on_progress said so). What is missing or wrong is no
 * failure, but `intact` = false.
 *
 * The checkpoint is read first; a publisher may go on meanwhile.
 */
bool journal_verify(const struct journal_verify_options *options,
	struct journal_verify_report *report, struct error *err);
