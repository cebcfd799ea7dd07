#include "scim/names.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>
#include "base/arena.h"
#include "scim/schema.h"

struct scim_names {
	const struct scim_attribute *attributes;
	uint32_t mask;
	uint8_t slots[]; /* index + 1; 0: free */
};

#define ATTRIBUTES_MAX 254

/* Length and three letters tell the attributes of a schema apart nearly always. */
static uint32_t hash(const char *name, size_t size)
{
	uint32_t first = (uint8_t)name[0] | 0x20;
	uint32_t middle = (uint8_t)name[size / 2] | 0x20;
	uint32_t last = (uint8_t)name[size - 1] | 0x20;

	return (uint32_t)size * 5 + first * 31 + middle * 7 + last * 13;
}

struct scim_names *scim_names_new(
	struct arena *arena, const struct scim_attribute *attributes, size_t count)
{
	struct scim_names *names;
	uint32_t slots = 8;

	if (count > ATTRIBUTES_MAX) {
		count = ATTRIBUTES_MAX; /* whoever loads schemas refuses more */
	}
	while (slots < count * 4) {
		slots *= 2;
	}
	names = arena_calloc(arena, 1, sizeof(*names) + slots);
	names->attributes = attributes;
	names->mask = slots - 1;
	for (size_t i = 0; i < count; i++) {
		uint32_t slot = hash(attributes[i].name, attributes[i].name_size) & names->mask;

		while (names->slots[slot] != 0) {
			slot = (slot + 1) & names->mask;
		}
		names->slots[slot] = (uint8_t)(i + 1);
	}
	return names;
}

const struct scim_attribute *scim_names_find(
	const struct scim_names *names, const char *name, size_t size)
{
	if (names == NULL || size == 0) {
		return NULL;
	}
	for (uint32_t slot = hash(name, size) & names->mask; names->slots[slot] != 0;
		slot = (slot + 1) & names->mask) {
		const struct scim_attribute *it = &names->attributes[names->slots[slot] - 1];

		if (it->name_size == size && (memcmp(it->name, name, size) == 0 ||
						     strncasecmp(it->name, name, size) == 0)) {
			return it;
		}
	}
	return NULL;
}
