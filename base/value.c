#include "base/value.h"

#include <stdarg.h>
#include <stdio.h>
#include "base/arena.h"
#include "base/memory.h"
#include "base/value_parts.h"

#define FEW 32 /* entries that are sorted on the stack */

const struct value value_constants[3] = {
	{ .type = VALUE_NULL },
	{ .type = VALUE_BOOL, .form = false },
	{ .type = VALUE_BOOL, .form = true },
};

const char *value_type_name(enum value_type type)
{
	static const char *const names[] = { "null", "boolean", "number", "string", "array",
		"object", "set" };

	return names[type];
}

/* ---- strings ---- */

const struct value *value_of_text_n(struct arena *arena, const char *text, size_t size)
{
	struct value_string *string = string_alloc(arena, size);

	if (size != 0) {
		memcpy(string->text, text, size);
	}
	return string_seal(string);
}

const struct value *value_of_text(struct arena *arena, const char *text)
{
	return value_of_text_n(arena, text, strlen(text));
}

const struct value *value_printf(struct arena *arena, const char *format, ...)
{
	char small[256];
	va_list arguments;

	va_start(arguments, format);
	int size = vsnprintf(small, sizeof(small), format, arguments);
	va_end(arguments);
	assert(size >= 0); /* ours: the format is a literal */
	if ((size_t)size < sizeof(small)) {
		return value_of_text_n(arena, small, (size_t)size);
	}
	struct value_string *string = string_alloc(arena, (size_t)size);

	va_start(arguments, format);
	vsnprintf(string->text, (size_t)size + 1, format, arguments);
	va_end(arguments);
	return string_seal(string);
}

/* ---- arrays ---- */

const struct value *value_of_array(
	struct arena *arena, const struct value *const *items, size_t count)
{
	size_t present = 0;

	for (size_t i = 0; i < count; i++) {
		present += items[i] != NULL;
	}
	struct value_array *array = array_alloc(arena, present);

	for (size_t i = 0, at = 0; i < count; i++) {
		if (items[i] != NULL) {
			array->items[at++] = items[i];
		}
	}
	return array_seal(array);
}

const struct value *value_append(
	struct arena *arena, const struct value *array, const struct value *item)
{
	size_t count = value_count(array);
	struct value_array *result = array_alloc(arena, count + 1);

	assert(array == NULL || array->type == VALUE_ARRAY);
	if (count != 0) {
		memcpy(result->items, value_items(array), count * sizeof(item));
	}
	result->items[count] = item;
	return array_seal(result);
}

/* ---- objects and sets ---- */

const struct value *value_of_sorted_object(
	struct arena *arena, const struct value_member *members, size_t count)
{
	struct value_object *object = object_alloc(arena, count);

	if (count != 0) {
		memcpy(object->members, members, count * sizeof(members[0]));
	}
	return object_seal(arena, object);
}

const struct value *value_of_sorted_set(
	struct arena *arena, const struct value *const *items, size_t count)
{
	struct value_set *set = set_alloc(arena, count);

	if (count != 0) {
		memcpy(set->items, items, count * sizeof(items[0]));
	}
	return set_seal(arena, set);
}

static const struct value *object_of_entries(
	struct arena *arena, struct value_entry *entries, size_t count, struct value_charge *charge)
{
	count = entries_sort(entries, count, NULL, charge);
	if (charge != NULL && charge->exhausted) {
		return NULL;
	}
	struct value_object *object = object_alloc(arena, count);

	for (size_t i = 0; i < count; i++) {
		object->members[i] = entries[i].member;
	}
	return object_seal(arena, object);
}

static const struct value *set_of_entries(
	struct arena *arena, struct value_entry *entries, size_t count, struct value_charge *charge)
{
	count = entries_sort(entries, count, NULL, charge);
	if (charge != NULL && charge->exhausted) {
		return NULL;
	}
	struct value_set *set = set_alloc(arena, count);

	for (size_t i = 0; i < count; i++) {
		set->items[i] = entries[i].member.key;
	}
	return set_seal(arena, set);
}

const struct value *value_of_object_charged(struct arena *arena, const struct value_member *members,
	size_t count, struct value_charge *charge)
{
	struct value_entry few[FEW];
	struct value_entry *entries = count <= FEW ? few : must_malloc(count * sizeof(*entries));
	size_t present = 0;

	for (size_t i = 0; i < count; i++) {
		if (members[i].value != NULL) {
			entries[present].rank = entry_rank(members[i].key);
			entries[present++].member = members[i];
		}
	}
	const struct value *object = object_of_entries(arena, entries, present, charge);

	if (entries != few) {
		memory_free(entries);
	}
	return object;
}

