#include "gateway/members.h"

#include <string.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/value.h"
#include "scim/match.h"
#include "scim/members.h"
#include "store/read.h"

/* What one run() does: about a millisecond of look-ups. */
enum { SLICE_ITEMS = 256, SLICE_ROWS = 1024 };

/* Where a user stood before the operation and stands now. */
struct place {
	struct member member;
	bool was;
	bool now;
};

struct members {
	struct arena *arena;
	struct store_reader *reader;
	const struct scim_dialect *dialect;
	int tenant;
	int64_t group;
	const struct scim_member_step *steps;
	size_t step_count;

	size_t step;   /* the one under way */
	size_t item;   /* of its list */
	size_t swept;  /* places it looked at before its rows */
	bool walked;   /* its rows were all looked at */
	int64_t after; /* … up to here */

	struct place *places; /* in the order in which they were named */
	size_t count;
	size_t capacity;
	uint32_t *index; /* open addressing by id: place + 1 */
	size_t index_size;

	struct member *added;
	struct member *removed;
	size_t added_count;
	size_t removed_count;
};

struct members *members_new(struct arena *arena, struct store_reader *reader,
	const struct scim_dialect *dialect, int tenant, int64_t group,
	const struct scim_member_step *steps, size_t count)
{
	struct members *members = arena_calloc(arena, 1, sizeof(*members));

	members->arena = arena;
	members->reader = reader;
	members->dialect = dialect;
	members->tenant = tenant;
	members->group = group;
	members->steps = steps;
	members->step_count = count;
	return members;
}

/* The ids are ours: random bits at the end, no need of a keyed hash. */
static size_t slot_of(const struct members *members, const uint8_t id[UUID_BYTES])
{
	uint64_t hash;

	memcpy(&hash, id + 8, sizeof(hash));
	return (size_t)(hash * 0x9E3779B97F4A7C15ULL >> 17) & (members->index_size - 1);
}

static struct place *find_place(const struct members *members, const uint8_t id[UUID_BYTES])
{
	if (members->index_size == 0) {
		return NULL;
	}
	for (size_t at = slot_of(members, id); members->index[at] != 0;
		at = (at + 1) & (members->index_size - 1)) {
		struct place *place = &members->places[members->index[at] - 1];

		if (memcmp(place->member.id, id, UUID_BYTES) == 0) {
			return place;
		}
	}
	return NULL;
}

static void index_place(struct members *members, size_t at)
{
	size_t slot = slot_of(members, members->places[at].member.id);

	while (members->index[slot] != 0) {
		slot = (slot + 1) & (members->index_size - 1);
	}
	members->index[slot] = (uint32_t)at + 1;
}

static void grow(struct members *members)
{
	size_t capacity = members->capacity == 0 ? 16 : members->capacity * 2;
	struct place *places = arena_alloc(members->arena, capacity * sizeof(*places));

	if (members->count > 0) {
		memcpy(places, members->places, members->count * sizeof(*places));
	}
	members->places = places;
	members->capacity = capacity;
	members->index_size = capacity * 2;
	members->index = arena_calloc(members->arena, members->index_size, sizeof(*members->index));
	for (size_t i = 0; i < members->count; i++) {
		index_place(members, i);
	}
}

static struct place *add_place(
	struct members *members, int64_t rid, const uint8_t id[UUID_BYTES], bool was)
{
	struct place *place;

	if (members->count == members->capacity) {
		grow(members);
	}
	place = &members->places[members->count];
	place->member.rid = rid;
	memcpy(place->member.id, id, UUID_BYTES);
	place->was = was;
	place->now = was;
	index_place(members, members->count++);
	return place;
}

/* The place of a user by id. *place NULL: there is no such user in this tenant. */
static bool look_up(struct members *members, const uint8_t id[UUID_BYTES], struct place **place,
	struct error *err)
{
	struct store_ref ref;
	bool found;
	bool was = false;

	*place = find_place(members, id);
	if (*place != NULL) {
		return true;
	}
	if (!store_find_ref(members->reader, members->arena, members->tenant, STORE_USER, id,
		    &found, &ref, err)) {
		return false;
	}
	if (!found) {
		return true;
	}
	if (members->group != 0 &&
		!store_is_member(members->reader, members->group, ref.rid, &was, err)) {
		return false;
	}
	*place = add_place(members, ref.rid, id, was);
	return true;
}

/* One member of a list: comes or goes. One to go that is not there is no error. */
static bool take_item(struct members *members, const struct value *list, size_t item, bool comes,
	struct error *err)
{
	uint8_t id[UUID_BYTES];
	struct place *place = NULL;
	const struct value *text = scim_member_id(members->dialect, list, item, err);

	if (text == NULL) {
		return error_wrap(err, "members[%zu]", item);
	}
	if (uuid_parse(value_text(text), value_size(text), id) &&
		!look_up(members, id, &place, err)) {
		return false;
	}
	if (place == NULL) {
		return !comes || error_set(err, ERROR_VALUE,
					 "members[%zu]: there is no user with the id '%.64s'", item,
					 value_text(text));
	}
	place->now = comes;
	return true;
}

