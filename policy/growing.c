#include "policy/growing.h"

#include <assert.h>
#include <string.h>
#include "policy/worker.h"

#define SEARCHED 8  /* members that are searched one by one */
#define LEAST 4     /* items that there is room for, once there is one */
#define NESTING 256 /* growing containers within each other */
#define CAPACITY_MAX (1u << 28)

static size_t item_bytes(const struct growing *growing)
{
	return growing->type == VALUE_OBJECT ? sizeof(struct value_member)
					     : sizeof(const struct value *);
}

struct growing *growing_new(struct policy_worker *worker, enum value_type type, size_t capacity)
{
	struct growing *growing = policy_alloc(&worker->context, sizeof(*growing));

	memset(growing, 0, sizeof(*growing));
	growing->type = type;
	if (capacity > 0) {
		growing->capacity = capacity < LEAST ? LEAST
				    : capacity > 64  ? 64
						     : (uint32_t)capacity;
		growing->items =
			policy_alloc(&worker->context, growing->capacity * item_bytes(growing));
	}
	return growing;
}

static void make_room(struct policy_worker *worker, struct growing *growing)
{
	if (growing->count < growing->capacity) {
		return;
	}
	if (growing->capacity >= CAPACITY_MAX) {
		policy_leave(worker, POLICY_FAILURE_BUDGET, "a container has too many items");
	}
	growing->capacity = growing->capacity == 0 ? LEAST : growing->capacity * 2;
	void *room = policy_alloc_array(&worker->context, growing->capacity, item_bytes(growing));
	if (growing->count > 0) {
		memcpy(room, growing->items, growing->count * item_bytes(growing));
	}
	growing->items = room;
}

void growing_add(struct policy_worker *worker, struct growing *growing, const struct value *item)
{
	assert(growing->type != VALUE_OBJECT);
	make_room(worker, growing);
	growing->items[growing->count++] = item;
	growing->finished = NULL;
}

/* ---- finding keys of objects ---- */

static bool is_key(struct policy_worker *worker, const struct value *a, const struct value *b)
{
	return a == b || (value_hash(a) == value_hash(b) && policy_equals(&worker->context, a, b));
}

/* The slot of the key, or the free one where it would go. */
static uint32_t *find_slot(
	struct policy_worker *worker, struct growing *growing, const struct value *key)
{
	size_t at = value_hash(key) & growing->mask;

	for (;;) {
		uint32_t *slot = &growing->slots[at];
		if (*slot == 0 || is_key(worker, growing->members[*slot - 1].key, key)) {
			return slot;
		}
		policy_charge(&worker->context, 1);
		at = (at + 1) & growing->mask;
	}
}

static void make_index(struct policy_worker *worker, struct growing *growing)
{
	size_t slots = (size_t)growing->capacity * 2;

	while ((slots & (slots - 1)) != 0) {
		slots += slots & -slots; /* up to a power of two */
	}
	growing->mask = slots - 1;
	growing->slots = policy_alloc_array(&worker->context, slots, sizeof(*growing->slots));
	memset(growing->slots, 0, slots * sizeof(*growing->slots));
	for (uint32_t i = 0; i < growing->count; i++) {
		*find_slot(worker, growing, growing->members[i].key) = i + 1;
	}
}

static struct value_member *find_member(
	struct policy_worker *worker, struct growing *growing, const struct value *key)
{
	if (growing->slots != NULL) {
		uint32_t slot = *find_slot(worker, growing, key);
		return slot != 0 ? &growing->members[slot - 1] : NULL;
	}
	for (uint32_t i = 0; i < growing->count; i++) {
		if (is_key(worker, growing->members[i].key, key)) {
			return &growing->members[i];
		}
	}
	return NULL;
}

static void add_member(struct policy_worker *worker, struct growing *growing,
	const struct value *key, const struct value *value)
{
	uint32_t old_capacity = growing->capacity;

	make_room(worker, growing);
	growing->members[growing->count] = (struct value_member){ key, value };
	growing->count++;
	if (growing->slots != NULL && growing->capacity == old_capacity) {
		*find_slot(worker, growing, key) = growing->count;
	} else if (growing->count > SEARCHED) {
		make_index(worker, growing);
	}
}

void growing_insert(struct policy_worker *worker, struct growing *growing, const struct value *key,
	const struct value *value)
{
	assert(growing->type == VALUE_OBJECT);
	struct value_member *member = find_member(worker, growing, key);

	growing->finished = NULL;
	if (member != NULL) {
		member->value = value;
		return;
	}
	add_member(worker, growing, key, value);
}

const struct value *growing_find(
	struct policy_worker *worker, struct growing *growing, const struct value *key)
{
	assert(growing->type == VALUE_OBJECT);
	const struct value_member *member = find_member(worker, growing, key);

	if (member == NULL) {
		return NULL;
	}
	if (is_growing(member->value)) {
		growing->finished = NULL; /* the caller may change what we hold */
	}
	return member->value;
}

struct growing *growing_from(struct policy_worker *worker, const struct value *value)
{
	size_t count = value_count(value);
	struct growing *growing = growing_new(worker, value_type(value), count);

	for (size_t i = 0; i < count; i++) {
		if (growing->type == VALUE_OBJECT) {
			const struct value_member *member = value_member_at(value, i);
			growing_insert(worker, growing, member->key, member->value);
		} else {
			growing_add(worker, growing, value_at(value, i));
		}
	}
	growing->finished = value;
	return growing;
}

/* ---- finishing ---- */

static const struct value *finish(
	struct policy_worker *worker, struct growing *growing, unsigned nesting)
{
	struct policy_context *context = &worker->context;

	if (growing->finished != NULL) {
		return growing->finished;
	}
	if (growing->finishing || nesting > NESTING) {
		policy_leave(worker, POLICY_FAILURE_BUDGET, "a container is nested too deep");
	}
	growing->finishing = true;
	for (uint32_t i = 0; growing->type == VALUE_OBJECT && i < growing->count; i++) {
		const struct value *value = growing->members[i].value;
		if (is_growing(value)) {
			growing->members[i].value = finish(worker, growing_of(value), nesting + 1);
		}
	}
	switch (growing->type) {
	case VALUE_ARRAY:
		growing->finished = policy_array(context, growing->items, growing->count);
		break;
	case VALUE_SET:
		growing->finished = policy_set(context, growing->items, growing->count);
		break;
	default:
		growing->finished = policy_object(context, growing->members, growing->count);
		break;
	}
	growing->finishing = false;
	return growing->finished;
}

const struct value *growing_finish(struct policy_worker *worker, struct growing *growing)
{
	return finish(worker, growing, 0);
}
