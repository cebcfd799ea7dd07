#include "base/value_parts.h"

/*
 * Look-ups are what policies do most, so all of this is inlined twice: for objects and for sets.
 * What is rare (bisection, keys that are no strings) is kept out of line and takes its arguments
 * by value, so that the rest stays in registers.
 */
#define INLINED static inline __attribute__((always_inline))
#define RARE __attribute__((noinline, cold))

/* The key looked for: a value, or a text of which no value was made. */
struct wanted {
	const struct value *key; /* NULL: text */
	const char *text;
	size_t size;
	uint64_t hash;
	bool is_text;
	struct value_charge *charge; /* NULL: endless */
};

/* Pointers to keys, `stride` pointers apart: 1 in a set, 2 in an object. */
struct keys {
	const struct value *const *first;
	size_t stride;
	size_t count;
};

#define NOWHERE SIZE_MAX

INLINED bool is_wanted(const struct value *key, struct wanted wanted)
{
	if (key == wanted.key) {
		return true;
	}
	if (wanted.is_text) {
		return key->type == VALUE_STRING && key->hash == wanted.hash &&
		       key->count == wanted.size &&
		       memcmp(((const struct value_string *)key)->text, wanted.text, wanted.size) ==
			       0;
	}
	return value_equals_charged(key, wanted.key, wanted.charge);
}

INLINED const struct value *key_at(struct keys keys, size_t position)
{
	return keys.first[position * keys.stride];
}

INLINED size_t find_tag(struct keys keys, uint64_t tags, size_t base, struct wanted wanted)
{
	uint64_t differences = tags ^ (wanted.hash >> 56) * 0x0101010101010101u;
	/* Bit 7 of each byte that is zero (and of some above one that is). */
	uint64_t matches = (differences - 0x0101010101010101u) & ~differences & 0x8080808080808080u;

	for (; matches != 0; matches &= matches - 1) {
		size_t at = base + (size_t)__builtin_ctzll(matches) / 8;

		if (at < keys.count && is_wanted(key_at(keys, at), wanted)) {
			return at;
		}
	}
	return NOWHERE;
}

static int compare_wanted(const struct value *key, struct wanted wanted)
{
	if (wanted.key != NULL) {
		return value_compare_charged(key, wanted.key, wanted.charge);
	}
	if (key->type != VALUE_STRING) {
		return key->type < VALUE_STRING ? -1 : 1;
	}
	size_t size = key->count < wanted.size ? key->count : wanted.size;
	int order = memcmp(value_text(key), wanted.text, size);

	return order != 0 ? order : (key->count > wanted.size) - (key->count < wanted.size);
}

RARE static size_t bisect(struct keys keys, struct wanted wanted)
{
	size_t low = 0;
	size_t high = keys.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare_wanted(key_at(keys, middle), wanted);

		if (order == 0) {
			return middle;
		}
		if (order < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return NOWHERE;
}

INLINED size_t find_slot(struct keys keys, const struct value_index *index, struct wanted wanted)
{
	for (uint64_t probe = 0; probe < VALUE_PROBES; probe++) {
		uint64_t slot = index->slots[(wanted.hash + probe) & index->mask];

		if (slot == 0) {
			return NOWHERE;
		}
		if (slot >> 32 == wanted.hash >> 32 &&
			is_wanted(key_at(keys, (uint32_t)slot - 1), wanted)) {
			return (uint32_t)slot - 1;
		}
	}
	return bisect(keys, wanted);
}

INLINED size_t find(struct keys keys, const union value_finder *finder, const void *behind,
	struct wanted wanted)
{
	if (keys.count > VALUE_TAGS_MAX) {
		return find_slot(keys, finder->index, wanted);
	}
	size_t at = find_tag(keys, finder->tags, 0, wanted);

	if (at == NOWHERE && keys.count > VALUE_TAGS_IN_WORD) {
		at = find_tag(keys, *(const uint64_t *)behind, VALUE_TAGS_IN_WORD, wanted);
	}
	return at;
}

INLINED const struct value *find_in_object(const struct value *object, struct wanted wanted)
{
	const struct value_object *it = (const struct value_object *)object;
	const struct keys keys = { &it->members[0].key, 2, object->count };
	size_t at = find(keys, &it->finder, it->members + object->count, wanted);

	return at != NOWHERE ? it->members[at].value : NULL;
}

INLINED const struct value *find_in_set(const struct value *set, struct wanted wanted)
{
	const struct value_set *it = (const struct value_set *)set;
	const struct keys keys = { it->items, 1, set->count };
	size_t at = find(keys, &it->finder, it->items + set->count, wanted);

	return at != NOWHERE ? it->items[at] : NULL;
}

INLINED struct wanted wanted_text(const struct value *key)
{
	return (struct wanted){ .key = key,
		.text = ((const struct value_string *)key)->text,
		.size = key->count,
		.hash = key->hash,
		.is_text = true };
}

static struct wanted wanted_other(const struct value *key, struct value_charge *charge)
{
	return (struct wanted){ .key = key, .hash = hash_of(key), .charge = charge };
}

const struct value *value_find_n(const struct value *object, const char *name, size_t size)
{
	if (!value_is(object, VALUE_OBJECT)) {
		return NULL;
	}
	return find_in_object(object, (struct wanted){ .text = name,
					      .size = size,
					      .hash = hash_text(name, size),
					      .is_text = true });
}

RARE static const struct value *find_other(
	const struct value *object, const struct value *key, struct value_charge *charge)
{
	return find_in_object(object, wanted_other(key, charge));
}

const struct value *value_find_key_charged(
	const struct value *object, const struct value *key, struct value_charge *charge)
{
	if (!value_is(object, VALUE_OBJECT)) {
		return NULL;
	}
	if (key->type == VALUE_STRING) {
		return find_in_object(object, wanted_text(key));
	}
	return find_other(object, key, charge);
}

const struct value *value_find_key(const struct value *object, const struct value *key)
{
	if (!value_is(object, VALUE_OBJECT)) {
		return NULL;
	}
	if (key->type == VALUE_STRING) {
		return find_in_object(object, wanted_text(key));
	}
	return find_other(object, key, NULL);
}

const struct value *value_set_find_charged(
	const struct value *set, const struct value *item, struct value_charge *charge)
{
	if (!value_is(set, VALUE_SET)) {
		return NULL;
	}
	if (item->type == VALUE_STRING) {
		return find_in_set(set, wanted_text(item));
	}
	return find_in_set(set, wanted_other(item, charge));
}

const struct value *value_set_find(const struct value *set, const struct value *item)
{
	return value_set_find_charged(set, item, NULL);
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
