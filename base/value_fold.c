/*
 * Keys that differ in ASCII case only. SCIM's names have no case, so a body with `active` and
 * `Active` means one thing to us and perhaps another to whoever reads it next.
 */
#include "base/memory.h"
#include "base/value_parts.h"

#define PAIRWISE_MAX 16

/* Lower case of eight ASCII letters at once; other bytes stay. */
static uint64_t lower_word(uint64_t word)
{
	const uint64_t ones = 0x0101010101010101u;
	const uint64_t highs = 0x8080808080808080u;
	uint64_t low = word & ~highs;
	uint64_t from_a = low + (0x80 - 'A') * ones;
	uint64_t above_z = low + (0x7f - 'Z') * ones;
	uint64_t is_upper = from_a & ~above_z & ~word & highs;

	return word | is_upper >> 2;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool are_twins(const struct value *a, const struct value *b)
{
	if (a->count != b->count) {
		return false;
	}
	for (size_t i = 0; i < a->count; i++) {
		if (lower(value_text(a)[i]) != lower(value_text(b)[i])) {
			return false;
		}
	}
	return true;
}

/* Equal for twins. */
static uint64_t folded_hash(const struct value *key)
{
	const char *text = value_text(key);
	uint64_t state = value_hash_keys[0] ^ key->count;
	size_t size = key->count;

	for (; size > 8; text += 8, size -= 8) {
		state = hash_mix(state ^ lower_word(hash_load_64(text)), value_hash_keys[1]);
	}
	if (key->count >= 8) {
		text -= 8 - size; /* the last eight, some of them again */
	}
	return hash_mix(state ^ lower_word(hash_load_64(text)), value_hash_keys[2]);
}

static bool find_pairwise(const struct value_entry *entries, size_t count, const struct value **one,
	const struct value **other)
{
	uint64_t firsts[PAIRWISE_MAX]; /* first 7 bytes and a sign of the size */

	for (size_t i = 0; i < count; i++) {
		firsts[i] =
			lower_word(entries[i].rank << 8) | (entries[i].member.key->count & 0xff);
	}
	for (size_t i = 1; i < count; i++) {
		for (size_t j = 0; j < i; j++) {
			if (firsts[i] == firsts[j] &&
				are_twins(entries[i].member.key, entries[j].member.key)) {
				*one = entries[j].member.key;
				*other = entries[i].member.key;
				return true;
			}
		}
	}
	return false;
}

static bool find_hashed(const struct value_entry *entries, size_t count, uint32_t *slots,
	size_t slot_count, const struct value **one, const struct value **other)
{
	for (size_t i = 0; i < count; i++) {
		const struct value *key = entries[i].member.key;
		size_t at = folded_hash(key) & (slot_count - 1);

		for (; slots[at] != 0; at = (at + 1) & (slot_count - 1)) {
			const struct value *there = entries[slots[at] - 1].member.key;

			if (are_twins(there, key)) {
				*one = there;
				*other = key;
				return true;
			}
		}
		slots[at] = (uint32_t)i + 1;
	}
	return false;
}

bool entries_have_folded_twins(const struct value_entry *entries, size_t count,
	const struct value **one, const struct value **other)
{
	size_t slot_count = 64;

	if (count <= PAIRWISE_MAX) {
		return find_pairwise(entries, count, one, other);
	}
	while (slot_count < 2 * count) {
		slot_count *= 2;
	}
	uint32_t *slots = must_calloc(slot_count, sizeof(*slots));
	bool found = find_hashed(entries, count, slots, slot_count, one, other);

	memory_free(slots);
	return found;
}
