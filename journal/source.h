/*
 * source: where the journal's rows are read from.
 *
 * Publisher, verify and query read through this table, so that they do not know the store, and
 * tests can hand in rows of their own. A source belongs to one thread at a time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct store_reader;

struct journal_row {
	uint64_t index;
	const uint8_t *leaf; /* all bytes are valid during the call only */
	size_t leaf_size;
	const uint8_t *payload; /* NULL: none, erased, or not asked for */
	size_t payload_size;
};

/* False stops the reading: with *err set it is a failure, without it just enough. */
typedef bool journal_row_fn(void *user, const struct journal_row *row, struct error *err);

struct journal_source {
	/* How many entries are durable: indexes are 0..size-1, without gaps. ERROR_STORE. */
	bool (*size)(void *user, uint64_t *size, struct error *err);
	/*
	 * Calls fn for `count` rows from `from` on, in order; fewer when the journal ends before. A
	 * gap is ERROR_STORE, and so is a failure to read.
	 */
	bool (*rows)(void *user, uint64_t from, uint64_t count, bool payloads, journal_row_fn *fn,
		void *fn_user, struct error *err);
	void *user;
};

/* Rows of the store; the reader stays the caller's and must be used by the same thread only. */
struct journal_source journal_source_of_store(struct store_reader *reader);
