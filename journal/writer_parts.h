/*
 * What writer.c (forwards) and resume.c (from the disk) share. For these two only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"
#include "journal/checkpoint.h"
#include "journal/writer.h"

struct journal_batch;
struct journal_frontier;

/* Partial tiles of one tile that became full: levels, and one for the bundles. */
struct journal_leftovers {
	bool is_there[JOURNAL_TILE_LEVELS + 1];
	uint64_t index[JOURNAL_TILE_LEVELS + 1];
};

struct journal_writer {
	char *directory;
	char *state_path;
	char *checkpoint_path;
	const struct journal_key *key;
	struct journal_source source;
	const struct journal_files *files;
	struct journal_batch *batch;

	/* The tree so far. May run ahead of `last` within a round only. */
	struct journal_frontier *frontier;
	struct buf bundle; /* entries of the unfinished bundle */

	bool is_loaded;                 /* frontier and bundle are those of `last` */
	bool is_signed;                 /* `last` says something */
	struct journal_checkpoint last; /* signed, and durable at state_path */
	struct buf note;                /* … its bytes */
	uint64_t public_size;
	uint64_t seen;

	bool is_dry;    /* only the tree is computed, nothing is written */
	bool is_failed; /* a tile could not be written: in `failure` */
	struct error *failure;
	struct journal_leftovers leftovers; /* full since the last round */
	struct journal_leftovers garbage;   /* … since the one before: readers had time */
};

/* Adds one entry: tree, bundle, and what became full. */
bool journal_writer_add(
	struct journal_writer *writer, const void *leaf, size_t size, struct error *err);
/* Adds the rows up to index `end`, exactly. */
bool journal_writer_add_rows(struct journal_writer *writer, uint64_t end, struct error *err);
/* The unfinished tiles and bundle, into the batch. */
bool journal_writer_add_partials(struct journal_writer *writer, struct error *err);
/* Makes `last` public. */
bool journal_writer_show(struct journal_writer *writer, struct error *err);

/* Reads `last` and the tree of it from the disk, holds both against the store. See writer.h. */
bool journal_writer_load(struct journal_writer *writer, struct error *err);
/* ERROR_CONFIG: the store is behind what was signed. */
bool journal_writer_is_behind(
	const struct journal_writer *writer, uint64_t signed_size, struct error *err);