static bool take_items(struct members *members, const struct scim_member_step *step, size_t *budget,
	struct error *err)
{
	size_t count = scim_member_count(step->list);

	for (; members->item<count && * budget> 0; members->item++, (*budget)--) {
		if (!take_item(members, step->list, members->item,
			    step->kind != SCIM_MEMBERS_REMOVE, err)) {
			return false;
		}
	}
	return true;
}

static bool matches(
	struct members *members, const struct scim_filter *filter, const struct store_ref *ref)
{
	struct value_builder it = { .arena = members->arena };
	char id[UUID_TEXT_BYTES];

	if (filter == NULL) {
		return true;
	}
	uuid_format(ref->id, id);
	value_add_text(&it, "value", id);
	value_add_text(&it, "type", "User");
	value_add_text(&it, "display", ref->name);
	return scim_filter_matches_value(members->arena, filter, value_finish_object(&it));
}

/* The next rows of the group: those that match go. */
static bool walk_rows(struct members *members, const struct scim_filter *filter, struct error *err)
{
	const struct store_ref *rows;
	size_t count;

	if (members->group == 0) {
		members->walked = true;
		return true;
	}
	if (!store_members_of(members->reader, members->arena, members->group, members->after,
		    SLICE_ROWS, &rows, &count, err)) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		struct place *place = find_place(members, rows[i].id);

		if (place == NULL && matches(members, filter, &rows[i])) {
			place = add_place(members, rows[i].rid, rows[i].id, true);
			place->now = false;
		}
		members->after = rows[i].rid;
	}
	members->walked = count < SLICE_ROWS;
	return true;
}

/* Those whom this operation itself has brought or looked at before the walk: the next of them. */
static bool sweep_places(struct members *members, const struct scim_filter *filter, size_t *budget,
	struct error *err)
{
	for (; members->swept<members->count && * budget> 0; members->swept++, (*budget)--) {
		struct place *place = &members->places[members->swept];
		struct store_ref ref = { 0 };
		bool found = true;

		if (filter != NULL &&
			!store_find_ref(members->reader, members->arena, members->tenant,
				STORE_USER, place->member.id, &found, &ref, err)) {
			return false;
		}
		memcpy(ref.id, place->member.id, UUID_BYTES);
		if (matches(members, filter, &ref)) {
			place->now = false;
		}
	}
	return true;
}

static bool walks(const struct scim_member_step *step)
{
	return step->kind == SCIM_MEMBERS_REPLACE || step->kind == SCIM_MEMBERS_CLEAR ||
	       step->kind == SCIM_MEMBERS_REMOVE_MATCHING;
}

static void finish(struct members *members)
{
	members->added = arena_alloc(members->arena, (members->count + 1) * sizeof(struct member));
	members->removed =
		arena_alloc(members->arena, (members->count + 1) * sizeof(struct member));
	for (size_t i = 0; i < members->count; i++) {
		const struct place *place = &members->places[i];

		if (place->now && !place->was) {
			members->added[members->added_count++] = place->member;
		} else if (place->was && !place->now) {
			members->removed[members->removed_count++] = place->member;
		}
	}
}

/* One slice of the step under way. */
static bool run_step(struct members *members, size_t *budget, struct error *err)
{
	const struct scim_member_step *step = &members->steps[members->step];

	if (walks(step) && !members->walked) {
		if (members->after == 0 && members->swept < members->count) {
			return sweep_places(members, step->filter, budget, err);
		}
		*budget = 0;
		return walk_rows(members, step->filter, err);
	}
	if (!take_items(members, step, budget, err)) {
		return false;
	}
	if (members->item == scim_member_count(step->list)) {
		members->step++;
		members->item = 0;
		members->swept = 0;
		members->walked = false;
		members->after = 0;
	}
	return true;
}

enum members_result members_run(struct members *members, struct error *err)
{
	size_t budget = SLICE_ITEMS;

	while (members->step < members->step_count) {
		if (budget == 0) {
			return MEMBERS_MORE;
		}
		if (!run_step(members, &budget, err)) {
			return MEMBERS_FAILED;
		}
	}
	finish(members);
	if (members->added_count + members->removed_count > MEMBERS_CHANGES_MAX) {
		error_set(err, ERROR_TOO_LARGE,
			"%zu member changes in one operation, at most %d are taken; send them in "
			"several PATCH requests",
			members->added_count + members->removed_count, MEMBERS_CHANGES_MAX);
		return MEMBERS_FAILED;
	}
	return MEMBERS_DONE;
}

const struct member *members_added(const struct members *members, size_t *count)
{
	*count = members->added_count;
	return members->added;
}

const struct member *members_removed(const struct members *members, size_t *count)
{
	*count = members->removed_count;
	return members->removed;
}

bool members_takes_out(const struct members *members, const uint8_t id[UUID_BYTES])
{
	const struct place *place = find_place(members, id);

	return place != NULL && place->was && !place->now;
}
