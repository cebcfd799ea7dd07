#include "journal/source.h"

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "store/read.h"

#define SLICE 256 /* rows read at once: about 100 KiB of leaves */

static bool size_of_store(void *user, uint64_t *size, struct error *err)
{
	int64_t count;

	if (!store_journal_size(user, &count, err)) {
		return false;
	}
	*size = (uint64_t)count;
	return true;
}

/* *goes_on false: fn had enough. */
static bool hand_out(const struct store_entry *entries, size_t count, journal_row_fn *fn,
	void *fn_user, bool *goes_on, struct error *err)
{
	struct error told = { 0 };

	*goes_on = true;
	for (size_t i = 0; i < count && *goes_on; i++) {
		struct journal_row row = { (uint64_t)entries[i].index, entries[i].leaf,
			entries[i].leaf_size, entries[i].payload, entries[i].payload_size };

		*goes_on = fn(fn_user, &row, &told);
	}
	if (told.code != ERROR_NONE) {
		*err = told;
		return false;
	}
	return true;
}

static bool rows_of_store(void *user, uint64_t from, uint64_t count, bool payloads,
	journal_row_fn *fn, void *fn_user, struct error *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();

	while (count > 0) {
		size_t limit = count < SLICE ? (size_t)count : SLICE;
		const struct store_entry *entries;
		size_t got;
		bool goes_on;

		arena_reset(arena);
		if (!store_entries(
			    user, arena, (int64_t)from, limit, payloads, &entries, &got, err) ||
			!hand_out(entries, got, fn, fn_user, &goes_on, err)) {
			return false;
		}
		if (!goes_on || got < limit) {
			return true;
		}
		from += got;
		count -= got;
	}
	return true;
}

struct journal_source journal_source_of_store(struct store_reader *reader)
{
	return (struct journal_source){ size_of_store, rows_of_store, reader };
}
