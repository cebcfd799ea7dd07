#include <assert.h>
#include "base/arena.h"
#include "base/value_parts.h"

static struct value head_of(enum value_type type, size_t count)
{
	assert(count < UINT32_MAX); /* ours: limits are far below */
	return (struct value){ .type = (uint8_t)type, .count = (uint32_t)count };
}

struct value_string *string_alloc(struct arena *arena, size_t size)
{
	/* 8 bytes at least, for entry_rank(). */
	size_t room = size < 8 ? 8 : size + 1;
	struct value_string *string = arena_alloc(arena, sizeof(*string) + room);

	string->head = head_of(VALUE_STRING, size);
	if (size < 8) {
		memset(string->text, 0, 8);
	} else {
		string->text[size] = '\0';
	}
	return string;
}

struct value_array *array_alloc(struct arena *arena, size_t count)
{
	struct value_array *array =
		arena_alloc(arena, sizeof(*array) + count * sizeof(array->items[0]));

	array->head = head_of(VALUE_ARRAY, count);
	return array;
}

static uint16_t depth_of_items(const struct value *const *items, size_t count)
{
	uint16_t depth = 1;

	for (size_t i = 0; i < count; i++) {
		depth = depth_around(depth, items[i]);
	}
	return depth;
}

static uint16_t depth_of_members(const struct value_member *members, size_t count)
{
	uint16_t depth = 1;

	for (size_t i = 0; i < count; i++) {
		depth = depth_around(depth, members[i].key);
		depth = depth_around(depth, members[i].value);
	}
	return depth;
}

const struct value *array_seal(struct value_array *array)
{
	array->head.depth = depth_of_items(array->items, array->head.count);
	array->head.hash = hash_array(array->items, array->head.count);
	return &array->head;
}

/* The second word of tags stands behind the members when there are 9 to 16. */
static size_t tag_bytes(size_t count)
{
	return count > VALUE_TAGS_IN_WORD && count <= VALUE_TAGS_MAX ? sizeof(uint64_t) : 0;
}

struct value_object *object_alloc(struct arena *arena, size_t count)
{
	struct value_object *object = arena_alloc(
		arena, sizeof(*object) + count * sizeof(object->members[0]) + tag_bytes(count));

	object->head = head_of(VALUE_OBJECT, count);
	return object;
}

struct value_set *set_alloc(struct arena *arena, size_t count)
{
	struct value_set *set =
		arena_alloc(arena, sizeof(*set) + count * sizeof(set->items[0]) + tag_bytes(count));

	set->head = head_of(VALUE_SET, count);
	return set;
}

/* ---- tags and index ---- */

static void put_tag(union value_finder *finder, void *behind, size_t position, uint64_t hash)
{
	uint64_t tag = hash >> 56;

	if (position < VALUE_TAGS_IN_WORD) {
		finder->tags |= tag << 8 * position;
	} else {
		*(uint64_t *)behind |= tag << 8 * (position - VALUE_TAGS_IN_WORD);
	}
}

static void start_tags(union value_finder *finder, void *behind, size_t count)
{
	finder->tags = 0;
	if (count > VALUE_TAGS_IN_WORD) {
		*(uint64_t *)behind = 0;
	}
}

static struct value_index *new_index(struct arena *arena, size_t count)
{
	size_t slots = 64;

	while (slots < 2 * count) {
		slots *= 2;
	}
	struct value_index *index =
		arena_alloc(arena, sizeof(*index) + slots * sizeof(index->slots[0]));

	index->mask = slots - 1;
	memset(index->slots, 0, slots * sizeof(index->slots[0]));
	return index;
}

/* What finds no room within VALUE_PROBES is left out: the search then goes on by bisection. */
static void put_slot(struct value_index *index, size_t position, uint64_t hash)
{
	for (uint64_t probe = 0; probe < VALUE_PROBES; probe++) {
		uint64_t *slot = &index->slots[(hash + probe) & index->mask];

		if (*slot == 0) {
			*slot = (hash & 0xffffffff00000000u) | (position + 1);
			return;
		}
	}
}

const struct value *object_seal(struct arena *arena, struct value_object *object)
{
	size_t count = object->head.count;
	const struct value_member *members = object->members;

	if (count <= VALUE_TAGS_MAX) {
		start_tags(&object->finder, object->members + count, count);
		for (size_t i = 0; i < count; i++) {
			put_tag(&object->finder, object->members + count, i,
				hash_of(members[i].key));
		}
	} else {
		struct value_index *index = new_index(arena, count);

		for (size_t i = 0; i < count; i++) {
			put_slot(index, i, hash_of(members[i].key));
		}
		object->finder.index = index;
	}
	object->head.depth = depth_of_members(members, count);
	object->head.hash = hash_object(members, count);
	return &object->head;
}

const struct value *set_seal(struct arena *arena, struct value_set *set)
{
	size_t count = set->head.count;

	if (count <= VALUE_TAGS_MAX) {
		start_tags(&set->finder, set->items + count, count);
		for (size_t i = 0; i < count; i++) {
			put_tag(&set->finder, set->items + count, i, hash_of(set->items[i]));
		}
	} else {
		struct value_index *index = new_index(arena, count);

		for (size_t i = 0; i < count; i++) {
			put_slot(index, i, hash_of(set->items[i]));
		}
		set->finder.index = index;
	}
	set->head.depth = depth_of_items(set->items, count);
	set->head.hash = hash_set(set->items, count);
	return &set->head;
}
