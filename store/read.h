/*
 * Every read. A store_reader is one read connection with its prepared statements; one thread at a
 * time, one per worker. Results live in the arena given. Reads never wait for the committer.
 *
 * Fallible reads return bool and fill *err with ERROR_STORE when the database cannot be read. "Not
 * there" is no error: the result is NULL, or the count 0.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "store/record.h"

struct arena;
struct error;
struct store;
struct store_reader;

/* NULL: ERROR_STORE. */
struct store_reader *store_reader_open(struct store *store, struct error *err);
void store_reader_close(struct store_reader *reader); /* NULL is fine */

/*
 * What is read between begin and end is one snapshot of the database, as of the first read. Cheap,
 * and cheaper than several reads without it. Keep it short (a request, a slice): an open snapshot
 * keeps the WAL from being reused. Begin within begin is counted, so a helper may bracket its own
 * reads.
 */
bool store_read_begin(struct store_reader *reader, struct error *err);
void store_read_end(struct store_reader *reader);

/* ---- resources. Tombstones are found only by store_find_rid. ---- */

/* *resource NULL: no such resource in this tenant and type. With its document. */
bool store_find_id(struct store_reader *reader, struct arena *arena, int tenant,
	enum store_type type, const uint8_t id[UUID_BYTES], const struct store_resource **resource,
	struct error *err);
bool store_find_rid(struct store_reader *reader, struct arena *arena, int64_t rid,
	const struct store_resource **resource, struct error *err);
/* By a unique key. */
bool store_find_key(struct store_reader *reader, struct arena *arena, int kind, int64_t scope,
	const char *value, size_t size, const struct store_resource **resource, struct error *err);
/* Without its document and keys: for each of many members. *found false: none. */
bool store_find_ref(struct store_reader *reader, struct arena *arena, int tenant,
	enum store_type type, const uint8_t id[UUID_BYTES], bool *found, struct store_ref *ref,
	struct error *err);

/* Rids by any key, unique or not, ascending, after `after` (0: from the start), at most `limit`. */
bool store_find_key_all(struct store_reader *reader, struct arena *arena,
	const struct store_key *key, int64_t after, size_t limit, const int64_t **rids,
	size_t *count, struct error *err);

/*
 * The next `limit` resources of a type in the order in which they were made, with documents, after
 * rid `after` (0: from the start). Fewer than limit: that was all. A scan goes on in slices: after
 * = the last rid.
 */
bool store_list(struct store_reader *reader, struct arena *arena, int tenant, enum store_type type,
	int64_t after, size_t limit, const struct store_resource **list, size_t *count,
	struct error *err);

/*
 * A slice of a list in either direction, for queries. `place` is where it goes on: the slice begins
 * behind it, of a backward one before it; `{ 0 }` is the start, or the end. Fewer rows than `limit`
 * say nothing: *more tells whether there is more, and the list's own `place` is moved behind all
 * that was looked at.
 *
 *     rows   resources of the type in the order in which they were made, whole, about `bytes` at
 * most found  what a key finds (store_find_key_all), by rid keys   the holders of a unique key of
 * one kind and scope, by its bytes, from `low` (included; NULL: all) to below `high` (NULL: all)
 *     ids    resources of the type by id, which is the order of meta.created
 */
struct store_place {
	bool is_set;
	int64_t rid;
	const void
		*key; /* of keys: the value; of ids: UUID_BYTES; in the arena of the last slice */
	size_t key_size;
};

struct store_slice {
	int tenant;
	enum store_type type;
	bool backward;
	size_t limit;
	size_t bytes;
	int kind; /* of keys */
	int64_t scope;
	const char *low;
	size_t low_size;
	const char *high;
	size_t high_size;
};

struct store_row {
	int64_t rid;
	const void *key; /* as in store_place */
	size_t key_size;
};

bool store_slice_rows(struct store_reader *reader, struct arena *arena,
	const struct store_slice *slice, struct store_place *place,
	const struct store_resource **rows, size_t *count, bool *more, struct error *err);
bool store_slice_found(struct store_reader *reader, struct arena *arena,
	const struct store_slice *slice, const struct store_key *key, struct store_place *place,
	const struct store_row **rows, size_t *count, bool *more, struct error *err);
