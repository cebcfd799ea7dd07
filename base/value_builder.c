#include "base/arena.h"
#include "base/value.h"

static void add(struct value_builder *builder, const struct value *key, const struct value *value)
{
	if (builder->count == builder->capacity) {
		size_t capacity = builder->capacity != 0 ? 2 * builder->capacity : 16;
		struct value_member *members =
			arena_alloc(builder->arena, capacity * sizeof(*members));

		if (builder->count != 0) {
			memcpy(members, builder->members, builder->count * sizeof(*members));
		}
		builder->members = members;
		builder->capacity = capacity;
	}
	builder->members[builder->count++] = (struct value_member){ key, value };
}

void value_add_key(
	struct value_builder *builder, const struct value *key, const struct value *value)
{
	if (value != NULL) {
		add(builder, key, value);
	}
}

void value_add(struct value_builder *builder, const char *name, const struct value *value)
{
	if (value != NULL) {
		add(builder, value_of_text(builder->arena, name), value);
	}
}

void value_add_text(struct value_builder *builder, const char *name, const char *text)
{
	if (text != NULL) {
		value_add(builder, name, value_of_text(builder->arena, text));
	}
}

void value_add_int(struct value_builder *builder, const char *name, int64_t number)
{
	value_add(builder, name, value_of_int(builder->arena, number));
}

void value_add_item(struct value_builder *builder, const struct value *item)
{
	if (item != NULL) {
		add(builder, NULL, item);
	}
}

static void used_up(struct value_builder *builder)
{
	builder->members = NULL;
	builder->count = builder->capacity = 0;
}

const struct value *value_finish_object(struct value_builder *builder)
{
	const struct value *object =
		value_of_object(builder->arena, builder->members, builder->count);

	used_up(builder);
	return object;
}

/* The items, moved together at the front of the memory that held the members. */
static const struct value *const *items_of(struct value_builder *builder)
{
	const struct value **items = (const struct value **)builder->members;

	for (size_t i = 0; i < builder->count; i++) {
		items[i] = builder->members[i].value; /* never overtakes what it reads */
	}
	return items;
}

const struct value *value_finish_array(struct value_builder *builder)
{
	const struct value *array =
		value_of_array(builder->arena, items_of(builder), builder->count);

	used_up(builder);
	return array;
}

const struct value *value_finish_set(struct value_builder *builder)
{
	const struct value *set = value_of_set(builder->arena, items_of(builder), builder->count);

	used_up(builder);
	return set;
}

const struct value *value_overlay(
	struct arena *arena, const struct value *under, const struct value *over)
{
	struct value_builder it = { .arena = arena };

	for (size_t i = 0; i < value_count(under); i++) {
		const struct value_member *member = value_member_at(under, i);

		if (value_find_key(over, member->key) == NULL) {
			value_add_key(&it, member->key, member->value);
		}
	}
	for (size_t i = 0; i < value_count(over); i++) {
		const struct value_member *member = value_member_at(over, i);

		value_add_key(&it, member->key, member->value);
	}
	return value_finish_object(&it);
}