const struct value *value_of_set_charged(struct arena *arena, const struct value *const *items,
	size_t count, struct value_charge *charge)
{
	struct value_entry few[FEW];
	struct value_entry *entries = count <= FEW ? few : must_malloc(count * sizeof(*entries));
	size_t present = 0;

	for (size_t i = 0; i < count; i++) {
		if (items[i] != NULL) {
			entries[present].rank = entry_rank(items[i]);
			entries[present++].member.key = items[i];
		}
	}
	const struct value *set = set_of_entries(arena, entries, present, charge);

	if (entries != few) {
		memory_free(entries);
	}
	return set;
}

const struct value *value_of_object(
	struct arena *arena, const struct value_member *members, size_t count)
{
	return value_of_object_charged(arena, members, count, NULL);
}

const struct value *value_of_set(
	struct arena *arena, const struct value *const *items, size_t count)
{
	return value_of_set_charged(arena, items, count, NULL);
}

/* Where `name` stands among the members, or where it would stand. */
static size_t position_of(const struct value *object, const char *name, size_t size, bool *found)
{
	size_t low = 0;
	size_t high = value_count(object);

	*found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct value *key = value_members(object)[middle].key;
		size_t least = key->count < size ? key->count : size;
		int order = key->type < VALUE_STRING ? -1 : key->type > VALUE_STRING;

		if (order == 0) {
			order = memcmp(value_text(key), name, least);
		}
		if (order == 0) {
			order = (key->count > size) - (key->count < size);
		}
		if (order == 0) {
			*found = true;
			return middle;
		}
		if (order < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

const struct value *value_with(struct arena *arena, const struct value *object, const char *name,
	const struct value *value)
{
	bool found;
	size_t count = value_count(object);
	size_t at = position_of(object, name, strlen(name), &found);
	size_t after = at + found;

	assert(object == NULL || object->type == VALUE_OBJECT);
	if (object != NULL && value == NULL && !found) {
		return object;
	}
	const struct value_member *members = count != 0 ? value_members(object) : NULL;
	struct value_object *result = object_alloc(arena, count - found + (value != NULL));
	struct value_member *to = result->members;

	if (at != 0) {
		memcpy(to, members, at * sizeof(*to));
		to += at;
	}
	if (value != NULL) {
		to->key = found ? members[at].key : value_of_text(arena, name);
		to->value = value;
		to++;
	}
	if (count != after) {
		memcpy(to, members + after, (count - after) * sizeof(*to));
	}
	return object_seal(arena, result);
}

/* ---- copying ---- */

static const struct value *copy(
	struct arena *arena, const struct value *value, struct value_charge *charge);

static const struct value *copy_array(
	struct arena *arena, const struct value *value, struct value_charge *charge)
{
	struct value_array *array = array_alloc(arena, value->count);

	for (size_t i = 0; i < value->count && !charge->exhausted; i++) {
		array->items[i] = copy(arena, value_items(value)[i], charge);
	}
	array->head.depth = value->depth;
	array->head.hash = value->hash;
	return &array->head;
}

static const struct value *copy_set(
	struct arena *arena, const struct value *value, struct value_charge *charge)
{
	struct value_set *set = set_alloc(arena, value->count);

	for (size_t i = 0; i < value->count; i++) {
		set->items[i] = copy(arena, value_items(value)[i], charge);
		if (charge->exhausted) {
			return NULL;
		}
	}
	return set_seal(arena, set);
}

static const struct value *copy_object(
	struct arena *arena, const struct value *value, struct value_charge *charge)
{
	struct value_object *object = object_alloc(arena, value->count);

	for (size_t i = 0; i < value->count; i++) {
		object->members[i].key = copy(arena, value_members(value)[i].key, charge);
		object->members[i].value = copy(arena, value_members(value)[i].value, charge);
		if (charge->exhausted) {
			return NULL;
		}
	}
	return object_seal(arena, object);
}

static const struct value *copy(
	struct arena *arena, const struct value *value, struct value_charge *charge)
{
	if (!charge_pay(charge, 1)) {
		return NULL;
	}
	switch (value_type(value)) {
	case VALUE_NULL:
	case VALUE_BOOL:
		return value; /* static */
	case VALUE_NUMBER:
		return arena_copy(arena, value,
			value->form == VALUE_FORM_INTEGER
				? sizeof(*value)
				: sizeof(struct value_decimal) + value->count + 1);
	case VALUE_STRING:
		return charge_pay(charge, value->count / 64)
			       ? value_of_text_n(arena, value_text(value), value->count)
			       : NULL;
	case VALUE_ARRAY:
		return copy_array(arena, value, charge);
	case VALUE_OBJECT:
		return copy_object(arena, value, charge);
	case VALUE_SET:
		break;
	}
	return copy_set(arena, value, charge);
}

const struct value *value_copy_charged(
	struct arena *arena, const struct value *value, struct value_charge *charge)
{
	const struct value *result = copy(arena, value, charge);

	return charge->exhausted ? NULL : result;
}

const struct value *value_copy(struct arena *arena, const struct value *value)
{
	struct value_charge endless = { .left = UINT64_MAX };

	return copy(arena, value, &endless);
}