bool store_slice_keys(struct store_reader *reader, struct arena *arena,
	const struct store_slice *slice, struct store_place *place, const struct store_row **rows,
	size_t *count, bool *more, struct error *err);
bool store_slice_ids(struct store_reader *reader, struct arena *arena,
	const struct store_slice *slice, struct store_place *place, const struct store_row **rows,
	size_t *count, bool *more, struct error *err);

/*
 * Where the n-th resource is (startIndex), stepping over those before it without reading them. `{
 * .left = n - 1 }` starts; each call steps over at most STORE_SKIP_ROWS, so call until left is 0,
 * then list after `after`. A list that ends before leaves left at 0 and `after` at its end.
 */
enum { STORE_SKIP_ROWS = 20000 };
struct store_skip {
	int64_t after;
	int64_t left;
};
bool store_list_skip(struct store_reader *reader, int tenant, enum store_type type,
	struct store_skip *skip, struct error *err);

/* Kept, not counted: constant time. */
bool store_population(struct store_reader *reader, int tenant, struct store_population *population,
	struct error *err);

/* How many resources of any type a tenant has. Kept, too. */
bool store_count(struct store_reader *reader, int tenant, enum store_type type, int64_t *count,
	struct error *err);

/* ---- memberships ---- */

/* All groups of a user, by rid. */
bool store_groups_of(struct store_reader *reader, struct arena *arena, int64_t user,
	const struct store_ref **groups, size_t *count, struct error *err);
/* Members of a group by rid after `after` (0: from the start), at most `limit`. Fewer: that was
 * all. */
bool store_members_of(struct store_reader *reader, struct arena *arena, int64_t group,
	int64_t after, size_t limit, const struct store_ref **members, size_t *count,
	struct error *err);
bool store_is_member(
	struct store_reader *reader, int64_t group, int64_t user, bool *is, struct error *err);

/* ---- journal ---- */

/* How many entries there are: the next index. */
bool store_journal_size(struct store_reader *reader, int64_t *size, struct error *err);
/* Entries from index `from` on, at most `limit`, with payloads if asked. Fewer: that was all. */
bool store_entries(struct store_reader *reader, struct arena *arena, int64_t from, size_t limit,
	bool payloads, const struct store_entry **entries, size_t *count, struct error *err);
/* *entry NULL: no such index. With its payload. */
bool store_find_entry(struct store_reader *reader, struct arena *arena, int64_t index,
	const struct store_entry **entry, struct error *err);

/* ---- links ---- */

bool store_find_link(struct store_reader *reader, struct arena *arena, int app, int64_t rid,
	const struct store_link **link, struct error *err);
bool store_find_remote(struct store_reader *reader, struct arena *arena, int app,
	const char *remote, const struct store_link **link, struct error *err);
/* All links of a resource, by app. */
bool store_links_of(struct store_reader *reader, struct arena *arena, int64_t rid,
	const struct store_link **links, size_t *count, struct error *err);
/* Links of an app by remote id after `after` ("" : from the start), at most `limit`. Fewer: that
 * was all. */
bool store_links_in(struct store_reader *reader, struct arena *arena, int app, const char *after,
	size_t limit, const struct store_link **links, size_t *count, struct error *err);
/* Members of a group that have a link in an app, by rid after `after`: only rid, remote, version,
 * active; doc is NULL. */
bool store_linked_members(struct store_reader *reader, struct arena *arena, int app, int64_t group,
	int64_t after, size_t limit, const struct store_link **links, size_t *count,
	struct error *err);

/* ---- names, tokens, settings, rates ---- */

/* *name NULL: no such number. */
bool store_find_name(struct store_reader *reader, struct arena *arena, int kind, int id,
	const char **name, struct error *err);
bool store_find_token(struct store_reader *reader, struct arena *arena,
	const uint8_t sha256[DIGEST_BYTES], const struct store_token **token, struct error *err);
bool store_tokens(struct store_reader *reader, struct arena *arena,
	const struct store_token **tokens, size_t *count, struct error *err);
/* *value NULL: not set. */
bool store_find_setting(struct store_reader *reader, struct arena *arena, const char *name,
	const char **value, struct error *err);
/* All minutes from `minute` on: to fill the buckets at start. */
bool store_rates(struct store_reader *reader, struct arena *arena, int64_t minute,
	const struct store_rate **rates, size_t *count, struct error *err);
