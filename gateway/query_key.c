#include "gateway/query_key.h"

#include <string.h>
#include "base/arena.h"
#include "base/encode.h"
#include "base/error.h"
#include "gateway/gateway.h"
#include "gateway/names.h"
#include "gateway/read.h"
#include "gateway/request.h"
#include "scim/schema.h"
#include "store/read.h"

struct store_key query_store_key(const struct request *request,
	const struct scim_resource_type *type, const struct scim_key *key)
{
	return names_store_key(
		request->worker->gateway, request->source->tenant, request->source->id, type, key);
}

/* Rids of what an id finds: the resource itself, or of a member its groups, ascending. */
static bool rids_of_id(struct request *request, const struct read_part *part, struct arena *arena,
	const int64_t **rids, size_t *count, struct error *err)
{
	struct store_reader *reader = request->worker->reader;
	bool member = part->key.kind == SCIM_KEY_MEMBER;
	int64_t *found_rids;
	const struct store_ref *groups;
	struct store_ref ref;
	uint8_t id[UUID_BYTES];
	bool found = false;

	*count = 0;
	if (uuid_parse(part->key.text, part->key.size, id) &&
		!store_find_ref(reader, arena, request->source->tenant,
			member ? STORE_USER : part->store_type, id, &found, &ref, err)) {
		return false;
	}
	if (!found) {
		return true;
	}
	if (!member) {
		*rids = arena_copy(arena, &ref.rid, sizeof(ref.rid));
		*count = 1;
		return true;
	}
	if (!store_groups_of(reader, arena, ref.rid, &groups, count, err)) {
		return false;
	}
	found_rids = arena_alloc(arena, (*count + 1) * sizeof(*found_rids));
	for (size_t i = 0; i < *count; i++) {
		found_rids[i] = groups[i].rid;
	}
	*rids = found_rids;
	return true;
}

/* The slice of a list that is there as a whole. */
static bool slice_of_ids(struct request *request, const struct read_part *part,
	const struct store_slice *slice, const struct store_row **rows, size_t *count, bool *more,
	struct error *err)
{
	struct read *read = request->read;
	struct store_place *place = &read->place;
	struct store_row *found = arena_calloc(read->slice, slice->limit, sizeof(*found));
	const int64_t *rids = NULL;
	size_t all;

	if (!rids_of_id(request, part, read->slice, &rids, &all, err)) {
		return false;
	}
	*more = false;
	*count = 0;
	for (size_t i = 0; i < all; i++) {
		int64_t rid = rids[slice->backward ? all - 1 - i : i];

		if (place->is_set && (slice->backward ? rid >= place->rid : rid <= place->rid)) {
			continue;
		}
		if (*count == slice->limit) {
			*more = true;
			break;
		}
		found[(*count)++].rid = rid;
	}
	if (*count > 0) {
		*place = (struct store_place){ .is_set = true, .rid = found[*count - 1].rid };
	}
	*rows = found;
	return true;
}

/* Puts a rid where it belongs among those of a slice. */
static void put_row(struct arena *arena, const struct store_slice *slice, int64_t rid,
	const struct store_row **rows, size_t *count)
{
	struct store_row *all = arena_calloc(arena, *count + 1, sizeof(*all));
	size_t at = 0;

	while (at < *count && (slice->backward ? (*rows)[at].rid > rid : (*rows)[at].rid < rid)) {
		all[at] = (*rows)[at];
		at++;
	}
	all[at].rid = rid;
	for (size_t i = at; i < *count; i++) {
		all[i + 1] = (*rows)[i];
	}
	*rows = all;
	++*count;
}

/* An address that is the userName has no row of its own (scim/key.h). */
static bool add_who_is_named_so(struct request *request, const struct read_part *part,
	const struct store_slice *slice, struct store_place *from, bool more,
	const struct store_row **rows, size_t *count, struct error *err)
{
	struct scim_key named = part->key;
	struct arena *arena = request->read->slice;
	const struct store_row *found;
	size_t one;
	bool ignored;

	named.kind = SCIM_KEY_USER_NAME;
	named.unique = true;
	struct store_key key = query_store_key(request, part->type, &named);
	if (!store_slice_found(request->worker->reader, arena, slice, &key, from, &found, &one,
		    &ignored, err)) {
		return false;
	}
	if (one == 0) {
		return true;
	}
	int64_t last = *count > 0 ? (*rows)[*count - 1].rid : 0;
	bool is_within = slice->backward ? found[0].rid > last : found[0].rid < last;
	if (!more || is_within) {
		put_row(arena, slice, found[0].rid, rows, count);
	}
	return true;
}

bool query_key_slice(struct request *request, const struct read_part *part,
	const struct store_slice *slice, const struct store_row **rows, size_t *count, bool *more,
	struct error *err)
{
	struct store_key key = query_store_key(request, part->type, &part->key);
	struct read *read = request->read;
	struct store_place from = read->place;

	*count = 0;
	*more = false;
	if (key.kind == 0) {
		return slice_of_ids(request, part, slice, rows, count, more, err);
	}
	if (key.size > STORE_KEY_BYTES) {
		return true;
	}
	return store_slice_found(request->worker->reader, read->slice, slice, &key, &read->place,
		       rows, count, more, err) &&
	       (part->key.kind != SCIM_KEY_EMAIL ||
		       add_who_is_named_so(request, part, slice, &from, *more, rows, count, err));
}
