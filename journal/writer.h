/*
 * writer: entries → bundles and tiles → signed checkpoint, in one thread, when it is told to.
 *
 * Each round is written in this order, each step durable before the next:
 *
 *     1. full tiles and bundles, then the partial ones of the new size
 *     2. the signed checkpoint into `state_path`: what we have signed we remember, come what may
 *     3. the same bytes as <directory>/checkpoint: now it is public
 *
 * So a crash on any line leaves a log whose checkpoint is covered by its tiles.
 *
 * What it refuses (C2SP tlog-checkpoint: MUST):
 * - It never signs a checkpoint that is smaller than, or inconsistent with, one signed before. When
 *   the store has fewer entries than were signed (a restored backup), opening fails: the operator
 *   must choose a new origin, with a directory and a key of its own.
 * - At open the tail is derived again from the store and must be byte-identical to the stored tiles
 *   and to the signed root. When tiles are missing, all are derived again and held against the
 * root.
 * - A published file is never changed. Partial tiles go when their full one has been public for a
 *   round (readers fall back to it).
 *
 * Without a witness, whoever holds the key can still sign another history from the start.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "journal/source.h"

struct error;
struct journal_files;
struct journal_key;
struct journal_writer;

struct journal_writer_options {
	const char *directory; /* made when it is not there; log.vkey is written into it */
	const char
		*state_path; /* the last signed checkpoint: beside the key, not in the directory */
	const struct journal_key *key;     /* the caller's; must outlive the writer */
	struct journal_source source;      /* used in the calls below only */
	const struct journal_files *files; /* NULL: POSIX */
};

/*
 * Texts are copied. A log that is new gets a checkpoint of size 0.
 * NULL: ERROR_CONFIG (the operator must decide; the sentence says what), ERROR_IO (names the file),
 * ERROR_STORE.
 */
struct journal_writer *journal_writer_open(
	const struct journal_writer_options *options, struct error *err);
void journal_writer_close(struct journal_writer *writer); /* NULL is fine */

/*
 * Publishes entries that the source has and the log has not: all, or the next JOURNAL_ROUND when
 * there are more. *more (may be NULL) tells whether there are. False: nothing new is public; the
 * next call starts from what is on the disk. Same errors as open.
 */
#define JOURNAL_ROUND 16384
bool journal_writer_publish(struct journal_writer *writer, bool *more, struct error *err);

uint64_t journal_writer_size(const struct journal_writer *writer); /* of the public checkpoint */
uint64_t journal_writer_seen(
	const struct journal_writer *writer); /* of the source, when last asked */
