/*
 * query: entries read back, one after the other, for people, filters and replay.
 *
 * The filter itself is not here: journal/ knows nothing of SCIM. Whoever filters evaluates
 * journal_view() of a record. A cursor may be resumed at any time, so following is: read to the
 * end, wait for on_entries() of the publisher (or a timer), read on.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "journal/entry.h"
#include "journal/source.h"

struct arena;
struct error;
struct value;

struct journal_cursor {
	const struct journal_source *source; /* same thread as the cursor */
	uint64_t next;                       /* index of the next entry; moves on */
	uint64_t end;  /* stops before it; JOURNAL_NONE: at the journal's end */
	bool payloads; /* read them, too */
};

/* Positions it at the last `count` entries. ERROR_STORE. */
bool journal_cursor_tail(struct journal_cursor *cursor, uint64_t count, struct error *err);

/* False: enough for now; the cursor stands behind this record. The record lives in `arena` until
 * the next one. */
typedef bool journal_record_fn(
	void *user, struct arena *arena, const struct journal_record *record);

/*
 * Hands at most `limit` records (0: all that are there now) to fn, with the arena reset for each.
 * True also at the end; *read (may be NULL) tells how many there were. ERROR_STORE; ERROR_IO,
 * "entry 12: …", for a damaged one: the cursor stands before it.
 */
bool journal_cursor_read(struct journal_cursor *cursor, struct arena *arena, size_t limit,
	journal_record_fn *fn, void *user, size_t *read, struct error *err);

/* One entry with its payload. ERROR_NOT_FOUND beyond the end. */
bool journal_get(const struct journal_source *source, struct arena *arena, uint64_t index,
	struct journal_record *record, struct error *err);

/*
 * The record as one object for filters and output: the leaf's members, `index`, and the payload's
 * `input`, `output`, `stored`, `subject`, `detail`. References are not followed: `before` stands
 * there as in the payload, and changes have a path, but `before` only where it is at hand. Without
 * a subject of its own it is input.after.
 */
const struct value *journal_view(struct arena *arena, const struct journal_record *record);

/*
 * The policy's input again, as it was decided: references to earlier entries are followed, changes
 * filled in. ERROR_NOT_FOUND: it has none, or it or an entry that it needs was erased.
 */
bool journal_resolve_input(const struct journal_source *source, struct arena *arena,
	const struct journal_record *record, const struct value **input, struct error *err);

/*
 * The document that this decision stored, without JOURNAL_UNSTORED: `stored` or input.after. NULL:
 * it stored none (denied, deleted, no-op, no decision), or it was erased.
 */
const struct value *journal_stored_document(
	struct arena *arena, const struct journal_record *record);
