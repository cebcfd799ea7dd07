#include "base/value_parts.h"

/* The key looked for: a value, or a text of which no value was made. */
struct wanted {
	const struct value *key; /* NULL: text */
	const char *text;
	size_t size;
	uint64_t hash;
};

static bool is_wanted(const struct value *key, const struct wanted *wanted)
{
	if (wanted->key != NULL) {
		return key == wanted->key || key_equals(key, wanted->key);
	}
	return key->type == VALUE_STRING && key->hash == wanted->hash &&
	       key->count == wanted->size && memcmp(value_text(key), wanted->text, key->count) == 0;
}

/* Pointers to keys, `stride` pointers apart: 1 in a set, 2 in an object. */
struct keys {
	const struct value *const *first;
	size_t stride;
	size_t count;
};

static const struct value *key_at(const struct keys *keys, size_t position)
{
	return keys->first[position * keys->stride];
}

static bool find_tag(const struct keys *keys, uint64_t tags, size_t base,
	const struct wanted *wanted, size_t *position)
{
	uint64_t differences = tags ^ (wanted->hash >> 56) * 0x0101010101010101u;
	/* Bit 7 of each byte that is zero (and of some above one that is). */
	uint64_t matches = (differences - 0x0101010101010101u) & ~differences & 0x8080808080808080u;

	for (; matches != 0; matches &= matches - 1) {
		size_t at = base + (size_t)__builtin_ctzll(matches) / 8;

		if (at < keys->count && is_wanted(key_at(keys, at), wanted)) {
			*position = at;
			return true;
		}
	}
	return false;
}

static int compare_wanted(const struct value *key, const struct wanted *wanted)
{
	if (wanted->key != NULL) {
		return value_compare(key, wanted->key);
	}
	if (key->type != VALUE_STRING) {
		return key->type < VALUE_STRING ? -1 : 1;
	}
	size_t size = key->count < wanted->size ? key->count : wanted->size;
	int order = memcmp(value_text(key), wanted->text, size);

	return order != 0 ? order : (key->count > wanted->size) - (key->count < wanted->size);
}

static bool bisect(const struct keys *keys, const struct wanted *wanted, size_t *position)
{
	size_t low = 0;
	size_t high = keys->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare_wanted(key_at(keys, middle), wanted);

		if (order == 0) {
			*position = middle;
			return true;
		}
		if (order < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return false;
}

static bool find_slot(const struct keys *keys, const struct value_index *index,
	const struct wanted *wanted, size_t *position)
{
	for (uint64_t probe = 0; probe < VALUE_PROBES; probe++) {
		uint64_t slot = index->slots[(wanted->hash + probe) & index->mask];

		if (slot == 0) {
			return false;
		}
		if (slot >> 32 == wanted->hash >> 32) {
			size_t at = (uint32_t)slot - 1;

			if (is_wanted(key_at(keys, at), wanted)) {
				*position = at;
				return true;
			}
		}
	}
	return bisect(keys, wanted, position);
}

static inline bool find(const struct keys *keys, const union value_finder *finder,
	const void *behind, const struct wanted *wanted, size_t *position)
{
	if (keys->count > VALUE_TAGS_MAX) {
		return find_slot(keys, finder->index, wanted, position);
	}
	return find_tag(keys, finder->tags, 0, wanted, position) ||
	       (keys->count > VALUE_TAGS_IN_WORD && find_tag(keys, *(const uint64_t *)behind,
							    VALUE_TAGS_IN_WORD, wanted, position));
}

static const struct value *find_in_object(const struct value *object, const struct wanted *wanted)
{
	const struct value_object *it = (const struct value_object *)object;
	const struct keys keys = { &it->members[0].key, 2, object->count };
	size_t position;

	return find(&keys, &it->finder, it->members + object->count, wanted, &position)
		       ? it->members[position].value
		       : NULL;
}

const struct value *value_find_n(const struct value *object, const char *name, size_t size)
{
	if (!value_is(object, VALUE_OBJECT)) {
		return NULL;
	}
	const struct wanted wanted = { .text = name, .size = size, .hash = hash_text(name, size) };

	return find_in_object(object, &wanted);
}

const struct value *value_find_key(const struct value *object, const struct value *key)
{
	if (!value_is(object, VALUE_OBJECT)) {
		return NULL;
	}
	const struct wanted wanted = { .key = key, .hash = hash_of(key) };

	return find_in_object(object, &wanted);
}

const struct value *value_set_find(const struct value *set, const struct value *item)
{
	if (!value_is(set, VALUE_SET)) {
		return NULL;
	}
	const struct value_set *it = (const struct value_set *)set;
	const struct keys keys = { it->items, 1, set->count };
	const struct wanted wanted = { .key = item, .hash = hash_of(item) };
	size_t position;

	return find(&keys, &it->finder, it->items + set->count, &wanted, &position)
		       ? it->items[position]
		       : NULL;
}

bool value_set_has(const struct value *set, const struct value *item)
{
	return value_set_find(set, item) != NULL;
}

/* Not strncasecmp(): that follows the locale. */
static bool folded_equals(const char *a, const char *b, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char x = (unsigned char)a[i];
		unsigned char y = (unsigned char)b[i];

		if (x != y && ((x ^ y) != 0x20 || (x | 0x20) < 'a' || (x | 0x20) > 'z')) {
			return false;
		}
	}
	return true;
}

const struct value *value_find_folded(const struct value *object, const char *name)
{
	size_t size = strlen(name);

	for (size_t i = 0; value_is(object, VALUE_OBJECT) && i < object->count; i++) {
		const struct value_member *member = &value_members(object)[i];

		if (member->key->type == VALUE_STRING && member->key->count == size &&
			folded_equals(value_text(member->key), name, size)) {
			return member->value;
		}
	}
	return NULL;
}

const char *value_find_text(const struct value *object, const char *name)
{
	const struct value *value = value_find(object, name);

	return value_is(value, VALUE_STRING) ? value_text(value) : NULL;
}

bool value_find_bool(const struct value *object, const char *name, bool fallback)
{
	const struct value *value = value_find(object, name);

	return value_is(value, VALUE_BOOL) ? value_bool(value) : fallback;
}

int64_t value_find_int(const struct value *object, const char *name, int64_t fallback)
{
	int64_t number;

	return value_int(value_find(object, name), &number) ? number : fallback;
}
