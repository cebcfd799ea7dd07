#include "base/encode.h"
#include "base/value_parts.h"

uint64_t value_hash_keys[4];

/* Before main() and so before any thread and any value. */
__attribute__((constructor)) static void draw_keys(void)
{
	random_bytes(value_hash_keys, sizeof(value_hash_keys));
}

uint64_t hash_long_text(const char *text, size_t size)
{
	const uint64_t *keys = value_hash_keys;
	uint64_t state = keys[2];
	size_t left = size;

	for (; left > 16; text += 16, left -= 16) {
		state = hash_mix(hash_load_64(text) ^ keys[1], hash_load_64(text + 8) ^ state);
	}
	/* The last 16 bytes, which may overlap what was read before. */
	uint64_t a = hash_load_64(text + left - 16);
	uint64_t b = hash_load_64(text + left - 8);

	return hash_mix(keys[0] ^ size, hash_mix(a ^ keys[1], b ^ state));
}

uint64_t hash_constant(const struct value *value)
{
	return hash_mix(value_hash_keys[2] ^ value->type, value_hash_keys[3] ^ value->form);
}

uint64_t hash_array(const struct value *const *items, size_t count)
{
	uint64_t state = hash_array_start();

	for (size_t i = 0; i < count; i++) {
		state = hash_array_add(state, items[i]);
	}
	return hash_array_end(state, count);
}

/* Sums, so that neither a set nor an object needs an order to have a hash. */
uint64_t hash_set(const struct value *const *items, size_t count)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < count; i++) {
		sum += hash_mix(hash_of(items[i]) ^ value_hash_keys[0], value_hash_keys[1]);
	}
	return hash_mix(sum ^ value_hash_keys[2], (value_hash_keys[3] ^ VALUE_SET) + count);
}

uint64_t hash_object(const struct value_member *members, size_t count)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < count; i++) {
		sum += hash_mix(hash_of(members[i].key) ^ value_hash_keys[0],
			hash_of(members[i].value) ^ value_hash_keys[3]);
	}
	return hash_mix(sum ^ value_hash_keys[2], (value_hash_keys[3] ^ VALUE_OBJECT) + count);
}

uint64_t value_hash(const struct value *value)
{
	return hash_of(value);
}
